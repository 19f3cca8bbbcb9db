//! Plans: how a department audits a trade, and the periods that a plan cuts time into.

use std::time::Duration;

use serde_json::{Value, json};

use super::chances::Chances;
use super::place::Sector;
use crate::foundation::ids::{DepartmentId, LeafId, PlanId};
use crate::foundation::time::{Day, Timestamp};

/// How a plan cuts time into periods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Calendar months.
    Month,
    /// Spans of equal length from a day on.
    Days {
        /// Length of a span, in days.
        days: u32,
        /// First day of the first span.
        from: Day,
    },
}

/// Which holders are audited together: those with few records, as one population with one
/// conclusion (sampling.md §3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pooling {
    /// Whoever has fewer records in a period is pooled.
    pub below: u32,
    /// A pool has at most so many holders.
    pub holders: u32,
}

/// How a department audits a trade.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Our own id; it stays when the parameters change.
    pub id: PlanId,
    /// The department.
    pub department: DepartmentId,
    /// The trade.
    pub sector: Sector,
    /// How time is cut into periods.
    pub cut: Cut,
    /// Hours from the end of a period to its cutoff.
    pub cutoff_hours: u32,
    /// The tolerable share of failing records, per mille.
    pub p0_per_mille: u16,
    /// The chance to pass a holder above the limit, at most, in millionths.
    pub alpha_pass_ppm: u32,
    /// The chance to fail a holder within the limit, at most, in millionths.
    pub alpha_fail_ppm: u32,
    /// How many records of one holder and period are opened at most.
    pub cap: u32,
    /// How many records the first opening takes.
    pub first_block: u32,
    /// How many records each further opening takes.
    pub block: u32,
    /// How many holders are drawn for a period; `None` stands for all.
    pub holders_per_period: Option<u32>,
    /// The chance that a holder and period are audited, by class; `None` stands for always.
    pub audit_chances: Option<Chances>,
    /// A holder that was audited so often in a calendar year, by whatever department, is left out
    /// of the draws of this plan; `None` stands for no cap.
    pub audits_per_year: Option<u32>,
    /// Whether an audit for cause takes place even at the cap.
    pub for_cause_beyond_cap: bool,
    /// Which holders are audited together; `None` stands for nobody.
    pub pooling: Option<Pooling>,
    /// Hours from the end of a day to the deadline of its close.
    pub close_due_hours: u32,
    /// How many contributors commit to a nonce for each draw.
    pub contributors: u32,
    /// Hours that a business has to disclose drawn records of attested batches.
    pub disclosure_hours: u32,
    /// The leaf that says these parameters.
    pub leaf: LeafId,
}

/// One audited span of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    /// `2026-03`, or first day and length: `2026-03-02+14`.
    pub id: String,
    /// First day.
    pub first: Day,
    /// Last day.
    pub last: Day,
    /// The instant after which the record set of the period is final.
    pub cutoff: Timestamp,
}

impl Period {
    /// Whether `day` is in the period.
    pub fn contains(&self, day: Day) -> bool {
        self.first <= day && day <= self.last
    }

    /// Whether the period is over at `now`, if perhaps not final.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.last.end() <= now
    }
}

impl Plan {
    /// The period that `day` is in; `None` before the first one.
    pub fn period_containing(&self, day: Day) -> Option<Period> {
        let (first, last, id) = match self.cut {
            Cut::Month => (day.first_of_month(), day.last_of_month(), day.month().to_owned()),
            Cut::Days { days, from } => {
                let since = u32::try_from(day.days_since(&from)).ok()?;
                let first = from.plus(since - since.checked_rem(days)?);
                (first, first.plus(days.checked_sub(1)?), format!("{first}+{days}"))
            }
        };
        Some(Period { id, first, last, cutoff: last.end().plus(hours(self.cutoff_hours)) })
    }

    /// The period called `id`; `None` if this plan has no such period.
    pub fn period(&self, id: &str) -> Option<Period> {
        let first = match self.cut {
            Cut::Month => format!("{id}-01"),
            Cut::Days { .. } => id.split_once('+')?.0.to_owned(),
        };
        self.period_containing(first.parse().ok()?).filter(|period| period.id == id)
    }

    /// The period after `period`.
    pub fn period_after(&self, period: &Period) -> Option<Period> {
        self.period_containing(period.last.next())
    }

    /// The deadline for what a business says of `day`.
    pub fn close_due(&self, day: Day) -> Timestamp {
        day.end().plus(hours(self.close_due_hours))
    }

