//! Every SQL statement of intake.

pub(super) mod closures;
mod disclosures;

use std::ops::Range;

use diesel::prelude::*;

pub(super) use disclosures::{
    asked_of, disclosures_of, insert_asked, insert_disclosure, insert_request, newest_requests,
    requests_of, requests_running,
};

use super::model::{Batch, DayClose, Equivocation, StreamMeasure};
use crate::foundation::db::schema::{
    intake_batches as batches, intake_closes as closes, intake_closures as declarations,
    intake_disclosures as disclosed, intake_equivocations as equivocations, intake_parts as parts,
    intake_refusals as refusals, intake_streams as streams,
};
use crate::foundation::db::{Conn, insert_if_absent};
use crate::foundation::ids::{BatchId, ClientId, CloseId, HolderId, LeafId, StreamId};
use crate::foundation::time::{Day, Timestamp};

type Backend = <Conn as diesel::Connection>::Backend;

/// The batch `id` of `holder`.
pub(super) fn batch(conn: &mut Conn, holder: HolderId, id: BatchId) -> QueryResult<Option<Batch>> {
    batches::table
        .find(id)
        .filter(batches::holder_id.eq(holder))
        .select(Batch::as_select())
        .first(conn)
        .optional()
}

/// The batch `id` of any holder.
pub(super) fn batch_of_any(conn: &mut Conn, id: BatchId) -> QueryResult<Option<Batch>> {
    batches::table.find(id).select(Batch::as_select()).first(conn).optional()
}

/// Batches of `holder`, newest first, at most `limit`, beginning after the row `before`.
pub(super) fn newest_batches(
    conn: &mut Conn,
    holder: HolderId,
    before: Option<(Timestamp, BatchId)>,
    limit: i64,
) -> QueryResult<Vec<Batch>> {
    let query = batches::table
        .filter(batches::holder_id.eq(holder))
        .order((batches::received_at.desc(), batches::id.desc()))
        .limit(limit)
        .select(Batch::as_select());
    match before {
        None => query.load(conn),
        Some((at, id)) => query
            .filter(
                batches::received_at.lt(at).or(batches::received_at.eq(at).and(batches::id.lt(id))),
            )
            .load(conn),
    }
}

/// Batches of `holder`, newest first, at most `limit`: all, of one stream, of one day.
pub(super) fn batches_listed(
    conn: &mut Conn,
    holder: HolderId,
    stream: Option<StreamId>,
    day: Option<Day>,
    limit: i64,
) -> QueryResult<Vec<Batch>> {
    let mut query = batches::table.filter(batches::holder_id.eq(holder)).into_boxed::<Backend>();
    if let Some(stream) = stream {
        query = query.filter(batches::stream_id.eq(stream));
    }
    if let Some(day) = day {
        query = query.filter(batches::day.eq(day));
    }
    query
        .order((batches::received_at.desc(), batches::id.desc()))
        .limit(limit)
        .select(Batch::as_select())
        .load(conn)
}

/// Day closes of `holder`, newest first, at most `limit`: all, of one stream, of one day.
pub(super) fn closes_listed(
    conn: &mut Conn,
    holder: HolderId,
    stream: Option<StreamId>,
    day: Option<Day>,
    limit: i64,
) -> QueryResult<Vec<DayClose>> {
    let mut query = closes::table.filter(closes::holder_id.eq(holder)).into_boxed::<Backend>();
    if let Some(stream) = stream {
        query = query.filter(closes::stream_id.eq(stream));
    }
    if let Some(day) = day {
        query = query.filter(closes::day.eq(day));
    }
    query
        .order((closes::received_at.desc(), closes::id.desc()))
        .limit(limit)
        .select(DayClose::as_select())
        .load(conn)
}

/// Batches of `holder` whose day lies between `first` and `last`, by stream and number.
pub(super) fn batches_between(
    conn: &mut Conn,
    holder: HolderId,
    first: Day,
    last: Day,
) -> QueryResult<Vec<Batch>> {
    batches::table
        .filter(batches::holder_id.eq(holder))
        .filter(batches::day.between(first, last))
        .order((batches::stream_id, batches::first))
        .select(Batch::as_select())
        .load(conn)
}

/// Batches of `stream` whose day lies between `first` and `last`, by number.
pub(super) fn batches_of_stream(
    conn: &mut Conn,
    stream: StreamId,
    first: Day,
    last: Day,
) -> QueryResult<Vec<Batch>> {
    batches::table
        .filter(batches::stream_id.eq(stream))
        .filter(batches::day.between(first, last))
        .order(batches::first)
        .select(Batch::as_select())
        .load(conn)
}

