//! Where to look: what the batches of a stream show that chance does not explain (sampling.md §8).
//! Pure: counts and times in, signals out.
//!
//! A signal selects *where to look*. It deducts nothing, names nobody, is kept for a stream and a
//! period, and is never a finding by itself. At 0.5 % prevalence, 80 % sensitivity and 1 % false
//! positives only 29 % of alarms are real; so wherever there is a model of chance, the chance is
//! computed first, and a signal must be rarer than [`RARE`]. Each has innocent causes, which stand
//! beside it wherever it is shown:
//!
//! | signal | innocent causes |
//! |---|---|
//! | [`end_of_period`] | offline outlets, an accountant's routine, a backlog after an outage |
//! | [`repeated_week`] | tours and bookings that come round every week; small means repeat by chance |
//! | [`round_counts`] | groups and packages of five or ten |
//! | [`copied_outlets`] | linked counters, one register that serves two outlets; tiny counts |
//! | [`clock`] | clock drift, daylight saving abroad, an upload in another order |
//! | reused salt (opened records only) | a faulty library; it weakens the commitment all the same |
//!
//! Some signals of the table are left out on purpose. Too-even daily counts: a house of 25 rooms at
//! 90 % occupancy alarms every month. Machine-regular batches: normal for an automatic uploader, and
//! nothing registered says who types by hand. Bursts of numbers: nothing registered says what the
//! counters can do in a minute. Records on closed days are a finding of the population check.
//! Lengths of ciphertexts are never looked at.

use super::verdict::real;
use crate::foundation::db::text_enum;

text_enum! {
    /// What was seen.
    pub enum SignalKind {
        /// Most records of the period were submitted in its last twentieth or after it.
        EndOfPeriod = "end_of_period",
        /// The counts of seven days came again.
        RepeatedWeek = "repeated_week",
        /// Every daily count is a multiple of five.
        RoundCounts = "round_counts",
        /// Two outlets have the same counts day by day.
        CopiedOutlet = "copied_outlet",
        /// Batches that were sealed before their last event, or whose clock went backwards.
        Clock = "clock",
        /// Opened records of a stream with the same salt.
        ReusedSalt = "reused_salt",
    }
}

text_enum! {
    /// What an officer made of a signal.
    pub enum Made {
        /// It cannot be explained: the next audit is for cause.
        Confirmed = "confirmed",
        /// There is a good reason for it.
        Dismissed = "dismissed",
    }
}

/// A signal must be rarer than this where chance has a model: with 10,000 streams, one false alarm
/// a period and test.
pub const RARE: f64 = 1e-4;

/// Fewer records say nothing about when they are submitted.
const FEWEST_RECORDS: u64 = 50;
/// A shorter vector of open days says nothing.
const FEWEST_DAYS: usize = 7;
/// Fewer open days of a week are no week.
const FEWEST_OF_WEEK: usize = 5;
/// Fewer batches with a strange clock are an accident.
const FEWEST_BATCHES: u64 = 3;
/// Pairs of any day that stand beside those of the same weekday.
const BESIDE: f64 = 20.0;
/// Seconds by which a clock may be wrong.
const DRIFT: i64 = 600;

/// Something to look at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Signal {
    /// What was seen.
    pub kind: SignalKind,
    /// How many records, days or batches show it.
    pub part: u64,
    /// Of how many.
    pub whole: u64,
    /// How often chance alone does this, at most; `None` where chance has no model.
    pub chance: Option<f64>,
}

/// Records that came together. Times are in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// How many.
    pub records: u64,
    /// When their civil day ended.
    pub day_ended: i64,
    /// When they came.
    pub received: i64,
}

