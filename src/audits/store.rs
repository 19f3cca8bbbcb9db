//! Every SQL statement of audits.

pub(super) mod console;
pub(super) mod deeds;
pub(super) mod pools;
pub(super) mod publications;
pub(super) mod roster;
pub(super) mod signals;
pub(super) mod standings;

use diesel::prelude::*;

use super::model::{
    AuditRow, AuditState, Measure, OpeningRow, Outcome, PeriodRow, PeriodState, from_row, to_row,
};
use crate::foundation::db::schema::{
    audits_audits as audits, audits_budgets as budgets, audits_evidence as evidence,
    audits_measures as measures, audits_openings as openings, audits_periods as periods,
    audits_pools,
};
use crate::foundation::db::{Conn, insert_if_absent};
use crate::foundation::ids::{AuditId, BatchId, DepartmentId, HolderId, LeafId, PlanId, StreamId};
use crate::foundation::time::{Day, Timestamp};
use crate::ledger::Hash;
use crate::registry::Sector;

/// The period of a plan.
pub(super) fn period(conn: &mut Conn, plan: PlanId, id: &str) -> QueryResult<Option<PeriodRow>> {
    periods::table.find((plan, id)).select(PeriodRow::as_select()).first(conn).optional()
}

/// The newest period of a plan.
pub(super) fn newest_period(conn: &mut Conn, plan: PlanId) -> QueryResult<Option<PeriodRow>> {
    periods::table
        .filter(periods::plan_id.eq(plan))
        .order(periods::last_day.desc())
        .select(PeriodRow::as_select())
        .first(conn)
        .optional()
}

/// Stores a period unless there is one; gives whether it was stored.
pub(super) fn insert_period(tx: &mut Conn, row: &PeriodRow) -> QueryResult<bool> {
    let inserted = insert_if_absent!(
        tx,
        periods::table,
        (
            periods::plan_id.eq(row.plan_id),
            periods::period.eq(&row.period),
            periods::department_id.eq(row.department_id),
            periods::sector.eq(row.sector),
            periods::first_day.eq(row.first_day),
            periods::last_day.eq(row.last_day),
            periods::cutoff.eq(row.cutoff),
            periods::commitment.eq(row.commitment),
            periods::nonce.eq(&row.nonce),
            periods::commit_leaf.eq(row.commit_leaf),
            periods::state.eq(row.state),
            periods::reason.eq(&row.reason),
            periods::made_at.eq(row.made_at),
        )
    )?;
    Ok(inserted == 1)
}

/// Periods whose cutoff is past at `now` and not yet in the log, oldest first, at most 100.
pub(super) fn uncut(conn: &mut Conn, now: Timestamp) -> QueryResult<Vec<PeriodRow>> {
    periods::table
        .filter(periods::state.eq(PeriodState::Committed))
        .filter(periods::cutoff.le(now))
        .order((periods::cutoff, periods::plan_id))
        .limit(100)
        .select(PeriodRow::as_select())
        .load(conn)
}

/// Periods whose cutoff is in the log and whose audits have not all ended, oldest first, at most
/// 100.
pub(super) fn drawable(conn: &mut Conn) -> QueryResult<Vec<PeriodRow>> {
    periods::table
        .filter(periods::state.eq(PeriodState::Cut))
        .order((periods::cutoff, periods::plan_id))
        .limit(100)
        .select(PeriodRow::as_select())
        .load(conn)
}

/// Periods of `department`, newest first, at most `limit`.
pub(super) fn periods_of(
    conn: &mut Conn,
    department: DepartmentId,
    limit: i64,
) -> QueryResult<Vec<PeriodRow>> {
    periods::table
        .filter(periods::department_id.eq(department))
        .order((periods::cutoff.desc(), periods::plan_id))
        .limit(limit)
        .select(PeriodRow::as_select())
        .load(conn)
}

