use actix_web::test::TestRequest;
use futures_util::future::join_all;
use serde_json::json;

use super::stage::{Stage, bearer, push_request};
use crate::foundation::crypto::b64u;
use crate::foundation::db::StoreError;
use crate::foundation::ids::BatchId;
use crate::identity::Scope;
use crate::intake::{self, BatchLimits, Manifest, Receipt};
use crate::ledger::{LeafKind, read_leaf, record_path, verify};

#[actix_web::test]
async fn an_accepted_batch_has_a_receipt_that_verifies_offline() {
    let stage = Stage::new().await;
    let inn = stage.business('a').await;
    let lines = inn.lines(5);
    let body = inn.batch_of(&inn.claims(1, &lines), &lines);

    let answer = stage.push(&inn, &body).await;

    assert_eq!(answer.status, 201, "{:?}", answer.body);
    assert_eq!(answer.header("chayan-advice"), "gaps=(), late=?0, late-batches=0");
    let receipt = Receipt::parse(&answer.body).unwrap();
    let batch = receipt.batch.unwrap();
    assert_eq!(answer.header("location"), format!("/v1/batches/{batch}"));
    let leaf = b64u::decode(&receipt.leaf).unwrap();
    let proved = verify::receipt(&leaf, &receipt.proof, &stage.log.key()).unwrap();
    let (kind, said) = read_leaf(&leaf).unwrap();
    assert_eq!(kind, LeafKind::Batch);
    let manifest = said["manifest"].as_str().unwrap();
    assert!(body.starts_with(format!("{manifest}\n").as_bytes()));
    assert_eq!(Manifest::logged(manifest).unwrap().batch, batch);
    assert!(proved.head.size > 0);
    // One record, from its line to the root in the leaf.
    let root = crate::ledger::Hash::from_b64u(said["records"].as_str().unwrap()).unwrap();
    let path = record_path(lines.lines().map(str::as_bytes), 3).unwrap();
    let line = lines.lines().nth(3).unwrap();
    let hash = crate::ledger::leaf_hash(line.as_bytes());
    assert_eq!(verify::includes(&hash, 3, 5, &path, &root), Ok(()));
    stage.log.holds_together().await;
}

#[actix_web::test]
async fn the_same_bytes_get_the_same_receipt_for_ever() {
    let stage = Stage::new().await;
    let inn = stage.business('a').await;
    let body = inn.batch(1, 3);
    let first = stage.push(&inn, &body).await;
    stage.push(&inn, &inn.batch(4, 2)).await;
    stage.retire_manifest_key(&inn).await;
    let days = std::time::Duration::from_secs(400 * 86_400);
    stage.log.house.clock.advance(days).unwrap();
    let mut later = inn.clone();
    later.token = stage.token(&inn, &[Scope::Push, Scope::Read]);

    let again = stage.push(&later, &body).await;

    assert_eq!((again.status, &again.body), (200, &first.body));
    let batch = Receipt::parse(&first.body).unwrap().batch.unwrap();
    let stored = stage.get(&later, &format!("/v1/batches/{batch}/receipt")).await;
    assert_eq!((stored.status, &stored.body), (200, &first.body));
}

#[actix_web::test]
async fn a_crash_before_the_receipt_was_stored_changes_nothing_of_it() {
    use crate::foundation::db::schema::intake_batches as batches;
    use diesel::prelude::*;
    let stage = Stage::new().await;
    let inn = stage.business('a').await;
    let body = inn.batch(1, 3);
    let first = stage.push(&inn, &body).await;
    stage.push(&inn, &inn.batch(4, 1)).await;
    // What a process leaves behind that died between the commit and the stored receipt.
    let forget = |tx: &mut _| {
        let none: Option<String> = None;
        let forgotten = diesel::update(batches::table).set(batches::receipt.eq(none)).execute(tx);
        forgotten.map_err(StoreError::from)
    };
    stage.log.house.store.write("test.forget", forget).await.unwrap();

    let batch = Receipt::parse(&first.body).unwrap().batch.unwrap();
    let read = stage.get(&inn, &format!("/v1/batches/{batch}/receipt")).await;
    assert_eq!((read.status, &read.body), (200, &first.body));
    let again = stage.push(&inn, &body).await;
    assert_eq!((again.status, &again.body), (200, &first.body));
}

