//! Fixed plans: open n, pass if at most c fail (sampling.md §2.11).
//!
//! They stand here for comparison and for readers who know them. After a sequential stop none of
//! these bounds is valid; the bounds of `verdict` are.

use statrs::distribution::{Beta, ContinuousCDF};

use super::verdict::real;

/// P = α in exact arithmetic may come out an ulp above α in floats; such a tie counts as reached.
const TIE: f64 = 1e-12;

/// Sums terms given by their logarithms, without under- or overflow.
pub(super) struct LogSum {
    highest: f64,
    scaled: f64,
}

impl LogSum {
    pub(super) fn new() -> Self {
        Self { highest: f64::NEG_INFINITY, scaled: 0.0 }
    }

    pub(super) fn add(&mut self, ln_term: f64) {
        if ln_term == f64::NEG_INFINITY {
            return;
        }
        if ln_term > self.highest {
            self.scaled = self.scaled * (self.highest - ln_term).exp() + 1.0;
            self.highest = ln_term;
        } else {
            self.scaled += (ln_term - self.highest).exp();
        }
    }

    pub(super) fn value(&self) -> f64 {
        if self.scaled > 0.0 { self.highest.exp() * self.scaled } else { 0.0 }
    }
}

/// ln of the hypergeometric chance of the smallest possible number of failing records, and that
/// number.
fn lowest_term(size: u64, failing: u64, drawn: u64) -> (u64, f64) {
    let passing = size - failing;
    let product = |count: u64, top: u64| -> f64 {
        (0..count).map(|j| (real(top - j) / real(size - j)).ln()).sum()
    };
    if drawn > passing {
        (drawn - passing, product(passing, drawn))
    } else if failing <= drawn {
        (0, product(failing, size - drawn))
    } else {
        (0, product(drawn, passing))
    }
}

/// P(S ≤ s): the chance that at most `most` failing records are among `drawn` taken without
/// replacement from `size` of which `failing` fail. `failing` and `drawn` are at most `size`; what
/// is beyond counts as all.
pub fn hypergeometric_cdf(size: u64, failing: u64, drawn: u64, most: u64) -> f64 {
    let (failing, drawn) = (failing.min(size), drawn.min(size));
    if most >= failing.min(drawn) {
        return 1.0;
    }
    let (lowest, mut ln_term) = lowest_term(size, failing, drawn);
    if most < lowest {
        return 0.0;
    }
    let passing = size - failing;
    let mut sum = LogSum::new();
    sum.add(ln_term);
    for i in lowest..most {
        let up = real(failing - i) * real(drawn - i);
        // passing + i + 1 - drawn is at least 1, because i is at least drawn - passing.
        let down = real(i + 1) * real(passing + i + 1 - drawn);
        ln_term += (up / down).ln();
        sum.add(ln_term);
    }
    sum.value().min(1.0)
}

/// The smallest sample with which "at most `accept` failing" shows, with error `alpha`, that fewer
/// than `failing` of `size` records fail; `None` where even a census cannot (`accept` ≥ `failing`).
pub fn smallest_sample(size: u64, failing: u64, accept: u64, alpha: f64) -> Option<u64> {
    if accept >= failing || failing > size {
        return None;
    }
    let (mut below, mut enough) = (accept, size);
    while enough - below > 1 {
        let middle = below + (enough - below) / 2;
        if hypergeometric_cdf(size, failing, middle, accept) <= alpha * (1.0 + TIE) {
            enough = middle;
        } else {
            below = middle;
        }
    }
    Some(enough)
}

/// One-sided exact lower bound: the smallest K with P(S ≥ s) > `alpha`, for a fixed sample.
pub fn lower_count(size: u64, drawn: u64, failing: u64, alpha: f64) -> u64 {
    let (mut low, mut high) = (failing, size - drawn + failing);
    while low < high {
        let middle = low + (high - low) / 2;
        // At least s failing is at most n - s passing.
        let chance = hypergeometric_cdf(size, size - middle, drawn, drawn - failing);
        if chance > alpha * (1.0 + TIE) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

/// One-sided exact upper bound: the largest K with P(S ≤ s) > `alpha`, for a fixed sample.
pub fn upper_count(size: u64, drawn: u64, failing: u64, alpha: f64) -> u64 {
    let (mut low, mut high) = (failing, size - drawn + failing);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if hypergeometric_cdf(size, middle, drawn, failing) > alpha * (1.0 + TIE) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    low
}

fn beta_quantile(a: f64, b: f64, at: f64) -> f64 {
    #[expect(clippy::expect_used, reason = "both shapes are at least 1 wherever this is called")]
    let beta = Beta::new(a, b).expect("positive shapes");
    beta.inverse_cdf(at)
}

/// Clopper–Pearson lower limit of the failing share, with error `alpha`.
pub fn clopper_pearson_lower(drawn: u64, failing: u64, alpha: f64) -> f64 {
    if failing == 0 {
        return 0.0;
    }
    beta_quantile(real(failing), real(drawn - failing + 1), alpha)
}

/// Clopper–Pearson upper limit of the failing share, with error `alpha`.
pub fn clopper_pearson_upper(drawn: u64, failing: u64, alpha: f64) -> f64 {
    if failing >= drawn {
        return 1.0;
    }
    beta_quantile(real(failing + 1), real(drawn - failing), 1.0 - alpha)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_familiar_plan_opens_59_and_small_holders_need_nearly_all() {
        assert_eq!(smallest_sample(100_000, 5_001, 0, 0.05), Some(59));
        assert_eq!(smallest_sample(20, 1, 0, 0.05), Some(19));
        assert_eq!(smallest_sample(20, 1, 1, 0.05), None);
    }

    #[test]
    fn all_drawn_failing_leaves_no_upper_limit() {
        assert!((clopper_pearson_upper(7, 7, 0.05) - 1.0).abs() < f64::EPSILON);
        assert!(clopper_pearson_lower(7, 7, 0.05) > 0.5);
    }

    proptest! {
        #[test]
        fn the_two_tails_make_one(
            (size, failing, drawn, most) in (1u64..300)
                .prop_flat_map(|size| (Just(size), 0..=size, 1..=size))
                .prop_flat_map(|(size, k, drawn)| (Just(size), Just(k), Just(drawn), 0..drawn)),
        ) {
            let below = hypergeometric_cdf(size, failing, drawn, most);
            let above = hypergeometric_cdf(size, size - failing, drawn, drawn - most - 1);
            prop_assert!((below + above - 1.0).abs() < 1e-9, "{} {}", below, above);
        }
    }
}
