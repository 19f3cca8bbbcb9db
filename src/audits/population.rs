//! What is checked without opening anything (sampling.md §6.1, §6.2): numbers, days and totals of a
//! stream. These are full counts and carry no sampling error.

use std::collections::{BTreeMap, BTreeSet};

use super::verdict::real;

/// Consecutive record numbers; both ends belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The lowest number.
    pub first: u64,
    /// The highest number.
    pub last: u64,
}

impl Span {
    /// From `first` to `last`.
    pub fn new(first: u64, last: u64) -> Self {
        Self { first, last }
    }

    fn is_bad(&self) -> bool {
        self.first < 1 || self.last < self.first
    }

    /// How many numbers; 0 where it ends before it begins.
    fn count(&self) -> u128 {
        (u128::from(self.last) + 1).saturating_sub(u128::from(self.first))
    }
}

/// What an interval scan of one stream found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scan {
    /// Numbers that should exist and were not received, ascending.
    pub gaps: Vec<Span>,
    /// Numbers received before, ascending. Identical content is a harmless retransmission; other
    /// content is refused at intake and logged as equivocation.
    pub overlaps: Vec<Span>,
    /// Batches with numbers outside those that should exist, whole, ascending.
    pub outside: Vec<Span>,
    /// Batches that start below 1 or end before they begin, in arrival order.
    pub bad: Vec<Span>,
    /// Distinct numbers received among those that should exist.
    pub covered: u64,
    /// Numbers in the gaps.
    pub missing: u64,
}

fn narrow(count: u128) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// Scans the batches of one stream, in any order, against the numbers that should exist
/// (sampling.md §6.1). Numbers begin at 1. `should.last` below `should.first` means that nothing
/// should exist.
pub fn scan(batches: &[Span], should: Span) -> Scan {
    let should = Span::new(should.first.max(1), should.last);
    let mut found = Scan::default();
    let mut sorted = Vec::with_capacity(batches.len());
    for batch in batches {
        if batch.is_bad() { &mut found.bad } else { &mut sorted }.push(*batch);
    }
    sorted.sort_unstable();
    let mut covered = 0u128;
    let mut missing = 0u128;
    // The lowest number not yet seen; one beyond 64 bits after the very last.
    let mut next = u128::from(should.first);
    for batch in sorted {
        if batch.first < should.first || batch.last > should.last {
            found.outside.push(batch);
        }
        let (first, last) = (batch.first.max(should.first), batch.last.min(should.last));
        if first > last {
            continue;
        }
        let (from, to) = (u128::from(first), u128::from(last));
        if from > next {
            found.gaps.push(Span::new(narrow(next), first - 1));
            missing += from - next;
        }
        if from < next {
            found.overlaps.push(Span::new(first, narrow(to.min(next - 1))));
        }
        covered += (to + 1).saturating_sub(from.max(next));
        next = next.max(to + 1);
    }
    if next <= u128::from(should.last) {
        found.gaps.push(Span::new(narrow(next), should.last));
        missing += u128::from(should.last) + 1 - next;
    }
    found.covered = narrow(covered);
    found.missing = narrow(missing);
    found
}

/// A share with its denominator; a rate is never shown without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// Numerator.
    pub part: u64,
    /// Denominator.
    pub whole: u64,
}

impl Share {
    /// As a fraction of one; `None` of nothing.
    pub fn value(&self) -> Option<f64> {
        (self.whole > 0).then(|| real(self.part) / real(self.whole))
    }
}

/// The counts from which the rates of a stream follow (sampling.md §6.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Numbers that should exist: last − first + 1.
    pub expected: u64,
    /// Total of the day closes, if every open day with a say in it is closed. Corrections that came
    /// after the close of their day declare themselves.
    pub declared: Option<u64>,
    /// Distinct numbers received.
    pub received: u64,
    /// Numbers that should exist and were not received.
    pub missing: u64,
    /// Of `received`, those received only after their deadline.
    pub late: u64,
    /// Of `received`, those that correct an earlier number.
    pub amended: u64,
    /// The outside figures that count records against the records of their days.
    pub outside: Option<Outside>,
}

