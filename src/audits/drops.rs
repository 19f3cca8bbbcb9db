//! The nightly watch for sudden drops of a holder's own count (sampling.md §6.3).
//!
//! An alarm becomes a finding of the kind `sudden_drop` that chooses where to look: it deducts
//! nothing, confirmed or not. After an alarm the detector rests until an officer has decided.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::detector::{
    ALARM, BASELINE_DAYS, Baseline, Detector, HISTORY_DAYS, alarm_level, keeps_baseline, null_mean,
    regional_index,
};
use super::error::AuditError;
use super::model::from_row;
use super::store::standings::{self, DropRow};
use crate::cases::{self, FindingKind, NewFinding, Observation, Severity, Stage, raise_in};
use crate::foundation::House;
use crate::foundation::db::Conn;
use crate::foundation::ids::HolderId;
use crate::foundation::jobs::Tally;
use crate::foundation::time::{Day, Timestamp};
use crate::intake;
use crate::registry::{self, District, Plan};

/// How far the watch catches up after nights in which it did not run.
const CATCH_UP_DAYS: i64 = 31;

/// Alarms that a department can look into in a day.
const HANDLED_PER_DAY: f64 = 1.0;

/// The running state of one holder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Watch {
    detector: Detector,
    baseline: Option<Baseline>,
    /// The day that the baseline was taken for.
    since: Option<Day>,
    /// Weeks for which it was kept although a new one was due.
    frozen: u32,
}

impl Watch {
    /// Takes the baseline of `day` from `days` t−70 … t−15 if one is due.
    fn review(&mut self, day: Day, days: &[Option<u64>; BASELINE_DAYS]) {
        let weeks = i64::from(self.frozen) + 1;
        if self.since.is_some_and(|since| day.days_since(&since) < 7 * weeks) {
            return;
        }
        if self.baseline.is_some() && keeps_baseline(self.detector.statistic(), self.frozen) {
            self.frozen += 1;
            return;
        }
        self.baseline = Baseline::from_history(days);
        self.since = Some(day);
        self.frozen = 0;
    }

    /// The mean and dispersion that the own history expects of `day`.
    fn expected(&self, day: Day) -> Option<(f64, f64)> {
        let baseline = self.baseline.as_ref()?;
        let weekday = usize::try_from(day.days_since(&self.since?)).ok()? % 7;
        Some((baseline.week[weekday], baseline.dispersion))
    }
}

/// One holder of a plan with its newest days.
struct Watched {
    holder: HolderId,
    district: District,
    row: Option<DropRow>,
    /// Records of every day that was open, by day.
    counts: BTreeMap<Day, u64>,
    /// The first day with a record.
    since: Option<Day>,
}

impl Watched {
    /// What the watch has seen so far. A damaged one begins anew, with an error in the operator's
    /// log; it is counted as `damaged`.
    fn watch(&self, tally: &mut Tally) -> Watch {
        let Some(row) = &self.row else { return Watch::default() };
        serde_json::from_str(&row.watch).unwrap_or_else(|cause| {
            let holder = self.holder;
            tracing::error!(%holder, cause = %cause, "the watch over {holder} begins anew: {cause}");
            tally.add("damaged", 1);
            Watch::default()
        })
    }

    /// Counts of days t−70 … t−15; `None` if there is less history than that.
    fn history(&self, day: Day) -> Option<[Option<u64>; BASELINE_DAYS]> {
        let reach = i64::try_from(HISTORY_DAYS).ok()?;
        self.since.filter(|since| day.days_since(since) >= reach)?;
        let first = back(day, HISTORY_DAYS);
        let mut at = first;
        let mut days = [None; BASELINE_DAYS];
        for slot in &mut days {
            *slot = self.counts.get(&at).copied();
            at = at.next();
        }
        Some(days)
    }
}

fn back(day: Day, days: usize) -> Day {
    (0..days).fold(day, |day, _| day.previous())
}

