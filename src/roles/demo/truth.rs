//! What was planted against what was found. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::city::Sector;
use super::plant::{Fate, Hidden, Kind, Plan};
use crate::foundation::ids::StreamId;
use crate::foundation::time::Day;

/// What a check of days and numbers found, in the terms of the plan.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FoundDay {
    /// What it is called.
    pub kind: Kind,
    /// The stream.
    pub stream: StreamId,
    /// Where: a day, or the numbers of a gap.
    pub place: DayOrGap,
}

/// Where something is wrong with days or numbers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DayOrGap {
    /// A day.
    Day(Day),
    /// Numbers, first to last.
    Gap(u64, u64),
    /// Everything from a day on.
    Since(Day),
}

/// A record that was drawn, and what the rules said of it.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// The stream.
    pub stream: StreamId,
    /// The number.
    pub seq: u64,
    /// Whether it counted as failing.
    pub fails: bool,
}

/// The verdict on a duty holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// At most the tolerable number fails.
    Pass,
    /// Neither can be said.
    Undecided,
    /// More than the tolerable number fails.
    Fail,
    /// There is no verdict.
    Nothing,
}

/// Everything that was found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// By the population checks.
    pub days: BTreeSet<FoundDay>,
    /// By drawing.
    pub drawn: Vec<Drawn>,
    /// Drawn records that were never disclosed: stream and number.
    pub undisclosed: BTreeSet<(StreamId, u64)>,
    /// By duty holder, in the order of the city.
    pub outcomes: BTreeMap<usize, Outcome>,
    /// Days that a declaration exempts, by duty holder.
    pub exempt: BTreeMap<usize, u64>,
    /// The newest class of each duty holder: `A` to `D`.
    pub classes: BTreeMap<usize, String>,
}

/// One line of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The kind.
    pub kind: Kind,
    /// How many were planted.
    pub planted: u64,
    /// Of these, drawn; `None` where everything is looked at.
    pub drawn: Option<u64>,
    /// Of those looked at, found.
    pub found: u64,
    /// Of those looked at, not found.
    pub missed: u64,
    /// Found and not planted.
    pub false_: u64,
}

/// Planted, found, missed, false.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Kinds that are checked in full.
    pub full: Vec<Row>,
    /// Kinds that are seen only in opened records.
    pub opened: Vec<Row>,
    /// Records that were drawn.
    pub drawn: u64,
    /// Records drawn in which nothing is wrong, and that were said to fail.
    pub wronged: u64,
    /// Verdicts on compliant duty holders: pass, undecided, fail, none.
    pub compliant: [u64; 4],
    /// The same on those that are not.
    pub others: [u64; 4],
    /// Duty holders in each class, A to D.
    pub classes: [u64; 4],
    /// Duty holders in each trade, in the order of [`Sector::ALL`].
    pub trades: Vec<(Sector, u64)>,
    /// What no method here can see.
    pub hidden: Hidden,
}

impl Table {
    /// Compares.
    pub fn of(plan: &Plan, found: &Found) -> Table {
        let planted: BTreeSet<FoundDay> = planted_days(plan);
        let days: BTreeSet<FoundDay> =
            found.days.iter().cloned().chain(closed_days(plan, &found.exempt)).collect();
        let full = Kind::ALL.into_iter().filter(|kind| kind.of_population());
        let opened = Kind::ALL.into_iter().filter(|kind| !kind.of_population());
        let (mut compliant, mut others) = ([0; 4], [0; 4]);
        for (holder, standing) in plan.standings.iter().enumerate() {
            let outcome = found.outcomes.get(&holder).copied().unwrap_or(Outcome::Nothing);
            let at = match outcome {
                Outcome::Pass => 0,
                Outcome::Undecided => 1,
                Outcome::Fail => 2,
                Outcome::Nothing => 3,
            };
            (if standing.compliant() { &mut compliant } else { &mut others })[at] += 1;
        }
        let is_planted = |drawn: &Drawn| plan.defect(drawn.stream, drawn.seq).is_some();
        let class = |name: &&str| count(found.classes.values().filter(|class| class == name));
        let of = |sector| count(plan.city.holders.iter().filter(|own| own.sector == sector));
        Table {
            full: full.map(|kind| full_row(kind, &planted, &days)).collect(),
            opened: opened.map(|kind| opened_row(kind, plan, found)).collect(),
            drawn: count(found.drawn.iter()),
            wronged: count(found.drawn.iter().filter(|d| d.fails && !is_planted(d))),
            compliant,
            others,
            classes: ["A", "B", "C", "D"].each_ref().map(class),
            trades: Sector::ALL.map(|sector| (sector, of(sector))).into(),
            hidden: plan.hidden,
        }
    }

