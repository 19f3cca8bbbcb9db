use serde_json::json;

use super::stage::Stage;
use crate::foundation::crypto::b64u;
use crate::intake::{self, Receipt};
use crate::ledger::{LeafKind, verify};

#[actix_web::test]
async fn a_day_is_closed_with_a_receipt_and_again_with_the_same_one() {
    let stage = Stage::new().await;
    let inn = stage.business('a').await;
    let statement = inn.sign("chayan-close+jwt", &inn.close_claims(40));
    let path = format!("/v1/streams/{}/days/2026-03-02", inn.stream);
    let first = stage.put_close(&inn, &path, statement.clone().into()).await;
    assert_eq!(first.status, 201, "{:?}", first.body);
    let receipt = Receipt::parse(&first.body).unwrap();
    let leaf = b64u::decode(&receipt.leaf).unwrap();
    assert!(verify::receipt(&leaf, &receipt.proof, &stage.log.key()).is_ok());
    let again = stage.put_close(&inn, &path, statement.into()).await;
    assert_eq!((again.status, again.body), (200, first.body));
    assert_eq!(stage.leaves(LeafKind::DayClose).await.len(), 1);
}

#[actix_web::test]
async fn a_later_close_replaces_an_earlier_one_and_both_stay_in_the_log() {
    let stage = Stage::new().await;
    let inn = stage.business('a').await;
    assert_eq!(stage.close(&inn, &inn.close_claims(40)).await.status, 201);
    assert_eq!(stage.close(&inn, &inn.close_claims(41)).await.status, 201);
    let mut nil = inn.close_claims(0);
    nil["day"] = "2026-03-01".into();
    nil.as_object_mut().unwrap().retain(|claim, _| claim != "first" && claim != "last");
    assert_eq!(stage.close(&inn, &nil).await.status, 201);

    let (stream, first, last) =
        (inn.stream, "2026-03-01".parse().unwrap(), "2026-03-02".parse().unwrap());
    let read = move |conn: &mut _| intake::closes_of(conn, stream, first, last);
    let closes = stage.log.house.store.read("test.closes", read).await.unwrap();
    let counts: Vec<_> = closes.iter().map(|close| (close.first, close.count)).collect();
    assert_eq!(counts, [(None, 0), (Some(1), 41)]);
    assert_eq!(closes[1].totals, r#"{"room_nights_sold":38}"#);
    assert_eq!(stage.leaves(LeafKind::DayClose).await.len(), 3);
}

#[actix_web::test]
async fn what_a_close_says_must_fit_its_address_and_its_pack() {
    let stage = Stage::new().await;
    let (inn, heron) = (stage.business('a').await, stage.business('b').await);
    let path = format!("/v1/streams/{}/days/2026-03-02", inn.stream);
    let cases = [
        ("day", json!("2026-03-01"), vec![("claims", "/day")]),
        ("day", json!("2025-12-31"), vec![("claims", "/day"); 3]),
        ("totals", json!({}), vec![("claims", "/totals")]),
        ("totals", json!({ "waybills": 1 }), vec![("claims", "/totals")]),
        ("count", json!(41), vec![("claims", "/count")]),
        ("iat", json!(1_772_420_000), vec![("claims", "/iat")]),
        ("note", json!("free text"), vec![("claims", "")]),
    ];
    for (claim, value, expected) in cases {
        let mut claims = inn.close_claims(40);
        claims[claim] = value;
        let statement = inn.sign("chayan-close+jwt", &claims);
        let answer = stage.put_close(&inn, &path, statement.into()).await;
        assert_eq!(answer.problem(), (422, "manifest-rejected".to_owned()), "{claims}");
        let expected: Vec<_> =
            expected.into_iter().map(|(a, b)| (a.to_owned(), b.to_owned())).collect();
        assert_eq!(answer.faults(), expected, "{claims}");
    }
    let foreign = stage.close(&inn, &heron.close_claims(1)).await;
    assert_eq!(foreign.problem(), (403, "forbidden".to_owned()));
    let mut elsewhere = inn.close_claims(1);
    elsewhere["stream"] = json!(heron.stream);
    assert_eq!(stage.close(&inn, &elsewhere).await.problem(), (404, "not-found".to_owned()));
    assert_eq!(stage.leaves(LeafKind::DayClose).await.len(), 0);
}

#[actix_web::test]
async fn a_manifest_is_no_close_and_a_late_close_is_marked() {
    let stage = Stage::new().await;
    let inn = stage.business('a').await;
    let path = format!("/v1/streams/{}/days/2026-03-02", inn.stream);
    let manifest = inn.sign("chayan-batch+jwt", &inn.close_claims(40));
    let refused = stage.put_close(&inn, &path, manifest.into()).await;
    assert_eq!(refused.faults(), [("signature".to_owned(), String::new())]);
    let mut late = inn.close_claims(3);
    late["day"] = "2026-02-20".into();
    let answer = stage.close(&inn, &late).await;
    assert_eq!((answer.status, answer.header("chayan-advice")), (201, "late=?1"));
}
