use serde_json::{Value, json};

use super::stage::{Business, Stage};
use crate::foundation::crypto::b64u;
use crate::foundation::time::Day;
use crate::intake::{self, Receipt};
use crate::ledger::{LeafKind, verify};

const FROM: &str = "2026-03-02";

fn claims(inn: &Business) -> Value {
    json!({
        "iss": inn.client.holder_id, "jti": inn.uuid(), "iat": 1_772_416_000,
        "stream": inn.stream, "from": FROM, "to": "2026-03-05", "kind": "closure",
    })
}

fn path(inn: &Business) -> String {
    format!("/v1/streams/{}/closures/{FROM}", inn.stream)
}

#[actix_web::test]
async fn a_closure_is_declared_with_a_receipt_and_again_with_the_same_one() {
    let stage = Stage::new().await;
    let inn = stage.business('a').await;
    let statement = inn.sign("chayan-closure+jwt", &claims(&inn));
    let first = stage.put_close(&inn, &path(&inn), statement.clone().into()).await;
    assert_eq!((first.status, first.header("chayan-advice")), (201, "late=?0"));
    let receipt = Receipt::parse(&first.body).unwrap();
    assert!(receipt.closure.is_some() && receipt.close.is_none());
    let leaf = b64u::decode(&receipt.leaf).unwrap();
    assert!(verify::receipt(&leaf, &receipt.proof, &stage.log.key()).is_ok());
    let again = stage.put_close(&inn, &path(&inn), statement.into()).await;
    assert_eq!((again.status, again.body), (200, first.body));
    assert_eq!(stage.leaves(LeafKind::Closure).await.len(), 1);

    let stream = inn.stream;
    let day = |text: &str| text.parse::<Day>().unwrap();
    let (before, after) = (day("2026-03-04"), day("2026-03-31"));
    let read = move |conn: &mut _| {
        let within = intake::closures_of(conn, stream, before, after)?;
        Ok::<_, intake::IntakeError>((within, intake::closures_of(conn, stream, after, after)?))
    };
    let (within, beyond) = stage.log.house.store.read("test.closures", read).await.unwrap();
    assert_eq!((within.len(), beyond.len()), (1, 0));
    let due = before.end();
    assert!(intake::exemption(&within, before, due).is_some());
}

#[actix_web::test]
async fn a_declaration_that_takes_another_back_is_found_with_it() {
    let stage = Stage::new().await;
    let inn = stage.business('a').await;
    let mut back = claims(&inn);
    back["to"] = json!("2026-03-01");
    for claims in [claims(&inn), back] {
        let statement = inn.sign("chayan-closure+jwt", &claims);
        assert_eq!(stage.put_close(&inn, &path(&inn), statement.into()).await.status, 201);
        stage.log.house.clock.advance(std::time::Duration::from_millis(1)).unwrap();
    }
    let (stream, day) = (inn.stream, "2026-03-04".parse::<Day>().unwrap());
    let read = move |conn: &mut _| intake::closures_of(conn, stream, day, day);
    let declared = stage.log.house.store.read("test.closures", read).await.unwrap();
    assert_eq!(declared.len(), 2);
    assert_eq!(intake::exemption(&declared, day, day.end()), None);
    assert_eq!(stage.leaves(LeafKind::Closure).await.len(), 2);
}

#[actix_web::test]
async fn what_a_closure_says_must_fit_its_address_and_its_stream() {
    let stage = Stage::new().await;
    let (inn, heron) = (stage.business('a').await, stage.business('b').await);
    let cases = [
        ("from", json!("2026-03-03"), vec!["/from"]),
        ("from", json!("2025-12-31"), vec!["/from"; 3]),
        ("to", json!("2026-02-27"), vec!["/to"]),
        ("kind", json!("we are on holiday"), vec!["/kind"]),
        ("reason", json!("free text"), vec![""]),
        ("iat", json!(1_772_420_000), vec!["/iat"]),
    ];
    for (claim, value, expected) in cases {
        let mut claims = claims(&inn);
        claims[claim] = value;
        let statement = inn.sign("chayan-closure+jwt", &claims);
        let answer = stage.put_close(&inn, &path(&inn), statement.into()).await;
        assert_eq!(answer.problem(), (422, "manifest-rejected".to_owned()), "{claims}");
        let pointers: Vec<_> = answer.faults().into_iter().map(|(_, pointer)| pointer).collect();
        assert_eq!(pointers, expected, "{claims}");
    }
    let close = inn.sign("chayan-close+jwt", &claims(&inn));
    let refused = stage.put_close(&inn, &path(&inn), close.into()).await;
    assert_eq!(refused.faults(), [("signature".to_owned(), String::new())]);
    let foreign = heron.sign("chayan-closure+jwt", &claims(&heron));
    let foreign = stage.put_close(&inn, &path(&heron), foreign.into()).await;
    assert_eq!(foreign.problem(), (403, "forbidden".to_owned()));
    assert_eq!(stage.leaves(LeafKind::Closure).await.len(), 0);
    assert!(stage.refusals(&inn).await > 0);
}

#[actix_web::test]
async fn a_declaration_after_the_fact_is_taken_and_marked() {
    let stage = Stage::new().await;
    let inn = stage.business('a').await;
    let mut late = claims(&inn);
    (late["from"], late["to"]) = (json!("2026-02-20"), json!("2026-02-21"));
    let statement = inn.sign("chayan-closure+jwt", &late);
    let path = format!("/v1/streams/{}/closures/2026-02-20", inn.stream);
    let answer = stage.put_close(&inn, &path, statement.into()).await;
    assert_eq!((answer.status, answer.header("chayan-advice")), (201, "late=?1"));
    let leaves = stage.leaves(LeafKind::Closure).await;
    assert_eq!(leaves[0]["late"], json!(true));
}
