//! What the console shows of many businesses at once: trends, boards, pages of a period.

use diesel::dsl::count_star;
use diesel::prelude::*;

use crate::audits::model::{AuditRow, AuditState, Conclusion};
use crate::audits::roster::Choice;
use crate::audits::score::Class;
use crate::foundation::db::Conn;
use crate::foundation::db::schema::{
    audits_audits as audits, audits_boards as boards, audits_measures as measures,
    audits_pools as pools, audits_roster as roster, audits_trends as trends,
};
use crate::foundation::ids::{DepartmentId, HolderId, PlanId};
use crate::foundation::time::{Day, Timestamp};
use crate::registry::{District, Sector};

use super::roster::RosterRow;

type Backend = <Conn as diesel::Connection>::Backend;

/// A trade and district in a period, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = trends)]
pub(crate) struct TrendRow {
    pub(in crate::audits) plan_id: PlanId,
    pub(in crate::audits) period: String,
    pub(in crate::audits) district: District,
    pub(in crate::audits) department_id: DepartmentId,
    pub(in crate::audits) sector: Sector,
    pub(in crate::audits) last_day: Day,
    pub(in crate::audits) streams: i64,
    pub(in crate::audits) silent: i64,
    pub(in crate::audits) expected: i64,
    pub(in crate::audits) received: i64,
    pub(in crate::audits) missing: i64,
    pub(in crate::audits) late: i64,
    pub(in crate::audits) compliant: i64,
    pub(in crate::audits) non_compliant: i64,
    pub(in crate::audits) undecided: i64,
    pub(in crate::audits) tallied_at: Timestamp,
}

/// Keeps the counts of a trade and district in a period.
pub(in crate::audits) fn put_trend(tx: &mut Conn, row: &TrendRow) -> QueryResult<()> {
    let own = trends::table.find((row.plan_id, &row.period, row.district));
    if diesel::update(own).set(row).execute(tx)? == 0 {
        diesel::insert_into(trends::table).values(row).execute(tx)?;
    }
    Ok(())
}

/// Whether there are counts of a period.
pub(in crate::audits) fn has_trend(
    conn: &mut Conn,
    plan: PlanId,
    period: &str,
) -> QueryResult<bool> {
    let own = trends::table.filter(trends::plan_id.eq(plan).and(trends::period.eq(period)));
    diesel::select(diesel::dsl::exists(own)).get_result(conn)
}

/// The counts of a plan, newest period first, at most `limit` rows.
pub(in crate::audits) fn trends_of(
    conn: &mut Conn,
    plan: PlanId,
    limit: i64,
) -> QueryResult<Vec<TrendRow>> {
    trends::table
        .filter(trends::plan_id.eq(plan))
        .order((trends::last_day.desc(), trends::district))
        .limit(limit)
        .select(TrendRow::as_select())
        .load(conn)
}

/// What was seen of a stream, as far as trends count it.
pub(in crate::audits) struct Counted {
    pub(in crate::audits) district: District,
    pub(in crate::audits) missing_days: i64,
    pub(in crate::audits) expected: i64,
    pub(in crate::audits) received: i64,
    pub(in crate::audits) missing: i64,
    pub(in crate::audits) late: i64,
}

/// What was seen of every stream of a plan in a period.
pub(in crate::audits) fn counted(
    conn: &mut Conn,
    plan: PlanId,
    period: &str,
) -> QueryResult<Vec<Counted>> {
    let rows: Vec<(District, i64, i64, i64, i64, i64)> = measures::table
        .filter(measures::plan_id.eq(plan).and(measures::period.eq(period)))
        .select((
            measures::district,
            measures::missing_days,
            measures::expected,
            measures::received,
            measures::missing,
            measures::late,
        ))
        .load(conn)?;
    let row = |(district, missing_days, expected, received, missing, late)| Counted {
        district,
        missing_days,
        expected,
        received,
        missing,
        late,
    };
    Ok(rows.into_iter().map(row).collect())
}

/// The holders of a period whose audits have ended, with what these concluded.
pub(in crate::audits) fn concluded(
    conn: &mut Conn,
    plan: PlanId,
    period: &str,
) -> QueryResult<Vec<(HolderId, Option<Conclusion>)>> {
    audits::table
        .filter(audits::plan_id.eq(plan).and(audits::period.eq(period)))
        .filter(audits::state.eq(AuditState::Done))
        .select((audits::holder_id, audits::verdict))
        .load(conn)
}

/// How many audits of a period stand where.
pub(in crate::audits) fn count_audits(
    conn: &mut Conn,
    plan: PlanId,
    period: &str,
) -> QueryResult<Vec<(AuditState, Option<Conclusion>, i64)>> {
    audits::table
        .filter(audits::plan_id.eq(plan).and(audits::period.eq(period)))
        .group_by((audits::state, audits::verdict))
        .select((audits::state, audits::verdict, count_star()))
        .load(conn)
}

