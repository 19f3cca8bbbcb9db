//! Planting: which days, records and customers go wrong. Pure and seeded.

use std::collections::BTreeMap;

use super::city::{City, Holder, Outlet, Sector};
use super::plant::{Closure, Correction, DayPlan, Fate, Hidden, Kind, Plan, Standing, StreamPlan};
use super::small::{self, Role};
use crate::foundation::Random;
use crate::foundation::ids::StreamId;
use crate::foundation::time::Day;

/// How careful a duty holder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    /// No record fails.
    Clean,
    /// This many records in ten thousand fail, 50 to 200.
    Careless(u64),
    /// Exactly as many records fail as are tolerated: five in a hundred, rounded down.
    AtLimit,
    /// This many records in ten thousand fail, 1,500 or more.
    Bad(u64),
    /// No record is disclosed.
    Silent,
}

/// How often each kind of day is planted.
pub(super) const DAYS: [(Kind, usize); 4] =
    [(Kind::Gap, 8), (Kind::MissingDay, 5), (Kind::LateDay, 6), (Kind::CloseMismatch, 5)];

impl Plan {
    /// Plants defects in `city`.
    pub fn of(city: City) -> Plan {
        let random = Random::seeded(city.size.seed ^ 0x9e37_79b9_7f4a_7c15);
        let planted_days = choose_days(&city, &random);
        let mut plan = Plan {
            city,
            streams: Vec::new(),
            records: BTreeMap::new(),
            corrected: BTreeMap::new(),
            corrections: BTreeMap::new(),
            closures: Vec::new(),
            standings: Vec::new(),
            hidden: Hidden::default(),
        };
        plan.streams = plan
            .city
            .outlets()
            .enumerate()
            .map(|(at, (holder, facts, outlet))| {
                let days = match facts.role {
                    Some(role) => small_days(&plan.city, facts, outlet, role),
                    None => plan_days(&plan.city, facts, outlet, at, &planted_days, &random),
                };
                StreamPlan { holder, stream: outlet.stream, days }
            })
            .collect();
        for at in 0..plan.city.holders.len() {
            let class = class_of(&plan.city, at, &random);
            let standing = plant_records(&mut plan, at, class, &random);
            plan.standings.push(standing);
        }
        plan.declare_and_correct();
        plan.hide();
        plan
    }

    /// Closures and corrections of the small businesses whose part they are.
    fn declare_and_correct(&mut self) {
        for stream in &self.streams {
            let id = stream.stream;
            match self.city.holders[stream.holder].role {
                Some(Role::Corrects) => {
                    for day in stream.days.iter().filter(|day| day.count() >= 3) {
                        let by = day.first + day.count() - 1;
                        let correction = Correction { kind: Kind::MissingField, by };
                        self.corrected.insert((id, day.first), correction);
                        self.corrections.insert((id, by), day.first);
                    }
                }
                Some(Role::Closes) => {
                    let mut closed = stream.days.iter().filter(|day| day.fate == Fate::Closed);
                    let first = closed.next().map(|day| day.day);
                    let last = closed.next_back().map(|day| day.day);
                    if let Some((from, to)) = first.zip(last) {
                        self.closures.push(Closure { holder: stream.holder, stream: id, from, to });
                    }
                }
                _ => {}
            }
        }
    }

