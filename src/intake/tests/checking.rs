use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::test::TestRequest;
use diesel::prelude::*;
use serde_json::{Value, json};

use super::stage::{Answer, Business, Stage, bearer};
use crate::foundation::db::StoreError;
use crate::identity::Scope;
use crate::intake::BatchLimits;

const RECORD: &str =
    include_str!("../../../rule-packs/lodging/2026.1/examples/pass/check-in-resident.json");
const PATH: &str = "/v1/check?pack=lodging/2026.1";

fn record(change: impl FnOnce(&mut Value)) -> String {
    let mut record: Value = serde_json::from_str(RECORD).unwrap();
    change(&mut record);
    record.to_string()
}

fn request(token: &str, path: &str, body: &str) -> TestRequest {
    TestRequest::post()
        .uri(path)
        .insert_header(bearer(token))
        .insert_header(("content-type", "application/x-ndjson"))
        .set_payload(body.to_owned())
}

async fn check(stage: &Stage, inn: &Business, path: &str, body: &str) -> Answer {
    stage.call(request(&inn.token, path, body)).await
}

#[actix_web::test]
async fn every_problem_of_every_line_is_told_with_its_rule() {
    let stage = Stage::new().await;
    let inn = stage.business('a').await;
    let clean = record(|_| {});
    let two = record(|r| {
        r["guests_in_room"] = "two".into();
        r.as_object_mut().unwrap().remove("room_no");
    });
    let answer = check(&stage, &inn, PATH, &format!("{clean}\r\n\n{two}\n{{\n")).await;
    let said = answer.json();
    assert_eq!((answer.status, &said["records"], &said["failing"]), (200, &3.into(), &2.into()));
    let problems = said["problems"].as_array().unwrap();
    let problems: Vec<_> = problems
        .iter()
        .map(|p| (p["line"].clone(), p["rule"].clone(), p["pointer"].clone()))
        .collect();
    let expected = [
        (3, "lodging.guests_in_room.form", "/guests_in_room"),
        (3, "lodging.room_no.missing", "/room_no"),
        (4, "lodging.record.json", ""),
    ];
    assert_eq!(problems, expected.map(|(line, r, p)| (json!(line), json!(r), json!(p))));
    let rule = &said["rules"]["lodging.room_no.missing"];
    assert!(rule["zh"].is_string() && rule["repair_en"].is_string() && rule["severity"] == "major");
}

#[actix_web::test]
async fn stream_day_and_subtype_are_compared_where_they_are_named() {
    let stage = Stage::new().await;
    let inn = stage.business('a').await;
    let of = |query: &str| format!("{PATH}{query}");
    let stream = "01960a00-5a00-7000-8000-0000000000a1";
    let own = of(&format!("&stream={stream}&day=2026-03-02"));
    assert_eq!(check(&stage, &inn, &own, &record(|_| {})).await.json()["failing"], 0);
    let other = of(&format!("&stream={}&day=2026-03-03", inn.stream));
    let said = check(&stage, &inn, &other, &record(|_| {})).await.json();
    let rules: Vec<&String> = said["rules"].as_object().unwrap().keys().collect();
    assert_eq!(rules, ["lodging.record.day", "lodging.record.place"]);
}

#[actix_web::test]
async fn a_check_that_cannot_be_made_is_refused_with_its_reason() {
    let stage = Stage::new().await;
    let inn = stage.business('a').await;
    let line = record(|_| {});
    for path in [
        "/v1/check",
        "/v1/check?pack=lodging/1999.1",
        "/v1/check?pack=lodging/2026.1&subtype=palace",
        "/v1/check?pack=lodging/2026.1&day=today",
        "/v1/check?pack=lodging/2026.1&x=1",
    ] {
        let answer = check(&stage, &inn, path, &line).await;
        assert_eq!(answer.problem(), (400, "malformed".to_owned()), "{path}");
    }
    let json = request(&inn.token, PATH, &line).insert_header(("content-type", "application/json"));
    assert_eq!(stage.call(json).await.problem(), (415, "unsupported-media".to_owned()));
    let reader = stage.token(&inn, &[Scope::Read]);
    assert_eq!(stage.call(request(&reader, PATH, &line)).await.status, 403);
    assert_eq!(stage.call(request("nobody", PATH, &line)).await.status, 401);
    let most = format!("{line}\n").repeat(1_000);
    let answer = check(&stage, &inn, PATH, &most).await;
    assert_eq!((answer.status, &answer.json()["records"]), (200, &1_000.into()));
    let answer = check(&stage, &inn, PATH, &format!("{most}{line}")).await;
    assert_eq!(answer.problem(), (413, "too-large".to_owned()));
}