/// Takes in every day whose deadline has passed since the last run, for every plan. Counts
/// `observed`, `alarms` and `damaged`.
///
/// # Errors
///
/// Those of the store; days that were taken in before stay so.
pub async fn watch_drops(house: &House) -> Result<Tally, AuditError> {
    let mut tally = Tally::default();
    let now = house.clock.now();
    let read = |conn: &mut Conn| Ok::<_, AuditError>(registry::plans(conn)?);
    for plan in house.store.read("audits.plans", read).await? {
        let Some(newest) = newest_due(&plan, now) else { continue };
        let own = plan.clone();
        let read = move |conn: &mut Conn| watched(conn, &own, newest);
        let mut holders = house.store.read("audits.watched", read).await?;
        for day in days_ahead(&holders, newest) {
            let alarms = observe(house, &plan, &mut holders, day, &mut tally).await?;
            tally.add("alarms", alarms);
        }
    }
    Ok(tally)
}

/// The newest day whose close is due at `now`.
fn newest_due(plan: &Plan, now: Timestamp) -> Option<Day> {
    let days = std::iter::successors(Some(now.day()), |day| Some(day.previous()));
    days.take(60).find(|day| plan.close_due(*day) <= now)
}

/// The days that were not taken in yet; only the newest one where nothing was.
fn days_ahead(holders: &[Watched], newest: Day) -> Vec<Day> {
    let known = holders.iter().filter_map(|one| one.row.as_ref()).map(|row| row.day).max();
    let mut days = Vec::new();
    let mut at = newest;
    while known.is_none_or(|known| known < at)
        && newest.days_since(&at) < CATCH_UP_DAYS
        && (known.is_some() || at == newest)
    {
        days.push(at);
        at = at.previous();
    }
    days.reverse();
    days
}

/// The holders of a plan with their counts from 70 days before the catch-up to `newest`.
fn watched(conn: &mut Conn, plan: &Plan, newest: Day) -> Result<Vec<Watched>, AuditError> {
    let Some(period) = plan.period_containing(newest) else { return Ok(Vec::new()) };
    let mut rows: BTreeMap<HolderId, DropRow> =
        standings::drops(conn, plan.id)?.into_iter().map(|row| (row.holder_id, row)).collect();
    let reach = HISTORY_DAYS + usize::try_from(CATCH_UP_DAYS).unwrap_or_default();
    let first = back(newest, reach);
    let mut holders = Vec::new();
    for holder in registry::subjects(conn, plan, &period)? {
        let mut counts = BTreeMap::new();
        let (mut skipped, mut since) = (BTreeSet::new(), None::<Day>);
        for facts in registry::open_streams(conn, holder.id, first, newest)? {
            let stream = &facts.stream;
            if stream.department != Some(plan.department) || stream.sector != plan.sector {
                continue;
            }
            let declared = intake::closures_of(conn, stream.id, first, newest)?;
            let days = std::iter::successors(Some(first), |day| Some(day.next()));
            for day in days.take_while(|day| *day <= newest) {
                if stream.is_open_on(day) {
                    counts.entry(day).or_insert(0);
                }
                if intake::exemption(&declared, day, plan.close_due(day)).is_some() {
                    skipped.insert(day);
                }
            }
            for (day, count) in intake::counts_of_days(conn, stream.id, first, newest)? {
                *counts.entry(day).or_insert(0) += from_row(count);
            }
            let own = intake::first_day_of(conn, stream.id)?;
            since = [since, own].into_iter().flatten().min();
        }
        counts.retain(|day, _| !skipped.contains(day));
        let (id, district) = (holder.id, holder.district);
        holders.push(Watched { holder: id, district, row: rows.remove(&id), counts, since });
    }
    Ok(holders)
}

/// Takes one day of all holders of a plan in, in one transaction; gives the alarms.
async fn observe(
    house: &House,
    plan: &Plan,
    holders: &mut [Watched],
    day: Day,
    tally: &mut Tally,
) -> Result<u64, AuditError> {
    let mut due: Vec<(usize, Watch)> = Vec::new();
    let mut peers = Vec::new();
    for (at, one) in holders.iter().enumerate() {
        let Some(history) = one.history(day) else { continue };
        let mut watch = one.watch(tally);
        watch.review(day, &history);
        if let (Some(count), Some((mean, _))) = (one.counts.get(&day), watch.expected(day)) {
            peers.push((*count, mean));
        }
        due.push((at, watch));
    }
    let index = regional_index(&peers);
    let level = alarm_level(u64::try_from(holders.len()).unwrap_or(u64::MAX), HANDLED_PER_DAY);
    let mut rows = Vec::with_capacity(due.len());
    for (at, watch) in due {
        let one = &holders[at];
        let resting = one.row.as_ref().and_then(|row| row.alarm_day);
        rows.push(step(house, plan, one, (day, index, level), (watch, resting))?);
    }
    tally.add("observed", u64::try_from(rows.len()).unwrap_or(u64::MAX));
    let stored = rows.clone();
    let (raised, kept) = house
        .store
        .write("audits.drops", move |tx| {
            let (mut raised, mut kept) = (0, Vec::with_capacity(stored.len()));
            for step in &stored {
                let row = step.settle(tx)?;
                standings::put_drop(tx, &row)?;
                if let Some(finding) = &step.finding {
                    raised += u64::from(raise_in(tx, finding)?);
                }
                kept.push(row);
            }
            Ok::<_, AuditError>((raised, kept))
        })
        .await?;
    let mut kept: BTreeMap<HolderId, DropRow> =
        kept.into_iter().map(|row| (row.holder_id, row)).collect();
    for one in holders {
        if let Some(row) = kept.remove(&one.holder) {
            one.row = Some(row);
        }
    }
    Ok(raised)
}

