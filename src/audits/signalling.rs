//! The nightly search for signals: what the batches of a period show, kept for each stream.
//!
//! A signal says where to look and nothing else: no score, no class and no finding reads it.

use std::collections::BTreeMap;

use super::corrections::amends_of;
use super::error::AuditError;
use super::model::{Measure, from_row};
use super::signals::{
    Arrival, Signal, Stamp, clock, copied_outlets, end_of_period, repeated_week, round_counts,
};
use super::store::signals::{self as store, SignalRow};
use crate::foundation::House;
use crate::foundation::db::Conn;
use crate::foundation::ids::StreamId;
use crate::foundation::jobs::Tally;
use crate::foundation::time::{Day, Timestamp};
use crate::intake::{self, Batch, DeclaredClosure, Manifest};
use crate::registry::{self, Period, Plan, Stream};

/// Days that end with the period and are looked at for weeks that come again.
const WINDOW: usize = 28;

/// Looks for signals in every period that is over, each night until its record set is final. A
/// holder with a damaged row is left out, with an error in the operator's log. Counts `streams`,
/// `signals` and `damaged`.
///
/// # Errors
///
/// Those of the store; what was found before stays.
pub async fn find_signals(house: &House) -> Result<Tally, AuditError> {
    let mut tally = Tally::default();
    let now = house.clock.now();
    let read = move |conn: &mut Conn| Ok::<_, AuditError>(store::unsignalled(conn, now.day())?);
    let measures = house.store.read("audits.unsignalled", read).await?;
    let same = |one: &Measure, other: &Measure| {
        (one.holder_id, one.plan_id, &one.period) == (other.holder_id, other.plan_id, &other.period)
    };
    for group in measures.chunk_by(same) {
        let (holder, own) = (group[0].holder_id, group.to_vec());
        let read = move |conn: &mut Conn| looked_at(conn, &own, now);
        let rows = match house.store.read("audits.signals", read).await {
            Err(AuditError::Damaged { what, id, cause }) => {
                tracing::error!(%holder, what, id, cause, "no signals are looked for: {cause}");
                tally.add("damaged", 1);
                continue;
            }
            rows => rows?,
        };
        tally.add("streams", u64::try_from(rows.len()).unwrap_or(u64::MAX));
        tally.add("signals", rows.iter().map(|found| found.count()).sum());
        let write = move |tx: &mut Conn| {
            for found in &rows {
                let place = (found.stream, found.period.as_str());
                store::replace(tx, place, &found.rows, found.settled)?;
            }
            Ok::<_, AuditError>(())
        };
        house.store.write("audits.keep_signals", write).await?;
    }
    Ok(tally)
}

/// What was found in one stream and period.
struct Found {
    stream: StreamId,
    period: String,
    settled: bool,
    rows: Vec<SignalRow>,
}

impl Found {
    fn count(&self) -> u64 {
        u64::try_from(self.rows.len()).unwrap_or(u64::MAX)
    }
}

/// Looks at the streams of one holder, plan and period.
fn looked_at(
    conn: &mut Conn,
    measures: &[Measure],
    now: Timestamp,
) -> Result<Vec<Found>, AuditError> {
    let Some(first) = measures.first() else { return Ok(Vec::new()) };
    let Some(plan) = registry::plan(conn, first.plan_id)? else { return Ok(Vec::new()) };
    let Some(period) = plan.period(&first.period) else { return Ok(Vec::new()) };
    let streams = registry::streams_of(conn, first.holder_id)?;
    let (mut found, mut vectors) = (Vec::new(), Vec::new());
    for measure in measures {
        let own = streams.iter().find(|facts| facts.stream.id == measure.stream_id);
        let Some(facts) = own else { continue };
        let seen = Seen::read(conn, &plan, &period, &facts.stream)?;
        let row = |signal: Signal| row_of(measure, signal, None, now);
        found.push(Found {
            stream: measure.stream_id,
            period: measure.period.clone(),
            settled: measure.settled,
            rows: seen.signals(&period)?.into_iter().map(row).collect(),
        });
        vectors.push(seen.days);
    }
    for copied in copied_outlets(&vectors) {
        let [one, other] = [copied.one, copied.other].map(|place| found[place].stream);
        for (place, twin) in [(copied.one, other), (copied.other, one)] {
            let own = found[place].stream;
            let known = found[place].rows.iter().any(|row| row.kind == copied.signal.kind);
            if let Some(measure) = measures.iter().find(|seen| seen.stream_id == own)
                && !known
            {
                found[place].rows.push(row_of(measure, copied.signal, Some(twin), now));
            }
        }
    }
    Ok(found)
}

