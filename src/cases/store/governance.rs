//! The table of what the governance office says to departments.

use diesel::prelude::*;

use super::super::governance::Measure;
use crate::foundation::db::schema::cases_measures;
use crate::foundation::db::{Conn, insert_if_absent};
use crate::foundation::ids::{DepartmentId, LeafId, MeasureId, PersonId};
use crate::foundation::time::Timestamp;

/// The steps towards `department`, newest first, at most 200.
pub(in super::super) fn measures_of(
    conn: &mut Conn,
    department: DepartmentId,
) -> QueryResult<Vec<Measure>> {
    cases_measures::table
        .filter(cases_measures::department_id.eq(department))
        .order(cases_measures::id.desc())
        .limit(200)
        .select(Measure::as_select())
        .load(conn)
}

/// Inserts a step with its totals; false if the same step is open.
pub(in super::super) fn insert(tx: &mut Conn, new: &Measure, figures: &str) -> QueryResult<bool> {
    use cases_measures as m;
    let values = (
        m::id.eq(new.id),
        m::department_id.eq(new.department),
        m::kind.eq(new.kind),
        m::figures.eq(figures),
        m::words.eq(&new.words),
        m::taken_at.eq(new.taken_at),
        m::taken_by.eq(new.taken_by),
        m::leaf_id.eq(new.leaf),
    );
    insert_if_absent!(tx, m::table, values).map(|inserted| inserted == 1)
}

/// Ends a step; false if it has ended.
pub(in super::super) fn end(
    tx: &mut Conn,
    id: MeasureId,
    (at, by): (Timestamp, PersonId),
    leaf: LeafId,
) -> QueryResult<bool> {
    use cases_measures as m;
    diesel::update(m::table.filter(m::id.eq(id).and(m::ended_at.is_null())))
        .set((m::ended_at.eq(Some(at)), m::ended_by.eq(Some(by)), m::ended_leaf_id.eq(Some(leaf))))
        .execute(tx)
        .map(|changed| changed == 1)
}
