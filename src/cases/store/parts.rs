//! Findings that go from one case to another.

use diesel::prelude::*;

use crate::cases::model::{Case, Event};
use crate::foundation::db::Conn;
use crate::foundation::db::schema::{cases_case_findings, cases_cases, cases_moves};
use crate::foundation::ids::{CaseId, FindingId, LeafId, OfficerId};
use crate::foundation::paging::PAGE;
use crate::foundation::time::Timestamp;

/// That a finding went from one case to another; it stays.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = cases_moves)]
pub(in crate::cases) struct Move {
    #[diesel(column_name = leaf_id)]
    pub(in crate::cases) leaf: LeafId,
    #[diesel(column_name = finding_id)]
    pub(in crate::cases) finding: FindingId,
    /// [`Event::Merge`] or [`Event::Split`].
    pub(in crate::cases) kind: Event,
    #[diesel(column_name = from_case)]
    pub(in crate::cases) from: CaseId,
    #[diesel(column_name = to_case)]
    pub(in crate::cases) to: CaseId,
    pub(in crate::cases) at: Timestamp,
    #[diesel(column_name = officer_id)]
    pub(in crate::cases) officer: OfficerId,
    pub(in crate::cases) reason: String,
}

/// Takes `findings` out of `case`, in the transaction that puts them into another.
pub(in crate::cases) fn release(
    tx: &mut Conn,
    case: CaseId,
    findings: &[FindingId],
) -> QueryResult<()> {
    use cases_case_findings as f;
    diesel::delete(f::table.filter(f::case_id.eq(case).and(f::finding_id.eq_any(findings))))
        .execute(tx)
        .map(|_| ())
}

/// Puts `findings` of one case into another.
pub(in crate::cases) fn carry(
    tx: &mut Conn,
    (from, to): (CaseId, CaseId),
    findings: &[FindingId],
) -> QueryResult<()> {
    use cases_case_findings as f;
    diesel::update(f::table.filter(f::case_id.eq(from).and(f::finding_id.eq_any(findings))))
        .set(f::case_id.eq(to))
        .execute(tx)
        .map(|_| ())
}

/// Keeps that a finding went to another case.
pub(in crate::cases) fn insert_move(tx: &mut Conn, moved: &Move) -> QueryResult<()> {
    use cases_moves as m;
    diesel::insert_into(m::table)
        .values((
            m::leaf_id.eq(moved.leaf),
            m::finding_id.eq(moved.finding),
            m::kind.eq(moved.kind),
            m::from_case.eq(moved.from),
            m::to_case.eq(moved.to),
            m::at.eq(moved.at),
            m::officer_id.eq(moved.officer),
            m::reason.eq(&moved.reason),
        ))
        .execute(tx)
        .map(|_| ())
}

/// Which findings came into `case` and went out of it, oldest first, at most 1,000.
pub(in crate::cases) fn moves_of(conn: &mut Conn, case: CaseId) -> QueryResult<Vec<Move>> {
    use cases_moves as m;
    m::table
        .filter(m::from_case.eq(case).or(m::to_case.eq(case)))
        .order((m::at, m::leaf_id, m::finding_id))
        .limit(1_000)
        .select(Move::as_select())
        .load(conn)
}

/// Other cases of the duty holder of `case` in the same trade and district, newest first, at most a
/// page.
pub(in crate::cases) fn cases_beside(conn: &mut Conn, case: &Case) -> QueryResult<Vec<Case>> {
    use cases_cases as c;
    c::table
        .filter(c::holder_id.eq(case.holder).and(c::department_id.eq(case.department)))
        .filter(c::sector.eq(case.sector).and(c::district.eq(case.district)))
        .filter(c::id.ne(case.id))
        .order(c::id.desc())
        .limit(PAGE)
        .select(Case::as_select())
        .load(conn)
}
