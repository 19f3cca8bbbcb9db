//! The sequential verdict engine (sampling.md §2).
//!
//! Two tests run side by side on the records opened so far: one tries to rule out "k0+1 or more
//! fail", the other "k0 or fewer fail". Both are prior-posterior-ratio martingales, so a verdict may
//! be taken after every opened record and errs no more often than the plan says. Floats decide;
//! what is kept as the record of a decision are the integers N, k0, t, s and the verdict.

use serde::{Deserialize, Serialize};

/// The float of a count. Every count here is far below 2^53, where each u64 has its own float;
/// beyond it the relative error is 10^-16.
#[expect(clippy::as_conversions, reason = "std has no From<u64> for f64; the rounding is harmless")]
pub(super) fn real(count: u64) -> f64 {
    count as f64
}

/// A beta prior of the failing share.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Prior {
    /// Weight of failing.
    pub a: f64,
    /// Weight of passing.
    pub b: f64,
}

/// What is fixed before the cutoff, and logged (sampling.md §1, §2.1).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The tolerable share of failing records, in per mille.
    pub p0_per_mille: u16,
    /// Largest chance of a wrong *compliant*.
    pub alpha_pass: f64,
    /// Largest chance of a wrong *non-compliant*.
    pub alpha_fail: f64,
    /// Prior of the pass test.
    pub prior_pass: Prior,
    /// Prior of the fail test.
    pub prior_fail: Prior,
    /// Most openings per duty holder and period; beyond it two people decide.
    pub cap: u64,
}

impl Default for Plan {
    /// At most 5 % failing; errors 5 % and 1 %; cap 300.
    fn default() -> Self {
        Self::for_share(50)
    }
}

/// Where an audit stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Verdict {
    /// At most k0 records fail.
    Compliant,
    /// More than k0 records fail.
    NonCompliant,
    /// Open the next record.
    Continue,
    /// The cap or the census is reached and neither can be said.
    Undecided,
}

/// What the opened records have shown so far. `failing + undecided` is at most `opened`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tally {
    /// t: records of the draw that were opened, or asked for in vain.
    pub opened: u64,
    /// Records that fail, including those that are missing, late, different or cannot be opened.
    pub failing: u64,
    /// Records that the rule pack cannot decide: failing in the pass test, passing in the fail test.
    pub undecided: u64,
}

impl Tally {
    /// A tally in which every record could be decided.
    pub fn of(opened: u64, failing: u64) -> Self {
        Self { opened, failing, undecided: 0 }
    }

    /// s of the pass test.
    fn at_worst(&self) -> u64 {
        self.failing.saturating_add(self.undecided).min(self.opened)
    }

    /// s of the fail test.
    fn at_best(&self) -> u64 {
        self.failing.min(self.opened)
    }
}

/// Between how many records fail (sampling.md §2.4). Each end holds at all times at once with its
/// own error; both together err with the sum of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounds {
    /// L: at least so many fail.
    pub lower: u64,
    /// U: at most so many fail.
    pub upper: u64,
}

impl Bounds {
    /// Both bounds stay valid when tightened by earlier or later ones of the same run.
    pub fn tightened_by(self, other: Self) -> Self {
        Self { lower: self.lower.max(other.lower), upper: self.upper.min(other.upper) }
    }
}

impl Plan {
    /// The default plan for another tolerable share; the priors follow from it.
    pub fn for_share(p0_per_mille: u16) -> Self {
        let share = f64::from(p0_per_mille.max(1));
        Self {
            p0_per_mille,
            alpha_pass: 0.05,
            alpha_fail: 0.01,
            prior_pass: Prior { a: 0.25, b: 1250.0 / share },
            prior_fail: Prior { a: 2.0, b: 500.0 / share },
            cap: 300,
        }
    }

    /// k0, the tolerable count among `size` records: max(1, floor(p0·N)), but 0 where that would
    /// allow every record to fail (sampling.md §1, §2.6).
    pub fn tolerable(&self, size: u64) -> u64 {
        let share = u128::from(size) * u128::from(self.p0_per_mille) / 1000;
        let tolerable = u64::try_from(share).unwrap_or(u64::MAX).max(1);
        if size <= tolerable { 0 } else { tolerable }
    }

    /// The verdict at this tally, cap and census included. An empty frame is never compliant: it is
    /// undecided.
    pub fn verdict(&self, size: u64, tally: Tally) -> Verdict {
        if size == 0 {
            return Verdict::Undecided;
        }
        match self.judge(size, self.tolerable(size), tally) {
            Verdict::Continue if tally.opened >= self.cap.min(size) => Verdict::Undecided,
            verdict => verdict,
        }
    }