/// Which audits of a period are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::audits) struct Standing {
    pub(in crate::audits) state: AuditState,
    pub(in crate::audits) verdict: Option<Conclusion>,
}

/// The audits of a period by holder, after `after`: one more than `limit`.
pub(in crate::audits) fn audits_after(
    conn: &mut Conn,
    (plan, period): (PlanId, &str),
    standing: Option<Standing>,
    after: Option<HolderId>,
    limit: i64,
) -> QueryResult<Vec<AuditRow>> {
    let mut query = audits::table
        .filter(audits::plan_id.eq(plan).and(audits::period.eq(period.to_owned())))
        .order(audits::holder_id)
        .limit(limit + 1)
        .select(AuditRow::as_select())
        .into_boxed::<Backend>();
    if let Some(standing) = standing {
        query = query.filter(audits::state.eq(standing.state));
        query = match standing.verdict {
            Some(verdict) => query.filter(audits::verdict.eq(verdict)),
            None => query.filter(audits::verdict.is_null()),
        };
    }
    if let Some(after) = after {
        query = query.filter(audits::holder_id.gt(after));
    }
    query.load(conn)
}

/// How many holders of a period were chosen in which way, by class.
pub(in crate::audits) fn count_roster(
    conn: &mut Conn,
    plan: PlanId,
    period: &str,
) -> QueryResult<Vec<(Choice, Option<Class>, i64)>> {
    roster::table
        .filter(roster::plan_id.eq(plan).and(roster::period.eq(period)))
        .group_by((roster::choice, roster::class))
        .select((roster::choice, roster::class, count_star()))
        .load(conn)
}

/// The roster of a period by holder, after `after`: one more than `limit`.
pub(in crate::audits) fn roster_after(
    conn: &mut Conn,
    (plan, period): (PlanId, &str),
    choice: Option<Choice>,
    after: Option<HolderId>,
    limit: i64,
) -> QueryResult<Vec<RosterRow>> {
    let mut query = roster::table
        .filter(roster::plan_id.eq(plan).and(roster::period.eq(period.to_owned())))
        .order(roster::holder_id)
        .limit(limit + 1)
        .select(RosterRow::as_select())
        .into_boxed::<Backend>();
    if let Some(choice) = choice {
        query = query.filter(roster::choice.eq(choice));
    }
    if let Some(after) = after {
        query = query.filter(roster::holder_id.gt(after));
    }
    query.load(conn)
}

/// How often each holder of a department was audited from `since` on, alone or in a pool, with a
/// record to open.
pub(in crate::audits) fn audits_by_holder(
    conn: &mut Conn,
    department: DepartmentId,
    since: Timestamp,
) -> QueryResult<Vec<(HolderId, Sector, i64)>> {
    let mut counts: Vec<(HolderId, Sector, i64)> = audits::table
        .filter(audits::department_id.eq(department).and(audits::made_at.ge(since)))
        .filter(audits::pooled.is_null())
        .filter(audits::state.ne(AuditState::Empty))
        .group_by((audits::holder_id, audits::sector))
        .select((audits::holder_id, audits::sector, count_star()))
        .load(conn)?;
    let pooled: Vec<(HolderId, Sector)> = pools::table
        .inner_join(audits::table)
        .filter(audits::department_id.eq(department).and(audits::made_at.ge(since)))
        .select((pools::holder_id, audits::sector))
        .load(conn)?;
    for (holder, sector) in pooled {
        match counts.iter_mut().find(|own| (own.0, own.1) == (holder, sector)) {
            Some(own) => own.2 += 1,
            None => counts.push((holder, sector, 1)),
        }
    }
    Ok(counts)
}

/// What is kept for a page, and since when.
pub(in crate::audits) fn board(
    conn: &mut Conn,
    name: &str,
) -> QueryResult<Option<(String, Timestamp)>> {
    boards::table.find(name).select((boards::facts, boards::made_at)).first(conn).optional()
}

/// Keeps what a page shows.
pub(in crate::audits) fn put_board(
    tx: &mut Conn,
    name: &str,
    facts: &str,
    at: Timestamp,
) -> QueryResult<()> {
    let set = (boards::facts.eq(facts), boards::made_at.eq(at));
    if diesel::update(boards::table.find(name)).set(set).execute(tx)? == 0 {
        let all = (boards::name.eq(name), boards::facts.eq(facts), boards::made_at.eq(at));
        diesel::insert_into(boards::table).values(all).execute(tx)?;
    }
    Ok(())
}
