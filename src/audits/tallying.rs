//! Adds up what the console shows of many businesses: trends by trade and district, and what leads
//! look at. A page then costs the same for ten businesses as for ten thousand.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::enlist::year_of;
use super::error::AuditError;
use super::estimating::{regional, regional_board};
use super::model::{Conclusion, PeriodState};
use super::store;
use super::store::console::{self, TrendRow};
use crate::cases::{self, Decided, Severity, Stage, State};
use crate::foundation::House;
use crate::foundation::db::Conn;
use crate::foundation::ids::{DepartmentId, HolderId, OfficerId};
use crate::foundation::jobs::Tally;
use crate::foundation::time::Timestamp;
use crate::registry::{self, District, Period, Plan, Sector};

/// Trends go back so many periods.
pub(super) const PERIODS: usize = 12;
/// The newest periods, which may still change.
const CHANGING: usize = 3;
/// Decisions of so many days are looked at.
const DAYS: u64 = 365;
/// Businesses that are listed with the audits they had.
const LISTED: usize = 200;

/// What leads look at, as it is kept for their page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Oversight {
    /// Businesses and their audits of the calendar year, most audits first.
    pub(super) caps: Vec<Used>,
    /// How many businesses were audited so many times.
    pub(super) spread: Vec<(i64, i64)>,
    pub(super) officers: Vec<Decisions>,
    pub(super) overdue: Vec<Overdue>,
    pub(super) medians: Vec<Median>,
}

/// How often a business was audited in the calendar year.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Used {
    pub(super) holder: HolderId,
    pub(super) name: String,
    pub(super) sector: Sector,
    pub(super) audits: i64,
    pub(super) cap: Option<u32>,
}

/// What an officer decided in a trade.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Decisions {
    pub(super) name: String,
    pub(super) sector: Sector,
    pub(super) decided: u64,
    pub(super) dismissed: u64,
    /// Dismissed although the machine weighed it major or critical.
    pub(super) overridden: u64,
}

/// Cases of a trade and district, and those past their time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Overdue {
    pub(super) sector: Sector,
    pub(super) district: District,
    pub(super) cases: i64,
    pub(super) overdue: i64,
    pub(super) undeliverable: i64,
}

/// Hours from a finding to its decision, of which half stay below.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Median {
    pub(super) sector: Sector,
    pub(super) decisions: usize,
    pub(super) hours: u64,
}

/// The name of the board of a department.
pub(super) fn oversight_board(department: DepartmentId) -> String {
    format!("oversight/{department}")
}

/// Adds up trends and boards. Counts `trends` and `boards`.
///
/// # Errors
///
/// Those of the store; what was added up before stays.
pub async fn tally_console(house: &House) -> Result<Tally, AuditError> {
    let mut tally = Tally::default();
    let now = house.clock.now();
    let read = |conn: &mut Conn| {
        Ok::<_, AuditError>((registry::plans(conn)?, registry::departments(conn)?))
    };
    let (plans, departments) = house.store.read("audits.tally", read).await?;
    for plan in plans {
        for (at, period) in periods(&plan, now).into_iter().enumerate() {
            let (own, id) = (plan.clone(), period.id.clone());
            let read = move |conn: &mut Conn| {
                if at >= CHANGING && console::has_trend(conn, own.id, &period.id)? {
                    return Ok(Vec::new());
                }
                trends(conn, &own, &period, now)
            };
            let rows = house.store.read("audits.trends", read).await?;
            tally.add("trends", u64::try_from(rows.len()).unwrap_or(0));
            let write = move |tx: &mut Conn| {
                rows.iter().try_for_each(|row| console::put_trend(tx, row))?;
                Ok::<_, AuditError>(())
            };
            house.store.write("audits.keep_trends", write).await?;
            if at < CHANGING {
                estimate(house, &plan, &id, now).await?;
            }
        }
    }
    for department in departments {
        let read = move |conn: &mut Conn| oversight(conn, department.id, now);
        let board = house.store.read("audits.oversight_board", read).await?;
        let facts = serde_json::to_string(&board).map_err(AuditError::Json)?;
        let name = oversight_board(department.id);
        let write =
            move |tx: &mut Conn| Ok::<_, AuditError>(console::put_board(tx, &name, &facts, now)?);
        house.store.write("audits.keep_board", write).await?;
        tally.add("boards", 1);
    }
    Ok(tally)
}

