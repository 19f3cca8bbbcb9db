//! The tables of findings and cases.

pub(super) mod clocks;
mod decisions;
pub(super) mod figures;
mod filters;
pub(super) mod flow;
pub(super) mod governance;
mod groups;
mod parts;

use std::ops::Range;

use diesel::prelude::*;

pub(super) use decisions::{decide, decisions_of, decisions_of_act};
pub(super) use filters::{Filter, MOST, delete_filter, filters_of, insert_filter};
pub(super) use groups::{
    COUNTED, add_to_group, count_groups, earlier_breaches, findings_of_group, group, group_of,
    groups_of, lessons, recount,
};
pub(super) use parts::{Move, carry, cases_beside, insert_move, moves_of, release};

use super::model::{Case, Finding, FindingKind, Happening, NewFinding, Stage, State};
use crate::foundation::db::schema::{
    cases_case_findings, cases_cases, cases_events, cases_findings,
};
use crate::foundation::db::{Conn, insert_if_absent};
use crate::foundation::ids::{AuditId, CaseId, DepartmentId, FindingId, HolderId, StreamId};
use crate::foundation::paging::PAGE;
use crate::foundation::time::{Day, Timestamp};
use crate::registry::{Officer, Sector};

type Backend = <Conn as diesel::Connection>::Backend;

/// How many findings a case follows from, at most.
pub(super) const LARGEST_CASE: i64 = 200;

/// Inserts a finding into its group unless one with its key stands there; gives whether it was
/// inserted.
pub(super) fn insert_finding(
    tx: &mut Conn,
    new: &NewFinding,
    group: FindingId,
) -> QueryResult<bool> {
    use cases_findings as f;
    let it = &new.finding;
    let values = (
        (
            f::id.eq(it.id),
            f::key.eq(&it.key),
            f::department_id.eq(it.department),
            f::holder_id.eq(it.holder),
            f::sector.eq(it.sector),
            f::district.eq(it.district),
            f::period.eq(&it.period),
            f::kind.eq(it.kind),
            f::rule.eq(it.rule.as_deref()),
            f::severity.eq(it.severity),
            f::stream_id.eq(it.stream),
        ),
        (
            f::day.eq(it.day),
            f::first_number.eq(it.first_number),
            f::last_number.eq(it.last_number),
            f::count.eq(it.count),
            f::audit_id.eq(it.audit),
            f::facts.eq(&it.facts),
            f::found_at.eq(it.found_at),
            f::salt.eq(&it.salt),
            f::facts_hash.eq(&it.facts_hash),
            f::leaf_id.eq(it.leaf),
            f::stage.eq(it.stage),
            f::group_id.eq(Some(group)),
        ),
    );
    insert_if_absent!(tx, f::table, values).map(|inserted| inserted == 1)
}

/// The finding called `id`.
pub(super) fn finding(conn: &mut Conn, id: FindingId) -> QueryResult<Option<Finding>> {
    cases_findings::table.find(id).select(Finding::as_select()).first(conn).optional()
}

/// The findings called `ids`, oldest first.
pub(super) fn findings(conn: &mut Conn, ids: &[FindingId]) -> QueryResult<Vec<Finding>> {
    cases_findings::table
        .filter(cases_findings::id.eq_any(ids))
        .order(cases_findings::id)
        .select(Finding::as_select())
        .load(conn)
}

/// Findings about single records of audits that were found since `since`, oldest first, at most
/// 10,000.
pub(super) fn findings_about_records(
    conn: &mut Conn,
    since: Timestamp,
) -> QueryResult<Vec<Finding>> {
    use cases_findings as f;
    f::table
        .filter(f::audit_id.is_not_null().and(f::stream_id.is_not_null()))
        .filter(f::first_number.is_not_null().and(f::found_at.ge(since)))
        .order(f::id)
        .limit(10_000)
        .select(Finding::as_select())
        .load(conn)
}

