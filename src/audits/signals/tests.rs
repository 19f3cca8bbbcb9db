//! False positives by seeded simulation, and what each signal must see.

use super::*;
use crate::foundation::Random;

/// Months of each world.
const MONTHS: u32 = 250;

fn uniform(random: &Random) -> f64 {
    f64::from(u32::try_from(random.below(1 << 32)).unwrap()) / 4_294_967_296.0
}

fn poisson(random: &Random, mean: f64) -> u64 {
    if mean > 30.0 {
        return poisson(random, mean / 2.0) + poisson(random, mean / 2.0);
    }
    let (limit, mut product, mut count) = ((-mean).exp(), uniform(random), 0);
    while product > limit {
        product *= uniform(random);
        count += 1;
    }
    count
}

/// 31 days with a weekday pattern and, for a trade that closes on Sundays, without them.
fn month(random: &Random, mean: f64, sundays: bool) -> Vec<Option<u64>> {
    let pattern = [0.85, 0.9, 0.95, 1.0, 1.2, 1.4, 0.9];
    (0..31)
        .map(|day| (sundays || day % 7 != 6).then(|| poisson(random, mean * pattern[day % 7])))
        .collect()
}

/// A house of 25 rooms at 90 % occupancy.
fn full_house(random: &Random) -> Vec<Option<u64>> {
    let night = || (0..25).filter(|_| uniform(random) < 0.9).count();
    (0..31).map(|_| Some(u64::try_from(night()).unwrap())).collect()
}

/// The same tours every week; on one day in ten one more or less.
fn timetable(random: &Random) -> Vec<Option<u64>> {
    let week = [4, 4, 5, 4, 8, 12, 9];
    let noise = || match random.below(20) {
        0 => 1,
        1 => -1,
        _ => 0,
    };
    (0..31).map(|day| u64::try_from(week[day % 7] + noise()).ok()).collect()
}

/// Draws a month.
type World = Box<dyn Fn(&Random) -> Vec<Option<u64>>>;

/// The innocent worlds by name.
fn worlds() -> Vec<(&'static str, World)> {
    vec![
        ("mean 1", Box::new(|random| month(random, 1.0, true))),
        ("mean 3", Box::new(|random| month(random, 3.0, true))),
        ("mean 8, closed on Sundays", Box::new(|random| month(random, 8.0, false))),
        ("mean 20", Box::new(|random| month(random, 20.0, true))),
        ("mean 200", Box::new(|random| month(random, 200.0, true))),
        ("a full house", Box::new(full_house)),
        ("a timetable", Box::new(timetable)),
        ("ten a day", Box::new(|_| vec![Some(10); 31])),
    ]
}

#[test]
fn innocent_months_alarm_less_than_once_in_a_thousand() {
    let random = Random::seeded(41);
    let mut alarms = Vec::new();
    for (name, world) in worlds() {
        for days in (0..MONTHS).map(|_| world(&random)) {
            alarms.extend(repeated_week(&days).or(round_counts(&days)).map(|it| (name, it)));
        }
    }
    assert!(alarms.len() <= 2, "of 2,000 months: {alarms:?}");
}

#[test]
fn twenty_outlets_of_one_business_are_not_taken_for_copies() {
    let random = Random::seeded(42);
    for (name, world) in worlds() {
        let alarms: usize = (0..12)
            .map(|_| {
                let outlets: Vec<_> = (0..20).map(|_| world(&random)).collect();
                copied_outlets(&outlets).len()
            })
            .sum();
        assert_eq!(alarms, 0, "{name}, 2,280 pairs");
    }
}

#[test]
fn a_copied_week_is_seen_where_counts_are_not_tiny() {
    let random = Random::seeded(43);
    let seen = |mean| {
        let copied = (0..200).map(|_| {
            let mut days = month(&random, mean, true);
            days.copy_within(0..7, 14);
            days
        });
        copied.filter(|days| repeated_week(days).is_some()).count()
    };
    assert!(seen(20.0) >= 190);
    assert!(seen(200.0) >= 198);
    assert!(seen(1.0) <= 2, "chance explains it");
}

#[test]
fn rounded_counts_are_seen_and_constant_ones_are_not() {
    let random = Random::seeded(44);
    let rounded = |mean: f64| -> Vec<Option<u64>> {
        let days = month(&random, mean, true).into_iter();
        days.map(|day| day.map(|count| (count + 2) / 5 * 5)).collect()
    };
    let seen = (0..200).filter(|_| round_counts(&rounded(40.0)).is_some()).count();
    assert_eq!(seen, 200);
    assert_eq!(round_counts(&[Some(20); 31]), None);
    let signal = round_counts(&rounded(40.0)).unwrap();
    assert!(signal.chance.unwrap() < 1e-20);
}

#[test]
fn copied_outlets_are_seen_unless_their_counts_are_tiny() {
    let random = Random::seeded(45);
    let own = month(&random, 20.0, true);
    let mut other = month(&random, 20.0, true);
    let found = copied_outlets(&[own.clone(), other.clone(), own.clone()]);
    let places: Vec<_> = found.iter().map(|it| (it.one, it.other)).collect();
    assert_eq!(places, [(0, 2)]);
    other.clone_from(&own);
    other[30] = other[30].map(|count| count + 1);
    assert_eq!(copied_outlets(&[own, other]), []);
    let tiny: Vec<_> = (0..31).map(|day| Some(u64::from(day == 9))).collect();
    assert_eq!(copied_outlets(&[tiny.clone(), tiny]), []);
}

#[test]
fn a_whole_period_at_its_end_is_seen_and_a_day_late_is_not() {
    const DAY: i64 = 86_400;
    let (first, end) = (0, 30 * DAY);
    let upload = |delay: &dyn Fn(i64) -> i64| -> Vec<Arrival> {
        let day = |day: i64| Arrival { records: 10, day_ended: day * DAY, received: delay(day) };
        (1..=30).map(day).collect()
    };
    assert_eq!(end_of_period(&upload(&|day| day * DAY + DAY), first, end), None);
    assert_eq!(end_of_period(&upload(&|day| (day + 6) / 7 * 7 * DAY), first, end), None);
    let signal = end_of_period(&upload(&|_| 30 * DAY - 3_600), first, end).unwrap();
    assert_eq!((signal.part, signal.whole), (280, 280));
    let few: Vec<_> = upload(&|_| 30 * DAY).into_iter().take(4).collect();
    assert_eq!(end_of_period(&few, first, end), None);
}

#[test]
fn a_clock_that_runs_ahead_or_back_is_seen_after_three_batches() {
    let sound = |n: i64| Stamp { sealed: n * 3600, latest: n * 3600 - 60, received: n * 3600 + 5 };
    let mut batches: Vec<Stamp> = (1..=20).map(sound).collect();
    assert_eq!(clock(&batches), None);
    for place in [3, 9] {
        batches[place].latest = batches[place].sealed + DRIFT;
    }
    assert_eq!(clock(&batches), None);
    batches[15].sealed = batches[14].sealed - DRIFT;
    let signal = clock(&batches).unwrap();
    assert_eq!((signal.part, signal.whole), (3, 20));
}
