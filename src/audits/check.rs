//! The nightly population check: numbers, days and totals of every stream, without any key.

use std::collections::BTreeMap;

use super::error::AuditError;
use super::findings::Subject;
use super::model::{Measure, from_row, to_row};
use super::population::{self, Batch, Check, Close, Delays, History, Observation, Span};
use super::store;
use crate::cases::{NewFinding, raise_in};
use crate::foundation::House;
use crate::foundation::db::Conn;
use crate::foundation::jobs::Tally;
use crate::foundation::time::{Day, Timestamp};
use crate::intake::{self, ClosureKind, DayClose, DeclaredClosure};
use crate::registry::{self, Period, Plan, StreamFacts};

/// How many periods before the current one may still want a last look.
const LOOK_BACK: usize = 3;

/// Checks every stream of every plan up to now: the period that yesterday was in, and earlier ones
/// until they were looked at after their cutoff. Counts `streams`, `settled` and `findings`.
///
/// # Errors
///
/// Those of the store; what was checked before stays checked.
pub async fn check_population(house: &House) -> Result<Tally, AuditError> {
    let mut tally = Tally::default();
    let now = house.clock.now();
    let read = |conn: &mut Conn| Ok::<_, AuditError>(registry::plans(conn)?);
    for plan in house.store.read("audits.plans", read).await? {
        for period in periods(&plan, now.day().previous()) {
            let (inner, span) = (plan.clone(), period.clone());
            let streams = house
                .store
                .read("audits.streams", move |conn| unsettled(conn, &inner, &span))
                .await?;
            for facts in streams {
                check_stream(house, &plan, &period, facts, now, &mut tally).await?;
            }
        }
    }
    Ok(tally)
}

/// The period that `day` is in and those before it, oldest first: later ones go on counting where
/// earlier ones ended.
pub(super) fn periods(plan: &Plan, day: Day) -> Vec<Period> {
    let mut periods: Vec<Period> = std::iter::successors(plan.period_containing(day), |period| {
        plan.period_containing(period.first.previous())
    })
    .take(LOOK_BACK)
    .collect();
    periods.reverse();
    periods
}

/// Streams of a plan and period that nobody has looked at since the cutoff.
fn unsettled(
    conn: &mut Conn,
    plan: &Plan,
    period: &Period,
) -> Result<Vec<StreamFacts>, AuditError> {
    let mut streams = Vec::new();
    for holder in registry::subjects(conn, plan, period)? {
        for facts in registry::open_streams(conn, holder.id, period.first, period.last)? {
            let own = facts.stream.department == Some(plan.department)
                && facts.stream.sector == plan.sector;
            let known = store::measure(conn, facts.stream.id, &period.id)?;
            if own && !known.is_some_and(|known| known.settled) {
                streams.push(facts);
            }
        }
    }
    Ok(streams)
}

async fn check_stream(
    house: &House,
    plan: &Plan,
    period: &Period,
    facts: StreamFacts,
    now: Timestamp,
    tally: &mut Tally,
) -> Result<(), AuditError> {
    let (inside, plan, period) = (house.clone(), plan.clone(), period.clone());
    let (found, settled) = house
        .store
        .write("audits.check", move |tx| {
            let seen = Seen::read(tx, &plan, &period, &facts, now)?;
            store::put_measure(tx, &seen.measure)?;
            let mut found = 0;
            for finding in seen.findings(&inside) {
                found += u64::from(raise_in(tx, &finding)?);
            }
            Ok::<_, AuditError>((found, seen.measure.settled))
        })
        .await?;
    tally.add("streams", 1);
    tally.add("settled", settled.into());
    tally.add("findings", found);
    Ok(())
}

/// What a look at a stream at `now` counts, without keeping it.
pub(super) fn measured(
    conn: &mut Conn,
    plan: &Plan,
    period: &Period,
    facts: &StreamFacts,
    now: Timestamp,
) -> Result<Measure, AuditError> {
    Ok(Seen::read(conn, plan, period, facts, now)?.measure)
}

/// What one look at a stream shows.
struct Seen {
    subject: Subject,
    measure: Measure,
    observations: Vec<Observation>,
    due: Vec<Day>,
    equivocations: Vec<intake::Equivocation>,
}

impl Seen {
    fn read(
        conn: &mut Conn,
        plan: &Plan,
        period: &Period,
        facts: &StreamFacts,
        now: Timestamp,
    ) -> Result<Self, AuditError> {
        let stream = &facts.stream;
        let (first, last) = (period.first, period.last);
        let mut batches = intake::batches_of_stream(conn, stream.id, first, last)?;
        batches.retain(|batch| batch.received_at < period.cutoff);
        let mut closes = intake::closes_of(conn, stream.id, first, last)?;
        closes.retain(|close| close.received_at < period.cutoff);
        let first_expected = match store::measure_before(conn, stream.id, first)? {
            Some(before) => from_row(before.last_number) + 1,
            None => highest_before(conn, facts, first)? + 1,
        };
        let mut declared = intake::closures_of(conn, stream.id, first, last)?;
        declared.retain(|closure| closure.received_at < period.cutoff);
        let exempt = exempt_days(plan, period, facts, &declared);
        let mut due = due_days(plan, period, facts, now);
        due.retain(|day| !exempt.contains_key(day));
        let check = checked(first_expected, &batches, &closes, &due, &exempt);
        let observations = of_business(check.observations, &exempt);
        let delays = delays(&batches);
        let highest = batches.iter().map(|batch| batch.last);
        let declared = closes.iter().filter_map(|close| close.last);
        let last_number = highest.chain(declared).max().unwrap_or(0);
        let missing_days =
            observations.iter().filter(|seen| matches!(seen, Observation::MissingDay(_))).count();
        let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let measure = Measure {
            stream_id: stream.id,
            period: period.id.clone(),
            plan_id: plan.id,
            holder_id: facts.holder(),
            department_id: plan.department,
            sector: plan.sector,
            district: facts.outlet.district,
            last_day: last,
            last_number: last_number.max(to_row(first_expected - 1)),
            expected: to_row(check.counts.expected),
            declared: check.counts.declared.map(to_row),
            received: to_row(check.counts.received),
            missing: to_row(check.counts.missing),
            late: to_row(check.counts.late),
            due_days: count(due.len()),
            missing_days: count(missing_days),
            settled: now >= period.cutoff,
            checked_at: now,
            exempt_days: count(exempt.len()),
            nil_days: count(closes.iter().filter(|close| close.count == 0).count()),
            delay_p50: delays.map(|delays| delays.p50),
            delay_p95: delays.map(|delays| delays.p95),
            totals: totals(&closes),
        };
        let subject = Subject {
            department: plan.department,
            holder: facts.holder(),
            sector: plan.sector,
            district: facts.outlet.district,
            period: period.id.clone(),
            stream: stream.id,
        };
        let equivocations = intake::equivocations(conn, stream.id, first, last)?;
        Ok(Self { subject, measure, observations, due, equivocations })
    }