    /// Whether nothing was missed that a full check can see, no failing record that was opened was
    /// let through, nothing sound was said to be wrong, nobody beyond the limit passed, nobody
    /// within it failed, everybody has a verdict, and somebody is in each class.
    pub fn sound(&self) -> bool {
        let rows = self.full.iter().chain(&self.opened);
        let clean = rows.into_iter().all(|row| row.missed == 0 && row.false_ == 0);
        let [_, _, wrongly_failed, without] = self.compliant;
        let [wrongly_passed, _, _, also_without] = self.others;
        let judged = wrongly_failed + wrongly_passed + without + also_without == 0;
        clean && judged && self.wronged == 0 && self.classes.iter().all(|class| *class > 0)
    }

    /// Planted (as far as it was looked at), found, missed and false over all lines.
    pub fn sums(&self) -> [u64; 4] {
        let rows = self.full.iter().chain(&self.opened);
        rows.fold([0, 0, 0, self.wronged], |[planted, found, missed, false_], row| {
            [
                planted + row.drawn.unwrap_or(row.planted),
                found + row.found,
                missed + row.missed,
                false_ + row.false_,
            ]
        })
    }
}

fn count<T>(of: impl Iterator<Item = T>) -> u64 {
    u64::try_from(of.count()).unwrap_or(u64::MAX)
}

fn planted_days(plan: &Plan) -> BTreeSet<FoundDay> {
    let mut planted = BTreeSet::new();
    for stream in &plan.streams {
        for day in &stream.days {
            if let Some((first, last)) = day.gap {
                let place = DayOrGap::Gap(first, last);
                planted.insert(FoundDay { kind: Kind::Gap, stream: stream.stream, place });
            }
        }
    }
    for stream in &plan.streams {
        if let Some(from) = plan.drop_of(stream.holder) {
            let place = DayOrGap::Since(from);
            planted.insert(FoundDay { kind: Kind::SuddenDrop, stream: stream.stream, place });
        }
    }
    for (stream, day, kind) in plan.planted_days().filter(|(.., kind)| *kind != Kind::Gap) {
        planted.insert(FoundDay { kind, stream, place: DayOrGap::Day(day) });
    }
    planted
}

/// The days of declared closures that were exempted, in the terms of the plan; `exempt` counts them
/// by duty holder.
fn closed_days(plan: &Plan, exempt: &BTreeMap<usize, u64>) -> Vec<FoundDay> {
    let mut found = Vec::new();
    for (holder, count) in exempt {
        let Some(first) = plan.streams.iter().find(|stream| stream.holder == *holder) else {
            continue;
        };
        let own = plan.streams.iter().filter(|stream| stream.holder == *holder);
        let mut declared = own.flat_map(|stream| {
            let closed = stream.days.iter().filter(|day| day.fate == Fate::Closed);
            closed.map(|day| (stream.stream, DayOrGap::Day(day.day)))
        });
        for number in 1..=*count {
            // More days than were declared are exempted wrongly.
            let wrong = (first.stream, DayOrGap::Gap(number, number));
            let (stream, place) = declared.next().unwrap_or(wrong);
            found.push(FoundDay { kind: Kind::ClosedDay, stream, place });
        }
    }
    found
}

fn full_row(kind: Kind, planted: &BTreeSet<FoundDay>, found: &BTreeSet<FoundDay>) -> Row {
    let of = |set: &BTreeSet<FoundDay>, other: Option<&BTreeSet<FoundDay>>, inside: bool| {
        let own = set.iter().filter(|one| one.kind == kind);
        count(own.filter(|one| other.is_none_or(|other| other.contains(one) == inside)))
    };
    Row {
        kind,
        planted: of(planted, None, true),
        drawn: None,
        found: of(planted, Some(found), true),
        missed: of(planted, Some(found), false),
        false_: of(found, Some(planted), false),
    }
}