/// Keeps the newest correction of the record of a finding; false if it was kept before.
pub(super) fn note_repair(
    tx: &mut Conn,
    id: FindingId,
    number: i64,
    at: Timestamp,
) -> QueryResult<bool> {
    use cases_findings as f;
    let older = f::repaired_number.is_null().or(f::repaired_number.lt(number).assume_not_null());
    let changed = diesel::update(f::table.filter(f::id.eq(id).and(older)))
        .set((f::repaired_number.eq(Some(number)), f::repaired_at.eq(Some(at))))
        .execute(tx)?;
    Ok(changed == 1)
}

/// What an officer sees: the affairs of one department in some trades.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    pub(super) department: DepartmentId,
    pub(super) sectors: Vec<Sector>,
}

impl From<&Officer> for Scope {
    fn from(officer: &Officer) -> Self {
        Self { department: officer.department_id(), sectors: officer.sectors() }
    }
}

/// How many findings in `scope` are in `stage`.
pub(super) fn count_findings(conn: &mut Conn, scope: &Scope, stage: Stage) -> QueryResult<i64> {
    use cases_findings as f;
    f::table
        .filter(f::department_id.eq(scope.department).and(f::stage.eq(stage)))
        .filter(f::sector.eq_any(scope.sectors.clone()))
        .count()
        .get_result(conn)
}

/// How many undecided findings of `department` were found from `since` on, before `until`.
pub(super) fn count_undecided(
    conn: &mut Conn,
    department: DepartmentId,
    (since, until): (Timestamp, Timestamp),
) -> QueryResult<i64> {
    use cases_findings as f;
    f::table
        .filter(f::department_id.eq(department).and(f::stage.eq(Stage::Proposed)))
        .filter(f::found_at.ge(since).and(f::found_at.lt(until)))
        .count()
        .get_result(conn)
}

/// Findings against `holder`, newest first, at most a page.
pub(super) fn findings_against(conn: &mut Conn, holder: HolderId) -> QueryResult<Vec<Finding>> {
    cases_findings::table
        .filter(cases_findings::holder_id.eq(holder))
        .order(cases_findings::id.desc())
        .limit(PAGE)
        .select(Finding::as_select())
        .load(conn)
}

/// Findings of a holder in a trade and period that an officer has confirmed.
pub(super) fn confirmed_findings(
    conn: &mut Conn,
    holder: HolderId,
    sector: Sector,
    period: &str,
) -> QueryResult<Vec<Finding>> {
    cases_findings::table
        .filter(cases_findings::holder_id.eq(holder))
        .filter(cases_findings::sector.eq(sector))
        .filter(cases_findings::period.eq(period))
        .filter(cases_findings::stage.eq(Stage::Confirmed))
        .select(Finding::as_select())
        .load(conn)
}

/// Findings of a holder that nobody has dismissed, raised or confirmed within a span.
pub(super) fn signals(
    conn: &mut Conn,
    holder: HolderId,
    sector: Sector,
    kinds: &[FindingKind],
    span: &Range<Timestamp>,
) -> QueryResult<Vec<Finding>> {
    let found: Vec<Finding> = cases_findings::table
        .filter(cases_findings::holder_id.eq(holder))
        .filter(cases_findings::sector.eq(sector))
        .filter(cases_findings::kind.eq_any(kinds))
        .filter(cases_findings::stage.ne(Stage::Dismissed))
        .filter(cases_findings::found_at.lt(span.end))
        .select(Finding::as_select())
        .load(conn)?;
    let within = |finding: &Finding| {
        let confirmed = finding.decided_at.filter(|_| finding.stage == Stage::Confirmed);
        span.contains(&finding.found_at) || confirmed.is_some_and(|at| span.contains(&at))
    };
    Ok(found.into_iter().filter(within).collect())
}

/// The stage of the finding with this key.
pub(super) fn stage_of(conn: &mut Conn, key: &str) -> QueryResult<Option<Stage>> {
    cases_findings::table
        .filter(cases_findings::key.eq(key))
        .select(cases_findings::stage)
        .first(conn)
        .optional()
}