/// The newest periods of a plan that have begun, newest first.
fn periods(plan: &Plan, now: Timestamp) -> Vec<Period> {
    let before = |period: &Period| plan.period_containing(period.first.previous());
    std::iter::successors(plan.period_containing(now.day()), before).take(PERIODS).collect()
}

/// The counts of a plan in a period, a row a district.
fn trends(
    conn: &mut Conn,
    plan: &Plan,
    period: &Period,
    now: Timestamp,
) -> Result<Vec<TrendRow>, AuditError> {
    let empty = |district: District| TrendRow {
        plan_id: plan.id,
        period: period.id.clone(),
        district,
        department_id: plan.department,
        sector: plan.sector,
        last_day: period.last,
        streams: 0,
        silent: 0,
        expected: 0,
        received: 0,
        missing: 0,
        late: 0,
        compliant: 0,
        non_compliant: 0,
        undecided: 0,
        tallied_at: now,
    };
    let mut rows: BTreeMap<District, TrendRow> = BTreeMap::new();
    for seen in console::counted(conn, plan.id, &period.id)? {
        let row = rows.entry(seen.district).or_insert_with(|| empty(seen.district));
        row.streams += 1;
        row.silent += i64::from(seen.missing_days > 0);
        row.expected += seen.expected;
        row.received += seen.received;
        row.missing += seen.missing;
        row.late += seen.late;
    }
    let concluded = console::concluded(conn, plan.id, &period.id)?;
    if !concluded.is_empty() {
        let holders = registry::holders(conn, plan.department)?;
        let seats: HashMap<HolderId, District> =
            holders.into_iter().map(|holder| (holder.id, holder.district)).collect();
        for (holder, verdict) in concluded {
            let Some(seat) = seats.get(&holder).copied() else { continue };
            let row = rows.entry(seat).or_insert_with(|| empty(seat));
            match verdict {
                Some(Conclusion::Compliant) => row.compliant += 1,
                Some(Conclusion::NonCompliant) => row.non_compliant += 1,
                Some(Conclusion::Undecided) | None => row.undecided += 1,
            }
        }
    }
    Ok(rows.into_values().collect())
}

/// Keeps the estimate of a period whose audits have ended.
async fn estimate(
    house: &House,
    plan: &Plan,
    period: &str,
    now: Timestamp,
) -> Result<(), AuditError> {
    let (plan, period) = (plan.id, period.to_owned());
    let name = regional_board(plan, &period);
    let read = move |conn: &mut Conn| {
        let closed = store::period(conn, plan, &period)?;
        if closed.is_none_or(|row| row.state != PeriodState::Closed) {
            return Ok(None);
        }
        let rows = store::roster::of_period(conn, plan, &period)?;
        if rows.iter().all(|row| row.class.is_none()) {
            return Ok(None);
        }
        let audits = store::audits_of(conn, plan, &period)?;
        let pools = store::pools::of_period(conn, plan, &period)?;
        regional(conn, &rows, &audits, &pools)
    };
    let Some(told) = house.store.read("audits.estimate", read).await? else { return Ok(()) };
    let facts = serde_json::to_string(&told).map_err(AuditError::Json)?;
    let write =
        move |tx: &mut Conn| Ok::<_, AuditError>(console::put_board(tx, &name, &facts, now)?);
    house.store.write("audits.keep_estimate", write).await
}

