//! Attested batches, and what is disclosed of them.

use serde_json::{Value, json};

use super::stage::{Business, Stage};
use crate::foundation::crypto::{b64u, jwe, sha256};
use crate::foundation::db::StoreError;
use crate::foundation::ids::{AuditId, BatchId, DepartmentId};
use crate::foundation::time::Timestamp;
use crate::intake::{self, DisclosureRequest};
use crate::ledger::{LeafKind, verify};

fn plain(seq: u64) -> Vec<u8> {
    format!("{{\"seq\":{seq}}}").into_bytes()
}

fn commitments(first: u64, count: u64) -> String {
    (first..first + count).map(|seq| jwe::commitment(&plain(seq)) + "\n").collect()
}

/// A parcel shop that attested six records, of which 2, 3 and 5 are asked for until 12:00 tomorrow.
async fn asked() -> (Stage, Business, AuditId) {
    let stage = Stage::new().await;
    let shop = stage.business('c').await;
    let lines = commitments(1, 6);
    let pushed = stage.push(&shop, &shop.batch_of(&shop.attested_claims(1, &lines), &lines)).await;
    assert_eq!(pushed.status, 201);
    let draw = ask(&stage, &shop, 0, &[2, 3, 5, 3]).await;
    (stage, shop, draw)
}

async fn ask(stage: &Stage, shop: &Business, block: i64, numbers: &'static [u64]) -> AuditId {
    let house = &stage.log.house;
    let request = DisclosureRequest {
        audit_id: "0198c0de-0000-7000-8000-00000000dead".parse().unwrap(),
        block,
        holder_id: shop.client.holder_id,
        department_id: department(stage, shop).await,
        period: "2026-03".to_owned(),
        due: limit(),
        asked_at: house.clock.now(),
        leaf_id: house.fresh(),
    };
    let (stream, draw) = (shop.stream, request.audit_id);
    let asked = house.store.write("test.ask", move |tx| {
        let records: Vec<_> = numbers
            .iter()
            .map(|seq| (stream, i64::try_from(*seq).unwrap(), sha256(&plain(*seq))))
            .collect();
        intake::ask_in(tx, &request, &records)
    });
    asked.await.unwrap();
    draw
}

async fn department(stage: &Stage, shop: &Business) -> DepartmentId {
    let stream = shop.stream;
    let read = move |conn: &mut _| {
        crate::registry::stream_for_push(conn, stream).map_err(StoreError::from)
    };
    let facts = stage.log.house.store.read("test.stream", read).await.unwrap();
    facts.unwrap().stream.department.unwrap()
}

fn limit() -> Timestamp {
    "2026-03-03T12:00:00+08:00".parse().unwrap()
}

fn record(shop: &Business, seq: u64) -> Value {
    json!({ "stream": shop.stream, "seq": seq, "jwe": shop.seal(&plain(seq)) })
}

fn results(answer: &Value) -> Vec<(&str, Option<bool>)> {
    let records = answer["records"].as_array().unwrap().iter();
    records.map(|record| (record["result"].as_str().unwrap(), record["late"].as_bool())).collect()
}

#[actix_web::test]
async fn an_attested_batch_has_a_receipt_and_its_lines_back() {
    let stage = Stage::new().await;
    let shop = stage.business('c').await;
    let lines = commitments(1, 700);
    let body = shop.batch_of(&shop.attested_claims(1, &lines), &lines);
    let first = stage.push(&shop, &body).await;
    assert_eq!(first.status, 201);
    let again = stage.push(&shop, &body).await;
    assert_eq!((again.status, &again.body), (200, &first.body));
    let batch: BatchId = first.json()["batch"].as_str().unwrap().parse().unwrap();
    let read = move |conn: &mut _| {
        Ok::<_, StoreError>((intake::line(conn, batch, 699)?, intake::lines_of(conn, batch)?))
    };
    let (last, all) = stage.log.house.store.read("test.lines", read).await.unwrap();
    assert_eq!(last.unwrap(), jwe::commitment(&plain(700)).as_bytes());
    assert_eq!(all, lines.as_bytes());
    let listed = stage.get(&shop, "/v1/batches").await.json();
    assert_eq!(listed["rows"][0]["mode"], "attested");
}

#[actix_web::test]
async fn every_line_that_is_no_commitment_is_named_and_nothing_is_stored() {
    let stage = Stage::new().await;
    let shop = stage.business('c').await;
    let good = jwe::commitment(b"x");
    let short = &good[..42];
    let lines = format!("{good}\n{short}\n{good}=\n{}\n{good}\n", shop.seal(b"x"));
    let refused = stage.push(&shop, &shop.batch_of(&shop.attested_claims(1, &lines), &lines)).await;
    assert_eq!(refused.problem(), (422, "records-rejected".to_owned()));
    let codes: Vec<_> = refused.faults().into_iter().map(|(code, _)| code).collect();
    assert_eq!(codes, ["commitment"; 3]);
    let positions: Vec<i64> = refused.json()["faults"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| fault["position"].as_i64().unwrap())
        .collect();
    assert_eq!(positions, [1, 2, 3]);
    let mut sealed = shop.attested_claims(1, &lines);
    sealed["mode"] = "sealed".into();
    let refused = stage.push(&shop, &shop.batch_of(&sealed, &lines)).await;
    assert_eq!(refused.problem(), (422, "records-rejected".to_owned()));
    assert_eq!(stage.leaves(LeafKind::Batch).await.len(), 0);
}