/// Findings of one audit in the order in which they were raised, at most 1,000.
pub(super) fn findings_of_audit(conn: &mut Conn, audit: AuditId) -> QueryResult<Vec<Finding>> {
    cases_findings::table
        .filter(cases_findings::audit_id.eq(audit))
        .order(cases_findings::id)
        .limit(1_000)
        .select(Finding::as_select())
        .load(conn)
}

/// Findings about `stream` in the order in which they were raised, at most 1,000.
pub(super) fn findings_of_stream(conn: &mut Conn, stream: StreamId) -> QueryResult<Vec<Finding>> {
    cases_findings::table
        .filter(cases_findings::stream_id.eq(stream))
        .order(cases_findings::id)
        .limit(1_000)
        .select(Finding::as_select())
        .load(conn)
}

/// Inserts `case` with the findings that it follows from.
pub(super) fn insert_case(tx: &mut Conn, case: &Case, findings: &[FindingId]) -> QueryResult<()> {
    use cases_cases as c;
    diesel::insert_into(c::table)
        .values((
            c::id.eq(case.id),
            c::number.eq(&case.number),
            c::department_id.eq(case.department),
            c::holder_id.eq(case.holder),
            c::sector.eq(case.sector),
            c::district.eq(case.district),
            c::notice.eq(case.notice),
            c::state.eq(case.state),
            c::opened_at.eq(case.opened_at),
            c::grace_days.eq(case.grace_days),
            c::deadline.eq(case.deadline),
            c::served_at.eq(case.served_at),
            c::basis.eq(&case.basis),
            c::code.eq(&case.code),
            c::clock.eq(case.counting),
        ))
        .execute(tx)?;
    for finding in findings {
        diesel::insert_into(cases_case_findings::table)
            .values((
                cases_case_findings::case_id.eq(case.id),
                cases_case_findings::finding_id.eq(finding),
            ))
            .execute(tx)?;
    }
    Ok(())
}

/// The case called `id`.
pub(super) fn case(conn: &mut Conn, id: CaseId) -> QueryResult<Option<Case>> {
    cases_cases::table.find(id).select(Case::as_select()).first(conn).optional()
}

/// The case that follows from `finding`.
pub(super) fn case_of(conn: &mut Conn, finding: FindingId) -> QueryResult<Option<CaseId>> {
    cases_case_findings::table
        .filter(cases_case_findings::finding_id.eq(finding))
        .select(cases_case_findings::case_id)
        .first(conn)
        .optional()
}

/// The findings from which `case` follows, oldest first.
pub(super) fn findings_of_case(conn: &mut Conn, case: CaseId) -> QueryResult<Vec<Finding>> {
    cases_case_findings::table
        .inner_join(cases_findings::table)
        .filter(cases_case_findings::case_id.eq(case))
        .order(cases_findings::id)
        .limit(LARGEST_CASE)
        .select(Finding::as_select())
        .load(conn)
}

/// Cases in `scope` in `state` if given, newest first, after `before`: one more than a page
/// holds.
pub(super) fn cases_of(
    conn: &mut Conn,
    scope: &Scope,
    state: Option<State>,
    before: Option<CaseId>,
) -> QueryResult<Vec<Case>> {
    use cases_cases as c;
    let mut query = c::table
        .filter(c::department_id.eq(scope.department))
        .filter(c::sector.eq_any(scope.sectors.clone()))
        .order(c::id.desc())
        .limit(PAGE + 1)
        .select(Case::as_select())
        .into_boxed::<Backend>();
    if let Some(state) = state {
        query = query.filter(c::state.eq(state));
    }
    if let Some(before) = before {
        query = query.filter(c::id.lt(before));
    }
    query.load(conn)
}

