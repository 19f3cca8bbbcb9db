//! The scheduler: an alarm clock over the rows of slots.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use croner::Cron;
use croner::parser::{CronParser, Seconds};
use tokio_cron_scheduler::{Job as Alarm, JobScheduler, JobSchedulerError};

use super::slots::{self, End};
use super::{Job, JobError, Missed, Slot, Tally};
use crate::foundation::db::StoreError;
use crate::foundation::house::House;
use crate::foundation::time::Timestamp;

/// A job without its type.
trait AnyJob: Send + Sync {
    fn name(&self) -> &'static str;
    fn clock(&self) -> &'static str;
    fn missed(&self) -> Missed;
    fn start<'a>(&'a self, house: &'a House, slot: Slot) -> Running<'a>;
}

type Running<'a> = Pin<Box<dyn Future<Output = Result<Tally, JobError>> + Send + 'a>>;

impl<J: Job> AnyJob for J {
    fn name(&self) -> &'static str {
        J::NAME
    }
    fn clock(&self) -> &'static str {
        J::CLOCK
    }
    fn missed(&self) -> Missed {
        J::MISSED
    }
    fn start<'a>(&'a self, house: &'a House, slot: Slot) -> Running<'a> {
        Box::pin(self.run(house, slot))
    }
}

struct Post {
    job: Box<dyn AnyJob>,
    busy: AtomicBool,
}

/// Collects the jobs of a process.
#[derive(Default)]
pub struct Jobs(Vec<Post>);

impl Jobs {
    /// Adds a job.
    #[must_use]
    pub fn with(mut self, job: impl Job) -> Self {
        self.0.push(Post { job: Box::new(job), busy: AtomicBool::new(false) });
        self
    }
}

/// The jobs of one process and the house they work in.
#[derive(Clone)]
pub struct Scheduler {
    house: House,
    posts: Arc<Vec<Post>>,
}

impl Scheduler {
    /// A scheduler of `jobs`; it does nothing until [`Scheduler::start`].
    pub fn new(house: House, jobs: Jobs) -> Self {
        Self { house, posts: Arc::new(jobs.0) }
    }

    /// Lets the alarm clock ring every `tick`; keep what is returned alive.
    ///
    /// # Errors
    ///
    /// Those of the scheduler library.
    pub async fn start(&self, tick: Duration) -> Result<JobScheduler, JobSchedulerError> {
        let clock = JobScheduler::new().await?;
        let this = self.clone();
        clock
            .add(Alarm::new_repeated_async(tick, move |_, _| {
                let this = this.clone();
                Box::pin(async move { this.ring() })
            })?)
            .await?;
        clock.start().await?;
        Ok(clock)
    }

    /// Starts every job that has a slot due and does not run in this process already.
    fn ring(&self) {
        for at in 0..self.posts.len() {
            let this = self.clone();
            if this.posts[at].busy.swap(true, Ordering::AcqRel) {
                continue;
            }
            tokio::spawn(async move {
                let post = &this.posts[at];
                if let Err(error) = work_off(&this.house, &*post.job).await {
                    tracing::error!(job = post.job.name(), cause = %error, "job failed: {error}");
                }
                post.busy.store(false, Ordering::Release);
            });
        }
    }
}

/// Runs every due slot of `job` now, in this task, and says how many; for tests and for commands
/// run by hand.
///
/// # Errors
///
/// Those of the store; a failing run is written into its row.
pub async fn run_due(house: &House, job: impl Job) -> Result<u64, StoreError> {
    work_off(house, &job).await
}

async fn work_off(house: &House, job: &dyn AnyJob) -> Result<u64, StoreError> {
    insert_due(house, job).await?;
    let mut runs = 0;
    loop {
        let token = house.random.bytes::<16>();
        let (name, now) = (job.name(), house.clock.now());
        let claim = move |tx: &mut _| slots::claim(tx, name, token, now).map_err(StoreError::from);
        let Some(slot) = house.store.write("jobs.claim", claim).await? else { return Ok(runs) };
        run_one(house, job, slot, token).await?;
        runs += 1;
    }
}

async fn insert_due(house: &House, job: &dyn AnyJob) -> Result<(), StoreError> {
    let (name, now) = (job.name(), house.clock.now());
    let newest = move |conn: &mut _| slots::newest(conn, name).map_err(StoreError::from);
    let newest = house.store.read("jobs.newest", newest).await?;
    let due = due_slots(job.clock(), job.missed(), newest, now);
    if due.is_empty() {
        return Ok(());
    }
    house
        .store
        .write("jobs.insert", move |tx| {
            for slot in &due {
                slots::insert(tx, name, *slot, now)?;
            }
            Ok(())
        })
        .await
}

