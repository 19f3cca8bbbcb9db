//! Periods, audits and openings as they are stored: no I/O, no clock.

use std::collections::BTreeMap;

use diesel::prelude::*;
use serde::Deserialize;

use super::error::AuditError;
use super::verdict::{self, Tally, Verdict};
use crate::foundation::db::schema::{
    audits_audits, audits_measures, audits_openings, audits_periods, audits_pools,
};
use crate::foundation::db::text_enum;
use crate::foundation::ids::{AuditId, BatchId, DepartmentId, HolderId, LeafId, PlanId, StreamId};
use crate::foundation::time::{Day, Timestamp};
use crate::ledger::Hash;
use crate::registry::{Chances, District, Modes, Pooling, Sector};
use crate::rules::Failure;

text_enum! {
    /// How far the draw of a period has got.
    pub enum PeriodState {
        /// The department has committed to a secret.
        Committed = "committed",
        /// The cutoff is in the log.
        Cut = "cut",
        /// Every audit has ended and the secret is revealed.
        Closed = "closed",
        /// There was no draw; the log says so.
        Failed = "failed",
    }
}

text_enum! {
    /// How far the audit of one holder has got.
    pub enum AuditState {
        /// Records are being opened.
        Open = "open",
        /// Something is wrong, and nothing is opened until it is put right.
        Parked = "parked",
        /// It has a verdict.
        Done = "done",
        /// Nothing was submitted, so there is nothing to draw from.
        Empty = "empty",
    }
}

text_enum! {
    /// What an audit concluded.
    pub enum Conclusion {
        /// At most the tolerable number of records fail.
        Compliant = "compliant",
        /// More than the tolerable number of records fail.
        NonCompliant = "non_compliant",
        /// The cap or the census was reached and neither can be said.
        Undecided = "undecided",
    }
}

text_enum! {
    /// What an opening showed.
    pub enum Outcome {
        /// The record keeps every rule that matters.
        Pass = "pass",
        /// The record fails.
        Fail = "fail",
        /// The rule pack cannot decide.
        Undecided = "undecided",
    }
}

text_enum! {
    /// Why a record fails.
    pub enum Cause {
        /// It does not keep a rule of its pack.
        RecordFailed = "record_failed",
        /// It cannot be opened.
        Unopenable = "unopenable",
        /// Its content is not what its header commits to.
        CommitmentMismatch = "commitment_mismatch",
        /// It was asked for and not disclosed within the limit.
        NotDisclosed = "not_disclosed",
        /// It was disclosed after the limit.
        DisclosedLate = "disclosed_late",
    }
}

/// A period of a plan as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = audits_periods)]
pub(crate) struct PeriodRow {
    pub(super) plan_id: PlanId,
    pub(super) period: String,
    pub(super) department_id: DepartmentId,
    pub(super) sector: Sector,
    pub(super) first_day: Day,
    pub(super) last_day: Day,
    pub(super) cutoff: Timestamp,
    pub(super) commitment: Option<Hash>,
    pub(super) nonce: Option<Vec<u8>>,
    pub(super) commit_leaf: Option<LeafId>,
    pub(super) epoch_leaf: Option<LeafId>,
    pub(super) tree_size: Option<i64>,
    pub(super) tree_root: Option<Hash>,
    pub(super) reveal_leaf: Option<LeafId>,
    pub(super) revealed: Option<Hash>,
    pub(super) state: PeriodState,
    pub(super) reason: Option<String>,
    pub(super) made_at: Timestamp,
    /// The leaf that says which holders were drawn.
    pub(super) holders_leaf: Option<LeafId>,
}

/// An audit as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = audits_audits)]
pub(crate) struct AuditRow {
    pub(super) id: AuditId,
    pub(super) plan_id: PlanId,
    pub(super) period: String,
    pub(super) holder_id: HolderId,
    pub(super) department_id: DepartmentId,
    pub(super) sector: Sector,
    pub(super) frame_size: i64,
    pub(super) frame_hash: Hash,
    pub(super) frame_leaf: LeafId,
    pub(super) opened: i64,
    pub(super) failing: i64,
    pub(super) undecided: i64,
    pub(super) critical: i64,
    pub(super) lower_bound: i64,
    pub(super) upper_bound: i64,
    pub(super) tolerable: i64,
    pub(super) p0_per_mille: i64,
    pub(super) alpha_pass_ppm: i64,
    pub(super) alpha_fail_ppm: i64,
    pub(super) cap: i64,
    pub(super) packs: String,
    pub(super) verdict: Option<Conclusion>,
    pub(super) state: AuditState,
    pub(super) reason: Option<String>,
    pub(super) result_leaf: Option<LeafId>,
    pub(super) made_at: Timestamp,
    pub(super) done_at: Option<Timestamp>,
    /// How the records of its frame were submitted.
    pub(super) modes: Modes,
    /// How many holders it is about together; `None` for one alone.
    pub(super) pooled: Option<i64>,
}

