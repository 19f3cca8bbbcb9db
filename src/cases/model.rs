//! Findings and cases: no I/O, no clock.

mod flow;

use diesel::prelude::*;
use serde_json::{Value, json};

use super::decision::Code;
use crate::foundation::House;
use crate::foundation::crypto::strict_json::canonical;
use crate::foundation::crypto::{b64u, sha256};
use crate::foundation::db::schema::{cases_cases, cases_events, cases_findings};
use crate::foundation::db::text_enum;
use crate::foundation::ids::{
    AuditId, CaseId, DepartmentId, FindingId, HolderId, LeafId, OfficerId, PersonId, StreamId,
};
use crate::foundation::time::{Day, Timestamp};
use crate::ledger::{LeafKind, NewLeaf};
use crate::notices::LetterKind;
use crate::registry::{Calendar, District, Sector, Span};
use crate::rules;

pub use super::state::{Event, State};
pub(super) use flow::latest_day;
pub use flow::{
    CaseResult, Check, CheckMethod, Closing, Counting, Escalation, EscalationKind, Evidence,
    Extension, Media, Outcome, Reply,
};

text_enum! {
    /// What was found.
    pub enum FindingKind {
        /// Numbers that should exist were not received by the cutoff.
        Gap = "gap",
        /// An open day without records, nil return or declared closure.
        MissingDay = "missing_day",
        /// Records of a day came after its deadline.
        LateDay = "late_day",
        /// No day close agrees with what was received.
        CloseMismatch = "close_mismatch",
        /// Two signed statements about the same numbers cannot both be true.
        Equivocation = "equivocation",
        /// Numbers that do not continue the stream: it began to count anew, or jumped.
        Restart = "restart",
        /// An opened record does not keep a rule of its pack.
        RecordFailed = "record_failed",
        /// A drawn record cannot be opened.
        Unopenable = "unopenable",
        /// A record's content is not what it was committed to.
        CommitmentMismatch = "commitment_mismatch",
        /// The audit of a period concluded that too many records fail.
        NonCompliant = "non_compliant",
        /// Far fewer records than this business's own days of before.
        SuddenDrop = "sudden_drop",
        /// A drawn record of an attested batch was asked for and not disclosed within the limit.
        NotDisclosed = "not_disclosed",
        /// A drawn record of an attested batch was disclosed after the limit.
        DisclosedLate = "disclosed_late",
        /// Figures from outside the register do not agree with the records of the same days.
        OutsideGap = "outside_gap",
    }
}

text_enum! {
    /// How much a finding weighs, as the rule or the plan says.
    pub enum Severity {
        /// A hint that nobody has to follow.
        Advice = "advice",
        /// A defect of quality.
        Minor = "minor",
        /// A failing record, or its equal.
        Major = "major",
        /// A case in itself, never averaged away.
        Critical = "critical",
    }
}

impl From<rules::Severity> for Severity {
    fn from(severity: rules::Severity) -> Self {
        match severity {
            rules::Severity::Advice => Self::Advice,
            rules::Severity::Minor => Self::Minor,
            rules::Severity::Major => Self::Major,
            rules::Severity::Critical => Self::Critical,
        }
    }
}

text_enum! {
    /// What an officer has made of a finding.
    pub enum Stage {
        /// Nothing yet.
        Proposed = "proposed",
        /// A case.
        Confirmed = "confirmed",
        /// Nothing follows from it.
        Dismissed = "dismissed",
    }
}

/// What a check hands in. Nothing here is a customer's: counts, numbers of records, days.
#[derive(Clone, Debug)]
pub struct Observation {
    /// What the finding is about, in full: a second finding with this key is not raised.
    pub key: String,
    /// The competent department.
    pub department: DepartmentId,
    /// The duty holder.
    pub holder: HolderId,
    /// The trade.
    pub sector: Sector,
    /// Where the outlet is.
    pub district: District,
    /// The period, such as `2026-03`.
    pub period: String,
    /// What was found.
    pub kind: FindingKind,
    /// The rule that was not kept, by its stable id.
    pub rule: Option<String>,
    /// How much it weighs.
    pub severity: Severity,
    /// The stream, if it is about one.
    pub stream: Option<StreamId>,
    /// The civil day, if it is about one.
    pub day: Option<Day>,
    /// First and last number of the records concerned.
    pub numbers: Option<(u64, u64)>,
    /// How many numbers, records or days.
    pub count: u64,
    /// The audit that found it.
    pub audit: Option<AuditId>,
    /// Further counts and words for the sentences about it, a JSON object:
    /// `declared` and `received` of a `close_mismatch` and an `outside_gap`; `frame`, `opened`, `failed`, `lower`, `share`
    /// (such as `8.3 %`), `limit` (such as `5 %`), `pack` and `mode` of a `non_compliant`; `pack` of a
    /// `record_failed`.
    pub facts: Value,
}

