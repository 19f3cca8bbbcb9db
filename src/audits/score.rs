//! The compliance score (sampling.md §7): a fixed yardstick, no ranking against peers, and no
//! machine signal that deducts by itself. One more failing, late, missing, critical or confirmed
//! finding never raises it.

use serde::{Deserialize, Serialize};

use super::verdict::{Bounds, Verdict, real};
use crate::foundation::db::text_enum;

/// The latest audit of a holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audited {
    /// N: records in its frame, at least one.
    pub size: u64,
    /// L and U.
    pub bounds: Bounds,
    /// Its verdict; anything but the two certain ones counts as undecided.
    pub verdict: Verdict,
}

/// What one period of one holder shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Facts {
    /// Numbers that should exist.
    pub expected: u64,
    /// Numbers not received by the cutoff.
    pub missing: u64,
    /// Numbers received by the cutoff, but after their deadline.
    pub late: u64,
    /// The latest audit, if there ever was one.
    pub audit: Option<Audited>,
    /// Whether an audit fell into the last four periods.
    pub audited_lately: bool,
    /// Periods of history, this one included.
    pub periods: u32,
    /// A period with neither records nor a signed nil return, unexplained.
    pub missing_period: bool,
    /// A critical record that a person confirmed.
    pub critical: bool,
    /// Integrity findings that a person confirmed.
    pub integrity: u32,
    /// Confirmed fabrication, obstruction or withheld disclosure.
    pub grave: bool,
}

text_enum! {
    /// A class of duty holders by score.
    pub enum Class {
        /// Below 60: audited every period, with an on-site visit.
        D = "D",
        /// 60 to 74: audited every period.
        C = "C",
        /// 75 to 89: audited in one period of three.
        B = "B",
        /// 90 and above: audited in one period of six.
        A = "A",
    }
}

/// What keeps a score from rising above a cap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Confirmed fabrication, obstruction or withheld disclosure.
    Grave,
    /// More than 30 % of the numbers are missing.
    MissingThirty,
    /// The latest audit found too many failing records.
    NonCompliant,
    /// A critical record was confirmed.
    Critical,
    /// More than 5 % of the numbers are missing.
    MissingFive,
    /// A whole period is missing without explanation.
    MissingPeriod,
    /// There was no audit yet, or it could say neither.
    Undecided,
    /// No audit fell into the last four periods.
    NotLately,
    /// There are fewer than two periods of history.
    ShortHistory,
}

impl Reason {
    /// The highest score that it allows.
    pub fn cap(self) -> u8 {
        match self {
            Self::Grave | Self::MissingThirty => 59,
            Self::NonCompliant | Self::Critical | Self::MissingFive | Self::MissingPeriod => 74,
            Self::Undecided | Self::NotLately | Self::ShortHistory => 89,
        }
    }
}

impl Class {
    /// The class of a score.
    pub fn of(points: u8) -> Self {
        match points {
            90.. => Self::A,
            75..90 => Self::B,
            60..75 => Self::C,
            0..60 => Self::D,
        }
    }

    /// One audit in so many periods.
    pub fn audited_every(self) -> u64 {
        match self {
            Self::A => 6,
            Self::B => 3,
            Self::C | Self::D => 1,
        }
    }

    fn above(self) -> Self {
        match self {
            Self::D => Self::C,
            Self::C => Self::B,
            Self::B | Self::A => Self::A,
        }
    }
}

/// A score with its parts. Parts are points before rounding.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// C, up to 30: completeness.
    pub completeness: f64,
    /// T, up to 15: timeliness.
    pub timeliness: f64,
    /// Q1, up to 35: content failures that are proven.
    pub proven: f64,
    /// Q2, up to 10: what is not yet shown.
    pub unshown: f64,
    /// I, up to 10: integrity findings.
    pub integrity: f64,
    /// The highest score that the facts allow; 100 if nothing caps it.
    pub cap: u8,
    /// The score, 0 to 100.
    pub points: u8,
    /// Its class.
    pub class: Class,
}