/// Marks the cutoff of a period; false if it was marked already.
pub(super) fn mark_cutoff(tx: &mut Conn, row: &PeriodRow, leaf: LeafId) -> QueryResult<bool> {
    let waiting = periods::table
        .find((row.plan_id, &row.period))
        .filter(periods::state.eq(PeriodState::Committed));
    let set = (periods::state.eq(PeriodState::Cut), periods::epoch_leaf.eq(Some(leaf)));
    Ok(diesel::update(waiting).set(set).execute(tx)? == 1)
}

/// Keeps which tree a period was drawn from.
pub(super) fn set_tree(
    tx: &mut Conn,
    row: &PeriodRow,
    size: u64,
    root: Hash,
) -> QueryResult<usize> {
    diesel::update(periods::table.find((row.plan_id, &row.period)))
        .set((periods::tree_size.eq(Some(to_row(size))), periods::tree_root.eq(Some(root))))
        .execute(tx)
}

/// Says why nothing happens with a period, or that nothing is wrong any more.
pub(super) fn set_reason(tx: &mut Conn, row: &PeriodRow, reason: Option<&str>) -> QueryResult<()> {
    diesel::update(periods::table.find((row.plan_id, &row.period)))
        .set(periods::reason.eq(reason))
        .execute(tx)
        .map(|_| ())
}

/// Closes a period and reveals its secret; false if it was closed already.
pub(super) fn reveal(
    tx: &mut Conn,
    row: &PeriodRow,
    nonce: Hash,
    leaf: LeafId,
) -> QueryResult<bool> {
    let open =
        periods::table.find((row.plan_id, &row.period)).filter(periods::state.eq(PeriodState::Cut));
    let changed = diesel::update(open)
        .set((
            periods::state.eq(PeriodState::Closed),
            periods::revealed.eq(Some(nonce)),
            periods::reveal_leaf.eq(Some(leaf)),
            periods::reason.eq(None::<String>),
        ))
        .execute(tx)?;
    Ok(changed == 1)
}

/// The audits of a period, by holder.
pub(super) fn audits_of(conn: &mut Conn, plan: PlanId, period: &str) -> QueryResult<Vec<AuditRow>> {
    audits::table
        .filter(audits::plan_id.eq(plan))
        .filter(audits::period.eq(period))
        .order(audits::holder_id)
        .select(AuditRow::as_select())
        .load(conn)
}

/// The audits of a holder that are of `department` and its trades, newest first, at most `limit`.
pub(super) fn audits_of_holder(
    conn: &mut Conn,
    holder: HolderId,
    (department, sectors): (DepartmentId, Vec<Sector>),
    limit: i64,
) -> QueryResult<Vec<AuditRow>> {
    audits::table
        .filter(audits::holder_id.eq(holder))
        .filter(audits::department_id.eq(department).and(audits::sector.eq_any(sectors)))
        .order((audits::made_at.desc(), audits::id.desc()))
        .limit(limit)
        .select(AuditRow::as_select())
        .load(conn)
}

/// The audit called `id`.
pub(super) fn audit(conn: &mut Conn, id: AuditId) -> QueryResult<Option<AuditRow>> {
    audits::table.find(id).select(AuditRow::as_select()).first(conn).optional()
}

/// The newest audits of a holder, alone or in a pool, whatever the plan, at most `limit`.
pub(super) fn newest_audits(
    conn: &mut Conn,
    holder: HolderId,
    limit: i64,
) -> QueryResult<Vec<AuditRow>> {
    let in_pools = audits_pools::table
        .filter(audits_pools::holder_id.eq(holder))
        .select(audits_pools::audit_id);
    audits::table
        .filter(audits::holder_id.eq(holder).or(audits::id.eq_any(in_pools)))
        .order((audits::made_at.desc(), audits::id.desc()))
        .limit(limit)
        .select(AuditRow::as_select())
        .load(conn)
}

/// One drawn record of an audit.
pub(super) fn opening(
    conn: &mut Conn,
    audit: AuditId,
    ordinal: i64,
) -> QueryResult<Option<OpeningRow>> {
    openings::table.find((audit, ordinal)).select(OpeningRow::as_select()).first(conn).optional()
}

