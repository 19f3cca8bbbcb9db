//! The nightly population check: numbers, days and totals of every stream, without any key.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::error::AuditError;
use super::findings::Subject;
use super::model::{Measure, from_row, stated, to_row};
use super::population::{self, Check, Close, Delays, History, Observation};
use super::{corrections, store};
use crate::cases::{NewFinding, raise_in};
use crate::foundation::House;
use crate::foundation::db::Conn;
use crate::foundation::jobs::Tally;
use crate::foundation::time::{Day, Timestamp};
use crate::intake::{self, ClosureKind, DayClose, DeclaredClosure};
use crate::registry::{self, Period, Plan, Sector, StreamFacts};
use crate::rules::Packs;

/// How many periods before the current one may still want a last look.
const LOOK_BACK: usize = 3;

/// Checks every stream of every plan up to now: the period that yesterday was in, and earlier ones
/// until they were looked at after their cutoff. A stream with a damaged row is left out, with an
/// error in the operator's log. `packs` say which outside figures count records. Counts `streams`,
/// `settled`, `findings` and `damaged`.
///
/// # Errors
///
/// Those of the store; what was checked before stays checked.
pub async fn check_population(house: &House, packs: &Packs) -> Result<Tally, AuditError> {
    check_all(house, |sector| figures_of_records(packs, sector)).await
}

/// [`check_population`] where `counted` names the outside figures that count records.
pub(super) async fn check_all(
    house: &House,
    counted: impl Fn(Sector) -> BTreeSet<String>,
) -> Result<Tally, AuditError> {
    let mut tally = Tally::default();
    let now = house.clock.now();
    let read = |conn: &mut Conn| Ok::<_, AuditError>(registry::plans(conn)?);
    for plan in house.store.read("audits.plans", read).await? {
        let counted = Arc::new(counted(plan.sector));
        for period in periods(&plan, now.day().previous()) {
            let (inner, span) = (plan.clone(), period.clone());
            let streams = house
                .store
                .read("audits.streams", move |conn| unsettled(conn, &inner, &span))
                .await?;
            for facts in streams {
                let stream = facts.stream.id;
                let look = Look { plan: plan.clone(), period: period.clone(), now };
                match check_stream(house, look, facts, counted.clone(), &mut tally).await {
                    Err(AuditError::Damaged { what, id, cause }) => {
                        tracing::error!(%stream, what, id, cause, "stream {stream} is not checked");
                        tally.add("damaged", 1);
                    }
                    other => other?,
                }
            }
        }
    }
    Ok(tally)
}

/// The names of the outside figures of a trade that count what a record is made of. A name means
/// the same in every version of its packs.
fn figures_of_records(packs: &Packs, sector: Sector) -> BTreeSet<String> {
    let own = packs.iter().filter(|pack| pack.sector() == sector.as_str());
    let totals = own.flat_map(|pack| pack.totals()).filter(|total| total.records);
    totals.map(|total| total.name.clone()).collect()
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

/// What is looked at, and when.
#[derive(Clone)]
struct Look {
    plan: Plan,
    period: Period,
    now: Timestamp,
}

async fn check_stream(
    house: &House,
    look: Look,
    facts: StreamFacts,
    counted: Arc<BTreeSet<String>>,
    tally: &mut Tally,
) -> Result<(), AuditError> {
    let inside = house.clone();
    let (found, settled) = house
        .store
        .write("audits.check", move |tx| {
            let seen = Seen::read(tx, &look, &facts, &counted)?;
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
    let look = Look { plan: plan.clone(), period: period.clone(), now };
    Ok(Seen::read(conn, &look, facts, &BTreeSet::new())?.measure)
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
        Look { plan, period, now }: &Look,
        facts: &StreamFacts,
        counted: &BTreeSet<String>,
    ) -> Result<Self, AuditError> {
        let (stream, now) = (&facts.stream, *now);
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
        let figures = Figures::read(&closes, counted)?;
        let check = checked(first_expected, &batches, (&closes, &figures), &due, &exempt)?;
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
            totals: serde_json::json!(figures.sums).to_string(),
            amended: to_row(check.counts.amended),
            outside_declared: check.counts.outside.map(|outside| to_row(outside.declared)),
            outside_received: check.counts.outside.map(|outside| to_row(outside.received)),
            signalled: false,
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

/// The figures from outside the register that the day closes state.
struct Figures {
    /// Of the whole period, by name.
    sums: BTreeMap<String, u64>,
    /// Of each close, those that count records, added up.
    sold: Vec<Option<u64>>,
}

impl Figures {
    fn read(closes: &[DayClose], counted: &BTreeSet<String>) -> Result<Self, AuditError> {
        let mut sums: BTreeMap<String, u64> = BTreeMap::new();
        let mut sold = Vec::with_capacity(closes.len());
        for close in closes {
            let mut own = None;
            for (name, figure) in stated(&close.totals, "totals of day close", close.id)? {
                if counted.contains(&name) {
                    own = Some(own.unwrap_or(0_u64).saturating_add(figure));
                }
                let sum = sums.entry(name).or_default();
                *sum = sum.saturating_add(figure);
            }
            sold.push(own);
        }
        Ok(Self { sums, sold })
    }
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
    (closes, figures): (&[DayClose], &Figures),
    due: &[Day],
    exempt: &BTreeMap<Day, ClosureKind>,
) -> Result<Check, AuditError> {
    let late =
        |batch: &intake::Batch| batch.late && exempt.get(&batch.day) != Some(&ClosureKind::Outage);
    let batches = corrections::split(batches, late)?;
    let number = |number: Option<i64>| number.map_or(0, from_row);
    let closes: Vec<Close<'_>> = closes
        .iter()
        .zip(&figures.sold)
        .map(|(close, sold)| Close {
            day: close.day.as_str(),
            first: number(close.first),
            last: number(close.last),
            count: from_row(close.count),
            sold: *sold,
        })
        .collect();
    let due: Vec<&str> = due.iter().map(Day::as_str).collect();
    let exempt: Vec<&str> = exempt.keys().map(Day::as_str).collect();
    Ok(population::check(&History {
        first_expected,
        batches: &batches,
        closes: &closes,
        due_days: &due,
        exempt_days: &exempt,
    }))
}
