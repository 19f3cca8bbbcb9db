//! What the house must never become: a tool to search for a person.
//!
//! Source: acceptance item 111 of the security page, `domain.md` section 8, item 15.

use std::fs;
use std::path::Path;

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The columns of the schema page, as `table.column`.
fn columns() -> Vec<String> {
    let mut table = String::new();
    let mut columns = Vec::new();
    let page = read("src/foundation/db/schema.rs");
    for line in page.lines().map(str::trim).filter(|line| !line.starts_with("diesel::")) {
        if let Some((name, _)) = line.split_once(" (").filter(|_| line.ends_with('{')) {
            table = name.to_owned();
        } else if let Some((column, _)) = line.split_once(" -> ") {
            columns.push(format!("{table}.{column}"));
        }
    }
    columns
}

/// Every source file of `folder`, below `src`.
fn sources(folder: &str) -> Vec<(String, String)> {
    fn walk(folder: &Path, found: &mut Vec<(String, String)>) {
        for file in fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|ext| ext == "rs") {
                found.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let mut found = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(folder), &mut found);
    found
}

#[test]
fn no_column_holds_what_identifies_a_customer() {
    let columns = columns();
    assert!(columns.len() > 150, "the schema page was read: {}", columns.len());
    let words = [
        "customer",
        "guest",
        "subject",
        "passport",
        "id_doc",
        "id_no",
        "sender",
        "recipient",
        "phone",
        "image",
        "photo",
        "face",
        "birth",
    ];
    // Letters have a recipient: a contact of a business, or an officer. The subject of a group of
    // findings is a rule.
    let known = ["notices_letters.", "cases_groups.subject"];
    let wrong: Vec<_> = columns
        .iter()
        .filter(|column| !known.iter().any(|table| column.starts_with(table)))
        .filter(|column| words.iter().any(|word| column.contains(word)))
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn no_route_searches_for_a_person_or_across_businesses() {
    let mut routes = Vec::new();
    for (path, text) in sources("") {
        for part in text.split("\"/").skip(1) {
            let route = part.split('"').next().unwrap_or_default();
            let file_names_routes = text.contains("ServiceConfig");
            if file_names_routes && route.len() < 80 {
                routes.push((path.clone(), format!("/{route}")));
            }
        }
    }
    assert!(routes.len() > 25, "the routes were read: {}", routes.len());
    let words =
        ["search", "query", "customer", "guest", "lookup", "export", "records", "image", "photo"];
    // There a business sends its own records, sealed, and reads none.
    routes.retain(|(_, route)| !route.starts_with("/portal/records"));
    let wrong: Vec<_> =
        routes.iter().filter(|(_, route)| words.iter().any(|word| route.contains(word))).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn no_role_may_look_for_people() {
    let roles: Vec<&str> = chayan::identity::Role::ALL.iter().map(|role| role.as_str()).collect();
    assert_eq!(
        roles,
        [
            "security_administrator",
            "system_administrator",
            "audit_administrator",
            "officer",
            "department_lead",
            "governance",
            // They see the days, numbers and outcomes of their own business, and no record.
            "business_administrator",
            "business_user",
        ],
        "a new role is a question to the privacy of customers: answer it here"
    );
}

#[test]
fn serving_and_mailing_never_reach_the_keys_that_open_records() {
    for role in ["serve", "notify"] {
        let text = read(&format!("src/roles/{role}.rs"));
        for word in ["opener", "Opener", "root_key", "load_root", "audit_keys"] {
            assert!(!text.contains(word), "{role} mentions {word}");
        }
    }
    for (path, text) in sources("intake") {
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        if path.contains("/tests") {
            continue;
        }
        assert!(
            !text.contains("jwe::open") && !text.contains("OpeningKey"),
            "{path} opens records"
        );
    }
}
