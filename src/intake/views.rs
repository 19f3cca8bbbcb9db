//! What other rooms may read of what was pushed.

use super::closure::DeclaredClosure;
use super::disclosure::{AskedRecord, Disclosure, DisclosureRequest};
use super::lines::line_of;
use super::model::{Batch, DayClose, Equivocation, Gap, StreamMeasure, Submissions, gaps};
use super::store;
use crate::foundation::db::{Conn, StoreError};
use crate::foundation::ids::{AuditId, BatchId, ClientId, HolderId, StreamId};
use crate::foundation::time::{Day, Timestamp};
use crate::identity;

/// How many gaps a view names.
const SHOWN_GAPS: i64 = 20;
/// How many requests to disclose a view names.
const SHOWN_REQUESTS: i64 = 20;

/// The batch `id`, whoever pushed it.
///
/// # Errors
///
/// Those of the database.
pub fn batch_of(conn: &mut Conn, id: BatchId) -> Result<Option<Batch>, StoreError> {
    Ok(store::batch_of_any(conn, id)?)
}

/// Batches of `holder` with records of the days `first` to `last`, by stream and number.
///
/// # Errors
///
/// Those of the database.
pub fn batches_of(
    conn: &mut Conn,
    holder: HolderId,
    first: Day,
    last: Day,
) -> Result<Vec<Batch>, StoreError> {
    Ok(store::batches_between(conn, holder, first, last)?)
}

/// Batches of `stream` with records of the days `first` to `last`, by number.
///
/// # Errors
///
/// Those of the database.
pub fn batches_of_stream(
    conn: &mut Conn,
    stream: StreamId,
    first: Day,
    last: Day,
) -> Result<Vec<Batch>, StoreError> {
    Ok(store::batches_of_stream(conn, stream, first, last)?)
}

/// Batches of `stream` that came at `since` or later, oldest first, at most 10,000.
///
/// # Errors
///
/// Those of the database.
pub fn batches_since(
    conn: &mut Conn,
    stream: StreamId,
    since: Timestamp,
) -> Result<Vec<Batch>, StoreError> {
    Ok(store::batches_since(conn, stream, since)?)
}

/// The record line at `position` of a batch, counted from 0, without its line feed; `None` beyond
/// the last.
///
/// # Errors
///
/// Those of the database.
pub fn line(conn: &mut Conn, batch: BatchId, position: u32) -> Result<Option<Vec<u8>>, StoreError> {
    let Some((first, part)) = store::part_with(conn, batch, position.into())? else {
        return Ok(None);
    };
    let first = u32::try_from(first).unwrap_or(u32::MAX);
    Ok(line_of(&part, first, position).map(<[u8]>::to_vec))
}

/// All lines of a batch as they came: what the manifest's `body` is the digest of.
///
/// # Errors
///
/// Those of the database.
pub fn lines_of(conn: &mut Conn, batch: BatchId) -> Result<Vec<u8>, StoreError> {
    Ok(store::parts_of(conn, batch)?.concat())
}

/// How many records each batch of `stream` has, with its day, for the days `first` to `last`.
///
/// # Errors
///
/// Those of the database.
pub fn counts_of_days(
    conn: &mut Conn,
    stream: StreamId,
    first: Day,
    last: Day,
) -> Result<Vec<(Day, i64)>, StoreError> {
    Ok(store::counts_between(conn, stream, first, last)?)
}

/// Day, lateness and number of records of each batch of `stream`, for the days `first` to `last`.
///
/// # Errors
///
/// Those of the database.
pub fn deliveries_of(
    conn: &mut Conn,
    stream: StreamId,
    first: Day,
    last: Day,
) -> Result<Vec<(Day, bool, i64)>, StoreError> {
    Ok(store::deliveries_between(conn, stream, first, last)?)
}

/// The days `first` to `last` that a nil return of `stream` closes.
///
/// # Errors
///
/// Those of the database.
pub fn nil_days_of(
    conn: &mut Conn,
    stream: StreamId,
    first: Day,
    last: Day,
) -> Result<Vec<Day>, StoreError> {
    Ok(store::nil_days_between(conn, stream, first, last)?)
}

/// The first day of `stream` with a record.
///
/// # Errors
///
/// Those of the database.
pub fn first_day_of(conn: &mut Conn, stream: StreamId) -> Result<Option<Day>, StoreError> {
    Ok(store::first_day(conn, stream)?)
}

/// The day closes of `stream` that count, from `first` to `last`, by day; a replaced one does not.
///
/// # Errors
///
/// Those of the database.
pub fn closes_of(
    conn: &mut Conn,
    stream: StreamId,
    first: Day,
    last: Day,
) -> Result<Vec<DayClose>, StoreError> {
    Ok(store::closes_between(conn, stream, first, last)?)
}