/// Thirds do not add up exactly in floats: a sum this close below a whole point is that point.
const ROUNDING: f64 = 1e-9;

/// The score of one period, before the mean of three.
pub fn score(facts: &Facts) -> Score {
    let missing = share(facts.missing, facts.expected);
    let late = share(facts.late, facts.expected.saturating_sub(facts.missing));
    let completeness = 30.0 * (missing / 0.10).min(1.0);
    let timeliness = 15.0 * (late / 0.20).min(1.0);
    let (proven, unshown) = match &facts.audit {
        Some(audit) => (
            35.0 * (share(audit.bounds.lower, audit.size) / 0.20).min(1.0),
            10.0 * ((share(audit.bounds.upper, audit.size) - 0.05) / 0.10).clamp(0.0, 1.0),
        ),
        None => (0.0, 10.0),
    };
    let integrity = f64::from(facts.integrity.min(2)) * 5.0;
    let cap = cap(facts);
    let rest = 100.0 - (completeness + timeliness + proven + unshown + integrity) + ROUNDING;
    let points = (0..=cap).rev().find(|points| f64::from(*points) <= rest).unwrap_or(0);
    let class = Class::of(points);
    Score { completeness, timeliness, proven, unshown, integrity, cap, points, class }
}

/// part ÷ whole, at most 1; nothing of nothing is 0.
fn share(part: u64, whole: u64) -> f64 {
    if part >= whole {
        return if part == 0 { 0.0 } else { 1.0 };
    }
    real(part) / real(whole)
}

fn cap(facts: &Facts) -> u8 {
    reasons(facts).iter().map(|reason| reason.cap()).min().unwrap_or(100)
}

/// Everything that caps a score, the lowest cap first.
pub fn reasons(facts: &Facts) -> Vec<Reason> {
    let missing_above = |per_cent: u64| {
        u128::from(facts.missing) * 100 > u128::from(facts.expected) * u128::from(per_cent)
    };
    let verdict = facts.audit.map_or(Verdict::Undecided, |audit| audit.verdict);
    let certain = [Verdict::Compliant, Verdict::NonCompliant].contains(&verdict);
    let all = [
        (facts.grave, Reason::Grave),
        (missing_above(30), Reason::MissingThirty),
        (verdict == Verdict::NonCompliant, Reason::NonCompliant),
        (facts.critical, Reason::Critical),
        (missing_above(5), Reason::MissingFive),
        (facts.missing_period, Reason::MissingPeriod),
        (!certain, Reason::Undecided),
        (!facts.audited_lately, Reason::NotLately),
        (facts.periods < 2, Reason::ShortHistory),
    ];
    all.into_iter().filter_map(|(holds, reason)| holds.then_some(reason)).collect()
}

/// The score that is published: one good period cannot lift the mean of three. `before` are the
/// scores of up to two periods before this one; older ones are ignored.
pub fn published(this: u8, before: &[u8]) -> u8 {
    let latest = std::iter::once(&this).chain(before).take(3);
    let (count, sum) =
        latest.fold((0u16, 0u16), |(n, sum), points| (n + 1, sum + u16::from(*points)));
    u8::try_from(sum / count).map_or(this, |mean| mean.min(this))
}

/// A holder's class over time: down at once, up one class after two consecutive audits that would
/// deserve a better one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The class that sets the chance of an audit.
    pub class: Class,
    /// Consecutive audits with a better class than this one.
    pub qualifying: u8,
}

impl Standing {
    /// Where a holder begins.
    pub fn new(class: Class) -> Self {
        Self { class, qualifying: 0 }
    }

