//! What goes wrong in the city, and the truth about it: planted before anything is sent, kept to
//! be compared with what was found. Pure and seeded.

use std::collections::BTreeMap;

use super::city::{City, Holder, Outlet, Sector};
use crate::foundation::Random;
use crate::foundation::ids::StreamId;
use crate::foundation::time::Day;

/// A kind of defect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Numbers that are never sent.
    Gap,
    /// A day with neither records nor a signed nil return.
    MissingDay,
    /// A day that is sent after its deadline.
    LateDay,
    /// A day close that states another count than was sent.
    CloseMismatch,
    /// A record without one of its fields.
    MissingField,
    /// A document number with a wrong check digit.
    WrongCheckDigit,
    /// A minor without guardian.
    MinorAlone,
    /// A parcel without its item.
    MissingItem,
    /// A record that cannot be opened.
    Unopenable,
}

impl Kind {
    /// Every kind, those that concern days first.
    pub const ALL: [Kind; 9] = [
        Kind::Gap,
        Kind::MissingDay,
        Kind::LateDay,
        Kind::CloseMismatch,
        Kind::MissingField,
        Kind::WrongCheckDigit,
        Kind::MinorAlone,
        Kind::MissingItem,
        Kind::Unopenable,
    ];

    /// Whether it is seen without opening any record.
    pub const fn of_population(self) -> bool {
        matches!(self, Kind::Gap | Kind::MissingDay | Kind::LateDay | Kind::CloseMismatch)
    }
}

/// How careful a duty holder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// No record fails.
    Clean,
    /// This many records in ten thousand fail, 50 to 200.
    Careless(u64),
    /// Exactly as many records fail as are tolerated: five in a hundred, rounded down.
    AtLimit,
    /// This many records in ten thousand fail, 1,500 to 3,000.
    Bad(u64),
}

/// What becomes of a day of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is sent in time.
    Sent,
    /// It is sent after its deadline.
    Late,
    /// It is never sent, and nobody says anything.
    Silent,
}

/// One day of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayPlan {
    /// The day.
    pub day: Day,
    /// What becomes of it.
    pub fate: Fate,
    /// Its first number, if it has any.
    pub first: u64,
    /// In lodging: guests who leave; their records come first.
    pub departures: u64,
    /// In lodging: guests who arrive. For couriers: everything.
    pub arrivals: u64,
    /// The number of the record by which the first leaving guest had arrived; `None`: before the
    /// stream began.
    pub arrived_as: Option<u64>,
    /// Numbers of the day that are never sent: from, to.
    pub gap: Option<(u64, u64)>,
    /// By how many records the close says too few.
    pub understated: u64,
}

impl DayPlan {
    /// Numbers that the day takes.
    pub const fn count(&self) -> u64 {
        self.departures + self.arrivals
    }

    /// The numbers that are sent, in one or two batches: first and last of each.
    pub fn batches(&self) -> Vec<(u64, u64)> {
        if self.count() == 0 || self.fate == Fate::Silent {
            return Vec::new();
        }
        let last = self.first + self.count() - 1;
        match self.gap {
            None => vec![(self.first, last)],
            Some((from, to)) => vec![(self.first, from - 1), (to + 1, last)],
        }
    }

    /// How many records are sent.
    pub fn sent(&self) -> u64 {
        self.batches().iter().map(|(first, last)| last - first + 1).sum()
    }

    /// Whether number `seq` belongs to a guest who leaves.
    pub const fn leaves(&self, seq: u64) -> bool {
        seq < self.first + self.departures
    }
}

/// All days of a stream.
#[derive(Clone, Debug)]
pub struct StreamPlan {
    /// Index of the duty holder.
    pub holder: usize,
    /// The stream.
    pub stream: StreamId,
    /// Its days, in order.
    pub days: Vec<DayPlan>,
}

/// What a duty holder's records are in truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Records sent.
    pub records: u64,
    /// Those that fail.
    pub failing: u64,
}

impl Standing {
    /// The tolerable number: five in a hundred, at least one (sampling.md §1).
    pub const fn tolerable(&self) -> u64 {
        let share = self.records / 20;
        if share > 1 { share } else { 1 }
    }

    /// Whether at most the tolerable number fails.
    pub const fn compliant(&self) -> bool {
        self.failing <= self.tolerable()
    }
}

/// The city with everything that goes wrong in it.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The city.
    pub city: City,
    /// Every stream, by duty holder.
    pub streams: Vec<StreamPlan>,
    /// Every planted record, by stream and number.
    pub records: BTreeMap<(StreamId, u64), Kind>,
    /// Each duty holder's standing.
    pub standings: Vec<Standing>,
}

/// How often each kind of day is planted.
const DAYS: [(Kind, usize); 4] =
    [(Kind::Gap, 8), (Kind::MissingDay, 5), (Kind::LateDay, 6), (Kind::CloseMismatch, 5)];