/// What figures from outside the register say, against the records of the same days. Corrections
/// are no further records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outside {
    /// The sum of the figures.
    pub declared: u64,
    /// Distinct numbers received for these days, without corrections.
    pub received: u64,
}

impl Counts {
    /// 上传率: distinct numbers received ÷ numbers that should exist by declaration, else by number.
    pub fn submitted(&self) -> Share {
        Share { part: self.received, whole: self.declared.unwrap_or(self.expected) }
    }

    /// 及时率: received before their deadline ÷ distinct received.
    pub fn timely(&self) -> Share {
        Share { part: self.received.saturating_sub(self.late), whole: self.received }
    }

    /// 连续率: 1 − missing ÷ numbers that should exist.
    pub fn continuity(&self) -> Share {
        Share { part: self.expected.saturating_sub(self.missing), whole: self.expected }
    }

    /// 对账差: declared total − distinct received; negative if more came than was declared.
    pub fn declared_gap(&self) -> Option<i128> {
        self.declared.map(|declared| i128::from(declared) - i128::from(self.received))
    }

    /// 更正率: numbers that correct an earlier one ÷ distinct received.
    pub fn corrected(&self) -> Share {
        Share { part: self.amended, whole: self.received }
    }
}

/// Delay of which half, and all but a twentieth, of the records stay within.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delays {
    /// Median, in the unit of what was given.
    pub p50: i64,
    /// 95th percentile.
    pub p95: i64,
}

/// Percentiles of delays given as (delay, records with it), by the nearest-rank rule; `None` without
/// a record.
pub fn delays(weighted: &[(i64, u64)]) -> Option<Delays> {
    let mut sorted = weighted.to_vec();
    sorted.sort_unstable();
    let total: u128 = sorted.iter().map(|(_, records)| u128::from(*records)).sum();
    let rank = |per_cent: u128| {
        let target = (total * per_cent).div_ceil(100);
        let mut seen = 0u128;
        sorted.iter().find_map(|(delay, records)| {
            seen += u128::from(*records);
            (*records > 0 && seen >= target).then_some(*delay)
        })
    };
    Some(Delays { p50: rank(50)?, p95: rank(95)? })
}

/// A received batch. Days are `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batch<'a> {
    /// Civil day of its records.
    pub day: &'a str,
    /// Its numbers.
    pub numbers: Span,
    /// Whether it came after the deadline of its day. A correction is as late as what it corrects.
    pub late: bool,
    /// Whether its numbers correct earlier ones.
    pub corrects: bool,
}

/// The close of a day that is in force: of several closes of a day, the latest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Close<'a> {
    /// The closed day, `YYYY-MM-DD`.
    pub day: &'a str,
    /// Declared first number; without meaning when `count` is 0.
    pub first: u64,
    /// Declared last number; without meaning when `count` is 0.
    pub last: u64,
    /// Declared number of records; 0 is a signed nil return.
    pub count: u64,
    /// The figures from outside the register that count records, added up; `None` where the trade
    /// has no such figure.
    pub sold: Option<u64>,
}

/// What is known of one stream in one period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct History<'a> {
    /// The lowest number that should exist: one more than the last of the previous closed period,
    /// or 1.
    pub first_expected: u64,
    /// Received batches of the period, in any order.
    pub batches: &'a [Batch<'a>],
    /// Day closes; where a day has several, the last in the slice is in force.
    pub closes: &'a [Close<'a>],
    /// Open days whose deadline has passed.
    pub due_days: &'a [&'a str],
    /// Days of a declared closure or outage: exempt, also when they stand in `due_days`.
    pub exempt_days: &'a [&'a str],
}

/// The numbers of a day: how many, and from where to where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct DayNumbers {
    /// Distinct numbers.
    pub count: u64,
    /// Lowest and highest; `None` of nothing.
    pub span: Option<Span>,
}

