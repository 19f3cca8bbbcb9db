//! Findings, and the cases that follow from them.
//!
//! A check hands in an [`Observation`]; [`raise_in`] joins its transaction and keeps one finding a
//! key. Officers look at findings in groups: those of one duty holder about one rule in one period.
//! A finding is the department's own until an officer has confirmed it with a reason. What is
//! confirmed together makes one case a duty holder, trade and district: the law is frozen as the
//! catalogue has it, and a notice goes to every contact of the duty holder, all in one transaction
//! with its leaves. Where no confirmed article empowers an order, the notice is advice. A dismissed
//! finding stays, with a code and a reason, and can be reopened. Every decision stays on record.
//!
//! A leaf holds a salted hash of a finding, so a row that was edited in the database does not match
//! the log any more; it is shown as such and cannot be decided.
//!
//! What follows is one table of states and events ([`State::after`]). The business answers with files,
//! which are known by their bytes, never unpacked, sealed and only downloaded; it asks for more time.
//! Two officers hold a check of what was corrected. Closing, and going further than the notice, is
//! proposed by one officer and decided by another who leads. Every form names the version of the case
//! that it was made from: who has not seen the newest one changes nothing. Beside it stands the
//! governance track, which knows totals of departments and no case.
//!
//! [`follow_up`] moves cases on when a letter was taken, when nobody takes one, and when the time of
//! an order is over. The time never starts before a mail server has taken a letter. An advice
//! letter has no time that could run out.

mod actions;
mod bundles;
mod clocks;
mod decision;
mod error;
mod evidence;
mod follow;
mod governance;
mod groups;
mod guard;
mod integrity;
mod model;
mod pages;
mod state;
mod store;
#[cfg(test)]
mod tests;
mod words;

use std::ops::Range;

use diesel::QueryResult;

pub use actions::{Done, confirm, dismiss, officers_drawn_in, raise_in, reopen};
pub use clocks::{QueueWeekly, RemindOfDeadlines, queue_weekly, remind};
pub use decision::{Code, Conditions, Decision, Dismissal, Reason, Verdict, Words};
pub use error::CaseError;
pub use follow::{FollowUp, QueueDigests, follow_up, follow_up_by, queue_digests};
pub use guard::{CaseLead, CaseOfficer, Confirmer, Respondent};
pub use model::{
    Case, CaseResult, Check, CheckMethod, Closing, Counting, Escalation, EscalationKind, Event,
    Evidence, Extension, Finding, FindingKind, Happening, Integrity, Media, NewFinding,
    Observation, Outcome, Reply, Severity, Stage, State,
};
pub use pages::console;
pub use store::figures::Decided;

use crate::foundation::db::Conn;
use crate::foundation::ids::{AuditId, CaseId, DepartmentId, FindingId, HolderId, StreamId};
use crate::foundation::time::Timestamp;
use crate::registry::{District, Officer, Sector};

/// Findings against `holder`, newest first, at most 50.
///
/// # Errors
///
/// Those of the database.
pub fn findings_against(conn: &mut Conn, holder: HolderId) -> QueryResult<Vec<Finding>> {
    store::findings_against(conn, holder)
}

/// Findings of `audit` in the order in which they were raised, at most 1,000.
///
/// # Errors
///
/// Those of the database.
pub fn findings_of_audit(conn: &mut Conn, audit: AuditId) -> QueryResult<Vec<Finding>> {
    store::findings_of_audit(conn, audit)
}

/// Findings about `stream` in the order in which they were raised, at most 1,000.
///
/// # Errors
///
/// Those of the database.
pub fn findings_of_stream(conn: &mut Conn, stream: StreamId) -> QueryResult<Vec<Finding>> {
    store::findings_of_stream(conn, stream)
}

/// Findings about single records of audits that were found since `since`, oldest first, at most
/// 10,000.
///
/// # Errors
///
/// Those of the database.
pub fn findings_about_records(conn: &mut Conn, since: Timestamp) -> QueryResult<Vec<Finding>> {
    store::findings_about_records(conn, since)
}

