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
use crate::foundation::time::{Clock, Day};
use crate::ledger::VerifierKey;
use crate::outside::submit::{Client, DayTotals, Sheet, commit_lines, seal_lines};
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

/// Seals or commits to what all streams send for `day`, on two threads, and leaves out what `sent`
/// says is there already.
///
/// # Errors
///
/// [`DemoError::Seal`].
pub async fn seal_day(
    plan: Arc<Plan>,
    to: Arc<SealTo>,
    sent: Arc<Sent>,
    day: Day,
) -> Result<Vec<Ready>, DemoError> {
    let half = |odd: usize| {
        let (plan, to, sent) = (Arc::clone(&plan), Arc::clone(&to), Arc::clone(&sent));
        tokio::task::spawn_blocking(move || {
            let own = plan.streams.iter().enumerate().filter(|(at, _)| at % 2 == odd);
            let open = own.filter_map(|(_, stream)| Some((stream, stream.on(day)?)));
            open.filter(|(_, day)| !day.is_mute())
                .map(|(stream, day)| prepare(&plan, &to, &sent, stream, day))
                .collect::<Result<Vec<Ready>, DemoError>>()
        })
    };
    let (one, two) = (half(0), half(1));
    let mut ready = one.await.map_err(DemoError::thread)??;
    ready.extend(two.await.map_err(DemoError::thread)??);
    Ok(ready)
}

fn prepare(
    plan: &Plan,
    to: &SealTo,
    sent: &Sent,
    stream: &StreamPlan,
    day: &DayPlan,
) -> Result<Ready, DemoError> {
    let StreamPlan { holder, stream: id, .. } = stream;
    let facts = &plan.city.holders[*holder];
    let outlet = facts.outlets.iter().find(|outlet| outlet.stream == *id);
    let outlet = outlet.ok_or(DemoError::Plan)?;
    let place = Place { city: &plan.city, sector: facts.sector, outlet, day };
    let key = to.get(&facts.sector).ok_or(DemoError::Plan)?;
    let unsent = day.batches().into_iter().filter(|(first, _)| !sent.has(*id, *first));
    let batches = unsent.map(|numbers| batch(plan, place, facts.mode, key, numbers));
    Ok(Ready {
        holder: *holder,
        batches: batches.collect::<Result<_, _>>()?,
        close: close_of(plan, place, day),
        fate: day.fate,
    })
}

fn batch(
    plan: &Plan,
    place: Place<'_>,
    mode: &'static str,
    (kid, key): &(String, SealingKey),
    (first, last): (u64, u64),
) -> Result<(Sheet, Vec<String>), DemoError> {
    let random = Random::system();
    let stream = place.outlet.stream;
    let (mut lines, mut moments, mut amends) = (Vec::new(), Vec::new(), Vec::new());
    for seq in first..=last {
        let written = records::sent(plan, place, seq);
        moments.push(written.occurred_at);
        amends.extend(plan.corrections.get(&(stream, seq)).map(|corrected| (seq, *corrected)));
        if mode == "attested" {
            lines.extend(commit_lines([written.json.as_slice()]));
            continue;
        }
        // A record that nobody can open is sealed to a key that nobody has.
        let key = if plan.defect(stream, seq) == Some(Kind::Unopenable) {
            *OpeningKey::generate(&random)?.sealing_key()
        } else {
            *key
        };
        lines.extend(seal_lines([written.json.as_slice()], kid, &key, &random)?);
    }
    let (from, to) = moments.iter().min().zip(moments.iter().max()).ok_or(DemoError::Plan)?;
    let sheet = Sheet {
        stream,
        day: place.day.day,
        mode,
        pack: place.sector.pack().to_owned(),
        first,
        from: *from,
        to: *to,
        amends,
    };
    Ok((sheet, lines))
}

/// What the close of the day says: the truth, or a few records too few.
fn close_of(plan: &Plan, place: Place<'_>, day: &DayPlan) -> DayTotals {
    let numbers = day.first..day.first + day.count();
    let corrections = plan
        .corrections
        .keys()
        .filter(|(stream, seq)| *stream == place.outlet.stream && numbers.contains(seq));
    let corrections = u64::try_from(corrections.count()).unwrap_or(0);
    let sold = day.arrivals.saturating_sub(corrections);
    let totals = place.sector.totals(place.outlet.subtype, sold).into_iter();
    DayTotals {
        stream: place.outlet.stream,
        day: day.day,
        numbers: (day.count() > 0).then(|| (day.first, day.first + day.count() - 1)),
        count: day.sent().saturating_sub(day.understated),
        totals: totals.map(|(name, figure)| (name.to_owned(), figure)).collect(),
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
