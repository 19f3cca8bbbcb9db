//! Signals and what officers made of them, as they are stored.

use std::ops::Range;

use diesel::dsl::exists;
use diesel::prelude::*;

use crate::audits::model::Measure;
use crate::audits::signals::{Made, SignalKind};
use crate::foundation::db::schema::{
    audits_decisions as decisions, audits_measures, audits_signals as signals,
};
use crate::foundation::db::{Conn, insert_if_absent};
use crate::foundation::ids::{DepartmentId, HolderId, LeafId, OfficerId, PlanId, StreamId};
use crate::foundation::time::{Day, Timestamp};
use crate::registry::Sector;

/// Something to look at in a stream and period, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = signals)]
pub(crate) struct SignalRow {
    pub(in crate::audits) stream_id: StreamId,
    pub(in crate::audits) period: String,
    pub(in crate::audits) kind: SignalKind,
    pub(in crate::audits) plan_id: PlanId,
    pub(in crate::audits) holder_id: HolderId,
    pub(in crate::audits) department_id: DepartmentId,
    pub(in crate::audits) sector: Sector,
    pub(in crate::audits) last_day: Day,
    pub(in crate::audits) part: i64,
    pub(in crate::audits) whole: i64,
    pub(in crate::audits) chance_ppb: Option<i64>,
    pub(in crate::audits) other_stream_id: Option<StreamId>,
    pub(in crate::audits) seen_at: Timestamp,
}

/// What was seen of streams in periods that were over before `today`, as far as signals were not
/// looked for since; by holder, plan and period, at most 20,000.
pub(in crate::audits) fn unsignalled(conn: &mut Conn, today: Day) -> QueryResult<Vec<Measure>> {
    use audits_measures as m;
    m::table
        .filter(m::signalled.eq(false).and(m::last_day.lt(today)))
        .order((m::holder_id, m::plan_id, m::period, m::stream_id))
        .limit(20_000)
        .select(Measure::as_select())
        .load(conn)
}

/// Replaces what the batches of a stream in a period showed by `rows`; what opened records showed
/// stays. `done` says that the record set is final.
pub(in crate::audits) fn replace(
    tx: &mut Conn,
    (stream, period): (StreamId, &str),
    rows: &[SignalRow],
    done: bool,
) -> QueryResult<()> {
    let own = signals::table
        .filter(signals::stream_id.eq(stream).and(signals::period.eq(period)))
        .filter(signals::kind.ne(SignalKind::ReusedSalt));
    diesel::delete(own).execute(tx)?;
    for row in rows {
        diesel::insert_into(signals::table).values(row).execute(tx)?;
    }
    diesel::update(audits_measures::table.find((stream, period)))
        .set(audits_measures::signalled.eq(done))
        .execute(tx)
        .map(|_| ())
}

/// Adds the counts of `row` to those that are stored.
pub(in crate::audits) fn add(tx: &mut Conn, row: &SignalRow) -> QueryResult<()> {
    let own = (row.stream_id, &row.period, row.kind);
    insert_if_absent!(
        tx,
        signals::table,
        (
            signals::stream_id.eq(row.stream_id),
            signals::period.eq(&row.period),
            signals::kind.eq(row.kind),
            signals::plan_id.eq(row.plan_id),
            signals::holder_id.eq(row.holder_id),
            signals::department_id.eq(row.department_id),
            signals::sector.eq(row.sector),
            signals::last_day.eq(row.last_day),
            signals::part.eq(0_i64),
            signals::whole.eq(0_i64),
            signals::seen_at.eq(row.seen_at),
        )
    )?;
    diesel::update(signals::table.find(own))
        .set((
            signals::part.eq(signals::part + row.part),
            signals::whole.eq(signals::whole + row.whole),
        ))
        .execute(tx)
        .map(|_| ())
}

