use serde_json::{Value, json};

use super::stage::{Business, Stage, push_request};
use crate::foundation::crypto::{b64u, sha256};
use crate::ledger::LeafKind;

/// Codes and pointers.
type Expected<'a> = &'a [(&'a str, &'a str)];

fn owned(faults: &[(&str, &str)]) -> Vec<(String, String)> {
    faults.iter().map(|(code, pointer)| ((*code).to_owned(), (*pointer).to_owned())).collect()
}

async fn rejected(stage: &Stage, inn: &Business, body: &[u8]) -> Vec<(String, String)> {
    let answer = stage.push(inn, body).await;
    let problem = answer.problem();
    assert_eq!(problem, (422, "manifest-rejected".to_owned()), "{:?}", answer.body);
    answer.faults()
}

#[actix_web::test]
async fn three_bad_lines_of_many_are_all_named_and_nothing_is_stored() {
    let stage = Stage::new().await;
    let inn = stage.business('a').await;
    let mut lines: Vec<String> = inn.lines(1000).lines().map(str::to_owned).collect();
    lines[3] = "garbage".into();
    lines[500] = lines[500].replace("..", ".QQ.");
    lines[999].push_str("====");
    let lines = lines.join("\n") + "\n";
    let answer = stage.push(&inn, &inn.batch_of(&inn.claims(101, &lines), &lines)).await;
    assert_eq!(answer.problem(), (422, "records-rejected".to_owned()));
    let expected = json!([
        { "position": 3, "seq": 104, "code": "form", "pointer": "" },
        { "position": 500, "seq": 601, "code": "encrypted-key", "pointer": "/encrypted_key" },
        { "position": 999, "seq": 1100, "code": "base64", "pointer": "/tag" },
    ]);
    assert_eq!(answer.json()["faults"], expected);
    assert_eq!(stage.refusals(&inn).await, 1);
    assert_eq!(stage.leaves(LeafKind::Batch).await.len(), 0);
    assert_eq!(stage.get(&inn, "/v1/batches").await.json()["rows"], json!([]));
}

#[actix_web::test]
async fn a_changed_body_is_told_from_a_changed_manifest() {
    let stage = Stage::new().await;
    let inn = stage.business('a').await;
    let lines = inn.lines(3);
    let claims = inn.claims(1, &lines);
    let manifest = inn.sign("chayan-batch+jwt", &claims);
    let split: Vec<&str> = lines.lines().collect();
    let mut flipped = lines.clone().into_bytes();
    flipped[700] ^= 1;
    let bodies: [Vec<u8>; 5] = [
        flipped,
        format!("{}\n{}\n{}\n", split[1], split[0], split[2]).into_bytes(),
        lines.replace('\n', "\r\n").into_bytes(),
        lines.trim_end().as_bytes().to_vec(),
        format!("{lines}\n").into_bytes(),
    ];
    for body in bodies {
        let body = [manifest.as_bytes(), b"\n", &body].concat();
        assert_eq!(rejected(&stage, &inn, &body).await, owned(&[("body-digest", "/body")]));
    }
    let mut over = claims.clone();
    over["count"] = 4.into();
    let body = inn.batch_of(&over, &lines);
    assert_eq!(rejected(&stage, &inn, &body).await, owned(&[("count", "/count")]));
    assert_eq!(stage.push(&inn, &inn.batch_of(&claims, &lines)).await.status, 201);
}

#[actix_web::test]
async fn a_manifest_counts_only_under_its_own_key() {
    let stage = Stage::new().await;
    let inn = stage.business('a').await;
    let lines = inn.lines(1);
    let claims = inn.claims(1, &lines);
    let with = |manifest: String| format!("{manifest}\n{lines}").into_bytes();
    let typ = "chayan-batch+jwt";
    let signed = inn.sign(typ, &claims);

    let unsigned = signed.rsplit_once('.').unwrap().0.to_owned();
    let no_signature = with(format!("{unsigned}."));
    assert_eq!(rejected(&stage, &inn, &no_signature).await, owned(&[("signature", "")]));
    let authentication = with(inn.authentication_key.sign(typ, "a1", &claims).unwrap());
    assert_eq!(rejected(&stage, &inn, &authentication).await, owned(&[("key", "")]));
    let wrong_key = with(inn.authentication_key.sign(typ, "m1", &claims).unwrap());
    assert_eq!(rejected(&stage, &inn, &wrong_key).await, owned(&[("signature", "")]));
    let unknown = with(inn.manifest_key.sign(typ, "m9", &claims).unwrap());
    assert_eq!(rejected(&stage, &inn, &unknown).await, owned(&[("key", "")]));
    let other_typ = with(inn.sign("chayan-close+jwt", &claims));
    assert_eq!(rejected(&stage, &inn, &other_typ).await, owned(&[("signature", "")]));
    assert_eq!(rejected(&stage, &inn, b"").await, owned(&[("signature", "")]));
    for (claim, value) in [
        ("first", json!(2)),
        ("count", json!(2)),
        ("day", json!("2026-03-01")),
        ("mode", json!("attested")),
        ("pack", json!("lodging/2026.2")),
    ] {
        let mut changed = claims.clone();
        changed[claim] = value;
        let payload = b64u::encode(changed.to_string().as_bytes());
        let mut parts: Vec<&str> = signed.split('.').collect();
        parts[1] = &payload;
        let altered = with(parts.join("."));
        assert_eq!(rejected(&stage, &inn, &altered).await, owned(&[("signature", "")]), "{claim}");
    }
    stage.retire_manifest_key(&inn).await;
    assert_eq!(rejected(&stage, &inn, &with(signed)).await, owned(&[("key", "")]));
    assert_eq!(stage.leaves(LeafKind::Batch).await.len(), 0);
}

