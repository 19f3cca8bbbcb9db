//! The one-way street: who may use whom, read from every `crate::` path of the source.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The street: a module may use only what stands on a lower line.
const STREET: &[(u8, &[&str])] = &[
    (14, &["main"]),
    (13, &["cli"]),
    (12, &["roles"]),
    (11, &["app", "outside"]),
    (10, &["config", "routes", "schedule"]),
    (9, &["audits"]),
    (8, &["cases", "intake"]),
    (7, &["keys", "notices"]),
    (6, &["registry"]),
    (5, &["identity"]),
    (4, &["ledger", "rules"]),
    (3, &["foundation::web", "foundation::jobs"]),
    (2, &["foundation::house"]),
    (1, &["foundation::crypto", "foundation::db", "foundation::mail", "foundation::telemetry"]),
    (
        0,
        &[
            "foundation::ids",
            "foundation::time",
            "foundation::secret",
            "foundation::problem",
            "foundation::paging",
            "foundation::random",
        ],
    ),
];

/// What each room may use of the other rooms.
const ROOMS: &[(&str, &[&str])] = &[
    ("ledger", &[]),
    ("rules", &[]),
    ("identity", &["ledger"]),
    ("registry", &["identity", "ledger", "rules"]),
    ("keys", &["ledger"]),
    ("notices", &["registry", "identity", "ledger", "rules"]),
    ("intake", &["keys", "registry", "identity", "ledger", "rules"]),
    ("cases", &["notices", "registry", "identity", "ledger", "rules"]),
    ("audits", &["cases", "intake", "keys", "notices", "registry", "identity", "ledger", "rules"]),
];

/// The steps inside a room, from the street to the cellar.
const STEPS: &[(&str, u8)] = &[
    ("api", 5),
    ("pages", 5),
    ("jobs", 5),
    ("actions", 4),
    ("guard", 3),
    ("store", 2),
    ("model", 1),
];

/// Every file of the source that is not compiled for tests only.
pub(crate) fn sources() -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
        for file in fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|ext| ext == "rs") && !is_of_tests(&path) {
                found.push((path.clone(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let mut found = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    found
}

/// Whether the file is compiled for tests only: fixtures may reach anywhere.
fn is_of_tests(path: &Path) -> bool {
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let within = path.iter().any(|part| part == "tests");
    within || name == "tests" || name == "testing" || name.ends_with("_tests")
}

/// The module path of a source file below `src`, such as `["cases", "actions"]`.
fn module(path: &Path) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let relative = path.strip_prefix(root).unwrap().with_extension("");
    let mut parts: Vec<String> =
        relative.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if parts.last().is_some_and(|last| last == "mod") {
        parts.pop();
    }
    parts
}

/// The place on the street that a module path belongs to.
fn place(parts: &[String]) -> Option<String> {
    let first = parts.first()?;
    if first == "foundation" {
        return parts.get(1).map(|second| format!("foundation::{second}"));
    }
    Some(first.clone())
}

fn level(place: &str) -> Option<u8> {
    STREET.iter().find(|(_, places)| places.contains(&place)).map(|(level, _)| *level)
}

/// Every `crate::…` path of `text` with its line, `use` groups unfolded one level; test modules at
/// the end of a file are left out, because fixtures may reach anywhere.
fn crate_paths(text: &str) -> Vec<(usize, Vec<String>)> {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let mut paths = Vec::new();
    for (at, _) in text.match_indices("crate::") {
        if at > 0 && text.as_bytes()[at - 1] == b'$' {
            continue; // a macro, expanded elsewhere
        }
        let line = text[..at].matches('\n').count() + 1;
        if text.lines().nth(line - 1).unwrap_or_default().trim_start().starts_with("//") {
            continue;
        }
        let rest = &text[at + "crate::".len()..];
        for path in unfold(rest) {
            paths.push((line, path));
        }
    }
    paths
}

fn unfold(rest: &str) -> Vec<Vec<String>> {
    let mut parts = Vec::new();
    let mut word = String::new();
    let mut chars = rest.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if c.is_alphanumeric() || c == '_' {
            word.push(c);
        } else if c == ':' && rest[at..].starts_with("::") {
            chars.next();
            parts.push(std::mem::take(&mut word));
        } else if c == '{' && word.is_empty() {
            let inside = &rest[at + 1..closing(rest, at)];
            return members(inside)
                .into_iter()
                .map(|member| {
                    let mut path = parts.clone();
                    path.extend(unfold(member.trim()).into_iter().next().unwrap_or_default());
                    path
                })
                .collect();
        } else {
            break;
        }
    }
    if !word.is_empty() {
        parts.push(word);
    }
    vec![parts]
}

fn closing(text: &str, open: usize) -> usize {
    let mut depth = 0;
    for (at, c) in text[open..].char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => return open + at,
            '}' => depth -= 1,
            _ => {}
        }
    }
    text.len()
}