#[actix_web::test]
async fn the_business_sees_what_is_asked_and_discloses_it_once() {
    let (stage, shop, draw) = asked().await;
    let page = stage.get(&shop, "/v1/disclosures").await.json();
    let request = &page["rows"][0];
    assert_eq!(request["draw"], draw.to_string());
    assert_eq!(request["due"], "2026-03-03T12:00:00.000+08:00");
    let numbers: Vec<i64> = request["records"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| record["seq"].as_i64().unwrap())
        .collect();
    assert_eq!(numbers, [2, 3, 5]);

    let body = json!({ "draw": draw, "records": [record(&shop, 2), record(&shop, 5)] });
    let first = stage.disclose(&shop, &body).await;
    assert_eq!(first.status, 201, "{:?}", first.body);
    assert_eq!(results(&first.json()), [("accepted", Some(false)); 2]);
    let receipt = first.json()["receipt"].clone();
    let leaf = b64u::decode(receipt["leaf"].as_str().unwrap()).unwrap();
    let proof = receipt["proof"].as_str().unwrap();
    assert!(verify::receipt(&leaf, proof, &stage.log.key()).is_ok());

    let again = stage.disclose(&shop, &body).await;
    assert_eq!(again.status, 200);
    assert_eq!(results(&again.json()), [("known", Some(false)); 2]);
    assert_eq!(again.json()["receipt"], receipt);
    let leaves = stage.leaves(LeafKind::Disclosure).await;
    assert_eq!(leaves.len(), 1);
    assert_eq!(leaves[0]["draw"], draw.to_string());
    assert_eq!(leaves[0]["records"].as_array().unwrap().len(), 2);
    let page = stage.get(&shop, "/v1/disclosures").await.json();
    let records = page["rows"][0]["records"].as_array().unwrap();
    let came: Vec<bool> = records.iter().map(|r| r.get("disclosed_at").is_some()).collect();
    assert_eq!(came, [true, false, true]);
}

#[actix_web::test]
async fn each_record_is_judged_by_itself() {
    let (stage, shop, draw) = asked().await;
    let good = record(&shop, 2);
    let mut other = record(&shop, 3);
    other["jwe"] = shop.seal(b"another content").into();
    let mut broken = record(&shop, 5);
    broken["jwe"] = "a.b".into();
    let records = [good.clone(), good.clone(), other, broken, record(&shop, 4)];
    let answer = stage.disclose(&shop, &json!({ "draw": draw, "records": records })).await;
    assert_eq!(answer.status, 201);
    let answer = answer.json();
    let faults: Vec<Option<&str>> = answer["records"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| record["faults"][0]["code"].as_str())
        .collect();
    let expected = [None, Some("repeated"), Some("commitment"), Some("form"), Some("not-asked")];
    assert_eq!(faults, expected);
    assert_eq!(stage.leaves(LeafKind::Disclosure).await.len(), 1);

    // The first answer stands: the same record under another ciphertext is other content.
    let twice = json!({ "draw": draw, "records": [record(&shop, 2)] });
    let refused = stage.disclose(&shop, &twice).await;
    assert_eq!(refused.problem(), (422, "records-rejected".to_owned()));
    assert_eq!(refused.faults(), [("other-content".to_owned(), "/jwe".to_owned())]);
    let unknown = Business { kid: "ak-unknown".into(), ..shop.clone() };
    let foreign = json!({ "draw": draw, "records": [record(&unknown, 3)] });
    let refused = stage.disclose(&shop, &foreign).await;
    assert_eq!(refused.faults(), [("kid".to_owned(), "/jwe/protected/kid".to_owned())]);
    assert_eq!(stage.leaves(LeafKind::Disclosure).await.len(), 1);
}

#[actix_web::test]
async fn a_foreign_or_unknown_draw_is_not_found() {
    let (stage, shop, draw) = asked().await;
    let inn = stage.business('a').await;
    let foreign = json!({ "draw": draw, "records": [record(&shop, 2)] });
    assert_eq!(stage.disclose(&inn, &foreign).await.problem(), (404, "not-found".to_owned()));
    let unknown = json!({ "draw": shop.uuid(), "records": [record(&shop, 2)] });
    assert_eq!(stage.disclose(&shop, &unknown).await.problem(), (404, "not-found".to_owned()));
    let page = stage.get(&inn, "/v1/disclosures").await.json();
    assert_eq!(page["rows"].as_array().unwrap().len(), 0);
    let empty = json!({ "draw": draw, "records": [] });
    assert_eq!(stage.disclose(&shop, &empty).await.status, 400);
    let more = json!({ "draw": draw, "records": [], "note": "x" });
    assert_eq!(stage.disclose(&shop, &more).await.status, 400);
    let many: Vec<Value> = (0..201).map(|seq| record(&shop, seq)).collect();
    let many = json!({ "draw": draw, "records": many });
    assert_eq!(stage.disclose(&shop, &many).await.problem(), (413, "too-large".to_owned()));
    assert_eq!(stage.leaves(LeafKind::Disclosure).await.len(), 0);
}

#[actix_web::test]
async fn one_moment_after_the_limit_is_late_and_stored_all_the_same() {
    let (stage, shop, draw) = asked().await;
    for (at, late, seq) in
        [("2026-03-03T12:00:00+08:00", false, 2), ("2026-03-03T12:00:00.001+08:00", true, 3)]
    {
        stage.log.house.clock.set(at.parse().unwrap()).unwrap();
        let scopes = [crate::identity::Scope::Push];
        let now = Business { token: stage.token(&shop, &scopes), ..shop.clone() };
        let body = json!({ "draw": draw, "records": [record(&now, seq)] });
        let answer = stage.disclose(&now, &body).await.json();
        assert_eq!(results(&answer), [("accepted", Some(late))], "{at}");
    }
    assert_eq!(stage.leaves(LeafKind::Disclosure).await.len(), 2);
}