/// Whether at least half of the records were submitted in the last twentieth of the period (`first`
/// to `end`, in seconds) or after it. Records whose own day ended there could not come earlier and
/// do not count.
pub fn end_of_period(arrivals: &[Arrival], first: i64, end: i64) -> Option<Signal> {
    let edge = end - (end - first) / 20;
    let earlier = arrivals.iter().filter(|it| it.day_ended <= edge);
    let (part, whole) = earlier.fold((0_u64, 0_u64), |(part, whole), it| {
        let late = if it.received >= edge { it.records } else { 0 };
        (part.saturating_add(late), whole.saturating_add(it.records))
    });
    (whole >= FEWEST_RECORDS && part.saturating_mul(2) >= whole).then_some(Signal {
        kind: SignalKind::EndOfPeriod,
        part,
        whole,
        chance: None,
    })
}

fn float(n: usize) -> f64 {
    real(u64::try_from(n).unwrap_or(u64::MAX))
}

/// A careful upper bound of a share of which `part` of `whole` were seen.
fn at_most(part: usize, whole: usize) -> f64 {
    let share = (float(part) + 1.0) / (float(whole) + 2.0);
    (share + 2.0 * (share * (1.0 - share) / (float(whole) + 2.0)).sqrt()).min(1.0)
}

/// `share` to the power of `days`.
fn all_of(share: f64, days: usize) -> f64 {
    share.powi(i32::try_from(days).unwrap_or(i32::MAX))
}

/// How many pairs of open days there are, and how many of them are equal.
fn pairs(days: &[Option<u64>], shifts: impl Iterator<Item = usize>) -> (usize, usize) {
    shifts.fold((0, 0), |(equal, all), shift| {
        let later = days.get(shift..).unwrap_or_default();
        days.iter().zip(later).fold((equal, all), |(equal, all), pair| match pair {
            (Some(one), Some(other)) => (equal + usize::from(one == other), all + 1),
            _ => (equal, all),
        })
    })
}

/// Whether the counts of seven consecutive days came again on the same weekdays. A day that was not
/// open is `None`.
///
/// The chance is that of one open day to repeat, to the power of the open days of the week, times
/// the number of weeks that are compared. A day's own chance is the larger share of equal pairs
/// among the same weekdays and among all days, without the week in question and rounded up: a
/// business that is always full, or has the same tours every week, has a chance near one.
pub fn repeated_week(days: &[Option<u64>]) -> Option<Signal> {
    let weeks = || (7..days.len()).step_by(7);
    let same_weekday = pairs(days, weeks());
    let any_day = pairs(days, 1..days.len());
    let mut compared = 0_u64;
    let mut best: Option<(f64, usize)> = None;
    for shift in weeks() {
        let later = days.get(shift..).unwrap_or_default();
        for (week, again) in days.windows(7).zip(later.windows(7)) {
            compared += 1;
            let open = || week.iter().zip(again).filter_map(|(one, other)| one.zip(*other));
            let count = open().count();
            if count < FEWEST_OF_WEEK || open().any(|(one, other)| one != other) {
                continue;
            }
            let any = at_most(any_day.0 - count, any_day.1 - count);
            // Few pairs are of the same weekday: they count beside a number of any day.
            let (equal, all) = (float(same_weekday.0 - count), float(same_weekday.1 - count));
            let same = (equal + BESIDE * any) / (all + BESIDE);
            let share = any.max(same);
            let chance = all_of(share, count);
            if best.is_none_or(|(least, _)| chance < least) {
                best = Some((chance, count));
            }
        }
    }
    let (chance, count) = best?;
    let open = days.iter().flatten().count();
    rare(SignalKind::RepeatedWeek, (count, open), chance * real(compared))
}

fn rare(kind: SignalKind, (part, whole): (usize, usize), chance: f64) -> Option<Signal> {
    let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    (chance < RARE).then_some(Signal {
        kind,
        part: count(part),
        whole: count(whole),
        chance: Some(chance),
    })
}

