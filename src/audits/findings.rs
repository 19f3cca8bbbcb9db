//! What an audit or a check saw, as findings: counts, places and rule ids, nothing of a customer.

use serde_json::json;

use super::block::Opened;
use super::model::{AuditRow, Cause, Conclusion, OpeningRow, Outcome, Terms, from_row};
use super::population::{Observation as Seen, Span};
use super::tree::BatchFact;
use crate::cases::{FindingKind, Observation, Severity};
use crate::foundation::ids::{DepartmentId, HolderId, StreamId};
use crate::foundation::time::Day;
use crate::intake::Equivocation;
use crate::registry::{District, Sector};

/// The finding about one failing record; `None` for one that does not fail.
pub(super) fn of_record(
    audit: &AuditRow,
    row: &OpeningRow,
    fact: &BatchFact,
    district: District,
    result: &Opened,
) -> Option<Observation> {
    if result.outcome != Outcome::Fail {
        return None;
    }
    let kind = match result.cause? {
        Cause::RecordFailed => FindingKind::RecordFailed,
        Cause::Unopenable => FindingKind::Unopenable,
        Cause::CommitmentMismatch => FindingKind::CommitmentMismatch,
        Cause::NotDisclosed => FindingKind::NotDisclosed,
        Cause::DisclosedLate => FindingKind::DisclosedLate,
    };
    let worst = result.failures.iter().max_by_key(|failure| failure.severity);
    let rules: Vec<&str> = result.failures.iter().map(|failure| failure.rule.as_str()).collect();
    let number = from_row(row.judged);
    Some(Observation {
        key: format!("record/{}/{number}", row.stream_id),
        department: audit.department_id,
        // The record of a pool is its own holder's case.
        holder: fact.holder,
        sector: audit.sector,
        district,
        period: audit.period.clone(),
        kind,
        rule: worst.map(|failure| failure.rule.clone()),
        severity: worst.map_or(Severity::Major, |failure| failure.severity.into()),
        stream: Some(row.stream_id),
        day: Some(fact.day),
        numbers: Some((number, number)),
        count: 1,
        audit: Some(audit.id),
        facts: json!({ "pack": fact.pack, "rules": rules }),
    })
}

/// The finding that too many records fail; `None` for any other verdict, and for a pool: of none of
/// its holders does the verdict say anything.
pub(super) fn of_verdict(
    audit: &AuditRow,
    terms: &Terms,
    district: District,
) -> Option<Observation> {
    if audit.verdict != Some(Conclusion::NonCompliant) || audit.pooled.is_some() {
        return None;
    }
    let (size, lower) = (from_row(audit.frame_size), from_row(audit.lower_bound));
    Some(Observation {
        key: format!("verdict/{}", audit.id),
        department: audit.department_id,
        holder: audit.holder_id,
        sector: audit.sector,
        district,
        period: audit.period.clone(),
        kind: FindingKind::NonCompliant,
        rule: None,
        severity: Severity::Major,
        stream: None,
        day: None,
        numbers: None,
        count: from_row(audit.failing),
        audit: Some(audit.id),
        facts: json!({
            "frame": size,
            "opened": audit.opened,
            "failed": audit.failing,
            "lower": lower,
            "share": percent(lower, size),
            "limit": percent(terms.p0_per_mille.into(), 1000),
            "error": percent(terms.alpha_fail_ppm.into(), 1_000_000),
            "pack": audit.packs,
            "mode": audit.mode_word(),
        }),
    })
}

/// Whose stream a population check looked at.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    pub(super) department: DepartmentId,
    pub(super) holder: HolderId,
    pub(super) sector: Sector,
    pub(super) district: District,
    pub(super) period: String,
    pub(super) stream: StreamId,
}

impl Subject {
    fn observation(&self, kind: FindingKind, severity: Severity, key: &str) -> Observation {
        Observation {
            key: format!("{kind}/{}/{key}", self.stream),
            department: self.department,
            holder: self.holder,
            sector: self.sector,
            district: self.district,
            period: self.period.clone(),
            kind,
            rule: None,
            severity,
            stream: Some(self.stream),
            day: None,
            numbers: None,
            count: 1,
            audit: None,
            facts: json!({}),
        }
    }