fn members(inside: &str) -> Vec<&str> {
    let (mut depth, mut start, mut found) = (0, 0, Vec::new());
    for (at, c) in inside.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                found.push(&inside[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(&inside[start..]);
    found.into_iter().filter(|member| !member.trim().is_empty()).collect()
}

#[test]
fn every_module_has_its_line_on_the_street() {
    let homeless: BTreeSet<String> = sources()
        .iter()
        .filter_map(|(path, _)| place(&module(path)))
        .filter(|place| place != "lib" && level(place).is_none())
        .collect();
    assert!(homeless.is_empty(), "no line on the street for {homeless:?}");
}

#[test]
fn the_street_is_one_way() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let Some(from) = place(&module(&path)) else { continue };
        let Some(from_level) = level(&from) else { continue };
        for (line, used) in crate_paths(&text) {
            let Some(to) = place(&used) else { continue };
            let Some(to_level) = level(&to) else { continue };
            if to != from && to_level >= from_level {
                wrong.push(format!("{}:{line}: {from} may not use {to}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "the street is one-way:\n{}", wrong.join("\n"));
}

#[test]
fn rooms_use_only_the_rooms_they_may_and_all_of_those() {
    let mut used: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let Some(from) = place(&module(&path)) else { continue };
        let Some((room, may)) = ROOMS.iter().find(|(room, _)| *room == from) else { continue };
        for (line, other) in crate_paths(&text) {
            let Some((other, _)) =
                ROOMS.iter().find(|(name, _)| other.first().is_some_and(|o| o == name))
            else {
                continue;
            };
            if other == room {
                continue;
            }
            used.entry(room).or_default().insert(other);
            if !may.contains(other) {
                wrong.push(format!("{}:{line}: {room} may not use {other}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for (room, may) in ROOMS {
        let used = used.get(room).cloned().unwrap_or_default();
        let idle: Vec<_> = may.iter().filter(|other| !used.contains(**other)).collect();
        assert!(idle.is_empty(), "nobody in {room} uses its permission for {idle:?}: take it away");
    }
}

#[test]
fn no_room_reaches_into_the_store_of_another() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let from = place(&module(&path)).unwrap_or_default();
        for (line, used) in crate_paths(&text) {
            let is_room = ROOMS.iter().any(|(room, _)| used.first().is_some_and(|u| u == room));
            if is_room && used[0] != from && used.get(1).is_some_and(|step| step == "store") {
                wrong.push(format!("{}:{line}: reaches into {}", path.display(), used.join("::")));
            }
        }
    }
    assert!(wrong.is_empty(), "through the door, never through the store:\n{}", wrong.join("\n"));
}

#[test]
fn inside_a_room_steps_go_down() {
    let step = |name: &str| STEPS.iter().find(|(step, _)| *step == name).map(|(_, level)| *level);
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let parts = module(&path);
        let [room, own, ..] = parts.as_slice() else { continue };
        let (true, Some(from)) = (ROOMS.iter().any(|(r, _)| r == room), step(own)) else {
            continue;
        };
        let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        for (number, line) in text.lines().enumerate() {
            for (name, to) in STEPS {
                let upward = *to > from && name != own;
                if upward && line.contains(&format!("super::{name}")) {
                    wrong.push(format!("{}:{}: {own} uses {name}", path.display(), number + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "steps may be skipped, never reversed:\n{}", wrong.join("\n"));
}

#[test]
fn the_foundation_of_the_database_names_no_table() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/foundation/db");
    let schema = fs::read_to_string(folder.join("schema.rs")).unwrap();
    let tables: Vec<&str> = schema
        .lines()
        .filter_map(|line| line.trim().split_once(" (").map(|(name, _)| name))
        .filter(|name| name.contains('_'))
        .collect();
    assert!(tables.len() > 10, "the schema names its tables: {tables:?}");
    for file in ["conn.rs", "dialect.rs", "migrate.rs", "store.rs", "types.rs"] {
        let text = fs::read_to_string(folder.join(file)).unwrap();
        let named: Vec<_> = tables.iter().filter(|table| text.contains(**table)).collect();
        assert!(named.is_empty(), "{file} names {named:?}");
    }
}

#[test]
fn files_and_the_push_action_stay_small() {
    let long: Vec<_> = sources()
        .iter()
        // The tables are one page of declarations, printed from the database.
        .filter(|(path, text)| !path.ends_with("schema.rs") && text.lines().count() > 600)
        .map(|(path, text)| format!("{} lines: {}", text.lines().count(), path.display()))
        .collect();
    assert!(long.is_empty(), "files over 600 lines:\n{}", long.join("\n"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/intake/actions/push.rs");
    let text = fs::read_to_string(path).unwrap();
    let lines = |name: &str| {
        let from = text.find(&format!("async fn {name}(")).unwrap();
        text[from..].lines().position(|line| line == "}").unwrap() + 1
    };
    // What the action does is in `take`; `push` itself counts refusals around it.
    for name in ["push", "take"] {
        assert!(lines(name) <= 40, "{name} has {} lines", lines(name));
    }
}

#[test]
fn migrations_are_twins() {
    let names = |database: &str| -> BTreeSet<String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(database);
        let found = fs::read_dir(folder).unwrap();
        found.map(|file| file.unwrap().file_name().to_string_lossy().into_owned()).collect()
    };
    assert_eq!(names("sqlite"), names("postgres"));
    assert!(names("sqlite").len() >= 9);
}