/// Whether every daily count is a multiple of five. Days without a record say nothing, and a
/// business with one or two constant counts has a reason for them.
///
/// The chance of one day is a fifth, or that of a Poisson count of the same mean if it is larger.
pub fn round_counts(days: &[Option<u64>]) -> Option<Signal> {
    let counts: Vec<u64> = days.iter().flatten().copied().filter(|count| *count > 0).collect();
    let mut values = counts.clone();
    values.sort_unstable();
    values.dedup();
    if counts.len() < FEWEST_DAYS || values.len() < 3 || values.iter().any(|value| value % 5 != 0) {
        return None;
    }
    let days = u64::try_from(counts.len()).unwrap_or(u64::MAX);
    let mean = real(counts.iter().sum::<u64>()) / real(days);
    let share = multiple_of_five(mean).max(0.2);
    rare(SignalKind::RoundCounts, (counts.len(), counts.len()), all_of(share, counts.len()))
}

/// The chance that a Poisson count of this mean is a multiple of five, given that it is not 0.
fn multiple_of_five(mean: f64) -> f64 {
    if mean > 200.0 {
        return 0.2;
    }
    let (mut term, mut sum) = ((-mean).exp(), 0.0);
    let none = term;
    for count in 1..600_u64 {
        term *= mean / real(count);
        if count.is_multiple_of(5) {
            sum += term;
        }
    }
    sum / (1.0 - none)
}

/// Two outlets whose counts are the same on every day on which both were open.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Copied {
    /// The place of the first in what was given.
    pub one: usize,
    /// The place of the second.
    pub other: usize,
    /// What is shown of it.
    pub signal: Signal,
}

/// Outlets of one business with the same counts day by day.
///
/// The chance of one day is the share of equal counts between different days of the two, of the same
/// weekday or of any, rounded up; then to the power of the days, times the number of pairs of outlets.
pub fn copied_outlets(outlets: &[Vec<Option<u64>>]) -> Vec<Copied> {
    let compared = outlets.len().saturating_mul(outlets.len().saturating_sub(1)) / 2;
    let compared = real(u64::try_from(compared).unwrap_or(u64::MAX));
    let mut found = Vec::new();
    for (one, first) in outlets.iter().enumerate() {
        for (other, second) in outlets.iter().enumerate().skip(one + 1) {
            let both = || first.iter().zip(second).filter_map(|(one, other)| one.zip(*other));
            let days = both().count();
            if days < FEWEST_DAYS || both().any(|(one, other)| one != other) {
                continue;
            }
            let counts: Vec<Option<u64>> =
                first.iter().zip(second).map(|(one, other)| Some(one.zip(*other)?.0)).collect();
            // Pairs of few days depend on one another: the bound is taken as if of the days alone.
            let bound = |(equal, all): (usize, usize)| {
                at_most(equal.saturating_mul(days).div_ceil(all.max(1)), days)
            };
            let same = bound(pairs(&counts, (7..counts.len()).step_by(7)));
            let share = bound(pairs(&counts, 1..counts.len())).max(same);
            let chance = all_of(share, days) * compared;
            let signal = rare(SignalKind::CopiedOutlet, (days, days), chance);
            found.extend(signal.map(|signal| Copied { one, other, signal }));
        }
    }
    found
}

/// What a batch says of its times, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// When the manifest says that it was sealed.
    pub sealed: i64,
    /// The latest event of its records.
    pub latest: i64,
    /// When it came.
    pub received: i64,
}

/// Whether at least three batches, given in the order of their numbers, were sealed ten minutes or
/// more before their last event, or before the batch with lower numbers that came no later.
pub fn clock(batches: &[Stamp]) -> Option<Signal> {
    let mut strange = 0_u64;
    let mut before: Option<&Stamp> = None;
    for batch in batches {
        let backwards = before.is_some_and(|before| {
            batch.sealed.saturating_add(DRIFT) <= before.sealed && before.received <= batch.received
        });
        let ahead = batch.sealed.saturating_add(DRIFT) <= batch.latest;
        strange += u64::from(backwards || ahead);
        before = Some(batch);
    }
    (strange >= FEWEST_BATCHES).then(|| Signal {
        kind: SignalKind::Clock,
        part: strange,
        whole: u64::try_from(batches.len()).unwrap_or(u64::MAX),
        chance: None,
    })
}

#[cfg(test)]
mod tests;