/// A finding ready to be raised, with its leaf.
#[derive(Clone, Debug)]
pub struct NewFinding {
    pub(super) finding: Finding,
    pub(super) leaf: NewLeaf,
}

impl NewFinding {
    /// The finding that `seen` makes, found now. Its leaf holds a salted hash of all of it.
    pub fn new(house: &House, seen: Observation) -> Self {
        let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let id: FindingId = house.fresh();
        let mut finding = Finding {
            id,
            key: seen.key,
            department: seen.department,
            holder: seen.holder,
            sector: seen.sector,
            district: seen.district,
            period: seen.period,
            kind: seen.kind,
            rule: seen.rule,
            severity: seen.severity,
            stream: seen.stream,
            day: seen.day,
            first_number: seen.numbers.map(|(first, _)| number(first)),
            last_number: seen.numbers.map(|(_, last)| number(last)),
            count: number(seen.count),
            audit: seen.audit,
            facts: seen.facts.to_string(),
            found_at: house.clock.now(),
            salt: house.random.bytes::<16>().to_vec(),
            facts_hash: Vec::new(),
            leaf: house.fresh(),
            stage: Stage::Proposed,
            decided_at: None,
            decided_by: None,
            decision_leaf: None,
            reason: None,
            repaired_number: None,
            repaired_at: None,
            code: None,
            group: None,
        };
        finding.facts_hash = finding.hash().to_vec();
        let body = json!({ "finding": id, "hash": b64u::encode(&finding.facts_hash) });
        let leaf = NewLeaf::new(house, LeafKind::Finding, body);
        finding.leaf = leaf.id;
        Self { finding, leaf }
    }

    /// The finding's id, if it is raised.
    pub fn id(&self) -> FindingId {
        self.finding.id
    }
}

/// Something that an audit, a check or a visit found, as it is stored. Everything above `stage` is
/// fixed.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = cases_findings)]
pub struct Finding {
    /// Our id.
    pub id: FindingId,
    /// What it is about.
    pub key: String,
    /// The competent department.
    #[diesel(column_name = department_id)]
    pub department: DepartmentId,
    /// The duty holder.
    #[diesel(column_name = holder_id)]
    pub holder: HolderId,
    /// The trade.
    pub sector: Sector,
    /// Where the outlet is.
    pub district: District,
    /// The period.
    pub period: String,
    /// What was found.
    pub kind: FindingKind,
    /// The rule that was not kept.
    pub rule: Option<String>,
    /// How much it weighs.
    pub severity: Severity,
    /// The stream.
    #[diesel(column_name = stream_id)]
    pub stream: Option<StreamId>,
    /// The civil day.
    pub day: Option<Day>,
    /// The first number of the records concerned.
    pub first_number: Option<i64>,
    /// The last one.
    pub last_number: Option<i64>,
    /// How many numbers, records or days.
    pub count: i64,
    /// The audit that found it.
    #[diesel(column_name = audit_id)]
    pub audit: Option<AuditId>,
    pub(super) facts: String,
    /// When it was found.
    pub found_at: Timestamp,
    pub(super) salt: Vec<u8>,
    pub(super) facts_hash: Vec<u8>,
    /// The leaf that holds its hash.
    #[diesel(column_name = leaf_id)]
    pub leaf: LeafId,
    /// What an officer has made of it.
    pub stage: Stage,
    /// When he decided.
    pub decided_at: Option<Timestamp>,
    /// Who decided.
    pub decided_by: Option<OfficerId>,
    /// The leaf of the decision.
    #[diesel(column_name = decision_leaf_id)]
    pub decision_leaf: Option<LeafId>,
    /// Why he decided so.
    pub reason: Option<String>,
    /// The newest number that corrects the record and came after the cutoff. The log has it in the
    /// leaf of its batch; nobody has opened it.
    pub repaired_number: Option<i64>,
    /// When that correction came.
    pub repaired_at: Option<Timestamp>,
    /// Why it was dismissed, in a word.
    pub code: Option<Code>,
    /// The group in which officers look at it, called by its first finding.
    #[diesel(column_name = group_id)]
    pub group: Option<FindingId>,
}

