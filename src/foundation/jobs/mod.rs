//! Scheduled jobs: a slot is a row, its lease a promise, its body idempotent.
//!
//! The scheduler library is only an alarm clock: it keeps nothing across restarts. Each time it
//! rings, the slots that have become due are inserted, and whoever claims a row runs it. A slot
//! that was missed while the process was down is found at the next ring.
//!
//! Source: `security.md` 6.4.

mod scheduler;
mod slots;

use std::future::Future;

pub use scheduler::{Jobs, Scheduler, run_due};
pub use slots::SlotState;

use crate::foundation::db::{Conn, StoreError};
use crate::foundation::house::House;
use crate::foundation::time::{Day, Timestamp};

/// What to do about slots that were missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missed {
    /// Run each of them, oldest first.
    All,
    /// Run the newest; the others are as if they had never been.
    Latest,
}

/// The moment for which a job runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot(pub Timestamp);

impl Slot {
    /// The civil day of the slot.
    pub fn day(&self) -> Day {
        self.0.day()
    }
}

/// What a run did: counts by word, stored with the slot.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(transparent)]
pub struct Tally(std::collections::BTreeMap<&'static str, u64>);

impl Tally {
    /// Adds `number` under `word`.
    pub fn add(&mut self, word: &'static str, number: u64) {
        *self.0.entry(word).or_default() += number;
    }

    /// The count under `word`.
    pub fn count(&self, word: &str) -> u64 {
        self.0.get(word).copied().unwrap_or_default()
    }
}

/// Why a run did not end well; it is tried again, five times in all, then parked.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// The store failed.
    #[error("the store failed: {0}")]
    Store(#[from] StoreError),
    /// Trying again will not help: park the slot at once and say why.
    #[error("{0}")]
    Park(String),
    /// Something else, in words for the operator.
    #[error("{0}")]
    Other(String),
}

/// A job: its name, its clock and its idempotent body. Twice for one slot changes nothing.
pub trait Job: Send + Sync + 'static {
    /// The name that rows carry.
    const NAME: &'static str;
    /// Cron with seconds first, in Shanghai time.
    const CLOCK: &'static str;
    /// What to do about missed slots.
    const MISSED: Missed;

    /// Does the work of `slot`.
    fn run(
        &self,
        house: &House,
        slot: Slot,
    ) -> impl Future<Output = Result<Tally, JobError>> + Send;
}

/// Whether `job` has a slot at or after `since` and none of its slots waits or runs; for those who
/// wait for a job.
///
/// # Errors
///
/// Those of the database.
pub fn settled(conn: &mut Conn, job: &str, since: Timestamp) -> Result<bool, StoreError> {
    slots::settled(conn, job, since)
}