    /// What nobody will see: one hotel leaves out one guest in twenty-five, another takes forty
    /// documents that are true and not their bearers', and behind the drop are those whom it leaves
    /// out.
    fn hide(&mut self) {
        let sent = |at: usize| self.standings.get(at).map_or(0, |standing| standing.records);
        let mut behind_drop = 0;
        for stream in &self.streams {
            let holder = &self.city.holders[stream.holder];
            let outlet = holder.outlets.iter().find(|outlet| outlet.stream == stream.stream);
            let Some(outlet) = outlet.filter(|_| holder.role == Some(Role::Drops)) else {
                continue;
            };
            for day in &stream.days {
                let served = self.city.volume(holder.sector, outlet, day.day);
                behind_drop += served.saturating_sub(day.count());
            }
        }
        self.hidden =
            Hidden { never_recorded: sent(0) / 25, behind_drop, borrowed: 40.min(sent(1)) };
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
            let large = holder.role.is_none();
            let inside = day >= 1 && day + 3 <= days.len();
            let busy = city.volume(holder.sector, outlet, days[day]) >= 12;
            if large && inside && busy && !rests(holder.sector, stream, days[day]) {
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
            // Everybody stays one night; who left on the first day had come before the stream began.
            (_, Sector::Lodging) => (guests.unwrap_or(volume / 2), volume.div_ceil(2)),
            _ => (0, volume),
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

/// The days of a small business, from its first on.
fn small_days(city: &City, holder: &Holder, outlet: &Outlet, role: Role) -> Vec<DayPlan> {
    let first = city.opened_on(holder);
    let mut next = 1;
    let mut days = Vec::new();
    for day in std::iter::successors(Some(first), |day| Some(day.next())) {
        if day > city.last_day() {
            break;
        }
        let at = u32::try_from(day.days_since(&city.size.first_day)).ok();
        let closed = role == Role::Closes && at.is_some_and(|at| small::CLOSED.contains(&at));
        let dropped = role == Role::Drops && at.is_some_and(|at| at >= small::DROP_FROM);
        let served = city.volume(holder.sector, outlet, day);
        let arrivals = match (closed, dropped) {
            (true, _) => 0,
            (_, true) => served / small::DROP_TO,
            _ => served,
        };
        days.push(DayPlan {
            day,
            fate: if closed { Fate::Closed } else { Fate::Sent },
            first: next,
            departures: 0,
            arrivals,
            arrived_as: None,
            gap: None,
            understated: 0,
        });
        next += arrivals;
    }
    days
}

/// About one hotel in thirteen and one courier in ten are bad, one is exactly at the limit, about one
/// in four is careless; small businesses are what their part says.
fn class_of(city: &City, at: usize, random: &Random) -> Class {
    match city.holders[at].role {
        Some(Role::Careless) => return Class::Bad(3_000),
        Some(Role::Silent) => return Class::Silent,
        Some(_) => return Class::Clean,
        None => {}
    }
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

/// Plants failing records of a duty holder; gives what its records are in truth.
fn plant_records(plan: &mut Plan, holder: usize, class: Class, random: &Random) -> Standing {
    let mut sent: Vec<(StreamId, u64, bool)> = Vec::new();
    for stream in plan.streams.iter().filter(|stream| stream.holder == holder) {
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
        Class::Silent => records,
    };
    for planted in 0..usize::try_from(failing).unwrap_or(0).min(sent.len()) {
        let other = planted + below(random, sent.len() - planted);
        sent.swap(planted, other);
        let (stream, seq, leaves) = sent[planted];
        let facts = &plan.city.holders[holder];
        let kind = match class {
            Class::Silent => Kind::Undisclosed,
            _ => kind_for(facts, leaves, random.below(100)),
        };
        plan.records.insert((stream, seq), kind);
    }
    Standing { failing, ..standing }
}

/// The kind of defect for a record, by a number below 100.
fn kind_for(holder: &Holder, leaves: bool, die: u64) -> Kind {
    match (holder.sector, leaves, die) {
        (_, _, 0..15) if holder.mode == "sealed" => Kind::Unopenable,
        (Sector::Lodging, true, _) | (Sector::Lodging, false, 0..45) => Kind::MissingField,
        (Sector::Lodging, false, 45..75) | (Sector::Courier, _, 0..40) => Kind::WrongCheckDigit,
        (Sector::Lodging, false, _) => Kind::MinorAlone,
        (Sector::Courier, _, 40..60) => Kind::MissingField,
        (Sector::Courier, ..) => Kind::MissingItem,
        (_, _, 0..60) => Kind::MissingField,
        _ => Kind::Unverified,
    }
}