#[actix_web::test]
async fn claims_must_fit_the_stream_and_the_time() {
    let stage = Stage::new().await;
    let inn = stage.business('a').await;
    let lines = inn.lines(1);
    let cases: [(&str, Value, Expected<'_>); 8] = [
        ("mode", json!("attested"), &[("mode", "/mode")]),
        ("pack", json!("lodging/2026.2"), &[("claims", "/pack")]),
        ("pack", json!("courier/2026.1"), &[("claims", "/pack")]),
        ("to", json!("2026-03-02T10:05:01+08:00"), &[("claims", "/to")]),
        ("iat", json!(1_772_417_101), &[("claims", "/iat")]),
        ("count", json!(0), &[("claims", "/count")]),
        ("body", json!("Li Lei 410699199001010000"), &[("claims", "/body")]),
        ("remark", json!("Li Lei"), &[("claims", "")]),
    ];
    for (claim, value, expected) in cases {
        let mut claims = inn.claims(1, &lines);
        claims[claim] = value;
        let answer = rejected(&stage, &inn, &inn.batch_of(&claims, &lines)).await;
        assert_eq!(answer, owned(expected), "{claims}");
    }
    let mut tomorrow = inn.claims(1, &lines);
    tomorrow["day"] = "2026-03-03".into();
    tomorrow["from"] = "2026-03-03T00:00:00+08:00".into();
    tomorrow["to"] = "2026-03-03T00:00:00+08:00".into();
    let faults = rejected(&stage, &inn, &inn.batch_of(&tomorrow, &lines)).await;
    assert_eq!(faults, owned(&[("claims", "/day"), ("claims", "/to")]));
    let mut edge = inn.claims(1, &lines);
    edge["to"] = "2026-03-02T10:05:00+08:00".into();
    assert_eq!(stage.push(&inn, &inn.batch_of(&edge, &lines)).await.status, 201);
}

#[actix_web::test]
async fn another_holders_statement_and_stream_are_refused() {
    let stage = Stage::new().await;
    let (crane, heron) = (stage.business('a').await, stage.business('b').await);
    let foreign = stage.push(&crane, &heron.batch(1, 1)).await;
    assert_eq!(foreign.problem(), (403, "forbidden".to_owned()));
    let lines = crane.lines(1);
    for stream in [heron.stream.to_string(), crane.uuid()] {
        let mut claims = crane.claims(1, &lines);
        claims["stream"] = stream.into();
        let answer = stage.push(&crane, &crane.batch_of(&claims, &lines)).await;
        assert_eq!(answer.problem(), (404, "not-found".to_owned()));
    }
}

#[actix_web::test]
async fn a_record_is_sealed_to_a_key_that_is_open_now() {
    let stage = Stage::new().await;
    let inn = stage.business('a').await;
    let unknown = Business { kid: "ak-unknown".into(), ..inn.clone() };
    let answer = stage.push(&inn, &unknown.batch(1, 2)).await;
    assert_eq!(answer.problem(), (422, "records-rejected".to_owned()));
    assert_eq!(answer.faults(), owned(&[("kid", "/protected/kid"); 2]));

    let push_at = async |at: &str| {
        stage.log.house.clock.set(at.parse().unwrap()).unwrap();
        let scopes = [crate::identity::Scope::Push];
        let now = Business { token: stage.token(&inn, &scopes), ..inn.clone() };
        stage.push(&now, &now.batch(1, 1)).await
    };
    let closed = push_at("2026-04-03T00:00:00+08:00").await;
    assert_eq!(closed.faults(), owned(&[("kid-closed", "/protected/kid")]));
    assert_eq!(push_at("2026-04-02T23:59:59+08:00").await.status, 201);
}

#[actix_web::test]
async fn an_ephemeral_key_may_not_come_twice_in_a_batch() {
    let stage = Stage::new().await;
    let inn = stage.business('a').await;
    let line = inn.seal(b"x");
    let lines = format!("{line}\n{line}\n");
    let answer = stage.push(&inn, &inn.batch_of(&inn.claims(1, &lines), &lines)).await;
    assert_eq!(answer.faults(), owned(&[("epk-repeated", "/protected/epk")]));
}

#[actix_web::test]
async fn what_is_too_large_is_refused_unread() {
    let stage = Stage::new().await;
    let inn = stage.business('a').await;
    let limit = 16 * 1024 * 1024;
    let large = vec![b'A'; limit + 1];
    assert_eq!(stage.push(&inn, &large).await.problem(), (413, "too-large".to_owned()));
    let mut lines = String::new();
    for _ in 0..10_001 {
        lines.push_str("A\n");
    }
    let mut claims = inn.claims(1, &lines);
    let over = stage.push(&inn, &inn.batch_of(&claims, &lines)).await;
    assert_eq!(over.problem(), (413, "too-large".to_owned()));
    // A count within the limit does not hide the lines beyond it.
    claims["count"] = 10_000.into();
    claims["body"] = b64u::encode(&sha256(lines.as_bytes())).into();
    let hidden = stage.push(&inn, &inn.batch_of(&claims, &lines)).await;
    assert_eq!(hidden.problem(), (413, "too-large".to_owned()));
}

#[actix_web::test]
async fn only_a_batch_is_taken_as_a_batch() {
    let stage = Stage::new().await;
    let inn = stage.business('a').await;
    let request = push_request(&inn, &inn.batch(1, 1));
    let request = request.insert_header(("content-type", "application/json"));
    assert_eq!(stage.call(request).await.problem(), (415, "unsupported-media".to_owned()));
}