#[actix_web::test]
async fn the_same_batch_fifty_times_at_once_is_logged_once() {
    let limits = BatchLimits { concurrent: 100, ..BatchLimits::default() };
    let stage = Stage::with(limits).await;
    let inn = stage.business('a').await;
    let body = inn.batch(1, 20);

    let answers = join_all((0..50).map(|_| stage.push(&inn, &body))).await;

    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 49);
    assert!(answers.iter().all(|answer| answer.body == answers[0].body));
    assert_eq!(stage.leaves(LeafKind::Batch).await.len(), 1);
    assert_eq!(stage.refusals(&inn).await, 0);
    stage.log.holds_together().await;
}

#[actix_web::test]
async fn one_jti_has_one_content() {
    let stage = Stage::new().await;
    let inn = stage.business('a').await;
    let lines = inn.lines(2);
    let claims = inn.claims(1, &lines);
    assert_eq!(stage.push(&inn, &inn.batch_of(&claims, &lines)).await.status, 201);

    // ES256 signatures differ each time: the same claims signed again are other bytes.
    let signed_again = stage.push(&inn, &inn.batch_of(&claims, &lines)).await;
    assert_eq!(signed_again.problem(), (422, "idempotency-mismatch".to_owned()));
    let other = inn.lines(2);
    let mut changed = inn.claims(10, &other);
    changed["jti"] = claims["jti"].clone();
    let refused = stage.push(&inn, &inn.batch_of(&changed, &other)).await;
    assert_eq!(refused.problem(), (422, "idempotency-mismatch".to_owned()));
    assert_eq!(stage.leaves(LeafKind::Batch).await.len(), 1);
    assert_eq!(stage.refusals(&inn).await, 2);
}

#[actix_web::test]
async fn an_idempotency_key_is_the_jti_or_absent() {
    let stage = Stage::new().await;
    let inn = stage.business('a').await;
    let lines = inn.lines(1);
    let claims = inn.claims(1, &lines);
    let body = inn.batch_of(&claims, &lines);
    let jti = claims["jti"].as_str().unwrap();
    for wrong in [format!("\"{}\"", inn.uuid()), jti.to_owned(), "\"\"".into(), "\"x".into()] {
        let request = push_request(&inn, &body).insert_header(("idempotency-key", wrong.as_str()));
        assert_eq!(stage.call(request).await.problem(), (400, "malformed".to_owned()), "{wrong}");
    }
    let request =
        push_request(&inn, &body).insert_header(("idempotency-key", format!("\"{jti}\"")));
    assert_eq!(stage.call(request).await.status, 201);
}

#[actix_web::test]
async fn a_gap_is_advice_until_it_is_filled() {
    let stage = Stage::new().await;
    let inn = stage.business('a').await;
    let advice = async |first, count| {
        let answer = stage.push(&inn, &inn.batch(first, count)).await;
        assert_eq!(answer.status, 201, "{:?}", answer.body);
        answer.header("chayan-advice").split(", late").next().unwrap().to_owned()
    };
    assert_eq!(advice(4, 2).await, "gaps=(\"1-3\")");
    assert_eq!(advice(9, 1).await, "gaps=(\"1-3\" \"6-8\")");
    assert_eq!(advice(1, 3).await, "gaps=(\"6-8\")");
    assert_eq!(advice(6, 3).await, "gaps=()");
    assert_eq!(advice(10, 1).await, "gaps=()");
    let stream = inn.stream;
    let read = move |conn: &mut _| intake::measure_of(conn, stream);
    let measure = stage.log.house.store.read("test.measure", read).await.unwrap().unwrap();
    assert_eq!((measure.contiguous, measure.highest, measure.records), (10, 10, 10));
}