impl AuditRow {
    /// How its records were submitted, as sentences tell it apart.
    pub(super) const fn mode_word(&self) -> &'static str {
        match self.modes {
            Modes::Sealed => "sealed",
            Modes::Attested => "attested",
            Modes::Both => "both",
        }
    }
}

/// One holder of a pool as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = audits_pools)]
pub(crate) struct PoolRow {
    pub(super) audit_id: AuditId,
    pub(super) holder_id: HolderId,
    /// Its records in the frame.
    pub(super) records: i64,
}

/// A drawn record as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = audits_openings)]
pub(crate) struct OpeningRow {
    pub(super) audit_id: AuditId,
    pub(super) ordinal: i64,
    pub(super) place: i64,
    pub(super) stream_id: StreamId,
    pub(super) number: i64,
    pub(super) judged: i64,
    pub(super) batch_id: BatchId,
    pub(super) line: i64,
    pub(super) block: i64,
    pub(super) intent_leaf: LeafId,
    pub(super) outcome: Option<Outcome>,
    pub(super) cause: Option<Cause>,
    pub(super) failures: Option<String>,
    pub(super) severity: Option<String>,
    pub(super) done_leaf: Option<LeafId>,
    pub(super) opened_at: Option<Timestamp>,
}

impl OpeningRow {
    /// The rules that the record does not keep; none if it was not opened.
    pub(super) fn failures(&self) -> Result<Vec<Failure>, AuditError> {
        let text = self.failures.as_deref().unwrap_or("[]");
        serde_json::from_str(text).map_err(|cause| AuditError::Damaged {
            what: "failures of number",
            id: format!("{} of stream {}", self.judged, self.stream_id),
            cause: cause.to_string(),
        })
    }
}

/// What a population check saw of a stream in a period, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = audits_measures, treat_none_as_null = true)]
pub(crate) struct Measure {
    pub(super) stream_id: StreamId,
    pub(super) period: String,
    pub(super) plan_id: PlanId,
    pub(super) holder_id: HolderId,
    pub(super) department_id: DepartmentId,
    pub(super) sector: Sector,
    pub(super) district: District,
    pub(super) last_day: Day,
    pub(super) last_number: i64,
    pub(super) expected: i64,
    pub(super) declared: Option<i64>,
    pub(super) received: i64,
    pub(super) missing: i64,
    pub(super) late: i64,
    pub(super) due_days: i64,
    pub(super) missing_days: i64,
    pub(super) settled: bool,
    pub(super) checked_at: Timestamp,
    pub(super) exempt_days: i64,
    pub(super) nil_days: i64,
    pub(super) delay_p50: Option<i64>,
    pub(super) delay_p95: Option<i64>,
    pub(super) totals: String,
    pub(super) amended: i64,
    pub(super) outside_declared: Option<i64>,
    pub(super) outside_received: Option<i64>,
    pub(super) signalled: bool,
}

impl Measure {
    /// The figures from outside the register by name.
    pub(super) fn stated(&self) -> Result<BTreeMap<String, u64>, AuditError> {
        stated(&self.totals, "totals of stream", self.stream_id)
    }
}

/// Figures from outside the register as they are stored. What cannot be read is an error: no
/// figures and damaged ones are two things.
pub(super) fn stated(
    totals: &str,
    what: &'static str,
    id: impl ToString,
) -> Result<BTreeMap<String, u64>, AuditError> {
    serde_json::from_str(totals).map_err(|cause| AuditError::Damaged {
        what,
        id: id.to_string(),
        cause: cause.to_string(),
    })
}

/// The parameters of a plan as the log states them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Terms {
    pub(super) plan: PlanId,
    pub(super) department: DepartmentId,
    pub(super) sector: Sector,
    pub(super) p0_per_mille: u16,
    pub(super) alpha_pass_ppm: u32,
    pub(super) alpha_fail_ppm: u32,
    pub(super) cap: u32,
    pub(super) first_block: u32,
    pub(super) block: u32,
    pub(super) holders_per_period: Option<u32>,
    /// The chances by class, and the cap of a calendar year; plans that were logged before there
    /// were such parameters have neither.
    pub(super) audit_chances: Option<Chances>,
    pub(super) audits_per_year: Option<u32>,
    pool_below: Option<u32>,
    pool_holders: Option<u32>,
    pub(super) contributors: u32,
    #[serde(default = "three_days")]
    pub(super) disclosure_hours: u32,
}

/// The hours of plans that were logged before there was such a parameter.
const fn three_days() -> u32 {
    72
}

impl Terms {
    /// Which holders are audited together, if any.
    pub(super) fn pooling(&self) -> Option<Pooling> {
        let pooling = self.pool_below.zip(self.pool_holders);
        pooling.map(|(below, holders)| Pooling { below, holders })
    }

