//! What a judgement says: failures with their severity and place, and the rules behind them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How much a failure weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// A hint that nobody has to follow.
    Advice,
    /// A defect of quality; the record does not fail.
    Minor,
    /// The record fails.
    Major,
    /// The record fails, and is a case in itself once an officer has confirmed it.
    Critical,
}

impl Severity {
    /// The name in packs, tables and answers.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Advice => "advice",
            Severity::Minor => "minor",
            Severity::Major => "major",
            Severity::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where a record belongs: what its batch said, and what the record must repeat.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// Stream id, UUID text.
    pub stream: &'a str,
    /// Number within the stream, from 1.
    pub seq: u64,
    /// Civil day in Asia/Shanghai, `YYYY-MM-DD`.
    pub day: &'a str,
    /// The kind of business within the trade, as the registry says it of the stream.
    pub subtype: Option<&'a str>,
    /// The number that it corrects, if its batch says that it corrects one.
    pub amends: Option<u64>,
}

/// Which number a record corrects, as its batch says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Amends {
    /// There is no batch yet.
    #[default]
    Unknown,
    /// None.
    Nothing,
    /// This one.
    Number(u64),
}

/// What is known about the place of a record before anyone has said where it belongs; nothing by
/// default.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'a> {
    /// Stream id, UUID text.
    pub stream: Option<&'a str>,
    /// Number within the stream, from 1.
    pub seq: Option<u64>,
    /// Civil day in Asia/Shanghai, `YYYY-MM-DD`.
    pub day: Option<&'a str>,
    /// The stream's kind of business within the trade.
    pub subtype: Option<&'a str>,
    /// Which number it corrects.
    pub amends: Amends,
}

impl<'a> From<&Place<'a>> for Known<'a> {
    fn from(place: &Place<'a>) -> Known<'a> {
        let Place { stream, seq, day, subtype, amends } = *place;
        let amends = amends.map_or(Amends::Nothing, Amends::Number);
        Known { stream: Some(stream), seq: Some(seq), day: Some(day), subtype, amends }
    }
}

/// One rule that a record does not keep.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Failure {
    /// Stable rule id, such as `lodging.room_no.missing`.
    pub rule: String,
    /// Weight of the rule.
    pub severity: Severity,
    /// JSON pointer of the member; empty for the record as a whole. Never a value of the record.
    pub pointer: String,
}

/// What a pack says about one record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Judgement {
    /// Every failure once, sorted by rule and pointer.
    pub failures: Vec<Failure>,
    undecided: bool,
}

impl Judgement {
    pub(super) fn new(mut failures: Vec<Failure>, undecided: bool) -> Judgement {
        failures.sort();
        failures.dedup();
        Judgement { failures, undecided }
    }

    /// Whether the record fails: at least one failure is major or worse.
    pub fn fails(&self) -> bool {
        self.worst() >= Some(Severity::Major)
    }

    /// Whether the pack cannot tell if the record fails: its engine gave up, and nothing that it
    /// did check fails.
    pub fn undecided(&self) -> bool {
        self.undecided && !self.fails()
    }

    /// The heaviest failure, or `None` if the record keeps every rule.
    pub fn worst(&self) -> Option<Severity> {
        self.failures.iter().map(|failure| failure.severity).max()
    }
}

/// One rule with the text that people read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// Stable id, `<sector>.<subject>.<defect>`.
    pub id: String,
    /// Weight of a failure.
    pub severity: Severity,
    /// What is wrong, in Chinese.
    pub zh: String,
    /// What is wrong, in English.
    pub en: String,
    /// What to do about it, in Chinese.
    pub repair_zh: String,
    /// What to do about it, in English.
    pub repair_en: String,
    /// Ids of duty articles in the catalogue, whatever their mark; cite them through
    /// [`Catalogue::citable`](super::Catalogue::citable).
    pub basis: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(severity: Severity) -> Failure {
        Failure { rule: "lodging.x".into(), severity, pointer: String::new() }
    }

    #[test]
    fn only_major_and_worse_make_a_record_fail() {
        let fails = |severity| Judgement::new(vec![with(severity)], false).fails();
        assert_eq!(
            [Severity::Advice, Severity::Minor, Severity::Major, Severity::Critical].map(fails),
            [false, false, true, true]
        );
        assert!(!Judgement::default().fails());
    }

    #[test]
    fn an_undecided_record_with_a_major_failure_fails() {
        assert!(Judgement::new(vec![with(Severity::Minor)], true).undecided());
        assert!(!Judgement::new(vec![with(Severity::Major)], true).undecided());
    }

    #[test]
    fn the_same_failure_counts_once() {
        let twice = vec![with(Severity::Major), with(Severity::Major)];
        assert_eq!(Judgement::new(twice, false).failures.len(), 1);
    }
}