/// What the leads of a department look at.
fn oversight(
    conn: &mut Conn,
    department: DepartmentId,
    now: Timestamp,
) -> Result<Oversight, AuditError> {
    let (caps, spread) = caps(conn, department, now)?;
    let since = now.minus(std::time::Duration::from_secs(DAYS * 24 * 3600));
    let decisions = cases::decisions_since(conn, department, since)?;
    let officers = registry::officers_of(conn, department)?;
    let names: HashMap<OfficerId, String> =
        officers.into_iter().map(|officer| (officer.id, officer.name)).collect();
    Ok(Oversight {
        caps,
        spread,
        officers: by_officer(&decisions, &names),
        overdue: overdue(cases::cases_by_place(conn, department)?),
        medians: medians(&decisions),
    })
}

/// How often, and how many businesses were audited so often.
type Spread = Vec<(i64, i64)>;

/// The businesses that were audited most often this year, and how many were audited how often.
fn caps(
    conn: &mut Conn,
    department: DepartmentId,
    now: Timestamp,
) -> Result<(Vec<Used>, Spread), AuditError> {
    let mut plans = registry::plans(conn)?;
    plans.retain(|plan| plan.department == department);
    let cap = |sector: Sector| {
        plans.iter().find(|plan| plan.sector == sector).and_then(|plan| plan.audits_per_year)
    };
    let mut used = console::audits_by_holder(conn, department, year_of(now))?;
    let mut spread: BTreeMap<i64, i64> = BTreeMap::new();
    for (.., audits) in &used {
        *spread.entry(*audits).or_default() += 1;
    }
    used.sort_by_key(|(holder, sector, audits)| (std::cmp::Reverse(*audits), *sector, *holder));
    used.truncate(LISTED);
    let mut caps = Vec::with_capacity(used.len());
    for (holder, sector, audits) in used {
        let name = registry::holder(conn, holder)?.map(|holder| holder.name).unwrap_or_default();
        caps.push(Used { holder, name, sector, audits, cap: cap(sector) });
    }
    Ok((caps, spread.into_iter().collect()))
}

fn by_officer(decisions: &[Decided], names: &HashMap<OfficerId, String>) -> Vec<Decisions> {
    let mut rows: BTreeMap<(String, Sector), Decisions> = BTreeMap::new();
    for decided in decisions {
        let Some(name) = decided.by.and_then(|by| names.get(&by)) else { continue };
        let row = rows.entry((name.clone(), decided.sector)).or_insert_with(|| Decisions {
            name: name.clone(),
            sector: decided.sector,
            decided: 0,
            dismissed: 0,
            overridden: 0,
        });
        row.decided += 1;
        if decided.stage == Stage::Dismissed {
            row.dismissed += 1;
            let weighs = matches!(decided.severity, Severity::Major | Severity::Critical);
            row.overridden += u64::from(weighs);
        }
    }
    rows.into_values().collect()
}

fn overdue(counts: Vec<(Sector, District, State, i64)>) -> Vec<Overdue> {
    let mut rows: BTreeMap<(Sector, District), Overdue> = BTreeMap::new();
    for (sector, district, state, count) in counts {
        let row = rows.entry((sector, district)).or_insert_with(|| Overdue {
            sector,
            district,
            cases: 0,
            overdue: 0,
            undeliverable: 0,
        });
        row.cases += count;
        match state {
            State::Overdue => row.overdue += count,
            State::Undeliverable => row.undeliverable += count,
            _ => {}
        }
    }
    rows.into_values().collect()
}

fn medians(decisions: &[Decided]) -> Vec<Median> {
    let mut hours: BTreeMap<Sector, Vec<u64>> = BTreeMap::new();
    for decided in decisions {
        if let Some(at) = decided.at {
            let hour = at.since(decided.found_at).as_secs() / 3600;
            hours.entry(decided.sector).or_default().push(hour);
        }
    }
    let median = |(sector, mut hours): (Sector, Vec<u64>)| {
        hours.sort_unstable();
        let middle = hours.get(hours.len().saturating_sub(1) / 2).copied().unwrap_or(0);
        Median { sector, decisions: hours.len(), hours: middle }
    };
    hours.into_iter().map(median).collect()
}
