//! The tables of requests to disclose, and of what was disclosed.

use diesel::prelude::*;

use super::super::disclosure::{AskedRecord, Disclosure, DisclosureRequest};
use crate::foundation::db::schema::{
    intake_asked as asked, intake_disclosures as disclosures, intake_requests as requests,
};
use crate::foundation::db::{Conn, insert_if_absent};
use crate::foundation::ids::{AuditId, HolderId};
use crate::foundation::time::Timestamp;

/// Stores a request.
pub(in super::super) fn insert_request(
    tx: &mut Conn,
    request: &DisclosureRequest,
) -> QueryResult<usize> {
    diesel::insert_into(requests::table).values(request).execute(tx)
}

/// Stores a record of a request.
pub(in super::super) fn insert_asked(tx: &mut Conn, record: &AskedRecord) -> QueryResult<usize> {
    diesel::insert_into(asked::table).values(record).execute(tx)
}

/// The requests of a draw, by block.
pub(in super::super) fn requests_of(
    conn: &mut Conn,
    audit: AuditId,
) -> QueryResult<Vec<DisclosureRequest>> {
    requests::table
        .filter(requests::audit_id.eq(audit))
        .order(requests::block)
        .select(DisclosureRequest::as_select())
        .load(conn)
}

/// Requests to `holder`, newest first, at most `limit`, beginning after the row `before`.
pub(in super::super) fn newest_requests(
    conn: &mut Conn,
    holder: HolderId,
    before: Option<(Timestamp, AuditId)>,
    limit: i64,
) -> QueryResult<Vec<DisclosureRequest>> {
    let query = requests::table
        .filter(requests::holder_id.eq(holder))
        .order((requests::asked_at.desc(), requests::audit_id.desc()))
        .limit(limit)
        .select(DisclosureRequest::as_select());
    match before {
        None => query.load(conn),
        Some((at, audit)) => query
            .filter(
                requests::asked_at
                    .lt(at)
                    .or(requests::asked_at.eq(at).and(requests::audit_id.lt(audit))),
            )
            .load(conn),
    }
}

/// Requests whose limit is not past at `now`, oldest first, at most 10,000.
pub(in super::super) fn requests_running(
    conn: &mut Conn,
    now: Timestamp,
) -> QueryResult<Vec<DisclosureRequest>> {
    requests::table
        .filter(requests::due.gt(now))
        .order((requests::asked_at, requests::audit_id))
        .limit(10_000)
        .select(DisclosureRequest::as_select())
        .load(conn)
}

/// The records that a draw asks for, by block, stream and number.
pub(in super::super) fn asked_of(conn: &mut Conn, audit: AuditId) -> QueryResult<Vec<AskedRecord>> {
    asked::table
        .filter(asked::audit_id.eq(audit))
        .order((asked::block, asked::stream_id, asked::seq))
        .select(AskedRecord::as_select())
        .load(conn)
}

/// What was disclosed for a draw, by stream and number.
pub(in super::super) fn disclosures_of(
    conn: &mut Conn,
    audit: AuditId,
) -> QueryResult<Vec<Disclosure>> {
    disclosures::table
        .filter(disclosures::audit_id.eq(audit))
        .order((disclosures::stream_id, disclosures::seq))
        .select(Disclosure::as_select())
        .load(conn)
}

/// Stores a disclosed record unless the draw has it; gives whether it was stored.
pub(in super::super) fn insert_disclosure(tx: &mut Conn, row: &Disclosure) -> QueryResult<bool> {
    let inserted = insert_if_absent!(
        tx,
        disclosures::table,
        (
            disclosures::audit_id.eq(row.audit_id),
            disclosures::stream_id.eq(row.stream_id),
            disclosures::seq.eq(row.seq),
            disclosures::holder_id.eq(row.holder_id),
            disclosures::client_id.eq(row.client_id),
            disclosures::jwe.eq(&row.jwe),
            disclosures::late.eq(row.late),
            disclosures::received_at.eq(row.received_at),
            disclosures::leaf_id.eq(row.leaf_id),
        )
    )?;
    Ok(inserted == 1)
}
