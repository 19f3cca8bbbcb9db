//! The statements about declared closures.

use std::collections::BTreeSet;

use diesel::prelude::*;

use crate::foundation::db::schema::intake_closures as closures;
use crate::foundation::db::{Conn, insert_if_absent};
use crate::foundation::ids::{CloseId, HolderId, StreamId};
use crate::foundation::time::Day;
use crate::intake::closure::DeclaredClosure;

/// The declaration `id` of `holder`.
pub(in crate::intake) fn closure(
    conn: &mut Conn,
    holder: HolderId,
    id: CloseId,
) -> QueryResult<Option<DeclaredClosure>> {
    closures::table
        .find(id)
        .filter(closures::holder_id.eq(holder))
        .select(DeclaredClosure::as_select())
        .first(conn)
        .optional()
}

/// The declarations about `stream` that begin by `last` and of which an earlier version may have
/// reached `first`, in the order in which they came.
pub(in crate::intake) fn closures_touching(
    conn: &mut Conn,
    stream: StreamId,
    first: Day,
    last: Day,
) -> QueryResult<Vec<DeclaredClosure>> {
    let mut declared: Vec<DeclaredClosure> = closures::table
        .filter(closures::stream_id.eq(stream))
        .filter(closures::from_day.le(last))
        .order((closures::received_at, closures::id))
        .select(DeclaredClosure::as_select())
        .load(conn)?;
    let reaching: BTreeSet<Day> =
        declared.iter().filter(|one| one.to_day >= first).map(|one| one.from_day).collect();
    declared.retain(|one| reaching.contains(&one.from_day));
    Ok(declared)
}

/// Stores a declaration unless its id is taken; gives whether it was stored.
pub(in crate::intake) fn insert_closure(
    conn: &mut Conn,
    closure: &DeclaredClosure,
) -> QueryResult<bool> {
    let inserted = insert_if_absent!(
        conn,
        closures::table,
        (
            closures::id.eq(closure.id),
            closures::holder_id.eq(closure.holder_id),
            closures::client_id.eq(closure.client_id),
            closures::stream_id.eq(closure.stream_id),
            closures::from_day.eq(closure.from_day),
            closures::to_day.eq(closure.to_day),
            closures::kind.eq(closure.kind),
            closures::statement.eq(&closure.statement),
            closures::late.eq(closure.late),
            closures::received_at.eq(closure.received_at),
            closures::leaf_id.eq(closure.leaf_id),
        )
    )?;
    Ok(inserted == 1)
}

/// Sets the receipt of a declaration that has none; gives whether it was set.
pub(in crate::intake) fn set_closure_receipt(
    conn: &mut Conn,
    id: CloseId,
    receipt: &str,
) -> QueryResult<bool> {
    let set = diesel::update(closures::table.find(id))
        .filter(closures::receipt.is_null())
        .set(closures::receipt.eq(Some(receipt)))
        .execute(conn)?;
    Ok(set == 1)
}
