//! Sealing and pushing one day of the whole city, with several connections at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::stream::{self, TryStreamExt as _};

use super::city::Sector;
use super::plant::{DayPlan, Fate, Kind, Plan, StreamPlan};
use super::progress::Progress;
use super::records::{self, Place};
use super::{DemoError, state::Sent};
use crate::foundation::Random;
use crate::foundation::crypto::sealing::{OpeningKey, SealingKey};
use crate::foundation::time::Clock;
use crate::ledger::VerifierKey;
use crate::outside::submit::{Client, DayTotals, Sheet, seal_lines};
use crate::outside::verify;

/// Connections that are used at once.
const CONNECTIONS: usize = 6;

/// The audit key of a sector's department: its `kid` and its public half.
pub type SealTo = BTreeMap<Sector, (String, SealingKey)>;

/// What one stream sends for one day, ready to be signed.
#[derive(Debug)]
pub struct Ready {
    holder: usize,
    batches: Vec<(Sheet, Vec<String>)>,
    close: DayTotals,
    fate: Fate,
}

impl Ready {
    /// Whether it waits until after the deadline.
    pub fn is_late(&self) -> bool {
        self.fate == Fate::Late
    }
}

/// Seals what all streams send for day number `day`, on two threads, and leaves out what `sent`
/// says is there already.
///
/// # Errors
///
/// [`DemoError::Seal`].
pub async fn seal_day(
    plan: Arc<Plan>,
    to: Arc<SealTo>,
    sent: Arc<Sent>,
    day: usize,
) -> Result<Vec<Ready>, DemoError> {
    let half = |odd: usize| {
        let (plan, to, sent) = (Arc::clone(&plan), Arc::clone(&to), Arc::clone(&sent));
        tokio::task::spawn_blocking(move || {
            let own = plan.streams.iter().enumerate().filter(|(at, _)| at % 2 == odd);
            own.filter(|(_, stream)| stream.days[day].fate != Fate::Silent)
                .map(|(at, _)| seal_stream(&plan, &to, &sent, at, day))
                .collect::<Result<Vec<Ready>, DemoError>>()
        })
    };
    let (one, two) = (half(0), half(1));
    let mut ready = one.await.map_err(DemoError::thread)??;
    ready.extend(two.await.map_err(DemoError::thread)??);
    Ok(ready)
}

fn seal_stream(
    plan: &Plan,
    to: &SealTo,
    sent: &Sent,
    stream: usize,
    day: usize,
) -> Result<Ready, DemoError> {
    let StreamPlan { holder, stream: id, days } = &plan.streams[stream];
    let facts = &plan.city.holders[*holder];
    let outlet = facts.outlets.iter().find(|outlet| outlet.stream == *id);
    let outlet = outlet.ok_or(DemoError::Plan)?;
    let day = &days[day];
    let place = Place { city: &plan.city, sector: facts.sector, outlet, day };
    let key = to.get(&facts.sector).ok_or(DemoError::Plan)?;
    let unsent = day.batches().into_iter().filter(|(first, _)| !sent.has(*id, *first));
    let batches = unsent.map(|numbers| seal_batch(plan, place, key, numbers));
    Ok(Ready {
        holder: *holder,
        batches: batches.collect::<Result<_, _>>()?,
        close: close_of(place, day),
        fate: day.fate,
    })
}

fn seal_batch(
    plan: &Plan,
    place: Place<'_>,
    (kid, key): &(String, SealingKey),
    (first, last): (u64, u64),
) -> Result<(Sheet, Vec<String>), DemoError> {
    let random = Random::system();
    let stream = place.outlet.stream;
    let mut lines = Vec::new();
    let (mut from, mut to) = (None, None);
    for seq in first..=last {
        let defect = plan.records.get(&(stream, seq)).copied();
        let written = records::write(place, seq, defect);
        from = from.or(Some(written.occurred_at));
        to = Some(written.occurred_at);
        // A record that nobody can open is sealed to a key that nobody has.
        let key = if defect == Some(Kind::Unopenable) {
            *OpeningKey::generate(&random)?.sealing_key()
        } else {
            *key
        };
        lines.extend(seal_lines([written.json.as_slice()], kid, &key, &random)?);
    }
    let (from, to) = from.zip(to).ok_or(DemoError::Plan)?;
    let sheet = Sheet {
        stream,
        day: place.day.day,
        mode: "sealed",
        pack: place.sector.pack().to_owned(),
        first,
        from,
        to,
        amends: Vec::new(),
    };
    Ok((sheet, lines))
}

/// What the close of the day says: the truth, or a few records too few.
fn close_of(place: Place<'_>, day: &DayPlan) -> DayTotals {
    let sold = match place.sector {
        Sector::Lodging => day.arrivals,
        Sector::Courier => day.count(),
    };
    DayTotals {
        stream: place.outlet.stream,
        day: day.day,
        numbers: (day.count() > 0).then(|| (day.first, day.first + day.count() - 1)),
        count: day.sent().saturating_sub(day.understated),
        totals: BTreeMap::from([(place.sector.total().to_owned(), sold)]),
    }
}

/// Signs and pushes `ready` with the clients of the duty holders, checks every receipt with the
/// log's key, and closes the days that `sent` does not name.
///
/// # Errors
///
/// [`DemoError::Refused`] for the first refusal and [`DemoError::Receipt`] for the first receipt
/// that proves nothing: none is expected.
pub async fn push_day(
    ready: Vec<Ready>,
    clients: &[Client],
    clock: &Clock,
    (log, sent): (&VerifierKey, &Sent),
    progress: &Progress,
) -> Result<(), DemoError> {
    let mut by_holder: BTreeMap<usize, Vec<Ready>> = BTreeMap::new();
    for one in ready {
        by_holder.entry(one.holder).or_default().push(one);
    }
    stream::iter(by_holder.into_iter().map(Ok::<_, DemoError>))
        .try_for_each_concurrent(CONNECTIONS, |(holder, days)| async move {
            let client = clients.get(holder).ok_or(DemoError::Plan)?;
            for day in days {
                for (sheet, lines) in &day.batches {
                    let batch = client.shop().batch(sheet, lines, clock.now())?;
                    let answer = client.push(&batch).await?;
                    verify::batch(&answer.body, &batch.body, log)?;
                    progress.step(u64::try_from(lines.len()).unwrap_or(0));
                }
                if !sent.has_closed(day.close.stream, day.close.day) {
                    client.close(&day.close).await?;
                }
            }
            Ok(())
        })
        .await
}