#[actix_web::test]
async fn a_check_passes_the_same_gates_as_a_push() {
    let stage = Stage::with(BatchLimits { concurrent: 0, ..BatchLimits::default() }).await;
    let inn = stage.business('a').await;
    let answer = check(&stage, &inn, PATH, &record(|_| {})).await;
    assert_eq!(answer.problem(), (429, "quota-exceeded".to_owned()));
    let stage = Stage::with(BatchLimits { bytes: 100, ..BatchLimits::default() }).await;
    let inn = stage.business('a').await;
    let answer = check(&stage, &inn, PATH, &record(|_| {})).await;
    assert_eq!(answer.problem(), (413, "too-large".to_owned()));
}

#[actix_web::test]
async fn an_answer_that_would_grow_without_end_counts_what_it_leaves_off() {
    let stage = Stage::new().await;
    let inn = stage.business('a').await;
    let many: serde_json::Map<String, Value> =
        (0..1_200).map(|n| (format!("x{n}"), 1.into())).collect();
    let body = format!("{}\n", Value::Object(many)).repeat(20);
    let said = check(&stage, &inn, PATH, &body).await.json();
    assert_eq!(said["problems"].as_array().unwrap().len(), 10_000);
    assert!(said["left_off"].as_u64().unwrap() > 10_000);
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
}

#[derive(QueryableByName)]
struct Rows {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    rows: i64,
}

/// How many rows each table of the database has, where it is SQLite.
async fn rows(stage: &Stage) -> Vec<(String, i64)> {
    stage.log.drained().await;
    let read = |conn: &mut crate::foundation::db::Conn| -> Result<_, StoreError> {
        let names =
            diesel::sql_query("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
                .load::<Name>(conn);
        let names = match names {
            Ok(names) => names,
            Err(_) => return Ok(Vec::new()),
        };
        let mut counted = Vec::new();
        for Name { name } in names {
            let query = format!("SELECT COUNT(*) AS rows FROM \"{name}\"");
            let rows: Rows = diesel::sql_query(query).get_result(conn)?;
            counted.push((name, rows.rows));
        }
        Ok(counted)
    };
    stage.log.house.store.read("test.rows", read).await.unwrap()
}

const MARK: &str = "kzqwv";
static SEEN: AtomicBool = AtomicBool::new(false);

/// A log that remembers only whether the mark went into it.
struct Watch;

impl Write for Watch {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        if String::from_utf8_lossy(text).contains(MARK) {
            SEEN.store(true, Ordering::SeqCst);
        }
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[actix_web::test]
async fn nothing_of_a_checked_record_is_stored_logged_or_answered() {
    // Not all of the program: other tests of this process would write traces for nothing.
    let filter = tracing_subscriber::EnvFilter::new(
        "warn,chayan::intake=trace,chayan::rules=trace,chayan::identity=trace,\
         chayan::foundation::web=trace,actix_web=trace,actix_http=trace",
    );
    let watched = tracing_subscriber::fmt().with_env_filter(filter);
    watched.with_writer(|| Watch).try_init().unwrap();
    let stage = Stage::new().await;
    let inn = stage.business('a').await;
    stage.log.drained().await;
    let before = rows(&stage).await;
    let marked = record(|r| {
        for member in ["subject_name", "room_no", "id_doc_no", "occurred_at", "guests_in_room"] {
            r[member] = MARK.into();
        }
        r[format!("{MARK} {MARK}")] = MARK.into();
    });
    let answer = check(&stage, &inn, PATH, &format!("{marked}\n{MARK}\n")).await;
    assert_eq!((answer.status, &answer.json()["failing"]), (200, &2.into()));
    assert!(!String::from_utf8_lossy(&answer.body).contains(MARK));
    assert_eq!(rows(&stage).await, before);
    assert!(!SEEN.load(Ordering::SeqCst), "the content reached the log");
    tracing::info!("{MARK}");
    assert!(SEEN.load(Ordering::SeqCst), "the log was watched");
}
