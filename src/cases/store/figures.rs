//! What is counted of many findings and cases.

use diesel::dsl::count_star;
use diesel::prelude::*;

use crate::cases::model::{Severity, Stage, State};
use crate::foundation::db::Conn;
use crate::foundation::db::schema::{cases_cases, cases_findings};
use crate::foundation::ids::{DepartmentId, OfficerId};
use crate::foundation::time::Timestamp;
use crate::registry::{District, Sector};

/// What was decided about one finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Queryable)]
pub struct Decided {
    /// The trade.
    pub sector: Sector,
    /// Who decided.
    pub by: Option<OfficerId>,
    /// What he made of it.
    pub stage: Stage,
    /// How much it weighed.
    pub severity: Severity,
    /// When it was found.
    pub found_at: Timestamp,
    /// When he decided.
    pub at: Option<Timestamp>,
}

/// Decisions of a department on findings from `since` on, at most 500,000.
pub(in crate::cases) fn decisions_since(
    conn: &mut Conn,
    department: DepartmentId,
    since: Timestamp,
) -> QueryResult<Vec<Decided>> {
    use cases_findings as f;
    f::table
        .filter(f::department_id.eq(department))
        .filter(f::stage.eq_any([Stage::Confirmed, Stage::Dismissed]))
        .filter(f::decided_at.ge(since))
        .limit(500_000)
        .select((f::sector, f::decided_by, f::stage, f::severity, f::found_at, f::decided_at))
        .load(conn)
}

/// How many cases of a department are in which state, by trade and district.
pub(in crate::cases) fn count_by_place(
    conn: &mut Conn,
    department: DepartmentId,
) -> QueryResult<Vec<(Sector, District, State, i64)>> {
    use cases_cases as c;
    c::table
        .filter(c::department_id.eq(department))
        .group_by((c::sector, c::district, c::state))
        .select((c::sector, c::district, c::state, count_star()))
        .load(conn)
}

/// How many undecided findings of some trades weigh how much.
pub(in crate::cases) fn undecided_by_severity(
    conn: &mut Conn,
    department: DepartmentId,
    sectors: &[Sector],
) -> QueryResult<Vec<(Severity, i64)>> {
    use cases_findings as f;
    f::table
        .filter(f::department_id.eq(department).and(f::stage.eq(Stage::Proposed)))
        .filter(f::sector.eq_any(sectors))
        .group_by(f::severity)
        .select((f::severity, count_star()))
        .load(conn)
}
