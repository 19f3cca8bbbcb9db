//! Reminders of deadlines, and what did not come to a department in a week.

use diesel::prelude::*;

use super::super::model::{Case, FindingKind, State};
use crate::foundation::db::schema::{cases_cases, cases_findings, cases_reminders};
use crate::foundation::db::{Conn, insert_if_absent};
use crate::foundation::ids::{CaseId, DepartmentId, HolderId, Id as _};
use crate::foundation::time::{Day, Timestamp};
use crate::notices::LetterKind;

/// Orders whose time runs or is over and whose last day is from `first` to `last`, by id; at most
/// `limit` after `after`.
pub(in super::super) fn ending(
    conn: &mut Conn,
    (first, last): (Day, Day),
    after: Option<CaseId>,
    limit: i64,
) -> QueryResult<Vec<Case>> {
    use cases_cases as c;
    let after = after.unwrap_or_else(|| CaseId::from_uuid(uuid::Uuid::nil()));
    c::table
        .filter(c::state.eq_any([State::Served, State::Overdue]))
        .filter(c::notice.eq(LetterKind::Order))
        .filter(c::suspended_at.is_null())
        .filter(c::deadline.ge(first).and(c::deadline.le(last)))
        .filter(c::id.gt(after))
        .order(c::id)
        .limit(limit)
        .select(Case::as_select())
        .load(conn)
}

/// Keeps that `case` was reminded of `deadline` for this number of days; false if it was before.
pub(in super::super) fn remind(
    tx: &mut Conn,
    case: CaseId,
    (deadline, days): (Day, i32),
    at: Timestamp,
) -> QueryResult<bool> {
    use cases_reminders as r;
    let values = (r::case_id.eq(case), r::deadline.eq(deadline), r::days.eq(days), r::at.eq(at));
    insert_if_absent!(tx, r::table, values).map(|inserted| inserted == 1)
}

/// Whom the findings of `kind` of `department` from `since` on, before `until`, are about: one a
/// finding.
pub(in super::super) fn found_of_kind(
    conn: &mut Conn,
    department: DepartmentId,
    kind: FindingKind,
    (since, until): (Timestamp, Timestamp),
) -> QueryResult<Vec<HolderId>> {
    use cases_findings as f;
    f::table
        .filter(f::department_id.eq(department).and(f::kind.eq(kind)))
        .filter(f::found_at.ge(since).and(f::found_at.lt(until)))
        .select(f::holder_id)
        .load(conn)
}

/// Whose cases of `department` are overdue: one a case.
pub(in super::super) fn overdue(
    conn: &mut Conn,
    department: DepartmentId,
) -> QueryResult<Vec<HolderId>> {
    use cases_cases as c;
    c::table
        .filter(c::department_id.eq(department).and(c::state.eq(State::Overdue)))
        .select(c::holder_id)
        .load(conn)
}