impl Plan {
    /// Plants defects in `city`.
    pub fn of(city: City) -> Plan {
        let random = Random::seeded(city.size.seed ^ 0x9e37_79b9_7f4a_7c15);
        let planted_days = choose_days(&city, &random);
        let streams: Vec<StreamPlan> = city
            .outlets()
            .enumerate()
            .map(|(at, (holder, facts, outlet))| {
                let days = plan_days(&city, facts, outlet, at, &planted_days, &random);
                StreamPlan { holder, stream: outlet.stream, days }
            })
            .collect();
        let mut records = BTreeMap::new();
        let mut standings = Vec::new();
        for (at, holder) in city.holders.iter().enumerate() {
            let class = class_of(&city, at, &random);
            let own = streams.iter().filter(|stream| stream.holder == at);
            standings.push(plant_records(own, holder.sector, class, &random, &mut records));
        }
        Plan { city, streams, records, standings }
    }

    /// Every planted day: stream, day, kind.
    pub fn planted_days(&self) -> impl Iterator<Item = (StreamId, Day, Kind)> {
        self.streams.iter().flat_map(|stream| {
            stream.days.iter().flat_map(move |day| {
                let kinds = [
                    (day.gap.is_some(), Kind::Gap),
                    (day.fate == Fate::Silent, Kind::MissingDay),
                    (day.fate == Fate::Late, Kind::LateDay),
                    (day.understated > 0, Kind::CloseMismatch),
                ];
                let kinds = kinds.into_iter().filter(|(planted, _)| *planted);
                kinds.map(move |(_, kind)| (stream.stream, day.day, kind))
            })
        })
    }

    /// Records that are sent, over all streams.
    pub fn total(&self) -> u64 {
        self.standings.iter().map(|standing| standing.records).sum()
    }
}

type Planted = BTreeMap<(usize, usize), Kind>;

/// Draws a stream and a day for each planted day; never the same twice.
fn choose_days(city: &City, random: &Random) -> Planted {
    let streams: Vec<_> = city.outlets().collect();
    let days: Vec<Day> = city.days().collect();
    let mut planted = Planted::new();
    for (kind, wanted) in DAYS {
        let (mut have, mut tries) = (0, 0);
        while have < wanted && tries < 10_000 {
            tries += 1;
            let (stream, day) = (below(random, streams.len()), below(random, days.len()));
            let (_, holder, outlet) = streams[stream];
            // The edges of the period are left alone: a late day needs two more days.
            let inside = day >= 1 && day + 3 <= days.len();
            let busy = city.volume(holder.sector, outlet, days[day]) >= 12;
            if inside && busy && !rests(holder.sector, stream, days[day]) {
                planted.entry((stream, day)).or_insert_with(|| {
                    have += 1;
                    kind
                });
            }
        }
    }
    planted
}

fn below(random: &Random, bound: usize) -> usize {
    usize::try_from(random.below(u64::try_from(bound).unwrap_or(1))).unwrap_or(0)
}

/// Every sixth courier's counter is closed on Sundays, and says so.
fn rests(sector: Sector, stream: usize, day: Day) -> bool {
    sector == Sector::Courier && stream.is_multiple_of(6) && day.weekday() == 6
}

fn plan_days(
    city: &City,
    holder: &Holder,
    outlet: &Outlet,
    stream: usize,
    planted: &Planted,
    random: &Random,
) -> Vec<DayPlan> {
    let (mut next, mut guests, mut arrived_as) = (1, None, None);
    let mut days = Vec::new();
    for (at, day) in city.days().enumerate() {
        let kind = planted.get(&(stream, at)).copied();
        let closed = rests(holder.sector, stream, day);
        let volume = if closed { 0 } else { city.volume(holder.sector, outlet, day) };
        let fate = match kind {
            Some(Kind::MissingDay) => Fate::Silent,
            Some(Kind::LateDay) => Fate::Late,
            _ => Fate::Sent,
        };
        let (departures, arrivals) = match (fate, holder.sector) {
            (Fate::Silent, _) => (0, 0),
            (_, Sector::Courier) => (0, volume),
            // Everybody stays one night; who left on the first day had come before the stream began.
            (_, Sector::Lodging) => (guests.unwrap_or(volume / 2), volume.div_ceil(2)),
        };
        let count = departures + arrivals;
        days.push(DayPlan {
            day,
            fate,
            first: next,
            departures,
            arrivals,
            arrived_as,
            gap: (kind == Some(Kind::Gap)).then(|| {
                let from = next + count / 3;
                (from, from + random.below(5))
            }),
            understated: if kind == Some(Kind::CloseMismatch) { 1 + random.below(3) } else { 0 },
        });
        arrived_as = Some(next + departures);
        guests = Some(arrivals);
        next += count;
    }
    days
}