/// Notes beside a finding that `number` corrects its record and came at `at`, after the cutoff;
/// gives whether that is news. The decision and its leaf stay as they are.
///
/// # Errors
///
/// Those of the database.
pub fn note_repair_in(
    tx: &mut Conn,
    id: FindingId,
    number: u64,
    at: Timestamp,
) -> QueryResult<bool> {
    store::note_repair(tx, id, i64::try_from(number).unwrap_or(i64::MAX), at)
}

/// Findings of `holder` in a trade and period that an officer has confirmed.
///
/// # Errors
///
/// Those of the database.
pub fn confirmed_findings(
    conn: &mut Conn,
    holder: HolderId,
    sector: Sector,
    period: &str,
) -> QueryResult<Vec<Finding>> {
    store::confirmed_findings(conn, holder, sector, period)
}

/// Findings of `kinds` against `holder` in a trade that nobody has dismissed, and that were raised or
/// confirmed within `span`.
///
/// # Errors
///
/// Those of the database.
pub fn signals(
    conn: &mut Conn,
    holder: HolderId,
    sector: Sector,
    kinds: &[FindingKind],
    span: &Range<Timestamp>,
) -> QueryResult<Vec<Finding>> {
    store::signals(conn, holder, sector, kinds, span)
}

/// What an officer has made of the finding with this key; `None` if none was raised.
///
/// # Errors
///
/// Those of the database.
pub fn stage_of(conn: &mut Conn, key: &str) -> QueryResult<Option<Stage>> {
    store::stage_of(conn, key)
}

/// How many findings that `officer` sees nobody has decided.
///
/// # Errors
///
/// Those of the database.
pub fn undecided_findings(conn: &mut Conn, officer: &Officer) -> QueryResult<i64> {
    store::count_findings(conn, &officer.into(), Stage::Proposed)
}

/// How many cases that are not over `officer` sees.
///
/// # Errors
///
/// Those of the database.
pub fn open_cases(conn: &mut Conn, officer: &Officer) -> QueryResult<i64> {
    let scope = officer.into();
    let open = State::ALL.iter().filter(|state| !state.is_final());
    open.map(|state| store::count_cases(conn, &scope, *state)).sum()
}

/// Cases of `holder`, newest first after `before`, at most 51: one more than a page holds.
///
/// # Errors
///
/// Those of the database.
pub fn cases_of_holder(
    conn: &mut Conn,
    holder: HolderId,
    before: Option<CaseId>,
) -> QueryResult<Vec<Case>> {
    store::flow::cases_of_holder(conn, holder, before)
}

/// How many cases that `officer` sees are in `state`.
///
/// # Errors
///
/// Those of the database.
pub fn cases_in(conn: &mut Conn, officer: &Officer, state: State) -> QueryResult<i64> {
    store::count_cases(conn, &officer.into(), state)
}

/// What a department decided about findings from `since` on, at most 500,000.
///
/// # Errors
///
/// Those of the database.
pub fn decisions_since(
    conn: &mut Conn,
    department: DepartmentId,
    since: Timestamp,
) -> QueryResult<Vec<Decided>> {
    store::figures::decisions_since(conn, department, since)
}

/// How many cases of a department are in which state, by trade and district.
///
/// # Errors
///
/// Those of the database.
pub fn cases_by_place(
    conn: &mut Conn,
    department: DepartmentId,
) -> QueryResult<Vec<(Sector, District, State, i64)>> {
    store::figures::count_by_place(conn, department)
}

/// How many findings that `officer` sees nobody has decided, by what they weigh.
///
/// # Errors
///
/// Those of the database.
pub fn undecided_by_severity(
    conn: &mut Conn,
    officer: &Officer,
) -> QueryResult<Vec<(Severity, i64)>> {
    store::figures::undecided_by_severity(conn, officer.department_id(), &officer.sectors())
}
