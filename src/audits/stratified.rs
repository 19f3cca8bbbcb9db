//! The verdict engine with strata (sampling.md §4): rates of opening may differ by stratum, chosen
//! adaptively, and the total is still judged without further assumptions.

use super::verdict::{Prior, real};

/// One part of the population, defined by public metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stratum {
    /// N: its records.
    pub size: u64,
    /// t: those opened, at most `size`.
    pub opened: u64,
    /// s: those failing, at most `opened`.
    pub failing: u64,
}

impl Stratum {
    /// Failing records that it can hold at most, given what was opened.
    fn most(&self) -> u64 {
        self.size - (self.opened - self.failing)
    }

    /// By how much ln L rises when one more of its records fails, beyond `count`.
    fn gain(&self, count: u64) -> f64 {
        if count >= self.most() {
            return f64::NEG_INFINITY;
        }
        let up = real(count + 1) * real(self.most() - count);
        let down = real(count + 1 - self.failing) * real(self.size - count);
        (up / down).ln()
    }

    /// ln L of exactly s failing: s! (N−s)! / N!.
    fn ln_least(&self) -> f64 {
        (0..self.failing).map(|i| (real(self.failing - i) / real(self.size - i)).ln()).sum()
    }
}

/// ln E against "`total` or more records fail": infinite if that is impossible, minus infinity while
/// the likelihood still rises beyond `total`, because then larger totals are not ruled out.
///
/// The most favourable split of `total` over the strata is found greedily, which is exact because
/// every ln L is concave. One stratum gives back the engine of `verdict`. Takes time as
/// `total` times the number of strata.
pub fn ln_e(strata: &[Stratum], total: u64, prior: Prior) -> f64 {
    let failing: u64 = strata.iter().map(|stratum| stratum.failing).sum();
    let opened: u64 = strata.iter().map(|stratum| stratum.opened).sum();
    if failing > total {
        return f64::INFINITY;
    }
    let mut ln_likelihood: f64 = strata.iter().map(Stratum::ln_least).sum();
    let mut counts: Vec<u64> = strata.iter().map(|stratum| stratum.failing).collect();
    let mut gains: Vec<f64> = strata.iter().map(|stratum| stratum.gain(stratum.failing)).collect();
    for _ in failing..total {
        let Some(best) = (0..gains.len()).rev().max_by(|x, y| gains[*x].total_cmp(&gains[*y]))
        else {
            return f64::INFINITY;
        };
        if gains[best] == f64::NEG_INFINITY {
            return f64::INFINITY;
        }
        ln_likelihood += gains[best];
        counts[best] += 1;
        gains[best] = strata[best].gain(counts[best]);
    }
    if gains.iter().any(|gain| *gain > 0.0) {
        return f64::NEG_INFINITY;
    }
    ln_beta_binomial(prior, opened, failing) - ln_likelihood
}

/// ln [B(a+s, b+t−s) / B(a, b)], the chance of one particular order of s failing among t.
fn ln_beta_binomial(Prior { a, b }: Prior, t: u64, s: u64) -> f64 {
    let failing: f64 = (0..s).map(|i| (a + real(i)).ln()).sum();
    let passing: f64 = (0..t - s).map(|j| (b + real(j)).ln()).sum();
    let opened: f64 = (0..t).map(|i| (a + b + real(i)).ln()).sum();
    failing + passing - opened
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::audits::verdict;

    const PRIOR: Prior = Prior { a: 0.25, b: 25.0 };

    #[test]
    fn what_is_impossible_is_ruled_out_and_a_rising_likelihood_says_nothing() {
        let all_open = [Stratum { size: 10, opened: 10, failing: 2 }];
        assert_eq!(ln_e(&all_open, 3, PRIOR), f64::INFINITY);
        assert_eq!(ln_e(&all_open, 1, PRIOR), f64::INFINITY);
        assert_eq!(ln_e(&[], 1, PRIOR), f64::INFINITY);
        let bad = [Stratum { size: 100, opened: 10, failing: 5 }];
        assert_eq!(ln_e(&bad, 6, PRIOR), f64::NEG_INFINITY);
    }

    /// The largest ln L over every split of `total`, by trying them all.
    fn best_split([one, other]: [Stratum; 2], total: u64) -> f64 {
        let ln_l = |stratum: &Stratum, k: u64| -> f64 {
            let (s, t) = (stratum.failing, stratum.opened);
            let failing: f64 = (0..s).map(|i| real(k - i).ln()).sum();
            let passing: f64 = (0..t - s).map(|j| real(stratum.size - k - j).ln()).sum();
            let opened: f64 = (0..t).map(|i| real(stratum.size - i).ln()).sum();
            failing + passing - opened
        };
        (one.failing..=one.most().min(total))
            .filter(|k| (other.failing..=other.most()).contains(&(total - k)))
            .map(|k| ln_l(&one, k) + ln_l(&other, total - k))
            .fold(f64::NEG_INFINITY, f64::max)
    }

    proptest! {
        #[test]
        fn one_stratum_gives_back_the_engine(
            n in 40u64..2_000, t in 3u64..40, s in 0u64..3, k in 1u64..40
        ) {
            let strata = [Stratum { size: n, opened: t, failing: s }];
            let (plain, one) = (verdict::ln_e(n, k, t, s, PRIOR), ln_e(&strata, k, PRIOR));
            let rising = k >= s && t * (k + 1) < s * (n + 1);
            if rising {
                prop_assert_eq!(one, f64::NEG_INFINITY);
            } else {
                // At the very top of the likelihood the sign of the next gain is a rounding error.
                let top = t * (k + 1) == s * (n + 1);
                prop_assert!(one == plain || top || (one - plain).abs() < 1e-8, "{} {}", one, plain);
            }
        }

        #[test]
        fn the_greedy_split_is_the_best_split(a in 0u64..6, b in 0u64..6, total in 0u64..18) {
            let strata = [
                Stratum { size: 12, opened: 6, failing: a },
                Stratum { size: 9, opened: 5, failing: b.min(5) },
            ];
            let greedy = ln_e(&strata, total, PRIOR);
            let best = best_split(strata, total);
            if greedy == f64::INFINITY {
                prop_assert_eq!(best, f64::NEG_INFINITY);
            } else if greedy == f64::NEG_INFINITY {
                prop_assert!(best_split(strata, total + 1) > best);
            } else {
                let bb = ln_beta_binomial(PRIOR, 11, strata[0].failing + strata[1].failing);
                prop_assert!((greedy - (bb - best)).abs() < 1e-9);
            }
        }
    }
}
