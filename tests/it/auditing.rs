//! The whole line with real processes: sealed days in, a draw, openings, verdicts, findings.

use std::process::Child;
use std::time::Duration;

use chayan::foundation::db::StoreError;
use chayan::foundation::time::Timestamp;
use chayan::ledger::LeafKind;
use chayan::outside::submit::DayTotals;
use serde_json::Value;

use crate::support::{Business, FIRST_DAY, Town, moment, record};

const SECOND_DAY: &str = "2026-03-03";

/// Stops the process when the test ends, however it ends.
pub(crate) struct Role(pub(crate) Child);

impl Drop for Role {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn totals(business: &Business, day: &str, first: u64, last: u64) -> DayTotals {
    let name = if business.sector == "lodging" { "room_nights_sold" } else { "waybills" };
    DayTotals {
        stream: business.stream,
        day: day.parse().unwrap(),
        numbers: Some((first, last)),
        count: last + 1 - first,
        totals: [(name.to_owned(), last + 1 - first)].into(),
    }
}

/// A record without its room or its item: it fails.
fn failing(business: &Business, day: &str, seq: u64) -> Vec<u8> {
    let mut record: Value = serde_json::from_slice(&record(business, day, seq)).unwrap();
    let members = record.as_object_mut().unwrap();
    members.remove(if business.sector == "lodging" { "room_no" } else { "item_name" });
    serde_json::to_vec(&record).unwrap()
}

/// Pushes and closes a day: `bad` of every ten records fail.
async fn a_day(town: &Town, business: &Business, day: &str, first: u64, bad: u64) {
    let client = town.client(business);
    let records: Vec<Vec<u8>> = (first..first + 40)
        .map(|seq| {
            let fails = (seq - 1) % 10 < bad;
            if fails { failing(business, day, seq) } else { record(business, day, seq) }
        })
        .collect();
    client.push(&town.batch_of(business, day, first, &records).await).await.unwrap();
    client.close(&totals(business, day, first, first + 39)).await.unwrap();
}

async fn settled(town: &Town, job: &'static str, since: Timestamp) {
    for _ in 0..600 {
        let done = town
            .house
            .store
            .read("test.settled", move |conn| chayan::foundation::jobs::settled(conn, job, since));
        if done.await.unwrap() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{job} does not come to rest: {}{}", town.log_of("serve"), town.log_of("audit"));
}

async fn results(town: &Town) -> Vec<Value> {
    for _ in 0..600 {
        let results = town.leaves(LeafKind::DrawResult).await;
        if results.len() == 2 && !town.leaves(LeafKind::DrawReveal).await.is_empty() {
            return results;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("no result: {}{}", town.log_of("serve"), town.log_of("audit"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clean_inn_passes_a_careless_shop_fails_and_the_log_tells_how() {
    let town = Town::start().await;
    let _audit = Role(town.spawn("audit"));
    settled(&town, "commit-draws", moment(FIRST_DAY, "08:00:00")).await;
    assert!(!town.leaves_until(LeafKind::DrawCommit, 1).await.is_empty());
    for (day, first) in [(FIRST_DAY, 1), (SECOND_DAY, 41)] {
        town.clock.set(moment(day, "20:00:00")).unwrap();
        a_day(&town, town.inn(), day, first, 0).await;
        a_day(&town, town.shop(), day, first, 4).await;
    }
    town.clock.set(moment("2026-03-05", "00:05:00")).unwrap();
    let results = results(&town).await;
    let of = |business: &Business| {
        let holder = business.holder.to_string();
        results.iter().find(|result| result["holder"] == holder.as_str()).unwrap()
    };
    let verdict = |business: &Business| of(business)["verdict"].as_str().unwrap().to_owned();
    assert_eq!(verdict(town.inn()).to_lowercase().replace('_', ""), "compliant", "{results:?}");
    assert_eq!(verdict(town.shop()).to_lowercase().replace('_', ""), "noncompliant", "{results:?}");
    let intents = town.leaves(LeafKind::OpenIntent).await;
    let done = town.leaves_until(LeafKind::OpenDone, intents.len()).await;
    assert!(!intents.is_empty() && intents.len() == done.len());
    assert!(!town.leaves_until(LeafKind::Finding, 1).await.is_empty());
    assert_eq!(town.faults().await, Vec::<String>::new());
    no_customer_is_in_the_clear(&town).await;
}

/// Names, numbers and addresses of the records stand in no leaf, log or database page.
async fn no_customer_is_in_the_clear(town: &Town) {
    let leaves = town.house.store.read("test.all", |conn| {
        chayan::ledger::leaves(conn, 0, 100_000).map_err(StoreError::from)
    });
    let mut places: Vec<(String, Vec<u8>)> = leaves
        .await
        .unwrap()
        .into_iter()
        .map(|leaf| (format!("leaf {}", leaf.index), leaf.bytes))
        .collect();
    for role in ["serve", "audit"] {
        places.push((format!("{role}.log"), town.log_of(role).into_bytes()));
    }
    for name in ["chayan.db", "chayan.db-wal"] {
        let file = std::fs::read(town.folder.path().join(name)).unwrap_or_default();
        places.push((name.to_owned(), file));
    }
    for secret in ["林小满", "何大雪", "4106991988", "13900000000", "示例路 1 号"] {
        for (place, bytes) in &places {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{secret} stands in {place}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_key_audit_parks_with_a_reason_and_serve_goes_on() {
    let town = Town::start().await;
    let aside = town.folder.path().join("keys/aside");
    std::fs::rename(town.folder.path().join("keys/audit"), &aside).unwrap();
    let _audit = Role(town.spawn("audit"));
    settled(&town, "commit-draws", moment(FIRST_DAY, "08:00:00")).await;
    let parked = town.house.store.read("test.parked", |conn| {
        use chayan::foundation::db::schema::jobs_runs;
        use diesel::prelude::*;
        jobs_runs::table
            .filter(jobs_runs::job.eq("commit-draws"))
            .filter(jobs_runs::state.eq("parked"))
            .select(jobs_runs::reason)
            .load::<Option<String>>(conn)
            .map_err(StoreError::from)
    });
    let reasons = parked.await.unwrap();
    assert!(reasons.iter().flatten().any(|reason| reason.contains("root.key")), "{reasons:?}");
    assert!(town.leaves(LeafKind::DrawCommit).await.is_empty());
    town.client(town.inn()).push(&town.batch(town.inn(), FIRST_DAY, 1, 3).await).await.unwrap();
}

#[tokio::test]
async fn audit_listens_nowhere() {
    let town = Town::start().await;
    let audit = Role(town.spawn("audit"));
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let sockets: Vec<String> = std::fs::read_dir(format!("/proc/{}/fd", audit.0.id()))
        .unwrap()
        .filter_map(|fd| std::fs::read_link(fd.unwrap().path()).ok())
        .filter_map(|link| {
            let text = link.to_string_lossy().into_owned();
            text.strip_prefix("socket:[").map(|rest| rest.trim_end_matches(']').to_owned())
        })
        .collect();
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|t| std::fs::read_to_string(t).unwrap());
    let listening: Vec<&str> = tables
        .iter()
        .flat_map(|table| table.lines().skip(1))
        .filter(|line| line.split_whitespace().nth(3) == Some("0A"))
        .filter(|line| {
            let inode = line.split_whitespace().nth(9).unwrap_or_default();
            sockets.iter().any(|socket| socket == inode)
        })
        .collect();
    assert!(listening.is_empty(), "{listening:?}");
}