/// The closures and outages declared for `stream` that touch the days `first` to `last`, with what
/// replaced them, in the order in which they came; [`super::exemption`] says what they exempt.
///
/// # Errors
///
/// Those of the database.
pub fn closures_of(
    conn: &mut Conn,
    stream: StreamId,
    first: Day,
    last: Day,
) -> Result<Vec<DeclaredClosure>, StoreError> {
    Ok(store::closures::closures_touching(conn, stream, first, last)?)
}

/// Refused batches of `stream` for the days `first` to `last` that contradicted an accepted one,
/// oldest first.
///
/// # Errors
///
/// Those of the database.
pub fn equivocations(
    conn: &mut Conn,
    stream: StreamId,
    first: Day,
    last: Day,
) -> Result<Vec<Equivocation>, StoreError> {
    Ok(store::equivocations_between(conn, stream, first, last)?)
}

/// What has come in for `stream` so far; `None` before its first batch.
///
/// # Errors
///
/// Those of the database.
pub fn measure_of(conn: &mut Conn, stream: StreamId) -> Result<Option<StreamMeasure>, StoreError> {
    Ok(store::measure(conn, stream)?)
}

/// The lowest gaps between what has come for `stream`, at most 20.
///
/// # Errors
///
/// Those of the database.
pub fn gaps_of(conn: &mut Conn, stream: StreamId) -> Result<Vec<Gap>, StoreError> {
    let Some(measure) = store::measure(conn, stream)? else { return Ok(Vec::new()) };
    let above = store::numbers_above(conn, stream, measure.contiguous, SHOWN_GAPS)?;
    Ok(gaps(measure.contiguous + 1, &above))
}

/// The newest requests to `holder` to disclose records, newest first, at most 20.
///
/// # Errors
///
/// Those of the database.
pub fn requests_to(
    conn: &mut Conn,
    holder: HolderId,
) -> Result<Vec<DisclosureRequest>, StoreError> {
    Ok(store::newest_requests(conn, holder, None, SHOWN_REQUESTS)?)
}

/// How many requests of `client` were refused on `day`.
///
/// # Errors
///
/// Those of the database.
pub fn refusals_of(conn: &mut Conn, client: ClientId, day: Day) -> Result<i64, StoreError> {
    Ok(store::refusals_of(conn, client, day)?)
}

/// What the systems of `holder` submitted on the days `first` to `last`, by the time of arrival.
///
/// # Errors
///
/// Those of the database.
pub fn submissions_of(
    conn: &mut Conn,
    holder: HolderId,
    first: Day,
    last: Day,
) -> Result<Submissions, StoreError> {
    let clients = identity::clients_of(conn, holder)?;
    let clients: Vec<ClientId> = clients.into_iter().map(|client| client.id).collect();
    let refused = store::refusals_between(conn, &clients, first, last)?;
    let accepted = store::accepted_between(conn, holder, first.start()..last.end())?;
    Ok(Submissions { refused, offered: refused + accepted })
}

/// What was disclosed for the draw of `audit`, by stream and number.
///
/// # Errors
///
/// Those of the database.
pub fn disclosures_of(conn: &mut Conn, audit: AuditId) -> Result<Vec<Disclosure>, StoreError> {
    Ok(store::disclosures_of(conn, audit)?)
}

/// Requests whose limit is not past at `now`, oldest first, at most 10,000.
///
/// # Errors
///
/// Those of the database.
pub fn requests_running(
    conn: &mut Conn,
    now: Timestamp,
) -> Result<Vec<DisclosureRequest>, StoreError> {
    Ok(store::requests_running(conn, now)?)
}

/// The records that a block of the draw of `audit` asks for, by stream and number.
///
/// # Errors
///
/// Those of the database.
pub fn asked_of(
    conn: &mut Conn,
    audit: AuditId,
    block: i64,
) -> Result<Vec<AskedRecord>, StoreError> {
    let mut asked = store::asked_of(conn, audit)?;
    asked.retain(|record| record.block == block);
    Ok(asked)
}

/// The newest request of the draw of `audit`, and how many of its records have not come.
///
/// # Errors
///
/// Those of the database.
pub fn disclosures_wanted(
    conn: &mut Conn,
    audit: AuditId,
) -> Result<Option<(DisclosureRequest, usize)>, StoreError> {
    let Some(request) = store::requests_of(conn, audit)?.pop() else { return Ok(None) };
    let disclosed = store::disclosures_of(conn, audit)?;
    let came = |stream, seq| disclosed.iter().any(|row| (row.stream_id, row.seq) == (stream, seq));
    let asked = store::asked_of(conn, audit)?.into_iter();
    let missing = asked.filter(|asked| asked.block == request.block);
    let missing = missing.filter(|asked| !came(asked.stream_id, asked.seq)).count();
    Ok(Some((request, missing)))
}