/// Batches of `stream` that came at `since` or later, oldest first, at most 10,000.
pub(super) fn batches_since(
    conn: &mut Conn,
    stream: StreamId,
    since: Timestamp,
) -> QueryResult<Vec<Batch>> {
    batches::table
        .filter(batches::stream_id.eq(stream))
        .filter(batches::received_at.ge(since))
        .order((batches::received_at, batches::first))
        .limit(10_000)
        .select(Batch::as_select())
        .load(conn)
}

/// Day and count of the batches of `stream` whose day lies between `first` and `last`.
pub(super) fn counts_between(
    conn: &mut Conn,
    stream: StreamId,
    first: Day,
    last: Day,
) -> QueryResult<Vec<(Day, i64)>> {
    batches::table
        .filter(batches::stream_id.eq(stream))
        .filter(batches::day.between(first, last))
        .select((batches::day, batches::count))
        .load(conn)
}

/// Day, lateness and count of the batches of `stream` whose day lies between `first` and `last`.
pub(super) fn deliveries_between(
    conn: &mut Conn,
    stream: StreamId,
    first: Day,
    last: Day,
) -> QueryResult<Vec<(Day, bool, i64)>> {
    batches::table
        .filter(batches::stream_id.eq(stream))
        .filter(batches::day.between(first, last))
        .select((batches::day, batches::late, batches::count))
        .load(conn)
}

/// The days between `first` and `last` that a nil return of `stream` closes.
pub(super) fn nil_days_between(
    conn: &mut Conn,
    stream: StreamId,
    first: Day,
    last: Day,
) -> QueryResult<Vec<Day>> {
    closes::table
        .filter(closes::stream_id.eq(stream))
        .filter(closes::day.between(first, last))
        .filter(closes::current.eq(true).and(closes::count.eq(0)))
        .select(closes::day)
        .load(conn)
}

/// The first day of `stream` with a record.
pub(super) fn first_day(conn: &mut Conn, stream: StreamId) -> QueryResult<Option<Day>> {
    batches::table
        .filter(batches::stream_id.eq(stream))
        .order(batches::day)
        .select(batches::day)
        .first(conn)
        .optional()
}

/// Stores a batch unless its id is taken; gives whether it was stored.
pub(super) fn insert_batch(conn: &mut Conn, batch: &Batch) -> QueryResult<bool> {
    let inserted = insert_if_absent!(
        conn,
        batches::table,
        (
            batches::id.eq(batch.id),
            batches::holder_id.eq(batch.holder_id),
            batches::client_id.eq(batch.client_id),
            batches::stream_id.eq(batch.stream_id),
            batches::day.eq(batch.day),
            batches::mode.eq(batch.mode),
            batches::pack.eq(&batch.pack),
            batches::first.eq(batch.first),
            batches::last.eq(batch.last),
            batches::count.eq(batch.count),
            batches::size_bytes.eq(batch.size_bytes),
            batches::manifest.eq(&batch.manifest),
            batches::body_digest.eq(&batch.body_digest),
            batches::record_root.eq(&batch.record_root),
            batches::late.eq(batch.late),
            batches::received_at.eq(batch.received_at),
            batches::leaf_id.eq(batch.leaf_id),
        )
    )?;
    Ok(inserted == 1)
}

/// Stores the lines of a batch from position `first` on.
pub(super) fn insert_part(
    conn: &mut Conn,
    batch: BatchId,
    first: i64,
    lines: &[u8],
) -> QueryResult<usize> {
    diesel::insert_into(parts::table)
        .values((
            parts::batch_id.eq(batch),
            parts::first_position.eq(first),
            parts::lines.eq(lines),
        ))
        .execute(conn)
}

/// The part of a batch in which the line at `position` stands, and the position of its first line.
pub(super) fn part_with(
    conn: &mut Conn,
    batch: BatchId,
    position: i64,
) -> QueryResult<Option<(i64, Vec<u8>)>> {
    parts::table
        .filter(parts::batch_id.eq(batch))
        .filter(parts::first_position.le(position))
        .order(parts::first_position.desc())
        .select((parts::first_position, parts::lines))
        .first(conn)
        .optional()
}

/// All parts of a batch in order.
pub(super) fn parts_of(conn: &mut Conn, batch: BatchId) -> QueryResult<Vec<Vec<u8>>> {
    parts::table
        .filter(parts::batch_id.eq(batch))
        .order(parts::first_position)
        .select(parts::lines)
        .load(conn)
}

/// Sets the receipt of a batch that has none; gives whether it was set.
pub(super) fn set_batch_receipt(conn: &mut Conn, id: BatchId, receipt: &str) -> QueryResult<bool> {
    let set = diesel::update(batches::table.find(id))
        .filter(batches::receipt.is_null())
        .set(batches::receipt.eq(Some(receipt)))
        .execute(conn)?;
    Ok(set == 1)
}

