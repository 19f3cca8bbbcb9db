//! Every SQL statement of the keys.

use diesel::prelude::*;

use super::model::{AuditKey, KeyState};
use crate::foundation::db::Conn;
use crate::foundation::db::schema::{keys_audit, keys_lists};
use crate::foundation::ids::{DepartmentId, LeafId};
use crate::foundation::time::Timestamp;

/// The key called `kid`.
pub(super) fn find(conn: &mut Conn, kid: &str) -> QueryResult<Option<AuditKey>> {
    keys_audit::table.find(kid).select(AuditKey::as_select()).first(conn).optional()
}

/// Keys in use of `department` for `month`, oldest first, at most 10.
pub(super) fn active(
    conn: &mut Conn,
    department: DepartmentId,
    month: &str,
) -> QueryResult<Vec<AuditKey>> {
    keys_audit::table
        .filter(keys_audit::department_id.eq(department))
        .filter(keys_audit::month.eq(month))
        .filter(keys_audit::state.eq(KeyState::Active))
        .order((keys_audit::made_at, keys_audit::kid))
        .limit(10)
        .select(AuditKey::as_select())
        .load(conn)
}

/// Keys that may be used for sealing at `now`, by department and time, at most 1,000.
pub(super) fn open_at(conn: &mut Conn, now: Timestamp) -> QueryResult<Vec<AuditKey>> {
    keys_audit::table
        .filter(keys_audit::state.eq(KeyState::Active))
        .filter(keys_audit::seal_from.le(now))
        .filter(keys_audit::seal_until.gt(now))
        .order((keys_audit::department_id, keys_audit::seal_from, keys_audit::kid))
        .limit(1000)
        .select(AuditKey::as_select())
        .load(conn)
}

/// Keys in use that are not closed at `now`, those of later months among them, by department and
/// time, at most 1,000.
pub(super) fn not_closed(conn: &mut Conn, now: Timestamp) -> QueryResult<Vec<AuditKey>> {
    keys_audit::table
        .filter(keys_audit::state.eq(KeyState::Active))
        .filter(keys_audit::seal_until.gt(now))
        .order((keys_audit::department_id, keys_audit::seal_from, keys_audit::kid))
        .limit(1000)
        .select(AuditKey::as_select())
        .load(conn)
}

/// Every key of `department`, newest month first, at most 500.
pub(super) fn of_department(
    conn: &mut Conn,
    department: DepartmentId,
) -> QueryResult<Vec<AuditKey>> {
    keys_audit::table
        .filter(keys_audit::department_id.eq(department))
        .order((keys_audit::month.desc(), keys_audit::made_at.desc()))
        .limit(500)
        .select(AuditKey::as_select())
        .load(conn)
}

/// Stores a new key.
pub(super) fn insert(tx: &mut Conn, key: &AuditKey, leaf: LeafId) -> QueryResult<()> {
    diesel::insert_into(keys_audit::table)
        .values((
            keys_audit::kid.eq(&key.kid),
            keys_audit::department_id.eq(key.department_id),
            keys_audit::month.eq(&key.month),
            keys_audit::public_jwk.eq(&key.public_jwk),
            keys_audit::wrapped.eq(&key.wrapped),
            keys_audit::seal_from.eq(key.seal_from),
            keys_audit::seal_until.eq(key.seal_until),
            keys_audit::destroy_after.eq(key.destroy_after),
            keys_audit::state.eq(key.state),
            keys_audit::made_at.eq(key.made_at),
            keys_audit::published_leaf.eq(leaf),
        ))
        .execute(tx)
        .map(|_| ())
}

/// Takes a key out of use; false if it was not in use.
pub(super) fn retire(tx: &mut Conn, kid: &str, now: Timestamp) -> QueryResult<bool> {
    let active = keys_audit::table.find(kid).filter(keys_audit::state.eq(KeyState::Active));
    let changed = diesel::update(active)
        .set((keys_audit::state.eq(KeyState::Retired), keys_audit::retired_at.eq(Some(now))))
        .execute(tx)?;
    Ok(changed == 1)
}

/// The newest signed list and its number.
pub(super) fn newest_list(conn: &mut Conn) -> QueryResult<Option<(i64, String)>> {
    keys_lists::table
        .order(keys_lists::number.desc())
        .select((keys_lists::number, keys_lists::jws))
        .first(conn)
        .optional()
}

/// Stores a signed list.
pub(super) fn insert_list(
    tx: &mut Conn,
    number: i64,
    jws: &str,
    leaf: LeafId,
    now: Timestamp,
) -> QueryResult<()> {
    diesel::insert_into(keys_lists::table)
        .values((
            keys_lists::number.eq(number),
            keys_lists::jws.eq(jws),
            keys_lists::leaf_id.eq(leaf),
            keys_lists::made_at.eq(now),
        ))
        .execute(tx)
        .map(|_| ())
}