/// Three duty holders in lodging and two couriers are bad, one is exactly at the limit, about one in
/// four is careless.
fn class_of(city: &City, at: usize, random: &Random) -> Class {
    let lodging = usize::try_from(city.size.lodging).unwrap_or(0);
    let place = if at < lodging { at } else { at - lodging };
    let bad = if at < lodging { place % 13 == 4 } else { place % 10 == 7 };
    if bad {
        Class::Bad(1_500 + random.below(1_501))
    } else if at == 9 {
        Class::AtLimit
    } else if random.below(4) == 0 {
        Class::Careless(50 + random.below(151))
    } else {
        Class::Clean
    }
}

fn plant_records<'a>(
    streams: impl Iterator<Item = &'a StreamPlan>,
    sector: Sector,
    class: Class,
    random: &Random,
    into: &mut BTreeMap<(StreamId, u64), Kind>,
) -> Standing {
    let mut sent: Vec<(StreamId, u64, bool)> = Vec::new();
    for stream in streams {
        for day in &stream.days {
            for (first, last) in day.batches() {
                sent.extend((first..=last).map(|seq| (stream.stream, seq, day.leaves(seq))));
            }
        }
    }
    let records = u64::try_from(sent.len()).unwrap_or(0);
    let standing = Standing { records, failing: 0 };
    let failing = match class {
        Class::Clean => 0,
        Class::AtLimit => standing.tolerable(),
        Class::Careless(share) | Class::Bad(share) => records * share / 10_000,
    };
    for planted in 0..usize::try_from(failing).unwrap_or(0).min(sent.len()) {
        let other = planted + below(random, sent.len() - planted);
        sent.swap(planted, other);
        let (stream, seq, leaves) = sent[planted];
        into.insert((stream, seq), kind_for(sector, leaves, random.below(100)));
    }
    Standing { failing, ..standing }
}

/// The kind of defect for a record, by a number below 100.
const fn kind_for(sector: Sector, leaves: bool, die: u64) -> Kind {
    match (sector, leaves, die) {
        (_, _, 0..15) => Kind::Unopenable,
        (Sector::Lodging, true, _) | (Sector::Lodging, false, 15..45) => Kind::MissingField,
        (Sector::Lodging, false, 45..75) | (Sector::Courier, _, 15..40) => Kind::WrongCheckDigit,
        (Sector::Lodging, false, _) => Kind::MinorAlone,
        (Sector::Courier, _, 40..60) => Kind::MissingField,
        (Sector::Courier, ..) => Kind::MissingItem,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::city::tests::size;
    use super::*;

    pub(crate) fn plan() -> Plan {
        Plan::of(City::invent(size(100_000)))
    }

    #[test]
    fn every_kind_is_planted_as_often_as_it_should_be() {
        let plan = plan();
        for (kind, wanted) in DAYS {
            let have = plan.planted_days().filter(|(.., planted)| *planted == kind).count();
            assert_eq!(have, wanted, "{kind:?}");
        }
        for kind in Kind::ALL.into_iter().filter(|kind| !kind.of_population()) {
            assert!(plan.records.values().any(|planted| *planted == kind), "{kind:?}");
        }
    }

    #[test]
    fn one_duty_holder_is_exactly_at_the_limit_and_five_are_far_beyond_it() {
        let plan = plan();
        let at_limit = plan.standings.iter().filter(|s| s.failing == s.tolerable()).count();
        assert_eq!(at_limit, 1);
        let bad: Vec<_> = plan.standings.iter().filter(|s| !s.compliant()).collect();
        assert_eq!(bad.len(), 5);
        assert!(bad.iter().all(|s| s.failing * 100 >= s.records * 14));
        let rest = plan.standings.iter().filter(|s| s.compliant() && s.failing < s.tolerable());
        assert!(rest.clone().all(|s| s.failing * 1_000 <= s.records * 20));
        assert!(rest.filter(|s| s.failing == 0).count() >= 30);
    }

    #[test]
    fn numbers_run_on_and_only_planted_gaps_interrupt_them() {
        for stream in plan().streams {
            let mut next = 1;
            for day in &stream.days {
                assert_eq!(day.first, next);
                next += day.count();
                let missing = day.count() - day.sent();
                let gap = day.gap.map_or(0, |(from, to)| to - from + 1);
                assert_eq!(missing, gap);
                assert!(day.fate != Fate::Silent || day.count() == 0);
            }
        }
    }

    #[test]
    fn whoever_leaves_had_arrived_the_day_before() {
        let plan = plan();
        let inn = &plan.streams[0];
        for pair in inn.days.windows(2) {
            assert_eq!(pair[1].departures, pair[0].arrivals);
            assert_eq!(pair[1].arrived_as, Some(pair[0].first + pair[0].departures));
        }
    }

    #[test]
    fn what_is_planted_was_sent() {
        let plan = plan();
        assert_eq!(
            plan.records.len(),
            usize::try_from(plan.standings.iter().map(|s| s.failing).sum::<u64>()).unwrap()
        );
        for (stream, seq) in plan.records.keys() {
            let days = plan.streams.iter().find(|s| s.stream == *stream).unwrap();
            assert!(
                days.days.iter().flat_map(DayPlan::batches).any(|(a, b)| (a..=b).contains(seq))
            );
        }
    }
}