#[actix_web::test]
async fn taken_numbers_are_a_conflict_and_both_manifests_are_logged() {
    let stage = Stage::new().await;
    let inn = stage.business('a').await;
    assert_eq!(stage.push(&inn, &inn.batch(10, 5)).await.status, 201);
    assert_eq!(stage.push(&inn, &inn.batch(20, 5)).await.status, 201);
    for (first, count) in [(10, 5), (8, 3), (14, 1), (11, 2), (14, 7), (5, 30)] {
        let body = inn.batch(first, count);
        let refused = stage.push(&inn, &body).await;
        assert_eq!(refused.problem(), (409, "sequence-conflict".to_owned()), "{first}+{count}");
        // The same contradiction again is the same leaf.
        assert_eq!(stage.push(&inn, &body).await.status, 409);
    }
    assert_eq!(stage.push(&inn, &inn.batch(15, 5)).await.status, 201);

    let leaves = stage.leaves(LeafKind::Equivocation).await;
    assert_eq!(leaves.len(), 6);
    for leaf in &leaves {
        let manifests = leaf["manifests"].as_array().unwrap();
        let read = |at: usize| Manifest::logged(manifests[at].as_str().unwrap()).unwrap();
        let (accepted, refused) = (read(0), read(1));
        assert_eq!(leaf["refused"], json!(refused.batch));
        assert!(refused.first <= accepted.last() && accepted.first <= refused.last());
    }
    assert_eq!(stage.leaves(LeafKind::Batch).await.len(), 3);
    let (stream, day) = (inn.stream, "2026-03-02".parse().unwrap());
    let read = move |conn: &mut _| intake::equivocations(conn, stream, day, day);
    assert_eq!(stage.log.house.store.read("test", read).await.unwrap().len(), 6);
}

#[actix_web::test]
async fn the_same_content_under_another_jti_is_no_equivocation() {
    let stage = Stage::new().await;
    let inn = stage.business('a').await;
    let lines = inn.lines(2);
    let body = inn.batch_of(&inn.claims(1, &lines), &lines);
    assert_eq!(stage.push(&inn, &body).await.status, 201);
    let again = stage.push(&inn, &inn.batch_of(&inn.claims(1, &lines), &lines)).await;
    assert_eq!(again.problem(), (409, "sequence-conflict".to_owned()));
    assert_eq!(stage.leaves(LeafKind::Equivocation).await.len(), 0);
}

#[actix_web::test]
async fn a_late_day_is_accepted_and_marked() {
    let stage = Stage::new().await;
    let inn = stage.business('a').await;
    let lines = inn.lines(1);
    let mut claims = inn.claims(1, &lines);
    claims["day"] = "2026-02-20".into();
    claims["from"] = "2026-02-20T10:00:00+08:00".into();
    claims["to"] = "2026-02-20T10:00:00+08:00".into();
    let answer = stage.push(&inn, &inn.batch_of(&claims, &lines)).await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.header("chayan-advice"), "gaps=(), late=?1, late-batches=1");
    assert_eq!(stage.leaves(LeafKind::Batch).await[0]["late"], json!(true));
}

#[actix_web::test]
async fn lines_come_back_one_by_one() {
    let stage = Stage::new().await;
    let inn = stage.business('a').await;
    let lines = inn.lines(600);
    let claims = inn.claims(1, &lines);
    assert_eq!(stage.push(&inn, &inn.batch_of(&claims, &lines)).await.status, 201);
    let batch: BatchId = claims["jti"].as_str().unwrap().parse().unwrap();
    let read = move |conn: &mut _| {
        let line = |conn: &mut _, at| intake::line(conn, batch, at);
        let found = [0, 1, 299, 598, 599, 600].map(|at| line(conn, at));
        Ok::<_, StoreError>((found, intake::lines_of(conn, batch)?))
    };
    let (found, all) = stage.log.house.store.read("test.lines", read).await.unwrap();
    let expected = [0, 1, 299, 598, 599, 600].map(|at| lines.lines().nth(at));
    for (found, expected) in found.into_iter().zip(expected) {
        assert_eq!(found.unwrap().as_deref(), expected.map(str::as_bytes));
    }
    assert_eq!(all, lines.as_bytes());
}

#[actix_web::test]
async fn a_business_lists_its_own_batches_newest_first() {
    let stage = Stage::new().await;
    let (crane, heron) = (stage.business('a').await, stage.business('b').await);
    let mut pushed = Vec::new();
    for first in 0..52 {
        let answer = stage.push(&crane, &crane.batch(first + 1, 1)).await;
        pushed.push(answer.json()["batch"].as_str().unwrap().to_owned());
        stage.log.house.clock.advance(std::time::Duration::from_millis(3)).unwrap();
    }
    let page = stage.get(&crane, "/v1/batches").await.json();
    let ids = |page: &serde_json::Value| -> Vec<String> {
        let rows = page["rows"].as_array().unwrap().iter();
        rows.map(|row| row["batch"].as_str().unwrap().to_owned()).collect()
    };
    let next = page["next"].as_str().unwrap();
    let rest = stage.get(&crane, &format!("/v1/batches?before={next}")).await.json();
    let listed = [ids(&page), ids(&rest)].concat();
    pushed.reverse();
    assert_eq!(listed, pushed);
    assert_eq!(rest.get("next"), None);
    assert_eq!(ids(&stage.get(&heron, "/v1/batches").await.json()), Vec::<String>::new());
    assert_eq!(stage.get(&crane, "/v1/batches?before=x").await.status, 400);
}

