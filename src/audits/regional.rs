//! The share of failing records among all holders of a plan, estimated from those that the draw
//! chose (sampling.md §4).
//!
//! Only the first 20 draws of each audit enter, because the share at the stop is biased; and only
//! holders between whom the draw decided. Who is audited for cause, or left out at the cap, is in
//! neither sum. The first draws of a pool stand for the holders of each class in it by the class of
//! the holder whose record was drawn: that is unbiased too, but gives no spread between holders, so
//! there is no interval where a pool takes part.

use statrs::distribution::{ContinuousCDF, StudentsT};

use super::verdict::real;

/// So many draws of each audit enter, or all, if there are fewer.
pub(super) const FIRST_DRAWS: u64 = 20;

/// The first draws of one audited holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct First {
    /// N: records in its frame.
    pub(super) size: u64,
    /// How many of the first draws were opened.
    pub(super) opened: u64,
    /// How many of those fail.
    pub(super) failing: u64,
}

impl First {
    /// Estimated failing records of the holder.
    fn total(&self) -> f64 {
        if self.opened == 0 {
            0.0
        } else {
            real(self.size) * real(self.failing) / real(self.opened)
        }
    }
}

/// One class: how many holders the draw decided between, and the audits of those that it chose.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Stratum {
    pub(super) listed: u64,
    pub(super) audits: Vec<First>,
    /// Chosen holders of the class that were audited in pools.
    pub(super) pooled: u64,
    /// N × failing ÷ opened over those pools, where only failing records of this class count.
    pub(super) pooled_total: f64,
}

impl Stratum {
    /// Estimated failing records of the class, and the variance of the estimate; no variance if
    /// only one of several was chosen, or some in a pool. Variance is that between holders, as if they were put back:
    /// what the 20 records of each leave open is in it, and it errs on the wide side.
    fn estimate(&self) -> (f64, Option<f64>) {
        let single = u64::try_from(self.audits.len()).unwrap_or(u64::MAX);
        let chosen = real(single.saturating_add(self.pooled));
        let totals: Vec<f64> = self.audits.iter().map(First::total).collect();
        let mean = (totals.iter().sum::<f64>() + self.pooled_total) / chosen;
        let listed = real(self.listed);
        let spread: f64 = totals.iter().map(|total| (total - mean).powi(2)).sum();
        let shows = chosen > 1.0 && self.pooled == 0;
        let variance = shows.then(|| listed * listed * spread / (chosen - 1.0) / chosen);
        (listed * mean, variance)
    }
}

/// An estimated share with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Estimate {
    /// The share of failing records.
    pub(super) rate: f64,
    /// The 95 % interval; `None` where a class has a single audit.
    pub(super) interval: Option<(f64, f64)>,
}

/// Estimates the share of failing among `records`, all that the listed holders submitted; `None`
/// without a record, or if nobody of a class was audited.
pub(super) fn estimate(strata: &[Stratum], records: u64) -> Option<Estimate> {
    let strata: Vec<&Stratum> = strata.iter().filter(|stratum| stratum.listed > 0).collect();
    if records == 0
        || strata.is_empty()
        || strata.iter().any(|one| one.audits.is_empty() && one.pooled == 0)
    {
        return None;
    }
    let parts: Vec<(f64, Option<f64>)> = strata.iter().map(|one| one.estimate()).collect();
    let rate = parts.iter().map(|(total, _)| total).sum::<f64>() / real(records);
    let variance: Option<f64> = parts.iter().map(|(_, variance)| *variance).sum();
    let freedom: u64 = strata
        .iter()
        .map(|one| u64::try_from(one.audits.len()).unwrap_or(u64::MAX).saturating_sub(1))
        .sum();
    let interval = variance.and_then(|variance| {
        let student = StudentsT::new(0.0, 1.0, real(freedom)).ok()?;
        let half = student.inverse_cdf(0.975) * variance.sqrt() / real(records);
        Some(((rate - half).max(0.0), (rate + half).min(1.0)))
    });
    Some(Estimate { rate: rate.min(1.0), interval })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(size: u64, failing: u64) -> First {
        First { size, opened: size.min(FIRST_DRAWS), failing }
    }

    fn alone(listed: u64, audits: Vec<First>) -> Stratum {
        Stratum { listed, audits, ..Stratum::default() }
    }

    #[test]
    fn a_pool_stands_for_its_holders_and_gives_no_interval() {
        // Of three chosen holders, two are in a pool of 60 records of which 2 in 20 fail.
        let pool = Stratum { pooled: 2, pooled_total: 6.0, ..alone(6, vec![first(100, 0)]) };
        let told = estimate(std::slice::from_ref(&pool), 240).unwrap();
        assert_eq!((told.rate, told.interval), (6.0 / 3.0 * 6.0 / 240.0, None));
        let only = Stratum { audits: Vec::new(), listed: 2, ..pool };
        assert_eq!(estimate(&[only], 60).unwrap().rate, 0.1);
    }

    #[test]
    fn each_audit_stands_for_as_many_holders_as_its_chance_says() {
        let a = alone(6, vec![first(100, 0), first(100, 2)]);
        let c = alone(2, vec![first(50, 10), first(150, 0)]);
        let told = estimate(&[a, c], 800).unwrap();
        // Six holders with 5 failing on average, and two with 12.5.
        assert!((told.rate - 55.0 / 800.0).abs() < 1e-12, "{told:?}");
        // t(2) = 4.302653; variance 36·50/2 + 4·312.5/2.
        let half = 4.302_652_73 * (900.0_f64 + 625.0).sqrt() / 800.0;
        let (low, high) = told.interval.unwrap();
        assert!(low == 0.0 && (high - (told.rate + half)).abs() < 1e-6, "{told:?}");
    }

    #[test]
    fn one_audit_of_a_class_gives_a_rate_and_no_interval() {
        let told = estimate(&[alone(3, vec![first(40, 1)])], 120).unwrap();
        assert_eq!((told.rate, told.interval), (0.05, None));
    }

    #[test]
    fn nothing_is_said_of_a_class_without_an_audit_or_of_no_records() {
        let seen = alone(2, vec![first(40, 1)]);
        let unseen = alone(2, Vec::new());
        assert_eq!(estimate(&[seen.clone(), unseen], 160), None);
        assert_eq!(estimate(std::slice::from_ref(&seen), 0), None);
        assert!(estimate(&[seen, Stratum::default()], 80).is_some());
    }

    #[test]
    fn a_holder_without_records_counts_as_one_without_failures() {
        let both = alone(2, vec![first(0, 0), first(20, 10)]);
        assert_eq!(estimate(&[both], 20).unwrap().rate, 0.5);
    }
}
