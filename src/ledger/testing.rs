//! A running log for tests of this room and of those above it.

use std::time::Duration;

use crate::foundation::db::{Conn, StoreError, testing::Guard};
use crate::foundation::time::{Clock, Timestamp};
use crate::foundation::{House, Random, db};

use super::sequencer::spawn;
use super::task::Task;
use super::{
    Deposit, LeafKind, LogSigner, NewLeaf, Running, Sequencer, Settings, StartError, VerifierKey,
};

/// A house on a fresh database, with its sequencer running.
pub(crate) struct TestLog {
    pub(crate) house: House,
    pub(crate) sequencer: Sequencer,
    pub(crate) running: Running,
    pub(crate) guard: Guard,
}

/// The house of a test on a fresh database; its clock stands still on 2 March 2026.
pub(crate) async fn house() -> (House, Guard) {
    let (store, guard) = db::testing::store().await;
    let clock = Clock::manual("2026-03-02T10:00:00+08:00".parse().unwrap());
    (House { store, clock, random: Random::system() }, guard)
}

pub(crate) fn signer() -> LogSigner {
    LogSigner::from_seed("log.test/hebi", &LogSigner::generate(&Random::seeded(11))).unwrap()
}

pub(crate) fn settings(guard: &Guard) -> Settings {
    Settings { signer: signer(), anchor: guard.folder.path().join("anchor") }
}

/// A fresh log, running.
pub(crate) async fn started() -> TestLog {
    let (house, guard) = house().await;
    resumed(house, guard).await.unwrap()
}

/// The log of `house`, started (again).
pub(crate) async fn resumed(house: House, guard: Guard) -> Result<TestLog, StartError> {
    let (sequencer, running) = Sequencer::start(&house, settings(&guard)).await?;
    Ok(TestLog { house, sequencer, running, guard })
}

/// The log of `house`, which will end at the named point as if it had crashed there.
pub(super) async fn doomed(house: &House, guard: &Guard, at: &'static str) -> (Sequencer, Running) {
    let mut task = Task::open(house, settings(guard)).await.unwrap();
    task.turn(Vec::new()).await.unwrap();
    task.stop_at = Some(at);
    spawn(task)
}

impl TestLog {
    pub(crate) fn key(&self) -> VerifierKey {
        signer().verifier().clone()
    }

    /// Recomputes everything, and fails if anything does not agree.
    pub(crate) async fn holds_together(&self) {
        holds_together(&self.house).await;
    }

    /// Waits until every leaf has a number and stands in a signed checkpoint.
    pub(crate) async fn drained(&self) {
        let look = |conn: &mut Conn| {
            let signed = super::store::latest_checkpoint(conn)?.map_or(0, |signed| signed.size);
            let unsigned = super::store::head(conn)?.size > signed;
            Ok::<_, StoreError>(unsigned || super::store::any_pending(conn)?)
        };
        while self.house.store.read("test.look", look).await.unwrap() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

/// Whether `text` has seventeen digits and a digit or X in a row, as resident ID numbers have.
fn holds_an_id_number(text: &[u8]) -> bool {
    text.windows(18).any(|window| {
        let (last, digits) = window.split_last().unwrap();
        digits.iter().all(u8::is_ascii_digit) && (last.is_ascii_digit() || b"Xx".contains(last))
    })
}

/// Recomputes everything from the leaf bytes, looks for ID numbers in them, and fails if anything does not agree.
pub(crate) async fn holds_together(house: &House) {
    let check = |conn: &mut Conn| -> Result<(), StoreError> {
        assert_eq!(super::fsck(conn, signer().verifier())?, []);
        let leaves = super::leaves(conn, 0, u32::MAX)?;
        for leaf in &leaves {
            assert!(!holds_an_id_number(&leaf.bytes), "leaf {} holds an ID number", leaf.index);
        }
        let hashes: Vec<_> = leaves.iter().map(|leaf| super::leaf_hash(&leaf.bytes)).collect();
        if let Some(latest) = super::latest_checkpoint(conn)? {
            let size = usize::try_from(latest.size).unwrap();
            assert_eq!(super::root_of(&hashes[..size]), latest.root);
        }
        Ok(())
    };
    house.store.read("test.fsck", check).await.unwrap();
}

/// A leaf that says nothing.
pub(crate) fn leaf(house: &House, kind: LeafKind) -> NewLeaf {
    NewLeaf::new(house, kind, serde_json::json!({"batch": house.random.below(1 << 40)}))
}

/// A deposit that appends `leaf` and nothing else.
pub(crate) fn deposit(leaf: NewLeaf) -> Deposit {
    Deposit {
        leaf: leaf.id,
        work: Box::new(move |tx| Ok(super::append_in(tx, &leaf)?)),
        keep: Box::new(|_, _| Ok(())),
        size_bytes: 100,
    }
}

/// Appends `leaf` as another process would: in a transaction of its own, without a receipt.
pub(crate) async fn append(house: &House, leaf: &NewLeaf) {
    let leaf = leaf.clone();
    let write = move |tx: &mut Conn| super::append_in(tx, &leaf).map_err(StoreError::from);
    house.store.write("test.append", write).await.unwrap();
}

/// An instant on the test's day.
pub(crate) fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}
