use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const D1: &str = "2031-02-01";
const D2: &str = "2031-02-02";
const D3: &str = "2031-02-03";

fn batch(day: &str, first: u64, last: u64) -> Batch<'_> {
    Batch { day, numbers: Span::new(first, last), late: false, corrects: false }
}

fn close(day: &str, first: u64, last: u64) -> Close<'_> {
    Close { day, first, last, count: last + 1 - first, sold: None }
}

fn nil(day: &str) -> Close<'_> {
    Close { day, first: 0, last: 0, count: 0, sold: None }
}

fn history<'a>(batches: &'a [Batch<'a>], closes: &'a [Close<'a>]) -> History<'a> {
    History { first_expected: 1, batches, closes, due_days: &[D1, D2, D3], exempt_days: &[] }
}

fn numbers(count: u64, first: u64, last: u64) -> DayNumbers {
    DayNumbers { count, span: Some(Span::new(first, last)) }
}

#[test]
fn a_whole_period_shows_nothing() {
    let batches = [batch(D1, 1, 10), batch(D2, 11, 15)];
    let closes = [close(D1, 1, 10), close(D2, 11, 15), nil(D3)];
    let seen = check(&history(&batches, &closes));
    assert_eq!(seen.observations, []);
    let counts = Counts { expected: 15, declared: Some(15), received: 15, ..Counts::default() };
    assert_eq!(seen.counts, counts);
    assert_eq!(seen.counts.declared_gap(), Some(0));
    assert_eq!(seen.counts.continuity().value(), Some(1.0));
}

#[test]
fn a_skipped_record_a_skipped_day_and_a_wrong_count_are_three_observations() {
    let batches = [batch(D1, 1, 4), batch(D1, 6, 10), batch(D2, 11, 15)];
    let closes = [close(D1, 1, 10), Close { count: 7, ..close(D2, 11, 15) }];
    let seen = check(&history(&batches, &closes));
    let expected = [
        Observation::Gap(Span::new(5, 5)),
        Observation::MissingDay(D3.into()),
        Observation::CloseMismatch {
            day: D1.into(),
            declared: numbers(10, 1, 10),
            received: numbers(9, 1, 10),
        },
        Observation::CloseMismatch {
            day: D2.into(),
            declared: numbers(7, 11, 15),
            received: numbers(5, 11, 15),
        },
    ];
    assert_eq!(seen.observations, expected);
    assert_eq!(seen.counts.missing, 1);
}

#[test]
fn declared_numbers_that_never_came_are_a_gap_at_the_end() {
    let batches = [batch(D1, 1, 10)];
    let closes = [close(D1, 1, 10), close(D2, 11, 15), nil(D3)];
    let seen = check(&history(&batches, &closes));
    let expected = [
        Observation::Gap(Span::new(11, 15)),
        Observation::CloseMismatch {
            day: D2.into(),
            declared: numbers(5, 11, 15),
            received: DayNumbers::default(),
        },
    ];
    assert_eq!(seen.observations, expected);
    assert_eq!(seen.counts.submitted(), Share { part: 10, whole: 15 });
    assert_eq!(seen.counts.declared_gap(), Some(5));
}

#[test]
fn a_nil_return_with_records_is_a_mismatch_and_the_declared_gap_is_negative() {
    let batches = [batch(D1, 1, 3)];
    let closes = [nil(D1), nil(D2), nil(D3)];
    let seen = check(&history(&batches, &closes));
    let mismatch = Observation::CloseMismatch {
        day: D1.into(),
        declared: DayNumbers::default(),
        received: numbers(3, 1, 3),
    };
    assert_eq!(seen.observations, [mismatch]);
    assert_eq!(seen.counts.declared_gap(), Some(-3));
}

#[test]
fn of_several_closes_of_a_day_the_last_is_in_force() {
    let batches = [batch(D1, 1, 3)];
    let closes = [close(D1, 1, 9), nil(D2), nil(D3), close(D1, 1, 3)];
    assert_eq!(check(&history(&batches, &closes)).observations, []);
}

#[test]
fn a_day_with_records_but_no_close_is_unclosed_and_nothing_counts_as_declared() {
    let batches = [batch(D1, 1, 3), batch(D2, 4, 5)];
    let closes = [close(D1, 1, 3), nil(D3)];
    let seen = check(&history(&batches, &closes));
    assert_eq!(seen.observations, [Observation::UnclosedDay(D2.into())]);
    assert_eq!(seen.counts.declared, None);
    assert_eq!(seen.counts.submitted(), Share { part: 5, whole: 5 });
}

#[test]
fn late_numbers_count_once_and_not_if_they_were_in_time_before() {
    let late = |day, first, last| Batch { late: true, ..batch(day, first, last) };
    let batches = [batch(D1, 1, 3), late(D1, 3, 5), late(D2, 6, 7), late(D2, 6, 7)];
    let closes = [close(D1, 1, 5), close(D2, 6, 7), nil(D3)];
    let seen = check(&history(&batches, &closes));
    let expected = [
        Observation::LateDay { day: D1.into(), count: 2 },
        Observation::LateDay { day: D2.into(), count: 2 },
    ];
    assert_eq!(seen.observations, expected);
    assert_eq!(seen.counts.timely(), Share { part: 3, whole: 7 });
}

#[test]
fn a_stream_that_starts_again_at_one_is_seen() {
    let batches = [batch(D1, 1, 10), batch(D2, 11, 20)];
    let closes = [close(D1, 1, 10), close(D2, 11, 20), nil(D3)];
    let seen = check(&History { first_expected: 501, ..history(&batches, &closes) });
    let restart = Observation::RestartAtOne { expected: 501, reached: 20 };
    assert_eq!(seen.observations, [restart]);
    assert_eq!(seen.counts.expected, 0);
}

#[test]
fn numbers_of_the_previous_period_are_outside() {
    let batches = [batch(D1, 495, 510)];
    let closes = [close(D1, 495, 510), nil(D2), nil(D3)];
    let seen = check(&History { first_expected: 501, ..history(&batches, &closes) });
    assert_eq!(seen.observations, [Observation::Outside(Span::new(495, 500))]);
    assert_eq!(seen.scan.covered, 10);
}

#[test]
fn a_chained_period_that_skips_its_first_numbers_has_a_gap() {
    let batches = [batch(D1, 505, 510)];
    let closes = [close(D1, 505, 510), nil(D2), nil(D3)];
    let seen = check(&History { first_expected: 501, ..history(&batches, &closes) });
    assert_eq!(seen.observations, [Observation::Gap(Span::new(501, 504))]);
}

#[test]
fn a_declared_closure_exempts_and_records_in_it_are_seen() {
    let batches = [batch(D1, 1, 2), batch(D3, 3, 4)];
    let closes = [close(D1, 1, 2), close(D3, 3, 4)];
    let seen = check(&History { exempt_days: &[D2, D3], ..history(&batches, &closes) });
    assert_eq!(seen.observations, [Observation::ExemptDayUsed { day: D3.into(), count: 2 }]);
}

#[test]
fn silence_over_the_whole_period_is_a_missing_day_each() {
    let seen = check(&history(&[], &[]));
    let expected = [D1, D2, D3].map(|day| Observation::MissingDay(day.into()));
    assert_eq!(seen.observations, expected);
    assert_eq!(seen.counts, Counts::default());
    assert_eq!(seen.counts.timely().value(), None);
}

#[test]
fn delays_are_weighted_by_records() {
    assert_eq!(delays(&[(50, 5), (1, 90), (7, 5)]), Some(Delays { p50: 1, p95: 7 }));
    assert_eq!(delays(&[(50, 6), (1, 94)]), Some(Delays { p50: 1, p95: 50 }));
    assert_eq!(delays(&[(3, 0)]), None);
}

#[test]
fn the_highest_number_of_all_does_not_overflow() {
    let whole = scan(&[Span::new(1, u64::MAX)], Span::new(1, u64::MAX));
    assert_eq!((whole.covered, whole.missing), (u64::MAX, 0));
    let none = scan(&[], Span::new(0, u64::MAX));
    assert_eq!((none.covered, none.missing), (0, u64::MAX));
    let end = Span::new(u64::MAX, u64::MAX);
    assert_eq!(scan(&[end, end], Span::new(u64::MAX - 1, u64::MAX)).overlaps, [end]);
}

fn spans() -> impl Strategy<Value = Vec<Span>> {
    let span = (0u64..40, 0u64..46).prop_map(|(first, last)| Span::new(first, last));
    prop::collection::vec(span, 0..8)
}

#[test]
fn corrections_after_the_close_of_their_day_are_no_mismatch_and_no_second_record() {
    let correction = |day, first, last| Batch { corrects: true, ..batch(day, first, last) };
    let batches = [batch(D1, 1, 10), batch(D2, 11, 15), correction(D1, 16, 17)];
    let before = [close(D1, 1, 10), close(D2, 11, 15), nil(D3)];
    let seen = check(&history(&batches, &before));
    assert_eq!(seen.observations, []);
    assert_eq!((seen.counts.received, seen.counts.declared_gap()), (17, Some(0)));
    assert_eq!(seen.counts.corrected(), Share { part: 2, whole: 17 });
    let after = [Close { count: 12, ..close(D1, 1, 17) }, close(D2, 11, 15), nil(D3)];
    assert_eq!(check(&history(&batches, &after)).counts, seen.counts);
    let neither = [Close { count: 11, ..close(D1, 1, 16) }, close(D2, 11, 15), nil(D3)];
    assert_eq!(check(&history(&batches, &neither)).observations.len(), 1);
}

#[test]
fn outside_figures_are_compared_with_the_records_of_the_closed_days_together() {
    let sold = |close: Close<'static>, sold| Close { sold: Some(sold), ..close };
    let batches = [batch(D1, 1, 10), batch(D2, 11, 15), batch(D3, 16, 20)];
    // A sale at midnight may stand on either day.
    let shifted = [sold(close(D1, 1, 10), 11), sold(close(D2, 11, 15), 4)];
    let seen = check(&History { due_days: &[D1, D2], ..history(&batches, &shifted) });
    assert_eq!(seen.observations, []);
    assert_eq!(seen.counts.outside, Some(Outside { declared: 15, received: 15 }));
    for (figure, declared) in [(9, 20), (1, 12)] {
        let closes = [sold(close(D1, 1, 10), 11), sold(close(D2, 11, 15), figure)];
        let seen = check(&History { due_days: &[D1, D2], ..history(&batches, &closes) });
        assert_eq!(seen.observations, [Observation::OutsideGap { declared, received: 15 }]);
    }
}

proptest! {
    #[test]
    fn the_scan_equals_counting_every_number(batches in spans(), first in 1u64..20, last in 0u64..60) {
        let found = scan(&batches, Span::new(first, last));
        let mut times: BTreeMap<u64, u32> = BTreeMap::new();
        for batch in batches.iter().filter(|batch| batch.first >= 1) {
            for number in (batch.first..=batch.last).filter(|n| (first..=last).contains(n)) {
                *times.entry(number).or_default() += 1;
            }
        }
        let list = |spans: &[Span]| -> Vec<u64> {
            spans.iter().flat_map(|span| span.first..=span.last).collect()
        };
        let missing: Vec<u64> = (first..=last).filter(|n| !times.contains_key(n)).collect();
        let mut repeated = list(&found.overlaps);
        repeated.sort_unstable();
        let again: Vec<u64> = times
            .iter()
            .flat_map(|(number, times)| (1..*times).map(|_| *number))
            .collect();
        prop_assert_eq!(list(&found.gaps), missing.clone());
        prop_assert_eq!(repeated, again);
        prop_assert_eq!(found.covered, u64::try_from(times.len()).unwrap());
        prop_assert_eq!(found.missing, u64::try_from(missing.len()).unwrap());
        let bad = batches.iter().filter(|b| b.first < 1 || b.last < b.first).count();
        prop_assert_eq!(found.bad.len(), bad);
        let outside = batches
            .iter()
            .filter(|b| b.first >= 1 && b.last >= b.first && (b.first < first || b.last > last));
        prop_assert_eq!(found.outside.len(), outside.count());
    }

    #[test]
    fn the_order_of_arrival_does_not_matter(
        (batches, shuffled) in spans().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle()))
    ) {
        let day = |span: &Span| [D1, D2, D3][usize::try_from(span.last % 3).unwrap()];
        let list = |spans: &[Span]| -> Vec<Batch<'static>> {
            let late = |span: &Span| span.first.is_multiple_of(2);
            spans.iter().map(|s| Batch { day: day(s), numbers: *s, late: late(s), corrects: false }).collect()
        };
        let (one, other) = (list(&batches), list(&shuffled));
        let (one, other) = (check(&history(&one, &[])), check(&history(&other, &[])));
        prop_assert_eq!(one.observations, other.observations);
        prop_assert_eq!(one.counts, other.counts);
    }
}