impl Finding {
    /// Further counts and words; null if they are not JSON, which the log then contradicts.
    pub fn facts(&self) -> Value {
        serde_json::from_str(&self.facts).unwrap_or_default()
    }

    /// Salted hash of everything fixed.
    pub(super) fn hash(&self) -> [u8; 32] {
        let fixed = json!([
            self.id,
            self.key,
            self.department,
            self.holder,
            self.sector,
            self.district,
            self.period,
            self.kind,
            self.rule,
            self.severity,
            self.stream,
            self.day,
            self.first_number,
            self.last_number,
            self.count,
            self.audit,
            self.facts,
            self.found_at.micros(),
        ]);
        self.salted("chayan/finding/1", &fixed)
    }

    /// Hash of `value` with the salt of this finding.
    pub(super) fn salted(&self, purpose: &str, value: &Value) -> [u8; 32] {
        sha256(&[&self.salt, purpose.as_bytes(), b"\n", &canonical(value)].concat())
    }
}

/// Whether the log confirms what the database says of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Integrity {
    /// It does.
    Matches,
    /// Its leaf has no number yet, which takes seconds.
    Waiting,
    /// It does not: somebody has changed the row.
    Differs,
}

/// A case as it is stored.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = cases_cases)]
pub struct Case {
    /// Our id.
    pub id: CaseId,
    /// The number of its notice.
    pub number: String,
    /// The department.
    #[diesel(column_name = department_id)]
    pub department: DepartmentId,
    /// The duty holder.
    #[diesel(column_name = holder_id)]
    pub holder: HolderId,
    /// The trade.
    pub sector: Sector,
    /// The district.
    pub district: District,
    /// Whether its notice orders or advises.
    pub notice: LetterKind,
    /// Where it stands.
    pub state: State,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Days that the duty holder has, counted from the day of service.
    pub grace_days: i32,
    /// The last of them; provisional until a letter was taken.
    pub deadline: Day,
    /// When the first letter was taken.
    pub served_at: Option<Timestamp>,
    pub(super) basis: String,
    /// The word by which its notice can be confirmed.
    pub code: String,
    /// How it ended.
    pub result: Option<CaseResult>,
    /// How its days are counted.
    #[diesel(column_name = clock)]
    pub counting: Counting,
    /// Since when its time stands still.
    pub suspended_at: Option<Timestamp>,
    /// When the business said that it has read the notice.
    pub acknowledged_at: Option<Timestamp>,
    /// Goes up with every change.
    pub version: i64,
}

impl Case {
    /// The last day if the notice is served on `day`, by the working days of `calendar` where only
    /// they count: never earlier than the one that was printed.
    pub(super) fn deadline_from(&self, calendar: &Calendar, day: &Day) -> Day {
        let days = u32::try_from(self.grace_days).unwrap_or(0);
        let span = match self.counting {
            Counting::Calendar => Span::Calendar(days),
            Counting::Working => Span::Working(days),
        };
        calendar.add(*day, span).max(self.deadline)
    }
}

/// One point of a case's timeline.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = cases_events)]
pub struct Happening {
    /// When.
    pub at: Timestamp,
    /// What.
    pub event: Event,
    /// Who, if an officer.
    #[diesel(column_name = officer_id)]
    pub officer: Option<OfficerId>,
    /// In his words.
    pub note: Option<String>,
    /// Who, if a person of the business.
    #[diesel(column_name = person_id)]
    pub person: Option<PersonId>,
    /// The leaf that says so.
    #[diesel(column_name = leaf_id)]
    pub leaf: Option<LeafId>,
    pub(super) salt: Option<Vec<u8>>,
}

impl Happening {
    /// `event` at `at`, by nobody's hand.
    pub const fn of_itself(at: Timestamp, event: Event) -> Self {
        Self { at, event, officer: None, note: None, person: None, leaf: None, salt: None }
    }

    /// Salted hash of what happened, by whose hand and in whose words; `None` without a salt.
    pub(super) fn hash(&self, case: CaseId) -> Option<[u8; 32]> {
        let said = json!([case, self.event, self.officer, self.person, self.note]);
        let salt = self.salt.as_deref()?;
        Some(sha256(&[salt, b"chayan/case/1\n", &canonical(&said)].concat()))
    }
}