fn opened_row(kind: Kind, plan: &Plan, found: &Found) -> Row {
    let planted = |place: &(StreamId, u64)| match kind {
        Kind::Corrected => plan.corrected.contains_key(place),
        _ => plan.records.get(place) == Some(&kind),
    };
    let right = |drawn: &Drawn| match kind {
        Kind::Corrected => !drawn.fails,
        Kind::Undisclosed => drawn.fails && found.undisclosed.contains(&(drawn.stream, drawn.seq)),
        _ => drawn.fails,
    };
    let of_kind = || found.drawn.iter().filter(|drawn| planted(&(drawn.stream, drawn.seq)));
    let (drawn, seen) = (count(of_kind()), count(of_kind().filter(|drawn| right(drawn))));
    Row {
        kind,
        planted: match kind {
            Kind::Corrected => count(plan.corrected.keys()),
            _ => count(plan.records.values().filter(|planted| **planted == kind)),
        },
        drawn: Some(drawn),
        found: seen,
        missed: drawn - seen,
        // A sound record has no kind: those that were wronged are counted for all kinds together.
        false_: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::super::plant::tests::plan;
    use super::*;

    /// What somebody who sees everything would find.
    fn everything(plan: &Plan) -> Found {
        let outcome = |compliant| if compliant { Outcome::Pass } else { Outcome::Fail };
        Found {
            days: planted_days(plan).into_iter().filter(|d| d.kind != Kind::ClosedDay).collect(),
            drawn: plan
                .records
                .keys()
                .map(|(stream, seq)| Drawn { stream: *stream, seq: *seq, fails: true })
                .chain(plan.corrected.keys().map(|(stream, seq)| Drawn {
                    stream: *stream,
                    seq: *seq,
                    fails: false,
                }))
                .collect(),
            undisclosed: plan.records.keys().copied().collect(),
            exempt: (0..plan.city.holders.len())
                .map(|at| {
                    let own = plan.closures.iter().filter(|closure| closure.holder == at);
                    (
                        at,
                        own.map(|own| u64::try_from(own.to.days_since(&own.from)).unwrap() + 1)
                            .sum(),
                    )
                })
                .collect(),
            classes: ["A", "B", "C", "D"].map(str::to_owned).into_iter().enumerate().collect(),
            outcomes: plan
                .standings
                .iter()
                .enumerate()
                .map(|(at, standing)| (at, outcome(standing.compliant())))
                .collect(),
        }
    }

    #[test]
    fn who_finds_everything_has_a_sound_table() {
        let plan = plan();
        let table = Table::of(&plan, &everything(&plan));
        assert!(table.sound(), "{table:?}");
        let [planted, found, missed, false_] = table.sums();
        assert_eq!((planted, missed, false_), (found, 0, 0));
        assert_eq!(table.full.iter().map(|row| row.planted).sum::<u64>(), 24 + 3 + 1);
        assert!(table.opened.iter().all(|row| row.planted > 0), "{:?}", table.opened);
    }

    #[test]
    fn each_mistake_makes_the_table_unsound() {
        let plan = plan();
        let spoiled: [fn(&mut Found, &Plan); 11] = [
            |found, _| {
                found.days.pop_first();
            },
            |found, _| {
                let mut other = found.days.pop_last().unwrap();
                other.place = DayOrGap::Day("2026-04-06".parse().unwrap());
                found.days.insert(other);
            },
            |found, _| found.drawn[0].fails = false,
            |found, _| {
                let stream = found.drawn[0].stream;
                found.drawn.push(Drawn { stream, seq: u64::MAX, fails: true });
            },
            |found, plan| {
                let bad = plan.standings.iter().position(|s| !s.compliant()).unwrap();
                found.outcomes.insert(bad, Outcome::Pass);
            },
            |found, plan| {
                let limit = plan.standings.iter().position(|s| s.failing == s.tolerable()).unwrap();
                found.outcomes.insert(limit, Outcome::Fail);
            },
            |found, plan| {
                let closed = plan.closures[0].holder;
                found.exempt.insert(closed, 2);
            },
            |found, _| {
                found.exempt.insert(0, 1);
            },
            |found, _| found.days.retain(|day| day.kind != Kind::SuddenDrop),
            |found, _| found.undisclosed.clear(),
            |found, plan| {
                let corrected =
                    |drawn: &Drawn| plan.corrected.contains_key(&(drawn.stream, drawn.seq));
                found.drawn.iter_mut().find(|drawn| corrected(drawn)).unwrap().fails = true;
            },
        ];
        for (number, spoil) in spoiled.into_iter().enumerate() {
            let mut found = everything(&plan);
            spoil(&mut found, &plan);
            assert!(!Table::of(&plan, &found).sound(), "spoiled in way {number}");
        }
    }

    #[test]
    fn a_record_that_was_not_drawn_is_not_missed() {
        let plan = plan();
        let mut found = everything(&plan);
        found.drawn.truncate(10);
        let table = Table::of(&plan, &found);
        assert!(table.sound());
        assert_eq!(table.drawn, 10);
    }

    #[test]
    fn undecided_is_no_mistake_and_no_verdict_is_one() {
        let plan = plan();
        let mut found = everything(&plan);
        found.outcomes.insert(0, Outcome::Undecided);
        assert!(Table::of(&plan, &found).sound());
        found.outcomes.remove(&0);
        assert!(!Table::of(&plan, &found).sound());
    }
}
