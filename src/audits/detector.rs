//! Sudden drops against a holder's own baseline (sampling.md §6.3).
//!
//! A Shiryaev–Roberts e-detector: each day's likelihood ratio is an e-value for every mean at or
//! above the null mean, so the expected time to a false alarm is at least the alarm level in days.
//! An alarm says where to look; it is not a finding and deducts nothing.

use serde::{Deserialize, Serialize};

use super::fixed::LogSum;
use super::verdict::real;

/// The drops that are watched for, as shares of the null mean.
pub const DROPS: [f64; 3] = [0.35, 0.60, 0.95];

/// The null mean is this share of the baseline: the rest absorbs estimation error and weekly noise.
pub const MARGIN: f64 = 0.85;

/// The lowest alarm level, in days: at most one false alarm in ten years.
pub const ALARM: f64 = 3650.0;

/// While the statistic is at least this, the baseline is not recomputed.
pub const FREEZE: f64 = 20.0;

/// For so many weeks a baseline may stay frozen.
pub const FREEZE_WEEKS: u32 = 8;

/// Days of history without which there is no detector.
pub const HISTORY_DAYS: usize = 70;

/// Days t−70 … t−15, which the baseline of day t is taken from.
pub const BASELINE_DAYS: usize = 56;

/// The alarm level for a number of holders and the alarms that can be handled in a day.
pub fn alarm_level(holders: u64, handled_per_day: f64) -> f64 {
    (real(holders) / handled_per_day).max(ALARM)
}

/// Whether last week's baseline stays, because a drop may be under way.
pub fn keeps_baseline(statistic: f64, frozen_weeks: u32) -> bool {
    statistic >= FREEZE && frozen_weeks < FREEZE_WEEKS
}

/// What a holder's own history says about the coming week.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    /// Expected records of day t, t+1, … t+6; later days repeat the week.
    pub week: [f64; 7],
    /// φ: variance is μ + φμ². Between 0.03 and 1.
    pub dispersion: f64,
}

impl Baseline {
    /// The baseline of day t from the counts of days t−70 … t−15, oldest first; `None` marks a day
    /// of declared closure. Without a single open day there is no baseline.
    ///
    /// A weekday's mean (highest and lowest value dropped, as far as three values are left to
    /// choose from) is shrunk towards the mean of all days, the more so the fewer records and
    /// values there are.
    pub fn from_history(days: &[Option<u64>; BASELINE_DAYS]) -> Option<Self> {
        let open: Vec<f64> = days.iter().flatten().map(|count| real(*count)).collect();
        let overall = mean(&open)?;
        let mut week = [overall; 7];
        for (weekday, baseline) in week.iter_mut().enumerate() {
            let mut values: Vec<f64> =
                days.iter().skip(weekday).step_by(7).flatten().map(|count| real(*count)).collect();
            values.sort_unstable_by(f64::total_cmp);
            let kept = if values.len() > 2 { &values[1..values.len() - 1] } else { &values[..] };
            if let Some(own) = mean(kept) {
                let weight = length(&values) * overall;
                let trust = weight / (weight + 20.0);
                *baseline = trust * own + (1.0 - trust) * overall;
            }
        }
        let mut excess = 0.0;
        let mut squares = 0.0;
        for (count, b) in days.iter().zip(week.iter().cycle()) {
            if let Some(count) = count {
                excess += (real(*count) - b).powi(2) - b;
                squares += b * b;
            }
        }
        let estimate = if squares > 0.0 { excess / squares } else { 0.0 };
        Some(Self { week, dispersion: estimate.clamp(0.03, 1.0) })
    }
}

fn length(values: &[f64]) -> f64 {
    u32::try_from(values.len()).map_or(f64::INFINITY, f64::from)
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / length(values))
}

/// How the whole region does on a day: min(1, median over groups of ten peers of Σy/Σb), given each
/// peer's count and baseline in a fixed order. A holiday or a storm moves this index instead of
/// raising alarms. Fewer than ten peers give 1; an incomplete last group is left out.
pub fn regional_index(peers: &[(u64, f64)]) -> f64 {
    let mut ratios: Vec<f64> = peers
        .chunks_exact(10)
        .map(|group| {
            let counted: f64 = group.iter().map(|(count, _)| real(*count)).sum();
            let expected: f64 = group.iter().map(|(_, baseline)| *baseline).sum();
            counted / expected
        })
        .filter(|ratio| ratio.is_finite())
        .collect();
    ratios.sort_unstable_by(f64::total_cmp);
    let middle = ratios.len() / 2;
    let median =
        match (ratios.get(middle), middle.checked_sub(1).and_then(|below| ratios.get(below))) {
            (Some(upper), Some(lower)) if ratios.len().is_multiple_of(2) => (lower + upper) / 2.0,
            (Some(only), _) => *only,
            (None, _) => 1.0,
        };
    median.min(1.0)
}

/// μ0, the lowest mean that is no drop.
pub fn null_mean(baseline: f64, regional_index: f64) -> f64 {
    MARGIN * baseline * regional_index
}

/// ln L of one day's count for one drop, with negative binomial counts of size r = 1/φ.
pub fn ln_likelihood(count: u64, null_mean: f64, drop: f64, dispersion: f64) -> f64 {
    let (y, r) = (real(count), 1.0 / dispersion);
    let dropped = null_mean * (1.0 - drop);
    y * (dropped / null_mean).ln() - (y + r) * ((r + dropped) / (r + null_mean)).ln()
}

/// The running statistic of one holder: R for each of [`DROPS`], from 0.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Detector {
    /// R per drop.
    pub each: [f64; 3],
}

