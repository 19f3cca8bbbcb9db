//! Who is audited together: the holders of pools.

use diesel::prelude::*;

use crate::audits::model::PoolRow;
use crate::foundation::db::Conn;
use crate::foundation::db::schema::{audits_audits as audits, audits_pools as pools};
use crate::foundation::ids::{AuditId, HolderId, PlanId};

/// Stores the holders of a pool.
pub(in crate::audits) fn insert(tx: &mut Conn, rows: &[PoolRow]) -> QueryResult<()> {
    for row in rows {
        diesel::insert_into(pools::table).values(row).execute(tx)?;
    }
    Ok(())
}

/// The holders of the pool that an audit is about, by id; none for an audit of one.
pub(in crate::audits) fn of_audit(conn: &mut Conn, audit: AuditId) -> QueryResult<Vec<PoolRow>> {
    pools::table
        .filter(pools::audit_id.eq(audit))
        .order(pools::holder_id)
        .select(PoolRow::as_select())
        .load(conn)
}

/// The holders of all pools of a period.
pub(in crate::audits) fn of_period(
    conn: &mut Conn,
    plan: PlanId,
    period: &str,
) -> QueryResult<Vec<PoolRow>> {
    pools::table
        .inner_join(audits::table)
        .filter(audits::plan_id.eq(plan))
        .filter(audits::period.eq(period))
        .order((pools::audit_id, pools::holder_id))
        .select(PoolRow::as_select())
        .load(conn)
}

/// The audit of a pool that a holder belonged to in a period.
pub(in crate::audits) fn audit_with(
    conn: &mut Conn,
    plan: PlanId,
    period: &str,
    holder: HolderId,
) -> QueryResult<Option<AuditId>> {
    pools::table
        .inner_join(audits::table)
        .filter(pools::holder_id.eq(holder))
        .filter(audits::plan_id.eq(plan))
        .filter(audits::period.eq(period))
        .select(pools::audit_id)
        .first(conn)
        .optional()
}