/// Stores an audit unless the holder has one for the period; gives whether it was stored.
pub(super) fn insert_audit(tx: &mut Conn, row: &AuditRow) -> QueryResult<bool> {
    let inserted = insert_if_absent!(
        tx,
        audits::table,
        (
            (
                audits::id.eq(row.id),
                audits::plan_id.eq(row.plan_id),
                audits::period.eq(&row.period),
                audits::holder_id.eq(row.holder_id),
                audits::department_id.eq(row.department_id),
                audits::sector.eq(row.sector),
                audits::frame_size.eq(row.frame_size),
                audits::frame_hash.eq(row.frame_hash),
                audits::frame_leaf.eq(row.frame_leaf),
                audits::opened.eq(row.opened),
                audits::failing.eq(row.failing),
                audits::undecided.eq(row.undecided),
            ),
            (
                audits::critical.eq(row.critical),
                audits::lower_bound.eq(row.lower_bound),
                audits::upper_bound.eq(row.upper_bound),
                audits::tolerable.eq(row.tolerable),
                audits::p0_per_mille.eq(row.p0_per_mille),
                audits::alpha_pass_ppm.eq(row.alpha_pass_ppm),
                audits::alpha_fail_ppm.eq(row.alpha_fail_ppm),
                audits::cap.eq(row.cap),
                audits::packs.eq(&row.packs),
                audits::state.eq(row.state),
                audits::made_at.eq(row.made_at),
                audits::done_at.eq(row.done_at),
                audits::modes.eq(row.modes),
                audits::pooled.eq(row.pooled),
            ),
        )
    )?;
    Ok(inserted == 1)
}

/// Keeps where an audit stands; one that has ended is not changed.
pub(super) fn set_audit(tx: &mut Conn, row: &AuditRow) -> QueryResult<bool> {
    let open = audits::table
        .find(row.id)
        .filter(audits::state.eq_any([AuditState::Open, AuditState::Parked]));
    let changed = diesel::update(open)
        .set((
            audits::opened.eq(row.opened),
            audits::failing.eq(row.failing),
            audits::undecided.eq(row.undecided),
            audits::critical.eq(row.critical),
            audits::lower_bound.eq(row.lower_bound),
            audits::upper_bound.eq(row.upper_bound),
            audits::verdict.eq(row.verdict),
            audits::state.eq(row.state),
            audits::reason.eq(&row.reason),
            audits::result_leaf.eq(row.result_leaf),
            audits::done_at.eq(row.done_at),
        ))
        .execute(tx)?;
    Ok(changed == 1)
}

/// Parks an audit that has not ended; gives whether the reason is a new one.
pub(super) fn park(tx: &mut Conn, id: AuditId, reason: &str) -> QueryResult<bool> {
    let before: Option<String> = audits::table.find(id).select(audits::reason).first(tx)?;
    diesel::update(audits::table.find(id))
        .filter(audits::state.eq_any([AuditState::Open, AuditState::Parked]))
        .set((audits::state.eq(AuditState::Parked), audits::reason.eq(Some(reason))))
        .execute(tx)?;
    Ok(before.as_deref() != Some(reason))
}

/// The drawn records of an audit, in draw order.
pub(super) fn openings_of(conn: &mut Conn, audit: AuditId) -> QueryResult<Vec<OpeningRow>> {
    openings::table
        .filter(openings::audit_id.eq(audit))
        .order(openings::ordinal)
        .select(OpeningRow::as_select())
        .load(conn)
}

/// What the first `count` draws of an audit showed, and in which batches, as far as they were opened.
pub(super) fn first_outcomes(
    conn: &mut Conn,
    audit: AuditId,
    count: u64,
) -> QueryResult<Vec<(BatchId, Option<Outcome>)>> {
    openings::table
        .filter(openings::audit_id.eq(audit))
        .filter(openings::ordinal.lt(to_row(count)))
        .filter(openings::outcome.is_not_null())
        .order(openings::ordinal)
        .select((openings::batch_id, openings::outcome))
        .load(conn)
}