/// How many cases in `scope` are in `state`.
pub(super) fn count_cases(conn: &mut Conn, scope: &Scope, state: State) -> QueryResult<i64> {
    use cases_cases as c;
    c::table
        .filter(c::department_id.eq(scope.department).and(c::state.eq(state)))
        .filter(c::sector.eq_any(scope.sectors.clone()))
        .count()
        .get_result(conn)
}

/// How many cases of `department` were opened from `since` to `until`.
pub(super) fn count_opened(
    conn: &mut Conn,
    department: DepartmentId,
    (since, until): (Timestamp, Timestamp),
) -> QueryResult<i64> {
    use cases_cases as c;
    c::table
        .filter(c::department_id.eq(department))
        .filter(c::opened_at.ge(since).and(c::opened_at.lt(until)))
        .count()
        .get_result(conn)
}

/// Cases that wait for news of their letters, oldest first after `after`, at most `limit`.
pub(super) fn waiting_for_letters(
    conn: &mut Conn,
    after: Option<CaseId>,
    limit: i64,
) -> QueryResult<Vec<Case>> {
    use cases_cases as c;
    let mut query = c::table
        .filter(c::state.eq(State::Opened).or(c::state.eq(State::Undeliverable)))
        .order(c::id)
        .limit(limit)
        .select(Case::as_select())
        .into_boxed::<Backend>();
    if let Some(after) = after {
        query = query.filter(c::id.gt(after));
    }
    query.load(conn)
}

/// Orders that were served and whose last day is before `today`, oldest first, at most `limit`.
pub(super) fn lapsed(conn: &mut Conn, today: &Day, limit: i64) -> QueryResult<Vec<Case>> {
    use cases_cases as c;
    c::table
        .filter(c::state.eq(State::Served))
        .filter(c::notice.eq(crate::notices::LetterKind::Order))
        .filter(c::deadline.lt(*today))
        .filter(c::suspended_at.is_null())
        .order(c::id)
        .limit(limit)
        .select(Case::as_select())
        .load(conn)
}

/// Moves a case from one state to the next; false if it was not in `from`.
pub(super) fn move_case(
    tx: &mut Conn,
    id: CaseId,
    from: State,
    to: State,
    served: Option<(Timestamp, Day)>,
) -> QueryResult<bool> {
    use cases_cases as c;
    let place = c::id.eq(id).and(c::state.eq(from));
    let moved = match served {
        Some((at, deadline)) => diesel::update(c::table.filter(place))
            .set((
                c::state.eq(to),
                c::version.eq(c::version + 1),
                c::served_at.eq(Some(at)),
                c::deadline.eq(deadline),
            ))
            .execute(tx),
        None => diesel::update(c::table.filter(place))
            .set((c::state.eq(to), c::version.eq(c::version + 1)))
            .execute(tx),
    }?;
    Ok(moved == 1)
}

/// Adds `happening` to the end of the timeline of `case`.
pub(super) fn happen(tx: &mut Conn, case: CaseId, happening: &Happening) -> QueryResult<()> {
    use cases_events as e;
    let seen: i64 = e::table.filter(e::case_id.eq(case)).count().get_result(tx)?;
    let seq = i32::try_from(seen).unwrap_or(i32::MAX);
    diesel::insert_into(e::table)
        .values((
            e::case_id.eq(case),
            e::seq.eq(seq),
            e::at.eq(happening.at),
            e::event.eq(happening.event),
            e::officer_id.eq(happening.officer),
            e::note.eq(happening.note.as_deref()),
            e::person_id.eq(happening.person),
            e::leaf_id.eq(happening.leaf),
            e::salt.eq(happening.salt.as_deref()),
        ))
        .execute(tx)
        .map(|_| ())
}

/// The timeline of `case`, in order.
pub(super) fn timeline(conn: &mut Conn, case: CaseId) -> QueryResult<Vec<Happening>> {
    cases_events::table
        .filter(cases_events::case_id.eq(case))
        .order(cases_events::seq)
        .limit(1_000)
        .select(Happening::as_select())
        .load(conn)
}