    /// The standing after an audit that by itself gives `class`.
    pub fn after(self, class: Class) -> Self {
        if class <= self.class {
            return Self::new(class);
        }
        if self.qualifying == 0 {
            return Self { qualifying: 1, ..self };
        }
        Self::new(self.class.above())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::audits::verdict::{Plan, Tally};

    fn audited(size: u64, opened: u64, failing: u64) -> Audited {
        let (plan, tally) = (Plan::default(), Tally::of(opened, failing));
        Audited { size, bounds: plan.bounds(size, tally), verdict: plan.verdict(size, tally) }
    }

    fn clean() -> Facts {
        Facts {
            expected: 1_000,
            missing: 0,
            late: 0,
            audit: Some(audited(1_000, 62, 0)),
            audited_lately: true,
            periods: 5,
            missing_period: false,
            critical: false,
            integrity: 0,
            grave: false,
        }
    }

    #[test]
    fn short_history_and_a_missing_period_cap_the_score() {
        assert_eq!(score(&clean()).points, 100);
        assert_eq!(score(&Facts { periods: 1, ..clean() }).points, 89);
        assert_eq!(score(&Facts { missing_period: true, ..clean() }).points, 74);
        assert_eq!(score(&Facts { audit: None, ..clean() }).points, 89);
    }

    #[test]
    fn whole_points_survive_float_rounding() {
        let points: Vec<u8> =
            (0..=10).map(|tens| score(&Facts { missing: tens * 10, ..clean() }).points).collect();
        assert_eq!(points, [100, 97, 94, 91, 88, 85, 74, 74, 74, 73, 70]);
    }

    #[test]
    fn a_holder_that_need_not_submit_anything_loses_nothing_for_it() {
        let idle = Facts { expected: 0, ..clean() };
        assert_eq!(score(&idle).points, 100);
    }

    #[test]
    fn one_good_period_does_not_lift_the_published_score() {
        assert_eq!(published(95, &[60, 70]), 75);
        assert_eq!(published(40, &[100, 100]), 40);
        assert_eq!(published(90, &[]), 90);
        assert_eq!(published(90, &[80, 91, 0]), 87);
    }

    #[test]
    fn a_class_falls_at_once_and_rises_by_one_after_two_audits() {
        let start = Standing::new(Class::C);
        let once = start.after(Class::A);
        assert_eq!(once.class, Class::C);
        assert_eq!(once.after(Class::A), Standing::new(Class::B));
        assert_eq!(once.after(Class::C).after(Class::A).class, Class::C);
        assert_eq!(Standing::new(Class::A).after(Class::D), Standing::new(Class::D));
    }

    fn facts() -> impl Strategy<Value = (Facts, u64, u64)> {
        let counts = (1u64..3_000).prop_flat_map(|n| (Just(n), 0..=n / 3, 0..=n / 2));
        let audit = (1u64..2_000)
            .prop_flat_map(|n| (Just(n), 1..=n.min(300)))
            .prop_flat_map(|(n, t)| (Just(n), Just(t), 0..t.min(60)));
        let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
        (counts, audit, flags, 0u32..4, 0u32..4).prop_map(
            |((expected, missing, late), (n, t, s), flags, integrity, periods)| {
                let facts = Facts {
                    expected,
                    missing,
                    late: late.min(expected - missing),
                    audit: Some(audited(n, t, s)),
                    audited_lately: flags.0,
                    periods,
                    missing_period: flags.1,
                    critical: flags.2,
                    integrity,
                    grave: flags.3,
                };
                (facts, t, s)
            },
        )
    }

    proptest! {
        #[test]
        fn one_more_shortcoming_never_raises_the_score((facts, t, s) in facts()) {
            let before = score(&facts).points;
            let size = facts.audit.map_or(1, |audit| audit.size);
            let received = facts.expected - facts.missing;
            let mut worse = vec![
                Facts { audit: Some(audited(size, t, s + 1)), ..facts },
                Facts { critical: true, ..facts },
                Facts { grave: true, ..facts },
                Facts { missing_period: true, ..facts },
                Facts { integrity: facts.integrity + 1, ..facts },
                Facts { audited_lately: false, ..facts },
            ];
            if facts.late < received {
                worse.push(Facts { late: facts.late + 1, ..facts });
                worse.push(Facts { missing: facts.missing + 1, ..facts });
            }
            for other in worse {
                prop_assert!(score(&other).points <= before, "{:?} against {:?}", other, facts);
            }
        }
    }
}