    fn findings(&self, house: &House) -> Vec<NewFinding> {
        let due = |day: Day| self.due.contains(&day);
        let seen = self.observations.iter();
        let seen = seen.filter_map(|seen| self.subject.finding(seen, self.measure.settled, due));
        let signed = self.equivocations.iter().map(|found| self.subject.equivocation(found));
        seen.chain(signed).map(|seen| NewFinding::new(house, seen)).collect()
    }
}

/// The open days of a stream whose deadline has passed at `now`.
fn due_days(plan: &Plan, period: &Period, facts: &StreamFacts, now: Timestamp) -> Vec<Day> {
    let days = std::iter::successors(Some(period.first), |day| Some(day.next()));
    days.take_while(|day| *day <= period.last)
        .filter(|day| facts.stream.is_open_on(*day) && plan.close_due(*day) <= now)
        .collect()
}

/// The days of a period that a declaration exempts, and why.
fn exempt_days(
    plan: &Plan,
    period: &Period,
    facts: &StreamFacts,
    declared: &[DeclaredClosure],
) -> BTreeMap<Day, ClosureKind> {
    let days = std::iter::successors(Some(period.first), |day| Some(day.next()));
    days.take_while(|day| *day <= period.last)
        .filter(|day| facts.stream.is_open_on(*day))
        .filter_map(|day| {
            let found = intake::exemption(declared, day, plan.close_due(day))?;
            Some((day, found.kind))
        })
        .collect()
}

/// Records of a day are at odds with a declared closure, and not with an outage: those come later.
fn of_business(
    mut observations: Vec<Observation>,
    exempt: &BTreeMap<Day, ClosureKind>,
) -> Vec<Observation> {
    let closed = |day: &str| {
        day.parse().is_ok_and(|day: Day| exempt.get(&day) == Some(&ClosureKind::Closure))
    };
    observations.retain(|seen| match seen {
        Observation::ExemptDayUsed { day, .. } => closed(day),
        _ => true,
    });
    observations
}

/// Hours from the end of a record's day to its arrival.
fn delays(batches: &[intake::Batch]) -> Option<Delays> {
    let weighted: Vec<(i64, u64)> = batches
        .iter()
        .map(|batch| {
            let seconds = batch.received_at.seconds() - batch.day.end().seconds();
            (seconds.max(0).div_euclid(3600), from_row(batch.count))
        })
        .collect();
    population::delays(&weighted)
}

/// The figures from outside the register, added up over the day closes, as a JSON object.
fn totals(closes: &[DayClose]) -> String {
    let mut sum: BTreeMap<String, u64> = BTreeMap::new();
    for close in closes {
        let stated: BTreeMap<String, u64> = serde_json::from_str(&close.totals).unwrap_or_default();
        for (name, figure) in stated {
            let own = sum.entry(name).or_default();
            *own = own.saturating_add(figure);
        }
    }
    serde_json::json!(sum).to_string()
}

/// The highest number of a stream before `first`, where no check has kept it.
fn highest_before(conn: &mut Conn, facts: &StreamFacts, first: Day) -> Result<u64, AuditError> {
    let stream = &facts.stream;
    let batches = intake::batches_of_stream(conn, stream.id, stream.opened_on, first.previous())?;
    Ok(batches.iter().map(|batch| from_row(batch.last)).max().unwrap_or(0))
}

fn checked(
    first_expected: u64,
    batches: &[intake::Batch],
    closes: &[DayClose],
    due: &[Day],
    exempt: &BTreeMap<Day, ClosureKind>,
) -> Check {
    let batches: Vec<Batch<'_>> = batches
        .iter()
        .map(|batch| Batch {
            day: batch.day.as_str(),
            numbers: Span::new(from_row(batch.first), from_row(batch.last)),
            late: batch.late && exempt.get(&batch.day) != Some(&ClosureKind::Outage),
        })
        .collect();
    let number = |number: Option<i64>| number.map_or(0, from_row);
    let closes: Vec<Close<'_>> = closes
        .iter()
        .map(|close| Close {
            day: close.day.as_str(),
            first: number(close.first),
            last: number(close.last),
            count: from_row(close.count),
        })
        .collect();
    let due: Vec<&str> = due.iter().map(Day::as_str).collect();
    let exempt: Vec<&str> = exempt.keys().map(Day::as_str).collect();
    population::check(&History {
        first_expected,
        batches: &batches,
        closes: &closes,
        due_days: &due,
        exempt_days: &exempt,
    })
}
