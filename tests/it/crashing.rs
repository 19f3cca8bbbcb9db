//! `kill -9` under load: who holds a receipt finds the batch, once, in a sound tree.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chayan::ledger::LeafKind;
use chayan::outside::submit::{Client, Refusal};
use chayan::outside::verify;
use tokio::sync::Mutex;

use crate::support::{Business, FIRST_DAY, Town};

/// How often the server is killed.
const KILLS: u32 = 25;

type Acknowledged = Arc<Mutex<BTreeMap<String, (Vec<u8>, Vec<u8>)>>>;

/// Pushes batches one after the other, each until its answer is definite.
async fn push_on(
    client: Client,
    batches: Vec<chayan::outside::submit::Signed<chayan::foundation::ids::BatchId>>,
    done: Acknowledged,
    stop: Arc<AtomicBool>,
) {
    for batch in batches {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        loop {
            match client.push(&batch).await {
                Ok(answer) => {
                    let pair = (answer.body.to_vec(), batch.body.to_vec());
                    done.lock().await.insert(batch.id.to_string(), pair);
                    break;
                }
                Err(Refusal::Refused { status, name, .. }) => panic!("refused: {status} {name}"),
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }
}

async fn prepared(
    town: &Town,
    business: &Business,
    count: u64,
) -> Vec<chayan::outside::submit::Signed<chayan::foundation::ids::BatchId>> {
    let mut batches = Vec::new();
    for number in 0..count {
        batches.push(town.batch(business, FIRST_DAY, 1 + number * 10, 10).await);
    }
    batches
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_random_moments_the_server_loses_nothing_it_acknowledged() {
    let mut town = Town::start().await;
    let done: Acknowledged = Arc::default();
    let stop = Arc::new(AtomicBool::new(false));
    let mut pushers = tokio::task::JoinSet::new();
    for business in [town.inn().clone(), town.shop().clone()] {
        let batches = prepared(&town, &business, 400).await;
        pushers.spawn(push_on(town.client(&business), batches, done.clone(), stop.clone()));
    }
    for _ in 0..KILLS {
        let pause = 60 + town.house.random.below(500);
        tokio::time::sleep(Duration::from_millis(pause)).await;
        town.kill();
        town.open().await;
    }
    stop.store(true, Ordering::Relaxed);
    while let Some(ended) = pushers.join_next().await {
        ended.unwrap();
    }
    assert_eq!(town.faults().await, Vec::<String>::new());
    let done = done.lock().await;
    assert!(done.len() > 50, "there was load: {} batches", done.len());
    let leaves = town.leaves(LeafKind::Batch).await;
    let key = town.log_key();
    for (receipt, body) in done.values() {
        verify::batch(receipt, body, &key).unwrap();
        let manifest = body.split(|byte| *byte == b'\n').next().unwrap();
        let manifest = std::str::from_utf8(manifest).unwrap();
        let present = leaves.iter().filter(|leaf| leaf["manifest"] == manifest).count();
        assert_eq!(present, 1, "an acknowledged batch stands in the log once");
    }
}