fn row_of(measure: &Measure, signal: Signal, other: Option<StreamId>, now: Timestamp) -> SignalRow {
    let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    SignalRow {
        stream_id: measure.stream_id,
        period: measure.period.clone(),
        kind: signal.kind,
        plan_id: measure.plan_id,
        holder_id: measure.holder_id,
        department_id: measure.department_id,
        sector: measure.sector,
        last_day: measure.last_day,
        part: count(signal.part),
        whole: count(signal.whole),
        chance_ppb: signal.chance.map(per_billion),
        other_stream_id: other,
        seen_at: now,
    }
}

/// A chance below [`super::signals::RARE`] in parts per billion, rounded up.
#[expect(clippy::as_conversions, reason = "the value lies between 0 and 1,000,000,000")]
fn per_billion(chance: f64) -> i64 {
    (chance.clamp(0.0, 1.0) * 1e9).ceil() as i64
}

/// What one stream shows up to the cutoff of a period.
struct Seen {
    /// Records of each day of the window; `None` where it was not open.
    days: Vec<Option<u64>>,
    /// Batches of the period by number.
    batches: Vec<Batch>,
    /// Whether a batch belongs to a day of a declared outage.
    exempt: Vec<bool>,
}

impl Seen {
    fn read(
        conn: &mut Conn,
        plan: &Plan,
        period: &Period,
        stream: &Stream,
    ) -> Result<Self, AuditError> {
        let window = std::iter::successors(Some(period.last), |day| Some(day.previous()));
        let start = window.take(WINDOW).last().unwrap_or(period.first).min(period.first);
        let mut batches = intake::batches_of_stream(conn, stream.id, start, period.last)?;
        batches.retain(|batch| batch.received_at < period.cutoff);
        let mut declared = intake::closures_of(conn, stream.id, start, period.last)?;
        declared.retain(|closure| closure.received_at < period.cutoff);
        let mut counts: BTreeMap<Day, u64> = BTreeMap::new();
        for batch in &batches {
            let amends = u64::try_from(amends_of(batch)?.len()).unwrap_or(u64::MAX);
            let own = from_row(batch.count).saturating_sub(amends);
            *counts.entry(batch.day).or_default() += own;
        }
        let is_exempt = |day: Day| exempt(plan, &declared, day);
        let days = std::iter::successors(Some(start), |day| Some(day.next()))
            .take_while(|day| *day <= period.last)
            .map(|day| {
                let open = stream.is_open_on(day) && !is_exempt(day);
                open.then(|| counts.get(&day).copied().unwrap_or(0))
            })
            .collect();
        batches.retain(|batch| period.first <= batch.day);
        let exempt = batches.iter().map(|batch| is_exempt(batch.day)).collect();
        Ok(Self { days, batches, exempt })
    }

    fn signals(&self, period: &Period) -> Result<Vec<Signal>, AuditError> {
        let arrivals: Vec<Arrival> = self
            .batches
            .iter()
            .zip(&self.exempt)
            .filter(|(_, exempt)| !**exempt)
            .map(|(batch, _)| Arrival {
                records: from_row(batch.count),
                day_ended: batch.day.end().seconds(),
                received: batch.received_at.seconds(),
            })
            .collect();
        let stamps = self.batches.iter().map(stamp).collect::<Result<Vec<_>, _>>()?;
        let (first, end) = (period.first.start().seconds(), period.last.end().seconds());
        let found = [
            end_of_period(&arrivals, first, end),
            repeated_week(&self.days),
            round_counts(&self.days),
            clock(&stamps),
        ];
        Ok(found.into_iter().flatten().collect())
    }
}

fn exempt(plan: &Plan, declared: &[DeclaredClosure], day: Day) -> bool {
    intake::exemption(declared, day, plan.close_due(day)).is_some()
}

fn stamp(batch: &Batch) -> Result<Stamp, AuditError> {
    let manifest = Manifest::logged(&batch.manifest).map_err(|cause| AuditError::Damaged {
        what: "manifest of a batch",
        id: batch.id.to_string(),
        cause: cause.to_string(),
    })?;
    Ok(Stamp {
        sealed: manifest.sealed_at.seconds(),
        latest: manifest.to.seconds(),
        received: batch.received_at.seconds(),
    })
}
