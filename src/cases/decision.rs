//! What an officer makes of findings, and with which words. No I/O, no clock.

use diesel::prelude::*;
use serde_json::{Value, json};

use super::error::CaseError;
use super::model::{Finding, Stage};
use crate::foundation::db::schema::cases_decisions;
use crate::foundation::db::text_enum;
use crate::foundation::ids::{ActId, CaseId, FindingId, LeafId, OfficerId};
use crate::foundation::time::{Day, Timestamp};
use crate::ledger::LeafKind;

/// The longest reason, in characters.
const LONGEST_REASON: usize = 1_000;
/// The longest time that an officer may set, in days.
const LONGEST_TIME: i64 = 365;

text_enum! {
    /// What an officer decided about a finding.
    pub enum Verdict {
        /// A case follows.
        Confirmed = "confirmed",
        /// Nothing follows.
        Dismissed = "dismissed",
        /// A dismissal does not stand any more.
        Reopened = "reopened",
    }
}

impl Verdict {
    /// What the finding is from then on.
    pub const fn stage(self) -> Stage {
        match self {
            Self::Confirmed => Stage::Confirmed,
            Self::Dismissed => Stage::Dismissed,
            Self::Reopened => Stage::Proposed,
        }
    }

    /// What the finding was until then.
    pub const fn from(self) -> Stage {
        match self {
            Self::Confirmed | Self::Dismissed => Stage::Proposed,
            Self::Reopened => Stage::Dismissed,
        }
    }

    /// The type of its leaf: a finding that is open again is a finding again.
    pub(super) const fn leaf(self) -> LeafKind {
        match self {
            Self::Confirmed => LeafKind::FindingConfirmed,
            Self::Dismissed => LeafKind::FindingDismissed,
            Self::Reopened => LeafKind::Finding,
        }
    }
}

text_enum! {
    /// Why a finding is let go.
    pub enum Code {
        /// The check was fed with something false.
        DataError = "data_error",
        /// The business had declared that it was closed.
        DeclaredClosure = "declared_closure",
        /// A system outside the business failed.
        UpstreamOutage = "upstream_outage",
        /// Another finding says the same.
        Duplicate = "duplicate",
        /// The law exempts the business, or this affair.
        LawfulExemption = "lawful_exemption",
        /// A first and minor breach, corrected in time: the business is taught, not punished
        /// (Administrative Penalty Law, article 33).
        Lenient = "lenient",
        /// What the words say.
        Other = "other",
    }
}

/// The three conditions of leniency, each as the officer found it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    /// The business has not breached this rule before.
    pub first: bool,
    /// The consequences are minor.
    pub minor: bool,
    /// It was corrected in time.
    pub corrected: bool,
}

/// An officer's reason, fit to be kept.
#[derive(Clone, Debug)]
pub struct Reason(String);

impl Reason {
    /// `text` without the white space around it.
    ///
    /// # Errors
    ///
    /// [`CaseError::Words`] if it is empty, longer than 1,000 characters or has control characters
    /// other than line breaks.
    pub fn parse(text: &str) -> Result<Self, CaseError> {
        let text = text.trim().replace("\r\n", "\n");
        if text.is_empty() {
            return Err(CaseError::Words("reason-missing"));
        }
        if text.chars().count() > LONGEST_REASON {
            return Err(CaseError::Words("reason-long"));
        }
        if text.contains(|c: char| c.is_control() && c != '\n') {
            return Err(CaseError::Words("reason-signs"));
        }
        Ok(Self(text))
    }

    /// The words.
    pub(super) fn text(&self) -> &str {
        &self.0
    }
}

/// The words with which an officer confirms findings.
#[derive(Clone, Debug)]
pub struct Words {
    pub(super) reason: Reason,
    pub(super) deadline: Day,
    pub(super) days: u32,
}