/// The batch of `stream` with the highest first number that is not above `number`.
///
/// Batches of a stream share no number, so a batch that has a number of `first..=number` is this
/// one or lies wholly within.
pub(super) fn batch_at_or_below(
    conn: &mut Conn,
    stream: StreamId,
    number: i64,
) -> QueryResult<Option<Batch>> {
    batches::table
        .filter(batches::stream_id.eq(stream))
        .filter(batches::first.le(number))
        .order(batches::first.desc())
        .select(Batch::as_select())
        .first(conn)
        .optional()
}

/// The numbers of batches of `stream` above `number`, ascending, at most `limit` batches.
pub(super) fn numbers_above(
    conn: &mut Conn,
    stream: StreamId,
    number: i64,
    limit: i64,
) -> QueryResult<Vec<(i64, i64)>> {
    batches::table
        .filter(batches::stream_id.eq(stream))
        .filter(batches::first.gt(number))
        .order(batches::first)
        .limit(limit)
        .select((batches::first, batches::last))
        .load(conn)
}

/// What has come in for `stream`.
pub(super) fn measure(conn: &mut Conn, stream: StreamId) -> QueryResult<Option<StreamMeasure>> {
    streams::table.find(stream).select(StreamMeasure::as_select()).first(conn).optional()
}

/// What has come in for the streams of `holder`, by stream.
pub(super) fn measures_of(conn: &mut Conn, holder: HolderId) -> QueryResult<Vec<StreamMeasure>> {
    streams::table
        .filter(streams::holder_id.eq(holder))
        .order(streams::stream_id)
        .select(StreamMeasure::as_select())
        .load(conn)
}

/// Stores what has come in for a stream of `holder`, new or changed.
pub(super) fn put_measure(
    conn: &mut Conn,
    holder: HolderId,
    measure: &StreamMeasure,
) -> QueryResult<usize> {
    let facts = (
        streams::contiguous.eq(measure.contiguous),
        streams::highest.eq(measure.highest),
        streams::records.eq(measure.records),
        streams::batches.eq(measure.batches),
        streams::late_batches.eq(measure.late_batches),
        streams::newest_at.eq(measure.newest_at),
    );
    let changed =
        diesel::update(streams::table.find(measure.stream_id)).set(facts).execute(conn)?;
    if changed == 1 {
        return Ok(1);
    }
    diesel::insert_into(streams::table)
        .values((
            streams::stream_id.eq(measure.stream_id),
            streams::holder_id.eq(holder),
            streams::contiguous.eq(measure.contiguous),
            streams::highest.eq(measure.highest),
            streams::records.eq(measure.records),
            streams::batches.eq(measure.batches),
            streams::late_batches.eq(measure.late_batches),
            streams::newest_at.eq(measure.newest_at),
        ))
        .execute(conn)
}

/// The statement `id` of `holder`.
pub(super) fn close(
    conn: &mut Conn,
    holder: HolderId,
    id: CloseId,
) -> QueryResult<Option<DayClose>> {
    closes::table
        .find(id)
        .filter(closes::holder_id.eq(holder))
        .select(DayClose::as_select())
        .first(conn)
        .optional()
}

/// The statements about `stream` that count, from `first` to `last`, by day.
pub(super) fn closes_between(
    conn: &mut Conn,
    stream: StreamId,
    first: Day,
    last: Day,
) -> QueryResult<Vec<DayClose>> {
    closes::table
        .filter(closes::stream_id.eq(stream))
        .filter(closes::day.between(first, last))
        .filter(closes::current.eq(true))
        .order(closes::day)
        .select(DayClose::as_select())
        .load(conn)
}

/// Stores a statement, which replaces earlier ones of its day, unless its id is taken; gives
/// whether it was stored.
pub(super) fn insert_close(conn: &mut Conn, close: &DayClose) -> QueryResult<bool> {
    let inserted = insert_if_absent!(
        conn,
        closes::table,
        (
            closes::id.eq(close.id),
            closes::holder_id.eq(close.holder_id),
            closes::client_id.eq(close.client_id),
            closes::stream_id.eq(close.stream_id),
            closes::day.eq(close.day),
            closes::first.eq(close.first),
            closes::last.eq(close.last),
            closes::count.eq(close.count),
            closes::totals.eq(&close.totals),
            closes::statement.eq(&close.statement),
            closes::late.eq(close.late),
            closes::current.eq(close.current),
            closes::received_at.eq(close.received_at),
            closes::leaf_id.eq(close.leaf_id),
        )
    )?;
    if inserted == 1 {
        diesel::update(closes::table)
            .filter(closes::stream_id.eq(close.stream_id))
            .filter(closes::day.eq(close.day))
            .filter(closes::id.ne(close.id))
            .set(closes::current.eq(false))
            .execute(conn)?;
    }
    Ok(inserted == 1)
}