    /// The plan that the verdict engine runs with.
    pub(super) fn plan(&self) -> verdict::Plan {
        verdict::Plan {
            alpha_pass: f64::from(self.alpha_pass_ppm) / 1e6,
            alpha_fail: f64::from(self.alpha_fail_ppm) / 1e6,
            cap: self.cap.into(),
            ..verdict::Plan::for_share(self.p0_per_mille)
        }
    }

    /// How many records the next block takes after `opened` of `size`; 0 at the cap or the census.
    pub(super) fn next_block(&self, opened: u64, size: u64) -> u64 {
        let wanted = if opened == 0 { self.first_block } else { self.block };
        let left = size.min(self.cap.into()).saturating_sub(opened);
        u64::from(wanted.max(1)).min(left)
    }
}

/// Where an audit stands after the records opened so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    /// The first verdict on the way, or that more must be opened.
    pub(super) verdict: Verdict,
    /// Every record opened, also those of a block behind the one that decided.
    pub(super) tally: Tally,
    /// The tightest bounds on the way; each holds at all times at once (sampling.md §2.4).
    pub(super) bounds: verdict::Bounds,
}

impl Standing {
    /// Takes the verdict after each record in draw order (sampling.md §2.3).
    pub(super) fn of(plan: &verdict::Plan, size: u64, outcomes: &[Outcome]) -> Self {
        let mut tally = Tally::default();
        let mut verdict = plan.verdict(size, tally);
        let mut bounds = plan.bounds(size, tally);
        for outcome in outcomes {
            tally.opened += 1;
            match outcome {
                Outcome::Pass => {}
                Outcome::Fail => tally.failing += 1,
                Outcome::Undecided => tally.undecided += 1,
            }
            bounds = bounds.tightened_by(plan.bounds(size, tally));
            if verdict == Verdict::Continue {
                verdict = plan.verdict(size, tally);
            }
        }
        Self { verdict, tally, bounds }
    }

    /// What the audit concludes; `None` while it goes on.
    pub(super) fn conclusion(&self) -> Option<Conclusion> {
        match self.verdict {
            Verdict::Compliant => Some(Conclusion::Compliant),
            Verdict::NonCompliant => Some(Conclusion::NonCompliant),
            Verdict::Undecided => Some(Conclusion::Undecided),
            Verdict::Continue => None,
        }
    }
}

/// A count as a column holds it.
pub(super) fn to_row(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A count as it came from a column.
pub(super) fn from_row(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foundation::ids::Id as _;

    fn terms() -> Terms {
        Terms {
            plan: PlanId::from_uuid(uuid::Uuid::nil()),
            department: DepartmentId::from_uuid(uuid::Uuid::nil()),
            sector: Sector::Lodging,
            p0_per_mille: 50,
            alpha_pass_ppm: 50_000,
            alpha_fail_ppm: 10_000,
            cap: 300,
            first_block: 20,
            block: 5,
            holders_per_period: None,
            audit_chances: None,
            audits_per_year: None,
            pool_below: None,
            pool_holders: None,
            contributors: 1,
            disclosure_hours: 72,
        }
    }

    #[test]
    fn a_clean_holder_passes_after_65_records_and_not_before() {
        let (plan, size) = (terms().plan(), 100_000);
        let clean = |n| Standing::of(&plan, size, &vec![Outcome::Pass; n]).conclusion();
        assert_eq!(clean(64), None);
        assert_eq!(clean(65), Some(Conclusion::Compliant));
    }

    #[test]
    fn records_behind_the_deciding_one_change_the_count_and_not_the_verdict() {
        let plan = terms().plan();
        let mut outcomes = vec![Outcome::Fail; 4];
        outcomes.extend([Outcome::Pass; 16]);
        let standing = Standing::of(&plan, 5_000, &outcomes);
        assert_eq!(standing.conclusion(), Some(Conclusion::NonCompliant));
        assert_eq!((standing.tally.opened, standing.tally.failing), (20, 4));
        assert!(standing.bounds.lower > 250);
    }

    #[test]
    fn undecided_records_count_for_neither_side() {
        let plan = terms().plan();
        let standing = Standing::of(&plan, 5_000, &[Outcome::Undecided; 40]);
        assert_eq!(standing.conclusion(), None);
        assert_eq!(standing.bounds.lower, 0);
    }

    #[test]
    fn blocks_stop_at_the_cap_and_at_the_census() {
        let terms = terms();
        assert_eq!(terms.next_block(0, 1_000), 20);
        assert_eq!(terms.next_block(20, 1_000), 5);
        assert_eq!(terms.next_block(298, 1_000), 2);
        assert_eq!(terms.next_block(300, 1_000), 0);
        assert_eq!(terms.next_block(0, 7), 7);
    }
}