    /// The rules of sampling.md §2.3 at this state alone, without a cap.
    pub fn judge(&self, size: u64, k0: u64, tally: Tally) -> Verdict {
        rules(size, k0, tally, |test, s| match test {
            Test::Pass => {
                ln_e(size, k0 + 1, tally.opened, s, self.prior_pass) >= -self.alpha_pass.ln()
            }
            Test::Fail => ln_e(size, k0, tally.opened, s, self.prior_fail) >= -self.alpha_fail.ln(),
        })
    }

    /// The bounds at this tally: L with error `alpha_fail`, U with error `alpha_pass`.
    pub fn bounds(&self, size: u64, tally: Tally) -> Bounds {
        if tally.opened == 0 || tally.opened > size {
            return Bounds { lower: 0, upper: size };
        }
        Bounds { lower: self.lower(size, tally), upper: self.upper(size, tally) }
    }

    /// Largest K not ruled out by the pass test.
    fn upper(&self, size: u64, tally: Tally) -> u64 {
        let (t, s) = (tally.opened, tally.at_worst());
        let most = size - (t - s);
        let (mut low, mut high) = (proportional(s, size, t, false).clamp(s, most), most);
        while low < high {
            let middle = low + (high - low).div_ceil(2);
            if ln_e(size, middle, t, s, self.prior_pass) < -self.alpha_pass.ln() {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        low
    }

    /// Smallest K not ruled out by the fail test.
    fn lower(&self, size: u64, tally: Tally) -> u64 {
        let (t, s) = (tally.opened, tally.at_best());
        let most = size - (t - s);
        let (mut low, mut high) = (s, proportional(s, size, t, true).clamp(s, most));
        while low < high {
            let middle = low + (high - low) / 2;
            if ln_e(size, middle, t, s, self.prior_fail) < -self.alpha_fail.ln() {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        low
    }
}

/// s·N/t in integers, rounded down or up.
fn proportional(s: u64, size: u64, t: u64, up: bool) -> u64 {
    let (product, t) = (u128::from(s) * u128::from(size), u128::from(t));
    let share = if up { product.div_ceil(t) } else { product / t };
    u64::try_from(share).unwrap_or(u64::MAX)
}

#[derive(Clone, Copy)]
enum Test {
    Pass,
    Fail,
}

/// The four rules of sampling.md §2.3; `rejects` says whether a test's martingale has reached its
/// threshold with the s of that test.
fn rules(size: u64, k0: u64, tally: Tally, rejects: impl Fn(Test, u64) -> bool) -> Verdict {
    let (t, worst, best) = (tally.opened, tally.at_worst(), tally.at_best());
    let wide = |x: u64, y: u64| u128::from(x) * u128::from(y);
    if best > k0 {
        return Verdict::NonCompliant;
    }
    if (k0 + 1).saturating_sub(worst) > size.saturating_sub(t) {
        return Verdict::Compliant;
    }
    if wide(worst, size) <= wide(k0 + 1, t) && rejects(Test::Pass, worst) {
        return Verdict::Compliant;
    }
    if wide(best, size) > wide(k0, t) && rejects(Test::Fail, best) {
        return Verdict::NonCompliant;
    }
    Verdict::Continue
}

/// ln M(K): the martingale against "exactly `k` of `n` fail" after `t` opened, `s` of them failing
/// (sampling.md §2.1). Infinite where `k` is impossible. Needs s ≤ t.
pub fn ln_e(n: u64, k: u64, t: u64, s: u64, prior: Prior) -> f64 {
    if s > k || k > n || t - s > n - k {
        return f64::INFINITY;
    }
    let Prior { a, b } = prior;
    let failing: f64 = (0..s).map(|i| ((a + real(i)) / real(k - i)).ln()).sum();
    let passing: f64 = (0..t - s).map(|j| ((b + real(j)) / real(n - k - j)).ln()).sum();
    let opened: f64 = (0..t).map(|i| (real(n - i) / (a + b + real(i))).ln()).sum();
    failing + passing + opened
}

/// The same martingale for every (t, s) up to a cap: it is a sum of three parts that depend on s,
/// t−s and t alone, so each state costs three look-ups.
struct Ladder {
    failing: Vec<f64>,
    passing: Vec<f64>,
    opened: Vec<f64>,
}

impl Ladder {
    fn new(n: u64, k: u64, cap: u64, Prior { a, b }: Prior) -> Self {
        let sums = |count: u64, term: &dyn Fn(u64) -> f64| {
            let steps = (0..count).scan(0.0, |sum, i| {
                *sum += term(i).ln();
                Some(*sum)
            });
            std::iter::once(0.0).chain(steps).collect()
        };
        Self {
            failing: sums(cap.min(k), &|i| (a + real(i)) / real(k - i)),
            passing: sums(cap.min(n - k), &|j| (b + real(j)) / real(n - k - j)),
            opened: sums(cap.min(n), &|i| real(n - i) / (a + b + real(i))),
        }
    }

    fn ln_e(&self, t: usize, s: usize) -> f64 {
        match (self.failing.get(s), self.passing.get(t - s), self.opened.get(t)) {
            (Some(failing), Some(passing), Some(opened)) => failing + passing + opened,
            _ => f64::INFINITY,
        }
    }
}

/// Where the two tests end an audit after so many openings, every opened record decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// t: how many records were opened.
    pub opened: u64,
    /// At most so many failing ones conclude *compliant*; `None` while no count does.
    pub passes: Option<u64>,
    /// At least so many failing ones conclude *non-compliant*; `None` while no count does.
    pub fails: Option<u64>,
}

/// The limits after each of the first `most` openings of a frame of `size`, from 0 on, not beyond
/// the plan's cap (sampling.md §2.3). Takes time as `most` times the width of the open corridor.
pub fn limits(plan: &Plan, size: u64, most: u64) -> Vec<Limits> {
    let k0 = plan.tolerable(size);
    let most = most.min(plan.cap).min(size);
    let pass_test = Ladder::new(size, (k0 + 1).min(size), most, plan.prior_pass);
    let fail_test = Ladder::new(size, k0, most, plan.prior_fail);
    let (pass_at, fail_at) = (-plan.alpha_pass.ln(), -plan.alpha_fail.ln());
    let index = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
    let judged = |t: u64, s: u64| {
        rules(size, k0, Tally::of(t, s), |test, s| match test {
            Test::Pass => pass_test.ln_e(index(t), index(s)) >= pass_at,
            Test::Fail => fail_test.ln_e(index(t), index(s)) >= fail_at,
        })
    };
    let mut found = Vec::new();
    // Both limits only rise with t, so each is looked for from where it stood.
    let (mut passes, mut fails): (Option<u64>, u64) = (None, 0);
    for t in 0..=most {
        let next = |passes: Option<u64>| passes.map_or(0, |s| s + 1);
        while next(passes) <= t && judged(t, next(passes)) == Verdict::Compliant {
            passes = Some(next(passes));
        }
        while fails <= t && judged(t, fails) != Verdict::NonCompliant {
            fails += 1;
        }
        found.push(Limits { opened: t, passes, fails: (fails <= t).then_some(fails) });
    }
    found
}

/// How a plan ends on a population that is known (sampling.md §2.5): what it costs and how often it
/// errs. Chances are fractions of one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// Chance of *compliant*.
    pub pass: f64,
    /// Chance of *non-compliant*.
    pub fail: f64,
    /// Chance of reaching the cap.
    pub undecided: f64,
    /// Expected number of openings.
    pub mean_openings: f64,
}

/// The exact outcome when `failing` of `size` records fail and at most the plan's cap are opened,
/// by dynamic programming over (t, s). Takes time and memory as cap² and cap.
pub fn outcome(plan: &Plan, size: u64, failing: u64) -> Outcome {
    let k0 = plan.tolerable(size);
    let cap = plan.cap.min(size);
    let pass_test = Ladder::new(size, (k0 + 1).min(size), cap, plan.prior_pass);
    let fail_test = Ladder::new(size, k0, cap, plan.prior_fail);
    let (pass_at, fail_at) = (-plan.alpha_pass.ln(), -plan.alpha_fail.ln());
    let mut result = Outcome { pass: 0.0, fail: 0.0, undecided: 0.0, mean_openings: 0.0 };
    let mut open = vec![1.0];
    for (t, row) in (1..=cap).zip(1usize..) {
        let standing: f64 = open.iter().sum();
        if standing <= 0.0 {
            break;
        }
        result.mean_openings += standing;
        let mut next = vec![0.0; row + 1];
        for ((s, at), weight) in (0u64..).zip(0usize..).zip(&open) {
            if *weight > 0.0 {
                let chance = real(failing.saturating_sub(s)) / real(size - t + 1);
                next[at + 1] += weight * chance;
                next[at] += weight * (1.0 - chance).max(0.0);
            }
        }
        for ((s, at), weight) in (0u64..).zip(0usize..).zip(next.iter_mut()) {
            if *weight <= 0.0 {
                continue;
            }
            let verdict = rules(size, k0, Tally::of(t, s), |test, _| match test {
                Test::Pass => pass_test.ln_e(row, at) >= pass_at,
                Test::Fail => fail_test.ln_e(row, at) >= fail_at,
            });
            match verdict {
                Verdict::Compliant => result.pass += std::mem::take(weight),
                Verdict::NonCompliant => result.fail += std::mem::take(weight),
                Verdict::Continue | Verdict::Undecided => {}
            }
        }
        open = next;
    }
    result.undecided = open.iter().sum();
    result
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_tolerable_count_is_an_integer_floor_and_never_the_whole_frame() {
        let plan = Plan::default();
        let counts: Vec<u64> =
            [1, 2, 19, 20, 39, 40, 1_000, 99_999].map(|n| plan.tolerable(n)).to_vec();
        assert_eq!(counts, [0, 1, 1, 1, 1, 2, 50, 4_999]);
        assert_eq!(plan.tolerable(u64::MAX), u64::MAX / 20);
    }

    #[test]
    fn the_plan_card_for_large_frames_holds() {
        let plan = Plan::default();
        let n = 1_000_000;
        for (s, t) in [(0, 65), (1, 137), (2, 185), (3, 228), (4, 267)] {
            assert_eq!(plan.verdict(n, Tally::of(t, s)), Verdict::Compliant, "{s} of {t}");
            assert_eq!(plan.verdict(n, Tally::of(t - 1, s)), Verdict::Continue, "{s} of {}", t - 1);
        }
        for (s, t) in [(4, 8), (5, 15), (6, 23), (7, 32), (8, 40), (10, 59)] {
            assert_eq!(plan.verdict(n, Tally::of(t, s)), Verdict::NonCompliant, "{s} of {t}");
            assert_eq!(plan.verdict(n, Tally::of(t + 1, s)), Verdict::Continue, "{s} of {}", t + 1);
        }
    }

    #[test]
    fn the_limits_are_where_the_verdict_changes() {
        for size in [12, 70, 3_000] {
            let plan = Plan::default();
            for limit in limits(&plan, size, 90) {
                let t = limit.opened;
                let k0 = plan.tolerable(size);
                let of = |verdict| move |s: &u64| plan.judge(size, k0, Tally::of(t, *s)) == verdict;
                assert_eq!(
                    limit.passes,
                    (0..=t).filter(of(Verdict::Compliant)).max(),
                    "{size} {t}"
                );
                assert_eq!(limit.fails, (0..=t).find(of(Verdict::NonCompliant)), "{size} {t}");
            }
        }
        assert_eq!(limits(&Plan::default(), 5_000, 1_000).len(), 301);
        assert_eq!(limits(&Plan::default(), 5_000, 65)[65].passes, Some(0));
    }

    #[test]
    fn at_the_cap_without_an_answer_the_verdict_is_undecided() {
        let plan = Plan::default();
        assert_eq!(plan.verdict(100_000, Tally::of(299, 12)), Verdict::Continue);
        assert_eq!(plan.verdict(100_000, Tally::of(300, 12)), Verdict::Undecided);
        assert_eq!(plan.verdict(0, Tally::default()), Verdict::Undecided);
    }

    #[test]
    fn a_record_the_pack_cannot_decide_helps_neither_side() {
        let plan = Plan::default();
        let clean = Tally::of(65, 0);
        assert_eq!(plan.verdict(100_000, clean), Verdict::Compliant);
        assert_eq!(plan.verdict(100_000, Tally { undecided: 1, ..clean }), Verdict::Continue);
        let grave = Tally::of(15, 4);
        assert_eq!(plan.verdict(100_000, Tally::of(15, 5)), Verdict::NonCompliant);
        assert_eq!(plan.verdict(100_000, Tally { undecided: 1, ..grave }), Verdict::Continue);
        let bounds = plan.bounds(100_000, Tally { opened: 100, failing: 2, undecided: 3 });
        assert_eq!(bounds.lower, plan.bounds(100_000, Tally::of(100, 2)).lower);
        assert_eq!(bounds.upper, plan.bounds(100_000, Tally::of(100, 5)).upper);
    }

    #[test]
    fn a_census_with_undecidable_records_may_stay_undecided() {
        let census = Tally { opened: 50, failing: 1, undecided: 3 };
        assert_eq!(Plan::default().verdict(50, census), Verdict::Undecided);
        assert_eq!(Plan::default().verdict(50, Tally::of(50, 2)), Verdict::Compliant);
        assert_eq!(Plan::default().verdict(50, Tally::of(50, 3)), Verdict::NonCompliant);
    }

    #[test]
    fn a_single_record_is_opened_before_anything_is_said() {
        let plan = Plan::default();
        assert_eq!(plan.verdict(1, Tally::default()), Verdict::Continue);
        assert_eq!(plan.verdict(1, Tally::of(1, 0)), Verdict::Compliant);
        assert_eq!(plan.verdict(1, Tally::of(1, 1)), Verdict::NonCompliant);
    }

    #[test]
    fn no_frame_is_too_large_to_judge() {
        let plan = Plan::default();
        assert_eq!(plan.verdict(u64::MAX, Tally::of(65, 0)), Verdict::Compliant);
        let bounds = plan.bounds(u64::MAX, Tally::of(65, 1));
        assert!(bounds.lower <= bounds.upper);
    }

    #[test]
    fn the_error_of_a_wrong_fail_is_kept_to_the_census() {
        let plan = Plan { cap: u64::MAX, ..Plan::default() };
        let limit = outcome(&plan, 500, 25);
        assert!((limit.fail - 0.0047).abs() < 5e-5, "{limit:?}");
        assert!((limit.mean_openings - 476.0).abs() < 0.5, "{limit:?}");
    }

    fn state() -> impl Strategy<Value = (u64, u64, u64)> {
        (2u64..3_000)
            .prop_flat_map(|n| (Just(n), 1..=n.min(300)))
            .prop_flat_map(|(n, t)| (Just(n), Just(t), 0..=t.min(40)))
    }

    proptest! {
        #[test]
        fn the_ladder_is_the_closed_form((n, t, s) in state(), share in 0.0f64..1.0) {
            let k = (0..=n).find(|k| real(*k) >= share * real(n)).unwrap();
            let prior = Plan::default().prior_pass;
            let (row, at) = (usize::try_from(t).unwrap(), usize::try_from(s).unwrap());
            let (direct, steps) = (ln_e(n, k, t, s, prior), Ladder::new(n, k, t, prior).ln_e(row, at));
            prop_assert!(direct == steps || (direct - steps).abs() < 1e-9, "{} {}", direct, steps);
        }

        #[test]
        fn a_verdict_agrees_with_the_bounds((n, t, s) in state()) {
            let plan = Plan::default();
            let (k0, bounds) = (plan.tolerable(n), plan.bounds(n, Tally::of(t, s)));
            prop_assert!(bounds.lower <= bounds.upper && bounds.upper <= n - (t - s));
            match plan.verdict(n, Tally::of(t, s)) {
                Verdict::Compliant => prop_assert!(bounds.upper <= k0),
                Verdict::NonCompliant => prop_assert!(bounds.lower > k0),
                Verdict::Continue | Verdict::Undecided => {
                    prop_assert!(bounds.lower <= k0 && bounds.upper > k0);
                }
            }
        }

        /// One more failing record never helps, and the rank of verdicts shows it.
        #[test]
        fn one_more_failing_record_never_improves_the_verdict((n, t, s) in state()) {
            prop_assume!(s < t);
            let plan = Plan::default();
            let rank = |s| match plan.verdict(n, Tally::of(t, s)) {
                Verdict::NonCompliant => 0,
                Verdict::Continue | Verdict::Undecided => 1,
                Verdict::Compliant => 2,
            };
            prop_assert!(rank(s + 1) <= rank(s));
            let (less, more) = (plan.bounds(n, Tally::of(t, s)), plan.bounds(n, Tally::of(t, s + 1)));
            prop_assert!(more.lower >= less.lower && more.upper >= less.upper);
        }

        /// Only (t, s) enters, so the verdict at the end of an opened block is the same whatever
        /// the order in which its records were judged.
        #[test]
        fn the_order_inside_a_block_does_not_matter(
            (block, shuffled) in prop::collection::vec(any::<bool>(), 1..60)
                .prop_flat_map(|block| (Just(block.clone()), Just(block).prop_shuffle())),
            n in 60u64..5_000,
        ) {
            let plan = Plan::default();
            let tally = |records: &[bool]| records.iter().fold(Tally::default(), |sum, fails| Tally {
                opened: sum.opened + 1,
                failing: sum.failing + u64::from(*fails),
                undecided: 0,
            });
            let (one, other) = (tally(&block), tally(&shuffled));
            prop_assert_eq!(plan.verdict(n, one), plan.verdict(n, other));
            prop_assert_eq!(plan.bounds(n, one), plan.bounds(n, other));
        }
    }
}