impl Detector {
    /// Takes one day in and gives the statistic after it. Days of declared closure are not
    /// observed; a day on which nothing is expected changes nothing.
    pub fn observe(&mut self, count: u64, null_mean: f64, dispersion: f64) -> f64 {
        if null_mean > 0.0 {
            for (statistic, drop) in self.each.iter_mut().zip(DROPS) {
                let ratio = ln_likelihood(count, null_mean, drop, dispersion).exp();
                *statistic = (*statistic + 1.0) * ratio;
            }
        }
        self.statistic()
    }

    /// The mean of the three; an alarm when it reaches the alarm level. After an alarm is handled
    /// the detector starts anew.
    pub fn statistic(&self) -> f64 {
        self.each.iter().sum::<f64>() / 3.0
    }
}

/// P(Y ≤ k) of a negative binomial count with this mean and variance μ + φμ² (φ > 0).
pub fn negative_binomial_cdf(most: u64, mean: f64, dispersion: f64) -> f64 {
    if mean <= 0.0 {
        return 1.0;
    }
    let r = 1.0 / dispersion;
    let ln_ratio = (mean / (r + mean)).ln();
    let mut ln_term = -r * (mean / r).ln_1p();
    let mut sum = LogSum::new();
    sum.add(ln_term);
    for i in 0..most {
        ln_term += ((r + real(i)) / real(i + 1)).ln() + ln_ratio;
        sum.add(ln_term);
        let past_peak = real(i + 1) > mean;
        if past_peak && ln_term < -745.0 {
            break;
        }
    }
    sum.value().min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steady(per_weekday: [u64; 7]) -> [Option<u64>; BASELINE_DAYS] {
        std::array::from_fn(|day| Some(per_weekday[day % 7]))
    }

    fn close(left: f64, right: f64) -> bool {
        (left - right).abs() < 1e-9
    }

    #[test]
    fn a_weekday_is_shrunk_towards_the_week() {
        let baseline = Baseline::from_history(&steady([10, 10, 10, 10, 10, 10, 24])).unwrap();
        let (overall, trust) = (12.0, 96.0 / 116.0);
        assert!(close(baseline.week[6], trust * 24.0 + (1.0 - trust) * overall));
        assert!(close(baseline.week[0], trust * 10.0 + (1.0 - trust) * overall));
        assert!(close(baseline.dispersion, 0.03));
    }

    #[test]
    fn one_outlier_at_either_end_does_not_move_a_weekday() {
        let mut days = steady([20; 7]);
        days[7] = Some(0);
        days[14] = Some(40);
        let baseline = Baseline::from_history(&days).unwrap();
        assert!(baseline.week.iter().all(|mean| close(*mean, 20.0)), "{baseline:?}");
    }

    #[test]
    fn closed_days_are_skipped_and_a_closed_weekday_takes_the_overall_mean() {
        let mut days = steady([20; 7]);
        days.iter_mut().step_by(7).for_each(|day| *day = None);
        let baseline = Baseline::from_history(&days).unwrap();
        assert!(close(baseline.week[0], 20.0));
        assert_eq!(Baseline::from_history(&[None; BASELINE_DAYS]), None);
    }

    #[test]
    fn wild_counts_have_a_wide_but_bounded_dispersion() {
        let days = std::array::from_fn(|day| Some(if day.is_multiple_of(14) { 200 } else { 0 }));
        let baseline = Baseline::from_history(&days).unwrap();
        assert!(close(baseline.dispersion, 1.0), "{baseline:?}");
        let empty = Baseline::from_history(&[Some(0); BASELINE_DAYS]).unwrap();
        assert!(close(empty.dispersion, 0.03));
    }

    #[test]
    fn a_regional_slump_moves_the_index_and_a_boom_does_not() {
        let slump: Vec<(u64, f64)> = (0..30).map(|_| (4, 10.0)).collect();
        assert!(close(regional_index(&slump), 0.4));
        let boom: Vec<(u64, f64)> = (0..30).map(|_| (40, 10.0)).collect();
        assert!(close(regional_index(&boom), 1.0));
        assert!(close(regional_index(&slump[..9]), 1.0));
        let mixed: Vec<(u64, f64)> = (0..20).map(|n| (if n < 10 { 2 } else { 6 }, 10.0)).collect();
        assert!(close(regional_index(&mixed), 0.4));
        assert!(close(regional_index(&[(0, 0.0); 10]), 1.0));
    }

    #[test]
    fn a_full_stop_alarms_within_two_days_and_a_steady_holder_never() {
        let mut detector = Detector::default();
        for _ in 0..730 {
            assert!(detector.observe(20, null_mean(20.0, 1.0), 0.05) < 1.0);
        }
        let stopped: Vec<f64> =
            (0..2).map(|_| detector.observe(0, null_mean(20.0, 1.0), 0.05)).collect();
        assert!(stopped[1] >= ALARM, "{stopped:?}");
    }

    #[test]
    fn nothing_expected_changes_nothing() {
        let mut detector = Detector { each: [1.0, 2.0, 3.0] };
        assert!(close(detector.observe(0, 0.0, 0.05), 2.0));
    }

    #[test]
    fn the_negative_binomial_reaches_one_even_where_its_first_term_underflows() {
        assert!(close(negative_binomial_cdf(200_000, 60_000.0, 0.03), 1.0));
        assert!(close(negative_binomial_cdf(0, 0.0, 0.03), 1.0));
    }

    #[test]
    fn levels_and_freezing_follow_the_specification() {
        assert!(close(alarm_level(100, 1.0), 3650.0));
        assert!(close(alarm_level(10_000, 2.0), 5000.0));
        assert!(keeps_baseline(20.0, 7));
        assert!(!keeps_baseline(20.0, 8));
        assert!(!keeps_baseline(19.9, 0));
    }
}
