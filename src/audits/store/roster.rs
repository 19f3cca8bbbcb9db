//! Who is audited in a period: the rows of the roster.

use diesel::dsl::{exists, not};
use diesel::prelude::*;

use crate::audits::model::{AuditState, PeriodRow, PeriodState};
use crate::audits::roster::{Choice, Ground};
use crate::audits::score::Class;
use crate::foundation::db::Conn;
use crate::foundation::db::schema::{
    audits_audits as audits, audits_periods as periods, audits_pools as pools,
    audits_roster as roster,
};
use crate::foundation::ids::{HolderId, LeafId, PlanId};
use crate::foundation::time::Timestamp;

/// A holder in a period of a plan, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = roster, treat_none_as_null = true)]
pub(crate) struct RosterRow {
    pub(in crate::audits) plan_id: PlanId,
    pub(in crate::audits) period: String,
    pub(in crate::audits) holder_id: HolderId,
    pub(in crate::audits) class: Option<Class>,
    pub(in crate::audits) choice: Choice,
    pub(in crate::audits) cause: Option<Ground>,
    pub(in crate::audits) missing: i64,
    pub(in crate::audits) expected: i64,
    pub(in crate::audits) audits_before: i64,
    pub(in crate::audits) place: Option<i64>,
    pub(in crate::audits) frame_size: Option<i64>,
}

/// The roster of a period, by holder.
pub(in crate::audits) fn of_period(
    conn: &mut Conn,
    plan: PlanId,
    period: &str,
) -> QueryResult<Vec<RosterRow>> {
    roster::table
        .filter(roster::plan_id.eq(plan))
        .filter(roster::period.eq(period))
        .order(roster::holder_id)
        .select(RosterRow::as_select())
        .load(conn)
}

/// A holder in a period.
pub(in crate::audits) fn row(
    conn: &mut Conn,
    plan: PlanId,
    period: &str,
    holder: HolderId,
) -> QueryResult<Option<RosterRow>> {
    roster::table.find((plan, period, holder)).select(RosterRow::as_select()).first(conn).optional()
}

/// Stores a roster.
pub(in crate::audits) fn insert(tx: &mut Conn, rows: &[RosterRow]) -> QueryResult<()> {
    for row in rows {
        diesel::insert_into(roster::table).values(row).execute(tx)?;
    }
    Ok(())
}

/// Keeps what the draw of a period decided.
pub(in crate::audits) fn settle(tx: &mut Conn, rows: &[RosterRow]) -> QueryResult<()> {
    for row in rows {
        diesel::update(roster::table.find((row.plan_id, &row.period, row.holder_id)))
            .set(row)
            .execute(tx)?;
    }
    Ok(())
}

/// Keeps which leaf says who was drawn; false if one is kept already.
pub(in crate::audits) fn set_leaf(
    tx: &mut Conn,
    row: &PeriodRow,
    leaf: LeafId,
) -> QueryResult<bool> {
    let open =
        periods::table.find((row.plan_id, &row.period)).filter(periods::holders_leaf.is_null());
    Ok(diesel::update(open).set(periods::holders_leaf.eq(Some(leaf))).execute(tx)? == 1)
}

/// How many audits count against a holder from `since` on, whatever the department: those that have
/// begun with at least one record to open, alone or in a pool, and those that a cutoff has made possible and that have
/// not begun.
pub(in crate::audits) fn audits_since(
    conn: &mut Conn,
    holder: HolderId,
    since: Timestamp,
) -> QueryResult<i64> {
    let begun: i64 = audits::table
        .filter(audits::holder_id.eq(holder))
        .filter(audits::made_at.ge(since))
        .filter(audits::state.ne(AuditState::Empty))
        .count()
        .get_result(conn)?;
    let pooled: i64 = pools::table
        .inner_join(audits::table)
        .filter(pools::holder_id.eq(holder))
        .filter(audits::made_at.ge(since))
        .count()
        .get_result(conn)?;
    let own = audits::table
        .filter(audits::plan_id.eq(roster::plan_id))
        .filter(audits::period.eq(roster::period))
        .filter(audits::holder_id.eq(roster::holder_id));
    let in_pool = pools::table
        .inner_join(audits::table)
        .filter(audits::plan_id.eq(roster::plan_id))
        .filter(audits::period.eq(roster::period))
        .filter(pools::holder_id.eq(roster::holder_id));
    let to_come: i64 = roster::table
        .inner_join(
            periods::table
                .on(periods::plan_id.eq(roster::plan_id).and(periods::period.eq(roster::period))),
        )
        .filter(roster::holder_id.eq(holder))
        .filter(roster::choice.eq_any([Choice::Waiting, Choice::Drawn, Choice::ForCause]))
        .filter(periods::state.eq(PeriodState::Cut))
        .filter(periods::cutoff.ge(since))
        .filter(not(exists(own)))
        .filter(not(exists(in_pool)))
        .count()
        .get_result(conn)?;
    Ok(begun + pooled + to_come)
}
