//! What goes wrong in the city, and the truth about it: planted before anything is sent, kept to
//! be compared with what was found. Pure and seeded; the planting itself is in
//! `planting`.

use std::collections::BTreeMap;

use super::city::City;
pub use super::kind::Kind;
use super::small::{DROP_FROM, Role};
use crate::foundation::ids::StreamId;
use crate::foundation::time::Day;

/// What becomes of a day of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is sent in time.
    Sent,
    /// It is sent after its deadline.
    Late,
    /// It is never sent, and nobody says anything.
    Silent,
    /// The business is closed, and has said so beforehand.
    Closed,
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
        if self.count() == 0 || self.is_mute() {
            return Vec::new();
        }
        let last = self.first + self.count() - 1;
        match self.gap {
            None => vec![(self.first, last)],
            Some((from, to)) => vec![(self.first, from - 1), (to + 1, last)],
        }
    }

    /// Whether neither records nor a close are sent.
    pub const fn is_mute(&self) -> bool {
        matches!(self.fate, Fate::Silent | Fate::Closed)
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
    /// Its days, in order, without one left out.
    pub days: Vec<DayPlan>,
}

impl StreamPlan {
    /// The plan of `day`; `None` where the stream is not open.
    pub fn on(&self, day: Day) -> Option<&DayPlan> {
        let since = day.days_since(&self.days.first()?.day);
        self.days.get(usize::try_from(since).ok()?)
    }
}

/// A record that was wrong, and what corrects it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Correction {
    /// What is wrong with the record.
    pub kind: Kind,
    /// The number that corrects it.
    pub by: u64,
}

/// A closure that is declared beforehand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closure {
    /// Index of the duty holder.
    pub holder: usize,
    /// The stream.
    pub stream: StreamId,
    /// The first day.
    pub from: Day,
    /// The last day.
    pub to: Day,
}

/// What goes wrong and leaves no trace that any method here could see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hidden {
    /// Customers who were served and never recorded, spread evenly.
    pub never_recorded: u64,
    /// The same behind a sudden drop, which draws attention and names nobody.
    pub behind_drop: u64,
    /// Records of customers who showed the true document of another.
    pub borrowed: u64,
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
    /// Records that were wrong and are corrected in time, by stream and number.
    pub corrected: BTreeMap<(StreamId, u64), Correction>,
    /// Records that correct another, with the number of that one.
    pub corrections: BTreeMap<(StreamId, u64), u64>,
    /// Declared closures.
    pub closures: Vec<Closure>,
    /// Each duty holder's standing.
    pub standings: Vec<Standing>,
    /// What nobody can see.
    pub hidden: Hidden,
}

impl Plan {
    /// Every planted day: stream, day, kind.
    pub fn planted_days(&self) -> impl Iterator<Item = (StreamId, Day, Kind)> {
        self.streams.iter().flat_map(|stream| {
            stream.days.iter().flat_map(move |day| {
                let kinds = [
                    (day.fate == Fate::Closed, Kind::ClosedDay),
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

    /// What is written wrong into record `seq` of `stream`.
    pub fn defect(&self, stream: StreamId, seq: u64) -> Option<Kind> {
        let planted = self.records.get(&(stream, seq)).copied();
        planted.or_else(|| Some(self.corrected.get(&(stream, seq))?.kind))
    }

    /// Whether the duty holder discloses nothing.
    pub fn is_silent(&self, holder: usize) -> bool {
        self.role(holder) == Some(Role::Silent)
    }

    /// The first day on which the duty holder records far fewer customers than before.
    pub fn drop_of(&self, holder: usize) -> Option<Day> {
        let drops = self.role(holder) == Some(Role::Drops);
        drops.then(|| self.city.size.first_day.plus(DROP_FROM))
    }

    /// The part of a small business.
    pub fn role(&self, holder: usize) -> Option<Role> {
        self.city.holders.get(holder)?.role
    }

    /// Records that are sent, over all streams.
    pub fn total(&self) -> u64 {
        self.standings.iter().map(|standing| standing.records).sum()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::city::Size;
    use super::super::city::tests::size;
    use super::super::planting::DAYS;
    use super::*;

    pub(crate) fn plan() -> Plan {
        let size = Size { lodging: 27, courier: 14, ..size(100_000) };
        Plan::of(City::of_all_trades(size))
    }

    #[test]
    fn every_kind_is_planted_as_often_as_it_should_be() {
        let plan = plan();
        for (kind, wanted) in DAYS {
            let have = plan.planted_days().filter(|(.., planted)| *planted == kind).count();
            assert_eq!(have, wanted, "{kind:?}");
        }
        for kind in Kind::ALL.into_iter().filter(|kind| !kind.of_population()) {
            let planted = plan.records.values().any(|planted| *planted == kind);
            assert!(planted || kind == Kind::Corrected, "{kind:?}");
        }
        assert!(plan.corrected.len() >= 10);
        assert_eq!(plan.closures.len(), 1);
        let Hidden { never_recorded, behind_drop, borrowed } = plan.hidden;
        assert!(never_recorded > 50 && behind_drop > 80 && borrowed == 40, "{:?}", plan.hidden);
    }

    #[test]
    fn one_duty_holder_is_exactly_at_the_limit_and_eight_are_far_beyond_it() {
        let plan = plan();
        let at_limit = plan.standings.iter().filter(|s| s.failing == s.tolerable()).count();
        assert_eq!(at_limit, 1);
        let bad: Vec<_> = plan.standings.iter().filter(|s| !s.compliant()).collect();
        assert_eq!(bad.len(), 8);
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
                assert!(!day.is_mute() || day.count() == 0);
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