/// How far back the first slot of a job that never ran is looked for.
const FIRST: Duration = Duration::from_secs(2 * 86_400);

/// The slots after `newest` and up to `now`, oldest first; of a job that never ran, the newest.
fn due_slots(clock: &str, missed: Missed, newest: Option<Timestamp>, now: Timestamp) -> Vec<Slot> {
    let Some(cron) = parse(clock) else { return Vec::new() };
    // A slot is a whole second; the library keeps the fraction of where it begins to look.
    let end = Timestamp::from_seconds(now.seconds()).local();
    if missed == Missed::Latest || newest.is_none() {
        let last = cron.find_previous_occurrence(&end, true).ok();
        let last = last.map(|at| Timestamp::from_micros(at.timestamp_micros()));
        let after = newest.unwrap_or_else(|| now.minus(FIRST));
        return last.filter(|slot| *slot > after).map(Slot).into_iter().collect();
    }
    let mut due = Vec::new();
    let mut at = newest.unwrap_or(now).local();
    while let Ok(next) = cron.find_next_occurrence(&at, false) {
        if next > end {
            break;
        }
        due.push(Slot(Timestamp::from_micros(next.timestamp_micros())));
        at = next;
    }
    due
}

fn parse(clock: &str) -> Option<Cron> {
    CronParser::builder().seconds(Seconds::Required).build().parse(clock).ok()
}

async fn run_one(
    house: &House,
    job: &dyn AnyJob,
    slot: Slot,
    token: [u8; 16],
) -> Result<(), StoreError> {
    let name = job.name();
    let heart = tokio::spawn(beat(house.clone(), name, slot, token));
    let end = match job.start(house, slot).await {
        Ok(tally) => End::Done(tally),
        Err(JobError::Park(reason)) => End::Park(reason),
        Err(error) => End::Failed(error.to_string()),
    };
    heart.abort();
    if let End::Failed(reason) | End::Park(reason) = &end {
        tracing::warn!(job = name, slot = %slot.0, reason, "job {name} did not end well: {reason}");
    }
    let now = house.clock.now();
    house
        .store
        .write("jobs.finish", move |tx| {
            slots::finish(tx, name, slot, token, &end, now).map_err(StoreError::from)
        })
        .await
}

/// Prolongs the lease at a third of its length until it is stopped or the lease is lost.
async fn beat(house: House, name: &'static str, slot: Slot, token: [u8; 16]) {
    loop {
        tokio::time::sleep(slots::LEASE / 3).await;
        let now = house.clock.now();
        let renew =
            move |tx: &mut _| slots::renew(tx, name, slot, token, now).map_err(StoreError::from);
        if !matches!(house.store.write("jobs.renew", renew).await, Ok(true)) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn every_missed_night_is_caught_up() {
        let newest = Some(at("2026-03-01T02:15:00+08:00"));
        let due = due_slots("0 15 2 * * *", Missed::All, newest, at("2026-03-04T02:15:00+08:00"));
        let days: Vec<_> = due.iter().map(|slot| slot.day().to_string()).collect();
        assert_eq!(days, ["2026-03-02", "2026-03-03", "2026-03-04"]);
    }

    #[test]
    fn of_frequent_slots_only_the_latest_matters() {
        let newest = Some(at("2026-03-01T00:00:00+08:00"));
        let now = at("2026-03-09T10:00:30+08:00");
        let due = due_slots("0 * * * * *", Missed::Latest, newest, now);
        assert_eq!(due, [Slot(at("2026-03-09T10:00:00+08:00"))]);
        assert_eq!(due_slots("0 * * * * *", Missed::Latest, Some(due[0].0), now), []);
    }

    #[test]
    fn a_slot_is_the_same_whenever_it_is_looked_for() {
        let first =
            due_slots("0 * * * * *", Missed::Latest, None, at("2026-03-09T10:00:30.25+08:00"));
        assert_eq!(first, [Slot(at("2026-03-09T10:00:00+08:00"))]);
        let newest = Some(first[0].0);
        let again = at("2026-03-09T10:00:31.75+08:00");
        assert_eq!(due_slots("0 * * * * *", Missed::Latest, newest, again), []);
        assert_eq!(due_slots("0 * * * * *", Missed::All, newest, again), []);
    }

    #[test]
    fn a_job_that_never_ran_begins_with_its_newest_slot() {
        let due = due_slots("0 15 2 * * *", Missed::All, None, at("2026-03-04T12:00:00+08:00"));
        assert_eq!(due, [Slot(at("2026-03-04T02:15:00+08:00"))]);
    }
}