/// What becomes of one detector on one day.
#[derive(Clone)]
struct Step {
    row: DropRow,
    /// The key of the finding that the detector rests for.
    rests_for: Option<String>,
    finding: Option<NewFinding>,
}

impl Step {
    /// The row to store: a detector whose alarm was decided begins anew.
    fn settle(&self, conn: &mut Conn) -> Result<DropRow, AuditError> {
        let Some(key) = &self.rests_for else { return Ok(self.row.clone()) };
        let open = cases::stage_of(conn, key)? == Some(Stage::Proposed);
        let alarm_day = if open { self.row.alarm_day } else { None };
        Ok(DropRow { alarm_day, ..self.row.clone() })
    }
}

fn key(plan: &Plan, holder: HolderId, day: Day) -> String {
    format!("{}/{}/{holder}/{day}", FindingKind::SuddenDrop, plan.id)
}

fn step(
    house: &House,
    plan: &Plan,
    one: &Watched,
    (day, index, level): (Day, f64, f64),
    (mut watch, resting): (Watch, Option<Day>),
) -> Result<Step, AuditError> {
    let mut alarm = None;
    if resting.is_none()
        && let (Some(count), Some((mean, dispersion))) = (one.counts.get(&day), watch.expected(day))
    {
        let reached = watch.detector.observe(*count, null_mean(mean, index), dispersion);
        if reached >= level.max(ALARM) {
            alarm = Some(*count);
            watch.detector = Detector::default();
        }
    }
    let finding = match (alarm, plan.period_containing(day)) {
        (Some(count), Some(period)) => Some(NewFinding::new(
            house,
            Observation {
                key: key(plan, one.holder, day),
                department: plan.department,
                holder: one.holder,
                sector: plan.sector,
                district: one.district,
                period: period.id,
                kind: FindingKind::SuddenDrop,
                rule: None,
                severity: Severity::Advice,
                stream: None,
                day: Some(day),
                numbers: None,
                count,
                audit: None,
                facts: json!({}),
            },
        )),
        _ => None,
    };
    let row = DropRow {
        holder_id: one.holder,
        plan_id: plan.id,
        day,
        watch: serde_json::to_string(&watch).map_err(AuditError::Json)?,
        alarm_day: alarm.map_or(resting, |_| Some(day)),
    };
    Ok(Step { row, rests_for: resting.map(|day| key(plan, one.holder, day)), finding })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::foundation::ids::{Id as _, PlanId};

    #[test]
    fn a_damaged_watch_begins_anew_and_is_counted() {
        let (holder, plan) = (HolderId::from_uuid(Uuid::nil()), PlanId::from_uuid(Uuid::nil()));
        let seen = Watch { frozen: 3, ..Watch::default() };
        let watched = |watch: &str| Watched {
            holder,
            district: "410611".parse().unwrap(),
            row: Some(DropRow {
                holder_id: holder,
                plan_id: plan,
                day: "2026-03-01".parse().unwrap(),
                watch: watch.to_owned(),
                alarm_day: None,
            }),
            counts: BTreeMap::new(),
            since: None,
        };
        let mut tally = Tally::default();
        let text = serde_json::to_string(&seen).unwrap();
        assert_eq!((watched(&text).watch(&mut tally), tally.count("damaged")), (seen, 0));
        let anew = watched(&text[1..]).watch(&mut tally);
        assert_eq!((anew, tally.count("damaged")), (Watch::default(), 1));
    }
}