#[actix_web::test]
async fn what_is_anothers_is_not_found() {
    let stage = Stage::new().await;
    let (crane, heron) = (stage.business('a').await, stage.business('b').await);
    let answer = stage.push(&crane, &crane.batch(1, 1)).await;
    let batch = answer.json()["batch"].as_str().unwrap().to_owned();
    for path in ["", "/receipt", "/proof"] {
        let path = format!("/v1/batches/{batch}{path}");
        assert_eq!(stage.get(&crane, &path).await.status, 200, "{path}");
        assert_eq!(stage.get(&heron, &path).await.problem(), (404, "not-found".to_owned()));
    }
    assert_eq!(stage.get(&crane, "/v1/batches/x").await.status, 404);
    let streams = stage.get(&heron, "/v1/streams").await.json();
    let ids: Vec<_> = streams["streams"].as_array().unwrap().iter().map(|s| &s["id"]).collect();
    assert_eq!(ids, [&json!(heron.stream)]);
}

#[actix_web::test]
async fn a_newer_proof_leaves_the_receipt_as_it_was() {
    let stage = Stage::new().await;
    let inn = stage.business('a').await;
    let first = stage.push(&inn, &inn.batch(1, 1)).await;
    stage.push(&inn, &inn.batch(2, 1)).await;
    let receipt = Receipt::parse(&first.body).unwrap();
    let path = format!("/v1/batches/{}", receipt.batch.unwrap());
    let newer = stage.get(&inn, &format!("{path}/proof")).await;
    let newer = Receipt::parse(&newer.body).unwrap();
    assert_eq!(newer.leaf, receipt.leaf);
    assert_ne!(newer.proof, receipt.proof);
    let leaf = b64u::decode(&receipt.leaf).unwrap();
    let (old, new) = (&receipt.proof, &newer.proof);
    let size = |proof: &str| verify::receipt(&leaf, proof, &stage.log.key()).unwrap().head.size;
    assert!(size(old) < size(new));
    assert_eq!(stage.get(&inn, &format!("{path}/receipt")).await.body, first.body);
}

#[actix_web::test]
async fn a_quota_is_the_clients_own() {
    let limits = BatchLimits { daily_records: 10, ..BatchLimits::default() };
    let stage = Stage::with(limits).await;
    let (crane, heron) = (stage.business('a').await, stage.business('b').await);
    assert_eq!(stage.push(&crane, &crane.batch(1, 8)).await.status, 201);
    let refused = stage.push(&crane, &crane.batch(9, 3)).await;
    assert_eq!(refused.problem(), (429, "quota-exceeded".to_owned()));
    assert!(refused.header("ratelimit-policy").starts_with("\"rec\";q=10;w=86400"));
    assert_eq!(refused.header("retry-after"), "50400");
    assert_eq!(stage.push(&crane, &crane.batch(9, 2)).await.status, 201);
    assert_eq!(stage.push(&crane, &crane.batch(11, 1)).await.status, 429);
    assert_eq!(stage.push(&heron, &heron.batch(1, 9)).await.status, 201);
}

#[actix_web::test]
async fn reading_and_pushing_are_two_rights() {
    let stage = Stage::new().await;
    let inn = stage.business('a').await;
    let mut reader = inn.clone();
    reader.token = stage.token(&inn, &[Scope::Read]);
    assert_eq!(stage.push(&reader, &inn.batch(1, 1)).await.problem().0, 403);
    let mut pusher = inn.clone();
    pusher.token = stage.token(&inn, &[Scope::Push]);
    assert_eq!(stage.get(&pusher, "/v1/batches").await.status, 403);
    let request = TestRequest::get().uri("/v1/batches");
    assert_eq!(stage.call(request.insert_header(bearer("x"))).await.status, 401);
}
