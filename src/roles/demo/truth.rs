//! What was planted against what was found. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::plant::{Kind, Plan};
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
    /// By duty holder, in the order of the city.
    pub outcomes: BTreeMap<usize, Outcome>,
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
}

impl Table {
    /// Compares.
    pub fn of(plan: &Plan, found: &Found) -> Table {
        let planted: BTreeSet<FoundDay> = planted_days(plan);
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
        let is_planted = |drawn: &Drawn| plan.records.contains_key(&(drawn.stream, drawn.seq));
        Table {
            full: full.map(|kind| full_row(kind, &planted, &found.days)).collect(),
            opened: opened.map(|kind| opened_row(kind, plan, found)).collect(),
            drawn: count(found.drawn.iter()),
            wronged: count(found.drawn.iter().filter(|d| d.fails && !is_planted(d))),
            compliant,
            others,
        }
    }

    /// Whether nothing was missed that a full check can see, no failing record that was opened was
    /// let through, nothing sound was said to be wrong, nobody beyond the limit passed, nobody
    /// within it failed, and everybody has a verdict.
    pub fn sound(&self) -> bool {
        let rows = self.full.iter().chain(&self.opened);
        let clean = rows.into_iter().all(|row| row.missed == 0 && row.false_ == 0);
        let [_, _, wrongly_failed, without] = self.compliant;
        let [wrongly_passed, _, _, also_without] = self.others;
        clean && self.wronged + wrongly_failed + wrongly_passed + without + also_without == 0
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
    for (stream, day, kind) in plan.planted_days().filter(|(.., kind)| *kind != Kind::Gap) {
        planted.insert(FoundDay { kind, stream, place: DayOrGap::Day(day) });
    }
    planted
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
    let of_kind = |drawn: &&Drawn| plan.records.get(&(drawn.stream, drawn.seq)) == Some(&kind);
    let drawn = count(found.drawn.iter().filter(of_kind));
    let seen = count(found.drawn.iter().filter(of_kind).filter(|drawn| drawn.fails));
    Row {
        kind,
        planted: count(plan.records.values().filter(|planted| **planted == kind)),
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
            days: planted_days(plan),
            drawn: plan
                .records
                .keys()
                .map(|(stream, seq)| Drawn { stream: *stream, seq: *seq, fails: true })
                .collect(),
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
        assert_eq!(table.full.iter().map(|row| row.planted).sum::<u64>(), 24);
    }

    #[test]
    fn each_mistake_makes_the_table_unsound() {
        let plan = plan();
        let spoiled: [fn(&mut Found, &Plan); 6] = [
            |found, _| {
                found.days.pop_first();
            },
            |found, _| {
                let mut other = found.days.pop_last().unwrap();
                other.place = DayOrGap::Day("2026-03-02".parse().unwrap());
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