/// Something that a population check saw. Whether it becomes a finding, a plan says; what it means,
/// a person says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Observation {
    /// The stream began again at 1 although numbers up to `expected` − 1 were used before.
    RestartAtOne {
        /// The number that should have come first.
        expected: u64,
        /// The highest number used since the restart.
        reached: u64,
    },
    /// Numbers below those that should exist.
    Outside(Span),
    /// Numbers that should exist and were not received.
    Gap(Span),
    /// An open day with neither records nor a signed nil return.
    MissingDay(String),
    /// An open day with records that was not closed: nothing says that they are all.
    UnclosedDay(String),
    /// Records of a day that came after its deadline.
    LateDay {
        /// The day.
        day: String,
        /// Distinct numbers that came late.
        count: u64,
    },
    /// A day whose close and records differ in count, first or last number.
    CloseMismatch {
        /// The day.
        day: String,
        /// What the close says.
        declared: DayNumbers,
        /// What was received.
        received: DayNumbers,
    },
    /// Records on a day that was declared closed.
    ExemptDayUsed {
        /// The day.
        day: String,
        /// Distinct numbers of that day.
        count: u64,
    },
    /// Figures from outside the register that do not agree with the records of their days.
    OutsideGap {
        /// What the figures say.
        declared: u64,
        /// The records.
        received: u64,
    },
}

/// The result of a population check of one stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The interval scan.
    pub scan: Scan,
    /// The counts of the rates.
    pub counts: Counts,
    /// What was seen, sorted by kind, then by number or day.
    pub observations: Vec<Observation>,
}

/// The batches of one day.
#[derive(Default)]
struct Day {
    all: Vec<Span>,
    timely: Vec<Span>,
    corrections: Vec<Span>,
    others: Vec<Span>,
}

impl DayNumbers {
    fn of(spans: &[Span]) -> Self {
        let first = spans.iter().map(|span| span.first).min();
        let last = spans.iter().map(|span| span.last).max();
        let span = first.zip(last).map(|(first, last)| Span::new(first, last));
        Self { count: distinct(spans), span }
    }
}

impl Close<'_> {
    fn numbers(&self) -> DayNumbers {
        let span = (self.count > 0).then(|| Span::new(self.first, self.last));
        DayNumbers { count: self.count, span }
    }

    /// Corrections of the day that this close does not count, because they came after it; `None`
    /// if it does not agree with the records either way.
    fn uncounted(&self, day: Option<&Day>) -> Option<u64> {
        let all = day.map(Day::numbers).unwrap_or_default();
        let before = day.map(Day::without_corrections).unwrap_or_default();
        match self.numbers() {
            own if own == all => Some(0),
            own if own == before => Some(all.count - before.count),
            _ => None,
        }
    }
}

impl Day {
    fn numbers(&self) -> DayNumbers {
        DayNumbers::of(&self.all)
    }

    /// The numbers without those that correct earlier ones.
    fn without_corrections(&self) -> DayNumbers {
        DayNumbers::of(&self.others)
    }

    fn late(&self) -> u64 {
        distinct(&self.all) - distinct(&self.timely)
    }
}

fn distinct(spans: &[Span]) -> u64 {
    scan(spans, Span::new(1, u64::MAX)).covered
}