    /// The tolerable share of failing records, in millionths.
    pub fn p0_ppm(&self) -> u32 {
        u32::from(self.p0_per_mille) * 1000
    }

    /// Every parameter, as the log carries them.
    pub fn in_log(&self) -> Value {
        let period = match self.cut {
            Cut::Month => json!({ "kind": "month" }),
            Cut::Days { days, from } => json!({ "kind": "days", "days": days, "from": from }),
        };
        json!({
            "plan": self.id, "department": self.department, "sector": self.sector,
            "period": period, "cutoff_hours": self.cutoff_hours,
            "p0_per_mille": self.p0_per_mille, "alpha_pass_ppm": self.alpha_pass_ppm,
            "alpha_fail_ppm": self.alpha_fail_ppm, "cap": self.cap,
            "first_block": self.first_block, "block": self.block,
            "holders_per_period": self.holders_per_period,
            "audit_chances": self.audit_chances, "audits_per_year": self.audits_per_year,
            "for_cause_beyond_cap": self.for_cause_beyond_cap,
            "pool_below": self.pooling.map(|pooling| pooling.below),
            "pool_holders": self.pooling.map(|pooling| pooling.holders),
            "close_due_hours": self.close_due_hours, "contributors": self.contributors,
            "disclosure_hours": self.disclosure_hours,
        })
    }
}

fn hours(count: u32) -> Duration {
    Duration::from_secs(u64::from(count) * 3600)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::foundation::ids::Id as _;

    fn plan(cut: Cut) -> Plan {
        let nil = uuid::Uuid::nil();
        Plan {
            id: PlanId::from_uuid(nil),
            department: DepartmentId::from_uuid(nil),
            sector: Sector::Lodging,
            cut,
            cutoff_hours: 36,
            p0_per_mille: 50,
            alpha_pass_ppm: 50_000,
            alpha_fail_ppm: 10_000,
            cap: 300,
            first_block: 20,
            block: 5,
            holders_per_period: None,
            audit_chances: None,
            audits_per_year: None,
            for_cause_beyond_cap: false,
            pooling: None,
            close_due_hours: 24,
            contributors: 1,
            disclosure_hours: 72,
            leaf: LeafId::from_uuid(nil),
        }
    }

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn a_month_ends_with_its_last_day_and_is_final_at_the_cutoff() {
        let period = plan(Cut::Month).period_containing(day("2028-02-10")).unwrap();
        assert_eq!(
            (period.id.as_str(), period.first, period.last),
            ("2028-02", day("2028-02-01"), day("2028-02-29"))
        );
        assert_eq!(period.cutoff, "2028-03-02T12:00:00+08:00".parse().unwrap());
    }

    #[test]
    fn spans_begin_with_their_first_day_and_not_before() {
        let plan = plan(Cut::Days { days: 14, from: day("2026-03-02") });
        assert_eq!(plan.period_containing(day("2026-03-01")), None);
        let first = plan.period_containing(day("2026-03-15")).unwrap();
        assert_eq!((first.id.as_str(), first.last), ("2026-03-02+14", day("2026-03-15")));
        let second = plan.period_after(&first).unwrap();
        assert_eq!((second.id.as_str(), second.first), ("2026-03-16+14", day("2026-03-16")));
        assert!(!first.is_over(day("2026-03-15").start()) && first.is_over(second.first.start()));
    }

    #[test]
    fn only_a_period_of_the_plan_has_a_name() {
        let months = plan(Cut::Month);
        assert_eq!(months.period("2026-13"), None);
        assert_eq!(months.period("2026-3"), None);
        let spans = plan(Cut::Days { days: 14, from: day("2026-03-02") });
        assert_eq!(spans.period("2026-03-03+14"), None);
        assert_eq!(spans.period("2026-03-02+7"), None);
        assert_eq!(spans.period("2026-03"), None);
    }

    proptest! {
        #[test]
        fn periods_follow_each_other_without_a_day_between(
            days in 1_u32..100, offset in 0_u32..2000, months: bool,
        ) {
            let from = day("2026-03-02");
            let plan = plan(if months { Cut::Month } else { Cut::Days { days, from } });
            let at = from.plus(offset);
            let period = plan.period_containing(at).unwrap();
            prop_assert!(period.contains(at));
            prop_assert_eq!(plan.period(&period.id), Some(period.clone()));
            let next = plan.period_after(&period).unwrap();
            prop_assert_eq!(next.first, period.last.next());
            prop_assert!(!period.contains(next.first));
        }
    }
}
