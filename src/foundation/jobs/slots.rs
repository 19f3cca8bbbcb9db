//! The rows of slots: inserted once, claimed by lease, finished by the holder of the lease.

use std::time::Duration;

use diesel::prelude::*;

use super::{Slot, Tally};
use crate::foundation::db::schema::jobs_runs;
use crate::foundation::db::{Conn, StoreError, insert_if_absent, text_enum};
use crate::foundation::time::Timestamp;

text_enum! {
    /// How far a slot has got.
    pub enum SlotState {
        /// Waiting for somebody to claim it.
        Due = "due",
        /// Claimed; the lease says until when.
        Running = "running",
        /// Done, with its tally.
        Done = "done",
        /// Given up, with the reason; an operator looks at it.
        Parked = "parked",
    }
}

/// How long a claim holds without a heartbeat.
pub(super) const LEASE: Duration = Duration::from_secs(60);

/// After so many attempts a slot is parked.
const ATTEMPTS: i32 = 5;

/// How long rows of finished slots are kept.
const KEEP: Duration = Duration::from_secs(90 * 86_400);

/// The newest slot of `job`, if it ever had one.
pub(super) fn newest(conn: &mut Conn, job: &str) -> QueryResult<Option<Timestamp>> {
    jobs_runs::table
        .filter(jobs_runs::job.eq(job))
        .order(jobs_runs::slot.desc())
        .select(jobs_runs::slot)
        .first(conn)
        .optional()
}

/// Makes `slot` due, unless it stands there already; forgets slots finished long ago.
pub(super) fn insert(conn: &mut Conn, job: &str, slot: Slot, now: Timestamp) -> QueryResult<()> {
    let row = (
        jobs_runs::job.eq(job),
        jobs_runs::slot.eq(slot.0),
        jobs_runs::state.eq(SlotState::Due),
        jobs_runs::attempts.eq(0),
        jobs_runs::made_at.eq(now),
    );
    insert_if_absent!(conn, jobs_runs::table, row)?;
    let old = jobs_runs::table
        .filter(jobs_runs::job.eq(job))
        .filter(jobs_runs::state.eq(SlotState::Done))
        .filter(jobs_runs::done_at.lt(now.minus(KEEP)));
    diesel::delete(old).execute(conn).map(|_| ())
}

/// Claims the oldest slot of `job` that is due, or whose lease has run out, for [`LEASE`].
pub(super) fn claim(
    conn: &mut Conn,
    job: &str,
    token: [u8; 16],
    now: Timestamp,
) -> QueryResult<Option<Slot>> {
    let open: Vec<(Timestamp, SlotState, Option<Timestamp>)> = jobs_runs::table
        .filter(jobs_runs::job.eq(job))
        .filter(jobs_runs::state.eq_any([SlotState::Due, SlotState::Running]))
        .order(jobs_runs::slot.asc())
        .select((jobs_runs::slot, jobs_runs::state, jobs_runs::lease_until))
        .limit(100)
        .load(conn)?;
    let free = open.into_iter().find(|(_, state, until)| {
        *state == SlotState::Due || until.is_none_or(|until| until < now)
    });
    let Some((slot, ..)) = free else { return Ok(None) };
    diesel::update(jobs_runs::table.find((job, slot)))
        .set((
            jobs_runs::state.eq(SlotState::Running),
            jobs_runs::attempts.eq(jobs_runs::attempts + 1),
            jobs_runs::lease_token.eq(token.as_slice()),
            jobs_runs::lease_until.eq(now.plus(LEASE)),
        ))
        .execute(conn)?;
    Ok(Some(Slot(slot)))
}

/// Prolongs the lease; `false` if somebody else holds it now.
pub(super) fn renew(
    conn: &mut Conn,
    job: &str,
    slot: Slot,
    token: [u8; 16],
    now: Timestamp,
) -> QueryResult<bool> {
    let held = jobs_runs::table
        .filter(jobs_runs::job.eq(job).and(jobs_runs::slot.eq(slot.0)))
        .filter(jobs_runs::lease_token.eq(token.as_slice()));
    let changed =
        diesel::update(held).set(jobs_runs::lease_until.eq(now.plus(LEASE))).execute(conn)?;
    Ok(changed == 1)
}

/// How a run ended.
pub(super) enum End {
    Done(Tally),
    Failed(String),
    Park(String),
}

/// Writes the end of a run, if the lease is still ours.
pub(super) fn finish(
    conn: &mut Conn,
    job: &str,
    slot: Slot,
    token: [u8; 16],
    end: &End,
    now: Timestamp,
) -> QueryResult<()> {
    let attempts: i32 =
        jobs_runs::table.find((job, slot.0)).select(jobs_runs::attempts).first(conn)?;
    let (state, tally, reason) = match end {
        End::Done(tally) => (SlotState::Done, serde_json::to_string(tally).ok(), None),
        End::Failed(reason) if attempts < ATTEMPTS => (SlotState::Due, None, Some(reason)),
        End::Failed(reason) | End::Park(reason) => (SlotState::Parked, None, Some(reason)),
    };
    let held = jobs_runs::table
        .filter(jobs_runs::job.eq(job).and(jobs_runs::slot.eq(slot.0)))
        .filter(jobs_runs::lease_token.eq(token.as_slice()));
    diesel::update(held)
        .set((
            jobs_runs::state.eq(state),
            jobs_runs::tally.eq(tally),
            jobs_runs::reason.eq(reason),
            jobs_runs::done_at.eq(Some(now)),
        ))
        .execute(conn)
        .map(|_| ())
}

/// Whether `job` has a slot at or after `since` and none of its slots waits or runs.
pub(super) fn settled(conn: &mut Conn, job: &str, since: Timestamp) -> Result<bool, StoreError> {
    let states: Vec<(Timestamp, SlotState)> = jobs_runs::table
        .filter(jobs_runs::job.eq(job))
        .select((jobs_runs::slot, jobs_runs::state))
        .order(jobs_runs::slot.desc())
        .limit(1000)
        .load(conn)?;
    let reached = states.first().is_some_and(|(slot, _)| *slot >= since);
    let open = |state: SlotState| matches!(state, SlotState::Due | SlotState::Running);
    Ok(reached && !states.iter().any(|(_, state)| open(*state)))
}