impl Words {
    /// `reason`, and the last day that the duty holder has if the notice is served on `today`.
    ///
    /// # Errors
    ///
    /// [`CaseError::Words`] if the day is not within a year after today.
    pub fn new(reason: Reason, deadline: Day, today: Day) -> Result<Self, CaseError> {
        let days = deadline.days_since(&today);
        let fits = (1..=LONGEST_TIME).contains(&days);
        let days = u32::try_from(days).ok().filter(|_| fits);
        let days = days.ok_or(CaseError::Words("deadline"))?;
        Ok(Self { reason, deadline, days })
    }
}

/// The words with which an officer lets findings go.
#[derive(Clone, Debug)]
pub struct Dismissal {
    pub(super) code: Code,
    pub(super) reason: Reason,
}

impl Dismissal {
    /// `code` and `reason`; `met` are the conditions of leniency that the officer found met.
    ///
    /// # Errors
    ///
    /// [`CaseError::Words`] if the code is leniency and a condition is not met.
    pub fn new(code: Code, reason: Reason, met: Conditions) -> Result<Self, CaseError> {
        if code == Code::Lenient && !(met.first && met.minor && met.corrected) {
            return Err(CaseError::Words("conditions"));
        }
        Ok(Self { code, reason })
    }
}

/// One decision about a finding as it is stored; it never changes.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = cases_decisions)]
pub struct Decision {
    /// The finding.
    #[diesel(column_name = finding_id)]
    pub finding: FindingId,
    /// Its place among the decisions about the finding, from 0.
    pub seq: i32,
    /// What was decided.
    pub verdict: Verdict,
    /// Why the finding was let go, in a word.
    pub code: Option<Code>,
    /// When.
    pub at: Timestamp,
    /// Who.
    #[diesel(column_name = officer_id)]
    pub officer: OfficerId,
    /// In his words.
    pub reason: String,
    /// The leaf.
    #[diesel(column_name = leaf_id)]
    pub leaf: LeafId,
    /// The group of the finding.
    #[diesel(column_name = group_id)]
    pub group: Option<FindingId>,
    /// The case that was opened.
    #[diesel(column_name = case_id)]
    pub case: Option<CaseId>,
    #[diesel(column_name = act_id)]
    pub(super) act: Option<ActId>,
}

impl Decision {
    /// Salted hash of the decision, which its leaf holds.
    pub(super) fn hash(&self, finding: &Finding) -> [u8; 32] {
        let words =
            json!([self.finding, self.seq, self.verdict, self.code, self.officer, self.reason]);
        finding.salted("chayan/decision/2", &words)
    }

    /// The same as leaves of the first form hold it: without a place and a code.
    pub(super) fn first_hash(&self, finding: &Finding) -> Option<[u8; 32]> {
        let words = json!([self.finding, self.verdict, self.officer, self.reason]);
        let first = self.seq == 0 && self.code.is_none();
        first.then(|| finding.salted("chayan/decision/1", &words))
    }

    /// What the leaf says besides the finding, the officer and the hash of the words.
    pub(super) fn told(&self) -> Value {
        let mut told = json!({ "seq": self.seq });
        if let Some(code) = self.code {
            told["code"] = json!(code);
        }
        if self.code == Some(Code::Lenient) {
            told["result"] = json!("education");
            told["conditions"] = json!(["first", "minor", "corrected"]);
        }
        if let Some(case) = self.case {
            told["case"] = json!(case);
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leniency_needs_all_three_conditions_and_other_codes_none() {
        let reason = || Reason::parse("已当场改正").unwrap();
        for bits in 0..8_u8 {
            let met =
                Conditions { first: bits & 1 != 0, minor: bits & 2 != 0, corrected: bits & 4 != 0 };
            let lenient = Dismissal::new(Code::Lenient, reason(), met);
            assert_eq!(lenient.is_ok(), bits == 7, "{met:?}");
            assert!(Dismissal::new(Code::Duplicate, reason(), met).is_ok());
        }
    }

    #[test]
    fn a_decision_starts_where_another_ends() {
        for verdict in Verdict::ALL {
            let before = Verdict::ALL.iter().filter(|other| other.stage() == verdict.from());
            let fresh = verdict.from() == Stage::Proposed;
            assert!(fresh || before.count() > 0, "{verdict}");
            assert_ne!(verdict.stage(), verdict.from());
        }
    }
}