/// Sets the receipt of a statement that has none; gives whether it was set.
pub(super) fn set_close_receipt(conn: &mut Conn, id: CloseId, receipt: &str) -> QueryResult<bool> {
    let set = diesel::update(closes::table.find(id))
        .filter(closes::receipt.is_null())
        .set(closes::receipt.eq(Some(receipt)))
        .execute(conn)?;
    Ok(set == 1)
}

/// Stores an equivocation unless it is known; gives whether it was stored.
pub(super) fn insert_equivocation(conn: &mut Conn, found: &Equivocation) -> QueryResult<bool> {
    let inserted = insert_if_absent!(
        conn,
        equivocations::table,
        (
            equivocations::refused_id.eq(found.refused_id),
            equivocations::body_digest.eq(&found.body_digest),
            equivocations::accepted_id.eq(found.accepted_id),
            equivocations::holder_id.eq(found.holder_id),
            equivocations::stream_id.eq(found.stream_id),
            equivocations::day.eq(found.day),
            equivocations::first.eq(found.first),
            equivocations::last.eq(found.last),
            equivocations::manifest.eq(&found.manifest),
            equivocations::found_at.eq(found.found_at),
            equivocations::leaf_id.eq(found.leaf_id),
        )
    )?;
    Ok(inserted == 1)
}

/// Equivocations of `stream` whose day lies between `first` and `last`, oldest first.
pub(super) fn equivocations_between(
    conn: &mut Conn,
    stream: StreamId,
    first: Day,
    last: Day,
) -> QueryResult<Vec<Equivocation>> {
    equivocations::table
        .filter(equivocations::stream_id.eq(stream))
        .filter(equivocations::day.between(first, last))
        .order((equivocations::found_at, equivocations::refused_id))
        .select(Equivocation::as_select())
        .load(conn)
}

/// Counts one more refused request of `client` on `day`.
pub(super) fn count_refusal(conn: &mut Conn, client: ClientId, day: Day) -> QueryResult<usize> {
    insert_if_absent!(
        conn,
        refusals::table,
        (refusals::client_id.eq(client), refusals::day.eq(day), refusals::refusals.eq(0_i64))
    )?;
    diesel::update(refusals::table.find((client, day)))
        .set(refusals::refusals.eq(refusals::refusals + 1))
        .execute(conn)
}

/// How many requests of `client` were refused on `day`.
pub(super) fn refusals_of(conn: &mut Conn, client: ClientId, day: Day) -> QueryResult<i64> {
    let found: Option<i64> =
        refusals::table.find((client, day)).select(refusals::refusals).first(conn).optional()?;
    Ok(found.unwrap_or(0))
}

/// How many requests of any of `clients` were refused on the days `first` to `last`.
pub(super) fn refusals_between(
    conn: &mut Conn,
    clients: &[ClientId],
    first: Day,
    last: Day,
) -> QueryResult<i64> {
    let counts: Vec<i64> = refusals::table
        .filter(refusals::client_id.eq_any(clients))
        .filter(refusals::day.between(first, last))
        .select(refusals::refusals)
        .load(conn)?;
    Ok(counts.iter().sum())
}

/// How many batches, day closes, closures and disclosures of `holder` were accepted within a span.
pub(super) fn accepted_between(
    conn: &mut Conn,
    holder: HolderId,
    span: Range<Timestamp>,
) -> QueryResult<i64> {
    let Range { start, end } = span;
    let pushed: i64 = batches::table
        .filter(batches::holder_id.eq(holder))
        .filter(batches::received_at.ge(start).and(batches::received_at.lt(end)))
        .count()
        .get_result(conn)?;
    let closed: i64 = closes::table
        .filter(closes::holder_id.eq(holder))
        .filter(closes::received_at.ge(start).and(closes::received_at.lt(end)))
        .count()
        .get_result(conn)?;
    let declared: i64 = declarations::table
        .filter(declarations::holder_id.eq(holder))
        .filter(declarations::received_at.ge(start).and(declarations::received_at.lt(end)))
        .count()
        .get_result(conn)?;
    // Each submission left one leaf for all its records.
    let disclosed: Vec<LeafId> = disclosed::table
        .filter(disclosed::holder_id.eq(holder))
        .filter(disclosed::received_at.ge(start).and(disclosed::received_at.lt(end)))
        .select(disclosed::leaf_id)
        .distinct()
        .load(conn)?;
    Ok(pushed + closed + declared + i64::try_from(disclosed.len()).unwrap_or(i64::MAX))
}

/// The counts of the batches that `client` sent since `from`.
pub(super) fn counts_since(
    conn: &mut Conn,
    holder: HolderId,
    client: ClientId,
    from: Timestamp,
) -> QueryResult<Vec<i64>> {
    batches::table
        .filter(batches::holder_id.eq(holder))
        .filter(batches::received_at.ge(from))
        .filter(batches::client_id.eq(client))
        .select(batches::count)
        .load(conn)
}
