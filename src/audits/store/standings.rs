//! Rates, scores and drop detectors of holders.

use diesel::prelude::*;

use crate::audits::model::{AuditRow, AuditState, Measure};
use crate::audits::score::Class;
use crate::foundation::db::Conn;
use crate::foundation::db::schema::{
    audits_audits, audits_drops, audits_measures, audits_rates, audits_scores,
};
use crate::foundation::ids::{AuditId, HolderId, PlanId};
use crate::foundation::time::{Day, Timestamp};

/// The counts of a holder under a plan in a period, over all its streams, as they are stored.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = audits_rates, treat_none_as_null = true)]
pub(crate) struct Rates {
    pub(in crate::audits) holder_id: HolderId,
    pub(in crate::audits) plan_id: PlanId,
    pub(in crate::audits) period: String,
    pub(in crate::audits) last_day: Day,
    pub(in crate::audits) streams: i64,
    pub(in crate::audits) expected: i64,
    pub(in crate::audits) declared: Option<i64>,
    pub(in crate::audits) received: i64,
    pub(in crate::audits) missing: i64,
    pub(in crate::audits) late: i64,
    pub(in crate::audits) due_days: i64,
    pub(in crate::audits) missing_days: i64,
    pub(in crate::audits) exempt_days: i64,
    pub(in crate::audits) nil_days: i64,
    pub(in crate::audits) settled: bool,
    pub(in crate::audits) checked_at: Timestamp,
    pub(in crate::audits) refused: i64,
    pub(in crate::audits) offered: i64,
}

/// The score of a holder under a plan in a period, with the facts and the parts that make it.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = audits_scores, treat_none_as_null = true)]
pub(crate) struct ScoreRow {
    pub(in crate::audits) holder_id: HolderId,
    pub(in crate::audits) plan_id: PlanId,
    pub(in crate::audits) period: String,
    pub(in crate::audits) last_day: Day,
    pub(in crate::audits) facts: String,
    pub(in crate::audits) parts: String,
    pub(in crate::audits) points: i64,
    pub(in crate::audits) published: i64,
    pub(in crate::audits) class: Class,
    pub(in crate::audits) standing: Class,
    pub(in crate::audits) qualifying: i64,
    pub(in crate::audits) audit_id: Option<AuditId>,
    pub(in crate::audits) scored_at: Timestamp,
}

/// The drop detector of a holder under a plan, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = audits_drops, treat_none_as_null = true)]
pub(crate) struct DropRow {
    pub(in crate::audits) holder_id: HolderId,
    pub(in crate::audits) plan_id: PlanId,
    pub(in crate::audits) day: Day,
    pub(in crate::audits) watch: String,
    pub(in crate::audits) alarm_day: Option<Day>,
}

/// What was seen of every stream of a plan in a period.
pub(in crate::audits) fn measures_in(
    conn: &mut Conn,
    plan: PlanId,
    period: &str,
) -> QueryResult<Vec<Measure>> {
    audits_measures::table
        .filter(audits_measures::plan_id.eq(plan))
        .filter(audits_measures::period.eq(period))
        .order((audits_measures::holder_id, audits_measures::stream_id))
        .select(Measure::as_select())
        .load(conn)
}

/// Keeps the counts of a holder.
pub(in crate::audits) fn put_rates(tx: &mut Conn, row: &Rates) -> QueryResult<()> {
    let own = audits_rates::table.find((row.holder_id, row.plan_id, &row.period));
    if diesel::update(own).set(row).execute(tx)? == 0 {
        diesel::insert_into(audits_rates::table).values(row).execute(tx)?;
    }
    Ok(())
}

/// Keeps the score of a holder.
pub(in crate::audits) fn put_score(tx: &mut Conn, row: &ScoreRow) -> QueryResult<()> {
    let own = audits_scores::table.find((row.holder_id, row.plan_id, &row.period));
    if diesel::update(own).set(row).execute(tx)? == 0 {
        diesel::insert_into(audits_scores::table).values(row).execute(tx)?;
    }
    Ok(())
}

/// The newest counts of a holder under a plan, newest first, at most `limit`.
pub(in crate::audits) fn newest_rates(
    conn: &mut Conn,
    holder: HolderId,
    plan: PlanId,
    limit: i64,
) -> QueryResult<Vec<Rates>> {
    audits_rates::table
        .filter(audits_rates::holder_id.eq(holder))
        .filter(audits_rates::plan_id.eq(plan))
        .order(audits_rates::last_day.desc())
        .limit(limit)
        .select(Rates::as_select())
        .load(conn)
}

/// For how many periods up to `last` there are counts of a holder under a plan.
pub(in crate::audits) fn count_periods(
    conn: &mut Conn,
    holder: HolderId,
    plan: PlanId,
    last: Day,
) -> QueryResult<u32> {
    let count: i64 = audits_rates::table
        .filter(audits_rates::holder_id.eq(holder))
        .filter(audits_rates::plan_id.eq(plan))
        .filter(audits_rates::last_day.le(last))
        .count()
        .get_result(conn)?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

/// The score of a holder under a plan in a period.
pub(in crate::audits) fn score(
    conn: &mut Conn,
    holder: HolderId,
    plan: PlanId,
    period: &str,
) -> QueryResult<Option<ScoreRow>> {
    audits_scores::table
        .find((holder, plan, period))
        .select(ScoreRow::as_select())
        .first(conn)
        .optional()
}

/// The scores of a holder under a plan before the period that begins on `first`, newest first, at
/// most `limit`.
pub(in crate::audits) fn scores_before(
    conn: &mut Conn,
    holder: HolderId,
    plan: PlanId,
    first: Day,
    limit: i64,
) -> QueryResult<Vec<ScoreRow>> {
    audits_scores::table
        .filter(audits_scores::holder_id.eq(holder))
        .filter(audits_scores::plan_id.eq(plan))
        .filter(audits_scores::last_day.lt(first))
        .order(audits_scores::last_day.desc())
        .limit(limit)
        .select(ScoreRow::as_select())
        .load(conn)
}

/// The latest audit of a holder under a plan, up to `period`, that ended with a verdict.
pub(in crate::audits) fn latest_audit(
    conn: &mut Conn,
    holder: HolderId,
    plan: PlanId,
    period: &str,
) -> QueryResult<Option<AuditRow>> {
    audits_audits::table
        .filter(audits_audits::holder_id.eq(holder))
        .filter(audits_audits::plan_id.eq(plan))
        .filter(audits_audits::state.eq(AuditState::Done))
        .filter(audits_audits::period.le(period))
        .order(audits_audits::period.desc())
        .select(AuditRow::as_select())
        .first(conn)
        .optional()
}

/// The detectors of a plan, by holder.
pub(in crate::audits) fn drops(conn: &mut Conn, plan: PlanId) -> QueryResult<Vec<DropRow>> {
    audits_drops::table
        .filter(audits_drops::plan_id.eq(plan))
        .order(audits_drops::holder_id)
        .select(DropRow::as_select())
        .load(conn)
}

/// Keeps a detector.
pub(in crate::audits) fn put_drop(tx: &mut Conn, row: &DropRow) -> QueryResult<()> {
    let own = audits_drops::table.find((row.holder_id, row.plan_id));
    if diesel::update(own).set(row).execute(tx)? == 0 {
        diesel::insert_into(audits_drops::table).values(row).execute(tx)?;
    }
    Ok(())
}