    /// The finding that an observation of the population becomes; `settled` says that the cutoff
    /// is past, before which a gap may still be filled, and `due` that a day's deadline is.
    pub(super) fn finding(
        &self,
        seen: &Seen,
        settled: bool,
        due: impl Fn(Day) -> bool,
    ) -> Option<Observation> {
        let day_of = |day: &str| day.parse::<Day>().ok().filter(|day| due(*day));
        Some(match seen {
            Seen::Gap(span) if settled => self.numbers(FindingKind::Gap, Severity::Major, *span),
            Seen::Gap(_) => return None,
            Seen::ExemptDayUsed { day, count } => {
                let key = format!("closed/{day}");
                let used = self.observation(FindingKind::CloseMismatch, Severity::Minor, &key);
                Observation {
                    day: day.parse().ok(),
                    count: *count,
                    facts: json!({ "declared": 0, "received": count }),
                    ..used
                }
            }
            Seen::OutsideGap { .. } if !settled => return None,
            Seen::OutsideGap { declared, received } => {
                let more = declared > received;
                let severity = if more { Severity::Major } else { Severity::Minor };
                let gap = self.observation(FindingKind::OutsideGap, severity, &self.period);
                Observation {
                    count: declared.abs_diff(*received),
                    facts: json!({ "declared": declared, "received": received }),
                    ..gap
                }
            }
            Seen::Outside(span) => self.numbers(FindingKind::Restart, Severity::Major, *span),
            Seen::RestartAtOne { reached, .. } => {
                let key = "1";
                let restart = self.observation(FindingKind::Restart, Severity::Major, key);
                Observation { numbers: Some((1, *reached)), count: *reached, ..restart }
            }
            Seen::MissingDay(day) => {
                let missing = self.observation(FindingKind::MissingDay, Severity::Major, day);
                Observation { day: Some(day_of(day)?), ..missing }
            }
            Seen::UnclosedDay(day) => {
                let open = self.observation(FindingKind::CloseMismatch, Severity::Minor, day);
                Observation { day: Some(day_of(day)?), ..open }
            }
            Seen::LateDay { day, count } => {
                let late = self.observation(FindingKind::LateDay, Severity::Minor, day);
                Observation { day: day.parse().ok(), count: *count, ..late }
            }
            Seen::CloseMismatch { day, declared, received } => {
                let other = self.observation(FindingKind::CloseMismatch, Severity::Major, day);
                Observation {
                    day: Some(day_of(day)?),
                    count: declared.count.abs_diff(received.count).max(1),
                    facts: json!({ "declared": declared.count, "received": received.count }),
                    ..other
                }
            }
        })
    }

    fn numbers(&self, kind: FindingKind, severity: Severity, span: Span) -> Observation {
        let key = format!("{}-{}", span.first, span.last);
        let count = span.last.saturating_sub(span.first).saturating_add(1);
        let seen = self.observation(kind, severity, &key);
        Observation { numbers: Some((span.first, span.last)), count, ..seen }
    }

    /// The finding about two signed statements that cannot both be true.
    pub(super) fn equivocation(&self, found: &Equivocation) -> Observation {
        let key = found.refused_id.to_string();
        let seen = self.observation(FindingKind::Equivocation, Severity::Critical, &key);
        let (first, last) = (from_row(found.first), from_row(found.last));
        Observation {
            day: Some(found.day),
            numbers: Some((first, last)),
            count: last.saturating_sub(first).saturating_add(1),
            ..seen
        }
    }
}

/// A share in per cent with at most one decimal, rounded half up: `8.3 %`, `5 %`.
pub(super) fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "–".to_owned();
    }
    let (part, whole) = (u128::from(part), u128::from(whole));
    let tenths = (part * 2000 + whole) / (whole * 2);
    match tenths % 10 {
        0 => format!("{} %", tenths / 10),
        tenth => format!("{}.{tenth} %", tenths / 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_rounded_to_one_decimal() {
        assert_eq!(percent(50, 1000), "5 %");
        assert_eq!(percent(1, 12), "8.3 %");
        assert_eq!(percent(2, 3), "66.7 %");
        assert_eq!(percent(10_000, 1_000_000), "1 %");
        assert_eq!(percent(0, 0), "–");
    }
}
