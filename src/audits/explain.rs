//! A score in sentences, line by line: "why 89". The words are in the Fluent files; what stands
//! here is which of them apply.

use super::findings::percent;
use super::model::from_row;
use super::population::{Counts, Share};
use super::score::{Facts, Reason, Score, reasons};
use super::scoring::{Rates, ScoreRow};
use crate::foundation::web::Lang;

/// One line of the reckoning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// What it says.
    pub(super) text: String,
    /// The points that it takes away or leaves, with sign; empty where it is no sum.
    pub(super) points: String,
}

impl Rates {
    /// The counts that the rates follow from.
    pub(super) fn counts(&self) -> Counts {
        Counts {
            expected: from_row(self.expected),
            declared: self.declared.map(from_row),
            received: from_row(self.received),
            missing: from_row(self.missing),
            late: from_row(self.late),
            ..Counts::default()
        }
    }
}

impl Rates {
    /// 拒收率: submissions refused ÷ submissions offered. How many lines a refused one held is not
    /// known, so it counts submissions and not lines.
    pub(super) fn refusals(&self) -> Share {
        Share { part: from_row(self.refused), whole: from_row(self.offered) }
    }
}

/// A share with its denominator: `97.5 % (39 / 40)`.
pub(super) fn with_denominator(share: Share) -> String {
    format!("{} ({} / {})", percent(share.part, share.whole), share.part, share.whole)
}

/// Points with at most two decimals: `0`, `2.5`, `1.67`.
fn points(points: f64) -> String {
    let text = format!("{points:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn taken(part: f64) -> String {
    match points(part) {
        none if none == "0" => none,
        some => format!("−{some}"),
    }
}

/// Every line of the reckoning of a stored score; `None` if its row is not readable.
pub(super) fn lines(lang: Lang, row: &ScoreRow, rates: &Rates) -> Option<Vec<Line>> {
    let facts: Facts = serde_json::from_str(&row.facts).ok()?;
    let score: Score = serde_json::from_str(&row.parts).ok()?;
    let plain = |key: &str, points: String| Line { text: lang.text(key), points };
    let mut lines = vec![plain("audits-why-start", "100".to_owned())];
    lines.extend(deductions(lang, &facts, &score, rates));
    for reason in reasons(&facts).into_iter().filter(|reason| reason.cap() == score.cap) {
        lines.push(plain(key_of(reason), format!("≤ {}", reason.cap())));
    }
    lines.push(plain("audits-why-points", score.points.to_string()));
    if row.published != row.points {
        lines.push(plain("audits-why-mean", row.published.to_string()));
    }
    let class = format!("audits-why-class-{}", row.class.as_str().to_lowercase());
    lines.push(plain(&class, row.class.to_string()));
    if row.standing != row.class {
        let text = lang.text_with("audits-why-standing", &[("class", &row.standing)]);
        lines.push(Line { text, points: row.standing.to_string() });
    }
    Some(lines)
}

fn deductions(lang: Lang, facts: &Facts, score: &Score, rates: &Rates) -> Vec<Line> {
    let share = |part, whole| {
        let text = percent(part, whole);
        if lang == Lang::Zh { text.replace(' ', "") } else { text }
    };
    let line = |key: &str, part: f64, values: &[(&'static str, String)]| {
        let mut named: Vec<(&'static str, &dyn std::fmt::Display)> = Vec::new();
        values.iter().for_each(|(name, value)| named.push((*name, value)));
        Line { text: lang.text_with(key, &named), points: taken(part) }
    };
    let counted = |part: u64, whole: u64| {
        [("part", part.to_string()), ("whole", whole.to_string()), ("share", share(part, whole))]
    };
    let received = from_row(rates.received);
    let mut lines = vec![
        line(
            "audits-why-completeness",
            score.completeness,
            &counted(facts.missing, facts.expected),
        ),
        line("audits-why-timeliness", score.timeliness, &counted(facts.late, received)),
    ];
    match &facts.audit {
        Some(audit) => {
            let (lower, upper) = (audit.bounds.lower, audit.bounds.upper);
            lines.push(line("audits-why-proven", score.proven, &counted(lower, audit.size)));
            lines.push(line("audits-why-unshown", score.unshown, &counted(upper, audit.size)));
        }
        None => lines.push(line("audits-why-never", score.unshown, &[])),
    }
    let count = [("count", facts.integrity.to_string())];
    lines.push(line("audits-why-integrity", score.integrity, &count));
    lines
}

fn key_of(reason: Reason) -> &'static str {
    match reason {
        Reason::Grave => "audits-why-cap-grave",
        Reason::MissingThirty => "audits-why-cap-missing-thirty",
        Reason::NonCompliant => "audits-why-cap-non-compliant",
        Reason::Critical => "audits-why-cap-critical",
        Reason::MissingFive => "audits-why-cap-missing-five",
        Reason::MissingPeriod => "audits-why-cap-missing-period",
        Reason::Undecided => "audits-why-cap-undecided",
        Reason::NotLately => "audits-why-cap-not-lately",
        Reason::ShortHistory => "audits-why-cap-short-history",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_carry_no_idle_digits_and_nothing_is_taken_without_a_sign() {
        assert_eq!([0.0, 2.5, 5.0 / 3.0, 10.0].map(points), ["0", "2.5", "1.67", "10"]);
        assert_eq!([0.0, 0.5, 10.0].map(taken), ["0", "−0.5", "−10"]);
    }
}
