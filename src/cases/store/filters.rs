//! The filters that officers have named.

use diesel::prelude::*;

use crate::foundation::db::schema::cases_filters;
use crate::foundation::db::{Conn, insert_if_absent};
use crate::foundation::ids::{FilterId, OfficerId};
use crate::foundation::time::Timestamp;

/// How many filters an officer may name.
pub(in crate::cases) const MOST: i64 = 20;

/// A named filter.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = cases_filters)]
pub(in crate::cases) struct Filter {
    pub(in crate::cases) id: FilterId,
    #[diesel(column_name = officer_id)]
    pub(in crate::cases) officer: OfficerId,
    pub(in crate::cases) name: String,
    /// What the address of the list says, without what does not narrow it.
    pub(in crate::cases) query: String,
    pub(in crate::cases) made_at: Timestamp,
}

/// The filters of `officer`, oldest first.
pub(in crate::cases) fn filters_of(
    conn: &mut Conn,
    officer: OfficerId,
) -> QueryResult<Vec<Filter>> {
    cases_filters::table
        .filter(cases_filters::officer_id.eq(officer))
        .order(cases_filters::id)
        .limit(MOST)
        .select(Filter::as_select())
        .load(conn)
}

/// Keeps `filter`; false if the officer has one of that name, or as many as he may.
pub(in crate::cases) fn insert_filter(tx: &mut Conn, filter: &Filter) -> QueryResult<bool> {
    use cases_filters as f;
    let own: i64 = f::table.filter(f::officer_id.eq(filter.officer)).count().get_result(tx)?;
    if own >= MOST {
        return Ok(false);
    }
    let values = (
        f::id.eq(filter.id),
        f::officer_id.eq(filter.officer),
        f::name.eq(&filter.name),
        f::query.eq(&filter.query),
        f::made_at.eq(filter.made_at),
    );
    insert_if_absent!(tx, f::table, values).map(|inserted| inserted == 1)
}

/// Forgets a filter of `officer`; false if he has none called `id`.
pub(in crate::cases) fn delete_filter(
    tx: &mut Conn,
    officer: OfficerId,
    id: FilterId,
) -> QueryResult<bool> {
    use cases_filters as f;
    let own = f::table.filter(f::id.eq(id).and(f::officer_id.eq(officer)));
    diesel::delete(own).execute(tx).map(|gone| gone == 1)
}