/// Checks one stream: the numbers chained to the previous period, each day's close against its
/// records, and every open day for silence or lateness. Malformed batches stand in `scan.bad` and
/// enter nothing else. Batches and closes may come in any order: it does not change the result.
pub fn check(history: &History<'_>) -> Check {
    let spans: Vec<Span> = history.batches.iter().map(|batch| batch.numbers).collect();
    let closes: BTreeMap<&str, &Close<'_>> =
        history.closes.iter().map(|close| (close.day, close)).collect();
    let first = history.first_expected.max(1);
    let declared_last = closes.values().filter(|close| close.count > 0).map(|close| close.last);
    let received_last = spans.iter().filter(|span| !span.is_bad()).map(|span| span.last);
    let last = declared_last.chain(received_last).max().unwrap_or(0);
    let should = Span::new(first, last);
    let scan = scan(&spans, should);

    let mut days: BTreeMap<&str, Day> = BTreeMap::new();
    for batch in history.batches.iter().filter(|batch| !batch.numbers.is_bad()) {
        let day = days.entry(batch.day).or_default();
        day.all.push(batch.numbers);
        if batch.corrects { &mut day.corrections } else { &mut day.others }.push(batch.numbers);
        if !batch.late {
            day.timely.push(batch.numbers);
        }
    }
    let exempt: BTreeSet<&str> = history.exempt_days.iter().copied().collect();
    let due: BTreeSet<&str> = history.due_days.iter().copied().collect();
    let answerable: Vec<&str> = due.difference(&exempt).copied().collect();

    let mut observations: Vec<Observation> =
        scan.gaps.iter().copied().map(Observation::Gap).collect();
    observations.extend(below(&scan.outside, first));
    observations.extend(days_seen(&days, &closes, &answerable, &exempt));
    let outside = outside(&days, &closes);
    observations.extend(
        outside
            .filter(|it| it.declared != it.received)
            .map(|it| Observation::OutsideGap { declared: it.declared, received: it.received }),
    );
    observations.sort_unstable();

    let received = distinct(&spans);
    let timely: Vec<Span> = days.values().flat_map(|day| day.timely.iter().copied()).collect();
    let all_closed = answerable.iter().chain(days.keys()).all(|day| closes.contains_key(day));
    let corrections: Vec<Span> =
        days.values().flat_map(|day| day.corrections.iter().copied()).collect();
    let declared = closes.iter().map(|(day, close)| {
        u128::from(close.count) + u128::from(close.uncounted(days.get(day)).unwrap_or(0))
    });
    let declared = declared.sum();
    let counts = Counts {
        expected: narrow(should.count()),
        declared: (all_closed && !closes.is_empty()).then(|| narrow(declared)),
        received,
        missing: scan.missing,
        late: received - distinct(&timely),
        amended: distinct(&corrections),
        outside,
    };
    Check { scan, counts, observations }
}

/// The outside figures of every closed day that has one, against the records of these days.
fn outside(days: &BTreeMap<&str, Day>, closes: &BTreeMap<&str, &Close<'_>>) -> Option<Outside> {
    let figures = closes.iter().filter_map(|(day, close)| Some((day, close.sold?)));
    figures.fold(None, |sum: Option<Outside>, (day, sold)| {
        let sum = sum.unwrap_or(Outside { declared: 0, received: 0 });
        let received = days.get(day).map_or(0, |day| day.without_corrections().count);
        Some(Outside {
            declared: sum.declared.saturating_add(sold),
            received: sum.received.saturating_add(received),
        })
    })
}

/// Numbers used again although the previous period ended above them. `last` covers every batch, so
/// what lies outside lies below.
fn below(outside: &[Span], first: u64) -> Vec<Observation> {
    let mut merged: Vec<Span> = Vec::new();
    for span in outside {
        match merged.last_mut() {
            Some(open) if span.first <= open.last.saturating_add(1) => {
                open.last = open.last.max(span.last);
            }
            _ => merged.push(*span),
        }
    }
    merged
        .into_iter()
        .map(|span| match span.first {
            1 => Observation::RestartAtOne { expected: first, reached: span.last },
            _ => Observation::Outside(Span::new(span.first, span.last.min(first - 1))),
        })
        .collect()
}

fn days_seen(
    days: &BTreeMap<&str, Day>,
    closes: &BTreeMap<&str, &Close<'_>>,
    answerable: &[&str],
    exempt: &BTreeSet<&str>,
) -> Vec<Observation> {
    let mut seen = Vec::new();
    for day in answerable {
        match (days.contains_key(day), closes.contains_key(day)) {
            (false, false) => seen.push(Observation::MissingDay((*day).to_owned())),
            (true, false) => seen.push(Observation::UnclosedDay((*day).to_owned())),
            (_, true) => {}
        }
    }
    for (day, batches) in days {
        let late = batches.late();
        if late > 0 {
            seen.push(Observation::LateDay { day: (*day).to_owned(), count: late });
        }
        if exempt.contains(day) {
            let count = batches.numbers().count;
            seen.push(Observation::ExemptDayUsed { day: (*day).to_owned(), count });
        }
    }
    for (day, close) in closes {
        if close.uncounted(days.get(day)).is_none() {
            let received = days.get(day).map(Day::numbers).unwrap_or_default();
            let (day, declared) = ((*day).to_owned(), close.numbers());
            seen.push(Observation::CloseMismatch { day, declared, received });
        }
    }
    seen
}

#[cfg(test)]
mod tests;
