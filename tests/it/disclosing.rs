//! An attested day with real processes: drawn, asked for, disclosed well, disclosed wrongly, and never.

use std::time::Duration;

use chayan::foundation::ids::StreamId;
use chayan::ledger::{LeafKind, read_leaf, verify};
use chayan::outside::submit::{Client, Refusal, Wanted, commit_lines, disclosure, seal_lines};
use serde_json::Value;

use crate::auditing::Role;
use crate::support::{FIRST_DAY, Town, moment, record, sheet};

/// What the shop is asked to disclose, once it is asked.
async fn wanted(town: &Town, client: &Client) -> Wanted {
    for _ in 0..600 {
        if let Some(wanted) = client.requests().await.unwrap().pop() {
            return wanted;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("nothing is asked for: {}{}", town.log_of("serve"), town.log_of("audit"));
}

/// A disclosure of `records`, each with its number and the bytes that stand for it.
async fn sealed(town: &Town, wanted: &Wanted, records: &[(u64, &[u8])]) -> actix_web::web::Bytes {
    let (kid, key) = town.sealing_key(town.shop()).await;
    let plain = records.iter().map(|(_, bytes)| *bytes);
    let lines = seal_lines(plain, &kid, &key, &town.house.random).unwrap();
    let stream: StreamId = town.shop().stream;
    let records: Vec<_> =
        records.iter().zip(lines).map(|((seq, _), line)| (stream, *seq, line)).collect();
    disclosure(wanted.draw, &records)
}

async fn result(town: &Town) -> Value {
    let holder = town.shop().holder.to_string();
    for _ in 0..600 {
        let results = town.leaves(LeafKind::DrawResult).await;
        if let Some(own) = results.into_iter().find(|result| result["holder"] == holder.as_str()) {
            return own;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("no result: {}{}", town.log_of("serve"), town.log_of("audit"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_is_not_disclosed_as_it_was_attested_fails() {
    let mut town = Town::start().await;
    let _audit = Role(town.spawn("audit"));
    assert!(!town.leaves_until(LeafKind::DrawCommit, 1).await.is_empty());
    let shop = town.shop().clone();
    let client = town.client(&shop);
    let records: Vec<Vec<u8>> = (1..=3).map(|seq| record(&shop, FIRST_DAY, seq)).collect();
    let lines = commit_lines(records.iter().map(Vec::as_slice));
    let mut head = sheet(&shop, FIRST_DAY, 1);
    head.mode = "attested";
    let batch = town.workshop(&shop).batch(&head, &lines, town.clock.now()).unwrap();
    assert!(client.push(&batch).await.unwrap().created);

    town.clock.set(moment("2026-03-05", "00:05:00")).unwrap();
    let wanted = wanted(&town, &client).await;
    assert_eq!(wanted.records.len(), 3);
    let letters = town.leaves_until(LeafKind::NoticeQueued, 1).await;
    assert_eq!(letters[0]["kind"], "request");

    let other = [records[1].as_slice(), b" "].concat();
    let body = sealed(&town, &wanted, &[(1, &records[0]), (2, &other)]).await;
    let first = client.disclose(&body).await.unwrap();
    assert!(first.created);
    let answer: Value = serde_json::from_slice(&first.body).unwrap();
    assert_eq!(answer["records"][0]["result"], "accepted");
    assert_eq!(answer["records"][1]["faults"][0]["code"], "commitment");
    let receipt = &answer["receipt"];
    let leaf = receipt["leaf"].as_str().unwrap();
    let leaf = chayan::foundation::crypto::b64u::decode(leaf).unwrap();
    verify::receipt(&leaf, receipt["proof"].as_str().unwrap(), &town.log_key()).unwrap();
    assert!(matches!(read_leaf(&leaf), Some((LeafKind::Disclosure, _))));
    let proved = chayan::outside::verify::any(&first.body, &body, &town.log_key());
    assert!(proved.is_ok(), "{:?}", proved.err());
    let wrong = sealed(&town, &wanted, &[(2, &other)]).await;
    let refused = client.disclose(&wrong).await;
    assert!(matches!(refused, Err(Refusal::Refused { status: 422, .. })), "{refused:?}");

    town.kill();
    town.open().await;
    let again = client.disclose(&body).await.unwrap();
    let answer: Value = serde_json::from_slice(&again.body).unwrap();
    assert!(!again.created && answer["receipt"] == *receipt, "{answer}");
    assert_eq!(answer["records"][0]["result"], "known");

    town.clock.set(wanted.due.plus(Duration::from_secs(120))).unwrap();
    let result = result(&town).await;
    assert_eq!((&result["opened"], &result["failing"]), (&3.into(), &2.into()), "{result}");
    assert_eq!(result["verdict"], "non_compliant");
    let late = sealed(&town, &wanted, &[(3, &records[2])]).await;
    let answer: Value =
        serde_json::from_slice(&client.disclose(&late).await.unwrap().body).unwrap();
    assert_eq!(answer["records"][0]["late"], true);
    assert_eq!(town.faults().await, Vec::<String>::new());
}
