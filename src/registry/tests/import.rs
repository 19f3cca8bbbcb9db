//! Loading a registry file.

use diesel::prelude::*;

use super::*;
use crate::foundation::db::schema::{registry_contacts, registry_departments, registry_officers};
use crate::foundation::ids::{HolderId, StreamId};
use crate::identity::{self, Role};

const LANDLORD: &str = "0198c0de-0000-7000-8000-00000000002a";

async fn department_called(house: &House, code: &'static str) -> Department {
    let all = read(house, departments).await;
    all.into_iter().find(|department| department.code == code).unwrap()
}

async fn holder_called(house: &House, name: &'static str) -> Holder {
    let mut found = Vec::new();
    for department in read(house, departments).await {
        found.extend(read(house, move |conn| holders(conn, department.id)).await);
    }
    found.into_iter().find(|holder| holder.name.starts_with(name)).unwrap()
}

async fn refused(house: &House, toml: &str) -> Vec<String> {
    match imported(house, toml).await {
        Err(RegistryError::Mistakes(mistakes)) => {
            mistakes.0.iter().map(ToString::to_string).collect()
        }
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn an_imported_city_is_found_where_it_belongs() {
    let (house, _guard) = city().await;
    let police = department_called(&house, "police").await;
    assert_eq!(police.email(&cipher()).unwrap(), "police@hebi.example");
    let (lodging, xun) = (Sector::Lodging, district("410621"));
    let found = read(&house, move |conn| department_for(conn, lodging, xun)).await;
    assert_eq!(found.unwrap().code, "police");
    assert_eq!(read(&house, move |conn| department_for(conn, Sector::Finance, xun)).await, None);
    let supervised = read(&house, move |conn| holders(conn, police.id)).await;
    assert_eq!(supervised.len(), 2);

    let inn = holder_called(&house, "仙鹤宾馆").await;
    let streams = read(&house, move |conn| streams_of(conn, inn.id)).await;
    let [facts] = streams.as_slice() else { panic!("{streams:?}") };
    assert_eq!(facts.pack_on(day("2026-03-02")).unwrap().pack, "lodging/2026.1");
    assert_eq!(facts.pack_on(day("2025-12-31")), None);
    assert_eq!(facts.stream.department, Some(police.id));
    assert!(facts.stream.modes.allow(Mode::Sealed) && !facts.stream.modes.allow(Mode::Attested));
    let id = facts.stream.id;
    let pushed = read(&house, move |conn| stream_for_push(conn, id)).await;
    assert_eq!(pushed.as_ref(), Some(facts));
    let unknown: StreamId = LANDLORD.parse().unwrap();
    assert_eq!(read(&house, move |conn| stream_for_push(conn, unknown)).await, None);
}

#[tokio::test]
async fn a_second_import_of_the_same_file_changes_and_logs_nothing() {
    let (house, _guard) = empty().await;
    let first = imported(&house, EXAMPLE).await.unwrap();
    assert_eq!((first.changed.as_slice(), first.unchanged), ([].as_slice(), 0));
    assert_eq!(first.warnings, []);
    let before = read(&house, |conn| ledger_pending::table.count().get_result::<i64>(conn)).await;

    let second = imported(&house, EXAMPLE).await.unwrap();
    assert_eq!((second.added, second.changed), (Vec::new(), Vec::new()));
    assert_eq!(second.unchanged, first.added.len());
    assert_eq!(second.clients, first.clients);
    let after = read(&house, |conn| ledger_pending::table.count().get_result::<i64>(conn)).await;
    assert_eq!(before, after);
}

#[tokio::test]
async fn packs_plans_people_and_the_import_itself_are_leaves() {
    let (house, _guard) = city().await;
    assert_eq!(leaves(&house, "pack_activated").await.len(), 2);
    assert_eq!(leaves(&house, "role_changed").await.len(), 3);
    assert_eq!(leaves(&house, "client_changed").await.len(), 1);
    let plans = leaves(&house, "plan_changed").await;
    assert_eq!(plans.len(), 2);
    let by_days = plans.iter().find(|plan| plan["sector"] == "courier").unwrap();
    assert_eq!(by_days["period"]["days"], 14);
    assert_eq!(by_days["holders_per_period"], 10);
    let changes = leaves(&house, "config_changed").await;
    let imports = changes.iter().filter(|leaf| leaf["what"] == "registry");
    assert_eq!(imports.count(), 1, "{changes:?}");
}

#[tokio::test]
async fn chances_and_caps_of_a_plan_are_logged_and_imported_once() {
    let (house, _guard) = city().await;
    let own = "disclosure_hours = 72 # to disclose drawn records of attested batches";
    let by_class = "{ A = \"1/4\", B = \"1/2\", C = 1, D = 1 }";
    for (chances, logged) in [("\"default\"", [1, 6]), (by_class, [1, 4])] {
        let changed = EXAMPLE.replace(
            own,
            &format!(
                "audit_chances = {chances}\naudits_per_year = 6\nfor_cause_beyond_cap = true\n\
                 pool_below = 60"
            ),
        );
        house.clock.advance(std::time::Duration::from_millis(2)).unwrap();
        assert_eq!(imported(&house, &changed).await.unwrap().changed.len(), 1);
        assert_eq!(imported(&house, &changed).await.unwrap().changed.len(), 0);
        let plan = leaves(&house, "plan_changed").await.pop().unwrap();
        assert_eq!(plan["audit_chances"]["A"], serde_json::json!(logged));
        assert_eq!(
            (&plan["audits_per_year"], &plan["for_cause_beyond_cap"]),
            (&6.into(), &true.into())
        );
        assert_eq!((&plan["pool_below"], &plan["pool_holders"]), (&60.into(), &20.into()));
    }
}

#[tokio::test]
async fn chances_that_cannot_be_are_mistakes_with_their_place() {
    let (house, _guard) = empty().await;
    for (member, said) in [
        ("audit_chances = \"often\"", "audit_chances"),
        ("audit_chances = { A = \"1/6\", B = \"1/3\", C = 1 }", "audit_chances"),
        ("audit_chances = { A = \"0/6\", B = \"1/3\", C = 1, D = 1 }", "audit_chances"),
        ("audit_chances = { A = \"1/6\", B = \"1/3\", C = 2, D = 1 }", "audit_chances"),
        ("audit_chances = \"default\"\nholders_per_period = 3", "audit_chances"),
        ("audits_per_year = 0", "audits_per_year"),
        ("for_cause_beyond_cap = true", "for_cause_beyond_cap"),
        ("pool_below = 1", "pool_below"),
        ("pool_below = 60\npool_holders = 2", "pool_holders"),
        ("pool_holders = 20", "pool_holders"),
    ] {
        let own = "disclosure_hours = 72 # to disclose";
        let file = EXAMPLE.replace(own, &format!("{member}\ndisclosure_hours = 72 #"));
        let told = imported(&house, &file).await.unwrap_err().to_string();
        assert!(told.contains(said), "{member}: {told}");
    }
}

#[tokio::test]
async fn a_change_of_the_modes_of_a_stream_is_logged_by_itself() {
    let (house, _guard) = city().await;
    let changed = EXAMPLE.replace("modes = [\"sealed\"]", "modes = [\"sealed\", \"attested\"]");
    assert_eq!(imported(&house, &changed).await.unwrap().changed.len(), 1);
    let logged = leaves(&house, "config_changed").await;
    let modes: Vec<_> = logged.iter().filter(|leaf| leaf["what"] == "modes").collect();
    let [leaf] = modes.as_slice() else { panic!("{logged:?}") };
    assert_eq!((&leaf["from"], &leaf["to"]), (&"sealed".into(), &"sealed attested".into()));
    let digests: Vec<_> = logged.iter().filter_map(|leaf| leaf.get("streams")).collect();
    assert_ne!(digests[0], digests[1]);
}

#[tokio::test]
async fn a_change_touches_what_it_names_and_logs_the_new_plan() {
    let (house, _guard) = city().await;
    let changed = EXAMPLE
        .replace("cap = 300", "cap = 200")
        .replace("front-desk@crane-inn.example", "office@crane-inn.example")
        .replace("2031-06-30", "2032-06-30");
    let report = imported(&house, &changed).await.unwrap();
    assert_eq!(report.added, Vec::<String>::new());
    assert_eq!(report.changed, ["holder.crane-inn", "officer.he.shan", "plan[1]"]);
    assert_eq!(leaves(&house, "plan_changed").await.len(), 3);
    let inn = holder_called(&house, "仙鹤宾馆").await.id;
    let contacts = house
        .store
        .read("test.contacts", move |conn| contacts_of(conn, &cipher(), inn))
        .await
        .unwrap();
    let [contact] = contacts.as_slice() else { panic!("{contacts:?}") };
    assert_eq!(
        (contact.name.as_str(), contact.email.as_str()),
        ("周静", "office@crane-inn.example")
    );
    let plan = read(&house, plans).await.into_iter().find(|plan| plan.cap == 200).unwrap();
    let leaf: String = read(&house, move |conn| {
        ledger_pending::table.find(plan.leaf).select(ledger_pending::body).first(conn)
    })
    .await;
    let leaf: Value = serde_json::from_str(&leaf).unwrap();
    assert_eq!((&leaf["plan"], &leaf["cap"]), (&plan.id.to_string().into(), &200.into()));
}

#[tokio::test]
async fn officers_can_be_invited_and_have_their_roles() {
    let (house, _guard) = city().await;
    let lead = read(&house, |conn| Ok(identity::person_called(conn, "lin.yue"))).await;
    let lead = lead.unwrap().unwrap();
    assert_eq!(lead.role, Role::DepartmentLead);
    let row = read(&house, move |conn| officer_of(conn, lead.id)).await.unwrap();
    assert_eq!(row.email(&cipher()).unwrap(), "lin.yue@hebi.example");
    assert!(row.certified_on(day("2031-12-31")) && !row.certified_on(day("2032-01-01")));

    let stepped_back = EXAMPLE.replacen("lead = true", "lead = false", 1);
    imported(&house, &stepped_back).await.unwrap();
    let now = read(&house, |conn| Ok(identity::person_called(conn, "lin.yue"))).await;
    assert_eq!(now.unwrap().unwrap().role, Role::Officer);
}

#[tokio::test]
async fn a_trade_passes_to_another_department_with_its_streams() {
    let (house, _guard) = city().await;
    let moved = EXAMPLE
        .replace(
            "sectors = [\"lodging\", \"house_rental\"]\ndistricts",
            "sectors = [\"house_rental\"]\ndistricts",
        )
        .replace(
            "sectors = [\"courier\"]\ndistricts",
            "sectors = [\"courier\", \"lodging\"]\ndistricts",
        )
        .replace(
            "department = \"police\"\nsector = \"lodging\"",
            "department = \"post\"\nsector = \"lodging\"",
        );
    imported(&house, &moved).await.unwrap();
    let post = department_called(&house, "post").await;
    let inn = holder_called(&house, "仙鹤宾馆").await.id;
    let streams = read(&house, move |conn| streams_of(conn, inn)).await;
    assert_eq!(streams[0].stream.department, Some(post.id));
}

#[tokio::test]
async fn a_plan_audits_holders_with_a_stream_in_the_period() {
    let (house, _guard) = city().await;
    let police = department_called(&house, "police").await.id;
    let plan = read(&house, move |conn| plan_for(conn, police, Sector::Lodging)).await.unwrap();
    let of = |month: &str| {
        let (plan, period) = (plan.clone(), plan.period(month).unwrap());
        read(&house, move |conn| subjects(conn, &plan, &period))
    };
    assert_eq!(of("2025-12").await.len(), 0);
    assert_eq!(of("2026-01").await.len(), 1);
    assert_eq!(of("2026-02").await.len(), 2);
    let first = read(&house, |conn| streams_on(conn, day("2026-03-02"), None, 2)).await;
    let after = first[1].stream.id;
    let rest = read(&house, move |conn| streams_on(conn, day("2026-03-02"), Some(after), 2)).await;
    assert_eq!((first.len(), rest.len()), (2, 1));
    let landlord: HolderId = LANDLORD.parse().unwrap();
    let january = (day("2026-01-01"), day("2026-01-31"));
    let open = read(&house, move |conn| open_streams(conn, landlord, january.0, january.1)).await;
    assert_eq!(open, []);
}

#[tokio::test]
async fn names_and_addresses_are_not_readable_in_the_database() {
    let (house, _guard) = city().await;
    let blobs: Vec<Vec<u8>> = read(&house, |conn| {
        let mut blobs: Vec<Vec<u8>> =
            registry_contacts::table.select(registry_contacts::email).load(conn)?;
        blobs.extend(
            registry_contacts::table.select(registry_contacts::name).load::<Vec<u8>>(conn)?,
        );
        blobs.extend(
            registry_officers::table.select(registry_officers::email).load::<Vec<u8>>(conn)?,
        );
        blobs.extend(
            registry_departments::table
                .select(registry_departments::email)
                .load::<Vec<u8>>(conn)?,
        );
        Ok(blobs)
    })
    .await;
    assert_eq!(blobs.len(), 11);
    for blob in blobs {
        let text = String::from_utf8_lossy(&blob).into_owned();
        assert!(!text.contains("example") && !text.contains('周'), "{text}");
    }
}

/// Every kind of mistake once.
const WRONG: &str = r#"
surprise = 1

[[department]]
code = "police"
name_zh = "公安"
name_en = "Police"
organ = "鹤公"
email = "not an address"
[[department.scope]]
sectors = ["lodging", "astrology"]
districts = ["410600", "110101"]

[[department]]
code = "post"
name_zh = "邮政"
name_en = "Post"
organ = "鹤邮"
email = "post@hebi.example"
telephone = "0392"
[[department.scope]]
sectors = ["courier"]
districts = ["410600"]

[[department]]
code = "transport"
name_zh = "交通"
name_en = "Transport"
organ = "鹤交"
email = "transport@hebi.example"
[[department.scope]]
sectors = ["courier"]
districts = ["410602"]

[[officer]]
department = "post"
login = "Su He"
name = "苏禾"
certificate_no = "1"
certificate_until = "2031-02-30"
sectors = ["courier"]
email = "su.he@hebi.example"

[[officer]]
department = "nowhere"
login = "he.shan"
name = "何山"
certificate_no = "2"
certificate_until = 2031-06-30
sectors = []
email = "he.shan@hebi.example"
conflicts = ["nobody"]

[[officer]]
department = "post"
login = "ye.lan"
name = "叶兰"
certificate_no = "2"
certificate_until = 2031-06-30
sectors = ["courier"]
email = "ye.lan@hebi.example"

[[pack]]
sector = "lodging"
pack = "lodging/1066.1"
from = 2026-01-01

[[pack]]
sector = "lodging"
pack = "courier/2026.1"
from = 2026-01-01

[[plan]]
department = "post"
sector = "lodging"
period = "fortnight"

[[plan]]
department = "post"
sector = "finance"
period = { days = 14, from = 2026-03-02 }
p0_per_mille = 5000

[[holder]]
key = "inn"
id = "0198c0de-0000-7000-8000-00000000002a"
kind = "organisation"
name = "Inn"
district = "410611"

[[holder]]
id = "not-a-uuid"
kind = "company"
name = "Firm"
district = "410600"

[[holder]]
key = "house"
kind = "natural_person"
name = "Landlord"
uscc = "91410699900000014J"
district = "410611"

[[holder]]
key = "house"
kind = "organisation"
district = "410611"
[[holder.contact]]
name = "Desk"
email = "desk@"

[[outlet]]
key = "lost"
holder = "nobody"
name = "Lost"
district = "410611"

[[stream]]
key = "lost-desk"
outlet = "missing"
sector = "lodging"
opened_on = 2026-03-02
closed_on = 2026-03-01
modes = ["whispered"]
open_weekdays = ["someday"]

[[client]]
holder = "nobody"
name = "PMS"
authentication_jwk = "{}"
manifest_jwk = { kty = "EC" }
"#;

#[tokio::test]
async fn every_mistake_of_a_file_is_told_at_once_and_nothing_is_stored() {
    let (house, _guard) = empty().await;
    let told = refused(&house, WRONG).await;
    let expected = [
        "surprise: is not known here",
        "department.police.email: is not a mail address",
        "department.police.scope[1].sectors[2]: \"astrology\": unknown Sector",
        "department.police.scope[1].districts[2]: 110101 is no division",
        "department.post.telephone: is not known here",
        "department.post.scope: courier in 410600 is another department's too",
        "department.transport.scope: courier in 410602 is another department's too",
        "officer.Su He.certificate_until: \"2031-02-30\": not a civil day",
        "officer.he.shan.department: there is no such department",
        "officer.he.shan.sectors: is empty",
        "officer.he.shan.conflicts: there is no such duty holder",
        "officer.ye.lan.certificate_no: belongs to another officer",
        "pack.lodging/1066.1.pack: there is no rule pack",
        "pack.courier/2026.1.pack: is a pack for courier, not for lodging",
        "plan[1].period: is neither",
        "plan[2].p0_per_mille: is not a whole number from 1 to 500",
        "plan[2].sector: the department is nowhere competent for finance",
        "holder.inn.id: stands beside a key",
        "holder[2].id: \"not-a-uuid\": not an identifier",
        "holder[2].kind: \"company\": unknown HolderKind",
        "holder[2].district: 410600 is a whole city",
        "holder.house.uscc: a natural person has no credit code",
        "holder.house.key: was declared before",
        "holder.house.name: is missing",
        "holder.house.contact[1].email: is not a mail address",
        "outlet.lost.holder: there is no such duty holder",
        "stream.lost-desk.outlet: there is no such outlet",
        "stream.lost-desk.closed_on: is before the stream opened",
        "stream.lost-desk.modes[1]: \"whispered\": unknown Mode",
        "stream.lost-desk.open_weekdays[1]: is not one of",
        "client[1].authentication_jwk: key refused",
        "client[1].manifest_jwk: key refused",
    ];
    for mistake in expected {
        assert!(told.iter().any(|line| line.starts_with(mistake)), "{mistake}\n{told:#?}");
    }
    assert_eq!(read(&house, departments).await, []);
    assert_eq!(leaves(&house, "config_changed").await.len(), 0);
}

#[tokio::test]
async fn what_is_no_toml_is_told_with_its_line() {
    let (house, _guard) = empty().await;
    let told = refused(&house, "[[department]]\ncode = police\n").await;
    assert!(told[0].contains("line 2"), "{told:?}");
}

#[tokio::test]
async fn a_stream_or_outlet_cannot_move() {
    let (house, _guard) = city().await;
    let moved = EXAMPLE
        .replace("outlet = \"old-town-rooms\"", "outlet = \"crane-inn-station\"")
        .replace("holder = \"swift-parcel\"", "holder = \"crane-inn\"");
    let told = refused(&house, &moved).await;
    assert_eq!(
        told,
        [
            "outlet.swift-parcel-shancheng.holder: an outlet stays with its duty holder",
            "stream.old-town-rooms-book.outlet: a stream stays with its outlet",
        ]
    );
}

#[tokio::test]
async fn an_unusual_credit_code_and_a_stream_nobody_watches_are_warnings() {
    let (house, _guard) = empty().await;
    let odd = EXAMPLE.replace("91410699900000014J", "91410699900000014K").replace(
        "sectors = [\"courier\"]\ndistricts = [\"410602\", \"410603\",",
        "sectors = [\"courier\"]\ndistricts = [\"410602\",",
    );
    let report = imported(&house, &odd).await.unwrap();
    let warned: Vec<&str> = report.warnings.iter().map(|warning| warning.path.as_str()).collect();
    assert_eq!(warned, ["holder.crane-inn.uscc", "stream.swift-parcel-counter"]);
}

#[tokio::test]
async fn a_client_gets_a_new_key_and_keeps_its_name() {
    let (house, _guard) = city().await;
    let first = imported(&house, EXAMPLE).await.unwrap().clients;
    let same_key = EXAMPLE.replace("crane-auth-1", "crane-auth-2");
    let told = refused(&house, &same_key).await;
    assert!(told[0].starts_with("client[1].authentication_jwk"), "{told:?}");
    let other = EXAMPLE.replace("crane-auth-1", "crane-auth-2").replace(
        "C_J_fVcxRTI_KWVXHhWUUJE62qLrTfHjRL2wH16mifk\"\ny = \"mGPQ7AVPQWK3Jb6D4wnRXxrA35rmtJi0aZmSdHvv12w",
        "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\"\ny = \"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
    );
    let report = imported(&house, &other).await.unwrap();
    assert_eq!((report.changed, report.clients), (vec!["client[1]".to_owned()], first));
}

#[tokio::test]
async fn a_consent_is_entered_once_and_stays_withdrawn() {
    let (house, _guard) = city().await;
    let (police, inn) =
        (department_called(&house, "police").await.id, holder_called(&house, "仙鹤宾馆").await.id);
    let given = read(&house, move |conn| consent(conn, inn, police)).await.unwrap();
    assert_eq!(given.addresses(&cipher()).unwrap(), ["front-desk@crane-inn.example"]);
    assert!(given.covers(&cipher(), "Front-Desk@crane-inn.example").unwrap());
    assert!(!given.covers(&cipher(), "landlord@example.com").unwrap());
    let logged = leaves(&house, "config_changed").await;
    let consents = logged.iter().filter(|leaf| leaf["what"] == "consent").count();
    assert_eq!((consents, logged.iter().any(|leaf| leaf.to_string().contains('@'))), (1, false));

    let withdraw = |house: House| async move {
        let inside = house.clone();
        let by = (identity::Actor::Command, None);
        house
            .store
            .write("test.withdraw", move |tx| {
                withdraw_consent_in(tx, &inside, (inn, police), by).map_err(StoreError::from)
            })
            .await
            .unwrap()
    };
    assert!(withdraw(house.clone()).await);
    assert!(!withdraw(house.clone()).await, "it is withdrawn once");
    let again = imported(&house, EXAMPLE).await.unwrap();
    assert_eq!((again.added.len(), again.changed.len()), (0, 0));
    assert_eq!(read(&house, move |conn| consent(conn, inn, police)).await, None);
    assert_eq!(read(&house, move |conn| consents_of(conn, inn)).await.len(), 1);

    let renewed = EXAMPLE.replace("given_on = 2026-01-05", "given_on = 2026-02-05");
    assert_eq!(imported(&house, &renewed).await.unwrap().added.len(), 1);
    let renewed = renewed.replace("电子送达确认书 2026-001", "2026-002");
    imported(&house, &renewed).await.unwrap();
    let all = read(&house, move |conn| consents_of(conn, inn)).await;
    assert_eq!(all.len(), 3);
    assert_eq!(all.iter().filter(|consent| consent.withdrawn_at.is_none()).count(), 1);
}

#[tokio::test]
async fn a_consent_needs_a_department_a_paper_and_an_address() {
    let (house, _guard) = city().await;
    let toml = r#"
[[holder]]
key = "new"
kind = "organisation"
name = "新店"
district = "410611"
[[holder.consent]]
department = "nobody"
given_on = 2026-01-05
method = "mail"
[[holder.consent]]
department = "police"
reference = "1"
given_on = 2026-01-05
method = "fax"
"#;
    let said = refused(&house, toml).await.join("\n");
    for mistake in ["no contact with an address", "reference", "fax"] {
        assert!(said.contains(mistake), "{mistake}: {said}");
    }
}