/// Stores a record that is about to be opened.
pub(super) fn insert_opening(tx: &mut Conn, row: &OpeningRow) -> QueryResult<()> {
    diesel::insert_into(openings::table)
        .values((
            openings::audit_id.eq(row.audit_id),
            openings::ordinal.eq(row.ordinal),
            openings::place.eq(row.place),
            openings::stream_id.eq(row.stream_id),
            openings::number.eq(row.number),
            openings::judged.eq(row.judged),
            openings::batch_id.eq(row.batch_id),
            openings::line.eq(row.line),
            openings::block.eq(row.block),
            openings::intent_leaf.eq(row.intent_leaf),
        ))
        .execute(tx)
        .map(|_| ())
}

/// Keeps what an opening showed; false if it was kept before.
pub(super) fn set_opened(tx: &mut Conn, row: &OpeningRow) -> QueryResult<bool> {
    let changed = diesel::update(openings::table.find((row.audit_id, row.ordinal)))
        .filter(openings::outcome.is_null())
        .set((
            openings::outcome.eq(row.outcome),
            openings::cause.eq(row.cause),
            openings::failures.eq(&row.failures),
            openings::severity.eq(&row.severity),
            openings::done_leaf.eq(row.done_leaf),
            openings::opened_at.eq(row.opened_at),
        ))
        .execute(tx)?;
    Ok(changed == 1)
}

/// Stores the sealed plaintext of a failing record.
pub(super) fn insert_evidence(
    tx: &mut Conn,
    audit: AuditId,
    ordinal: i64,
    wrapped_key: &[u8],
    sealed: &[u8],
) -> QueryResult<()> {
    diesel::insert_into(evidence::table)
        .values((
            evidence::audit_id.eq(audit),
            evidence::ordinal.eq(ordinal),
            evidence::wrapped_key.eq(wrapped_key),
            evidence::sealed.eq(sealed),
        ))
        .execute(tx)
        .map(|_| ())
}

/// Takes `count` of the budget of `day`; false if that would exceed `limit`.
pub(super) fn spend(tx: &mut Conn, day: Day, count: u64, limit: u64) -> QueryResult<bool> {
    insert_if_absent!(tx, budgets::table, (budgets::day.eq(day), budgets::opened.eq(0_i64)))?;
    let spent: i64 = budgets::table.find(day).select(budgets::opened).first(tx)?;
    let after = from_row(spent).saturating_add(count);
    if after > limit {
        return Ok(false);
    }
    diesel::update(budgets::table.find(day)).set(budgets::opened.eq(to_row(after))).execute(tx)?;
    Ok(true)
}

/// What the newest check saw of a stream in a period.
pub(super) fn measure(
    conn: &mut Conn,
    stream: StreamId,
    period: &str,
) -> QueryResult<Option<Measure>> {
    measures::table.find((stream, period)).select(Measure::as_select()).first(conn).optional()
}

/// What was last seen of a stream in the newest period before `day`.
pub(super) fn measure_before(
    conn: &mut Conn,
    stream: StreamId,
    day: Day,
) -> QueryResult<Option<Measure>> {
    measures::table
        .filter(measures::stream_id.eq(stream))
        .filter(measures::last_day.lt(day))
        .order(measures::last_day.desc())
        .select(Measure::as_select())
        .first(conn)
        .optional()
}

/// Keeps what a check saw of a stream in a period.
pub(super) fn put_measure(tx: &mut Conn, seen: &Measure) -> QueryResult<()> {
    let changed = diesel::update(measures::table.find((seen.stream_id, &seen.period)))
        .set(seen)
        .execute(tx)?;
    if changed == 0 {
        diesel::insert_into(measures::table).values(seen).execute(tx)?;
    }
    Ok(())
}

/// What was seen of the streams of a holder in a period, by stream.
pub(super) fn measures_of(
    conn: &mut Conn,
    holder: HolderId,
    plan: PlanId,
    period: &str,
) -> QueryResult<Vec<Measure>> {
    measures::table
        .filter(measures::holder_id.eq(holder))
        .filter(measures::plan_id.eq(plan))
        .filter(measures::period.eq(period))
        .order(measures::stream_id)
        .select(Measure::as_select())
        .load(conn)
}