/// The signals of a department's trades, newest period first, at most `limit`.
pub(in crate::audits) fn of_department(
    conn: &mut Conn,
    department: DepartmentId,
    sectors: Vec<Sector>,
    limit: i64,
) -> QueryResult<Vec<SignalRow>> {
    signals::table
        .filter(signals::department_id.eq(department))
        .filter(signals::sector.eq_any(sectors))
        .order((signals::last_day.desc(), signals::holder_id, signals::stream_id, signals::kind))
        .limit(limit)
        .select(SignalRow::as_select())
        .load(conn)
}

/// The signals of a holder under a plan, newest period first, at most `limit`.
pub(in crate::audits) fn of_holder(
    conn: &mut Conn,
    holder: HolderId,
    plan: PlanId,
    limit: i64,
) -> QueryResult<Vec<SignalRow>> {
    signals::table
        .filter(signals::holder_id.eq(holder).and(signals::plan_id.eq(plan)))
        .order((signals::last_day.desc(), signals::stream_id, signals::kind))
        .limit(limit)
        .select(SignalRow::as_select())
        .load(conn)
}

/// What an officer made of a signal, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = decisions)]
pub(crate) struct DecisionRow {
    pub(in crate::audits) stream_id: StreamId,
    pub(in crate::audits) period: String,
    pub(in crate::audits) kind: SignalKind,
    pub(in crate::audits) plan_id: PlanId,
    pub(in crate::audits) holder_id: HolderId,
    pub(in crate::audits) stage: Made,
    pub(in crate::audits) reason: String,
    pub(in crate::audits) salt: Vec<u8>,
    pub(in crate::audits) decided_by: OfficerId,
    pub(in crate::audits) decided_at: Timestamp,
    pub(in crate::audits) leaf_id: LeafId,
}

/// The signal of a kind in a stream and period.
pub(in crate::audits) fn signal(
    conn: &mut Conn,
    stream: StreamId,
    period: &str,
    kind: SignalKind,
) -> QueryResult<Option<SignalRow>> {
    signals::table
        .find((stream, period, kind))
        .select(SignalRow::as_select())
        .first(conn)
        .optional()
}

/// Keeps a decision; false if somebody has decided.
pub(in crate::audits) fn decide(tx: &mut Conn, row: &DecisionRow) -> QueryResult<bool> {
    let inserted = insert_if_absent!(
        tx,
        decisions::table,
        (
            decisions::stream_id.eq(row.stream_id),
            decisions::period.eq(&row.period),
            decisions::kind.eq(row.kind),
            decisions::plan_id.eq(row.plan_id),
            decisions::holder_id.eq(row.holder_id),
            decisions::stage.eq(row.stage),
            decisions::reason.eq(&row.reason),
            decisions::salt.eq(&row.salt),
            decisions::decided_by.eq(row.decided_by),
            decisions::decided_at.eq(row.decided_at),
            decisions::leaf_id.eq(row.leaf_id),
        )
    )?;
    Ok(inserted == 1)
}

/// What was made of a signal, if somebody has decided.
pub(in crate::audits) fn decision(
    conn: &mut Conn,
    signal: &SignalRow,
) -> QueryResult<Option<DecisionRow>> {
    decisions::table
        .find((signal.stream_id, &signal.period, signal.kind))
        .select(DecisionRow::as_select())
        .first(conn)
        .optional()
}

/// Whether an officer confirmed a signal of a holder under a plan within a span.
pub(in crate::audits) fn was_confirmed(
    conn: &mut Conn,
    holder: HolderId,
    plan: PlanId,
    span: &Range<Timestamp>,
) -> QueryResult<bool> {
    let own = decisions::table
        .filter(decisions::holder_id.eq(holder).and(decisions::plan_id.eq(plan)))
        .filter(decisions::stage.eq(Made::Confirmed))
        .filter(decisions::decided_at.ge(span.start).and(decisions::decided_at.lt(span.end)));
    diesel::select(exists(own)).get_result(conn)
}
