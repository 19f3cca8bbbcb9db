//! What people add to a case after its notice: requests for time, replies, checks, proposals.

use diesel::prelude::*;

use crate::foundation::db::schema::{
    cases_closings, cases_escalations, cases_evidence, cases_extensions, cases_rechecks,
    cases_replies,
};
use crate::foundation::db::text_enum;
use crate::foundation::ids::{
    CaseId, ClosingId, EscalationId, EvidenceId, ExtensionId, LeafId, OfficerId, PersonId,
    RecheckId, ReplyId,
};
use crate::foundation::time::{Day, Timestamp};

text_enum! {
    /// How a case ended.
    pub enum CaseResult {
        /// It was corrected.
        Rectified = "rectified",
        /// A first and minor breach, corrected in time (APL 33).
        Lenient = "lenient",
        /// The notice was wrong.
        Withdrawn = "withdrawn",
        /// Another case goes on with it.
        Merged = "merged",
    }
}

text_enum! {
    /// How the days of a case are counted.
    pub enum Counting {
        /// Every day counts.
        Calendar = "calendar",
        /// Only working days count (APL 85).
        Working = "working",
    }
}

/// A request for more time, as it is stored.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = cases_extensions)]
pub struct Extension {
    /// Our id.
    pub id: ExtensionId,
    /// The case.
    #[diesel(column_name = case_id)]
    pub case: CaseId,
    /// When the business asked.
    pub asked_at: Timestamp,
    /// Who asked.
    pub asked_by: PersonId,
    /// The last day at that moment.
    pub from_day: Day,
    /// The last day that was asked for.
    pub until_day: Day,
    /// Why.
    pub reason: String,
    /// When an officer decided.
    pub decided_at: Option<Timestamp>,
    /// Who decided.
    pub decided_by: Option<OfficerId>,
    /// The new last day; `None` if it was refused.
    pub granted_until: Option<Day>,
    /// Why he decided so.
    pub answer: Option<String>,
}

/// How many days an order can be extended in all.
const LONGEST_EXTENSION: u32 = 90;

/// The latest day until which time may be granted: 90 days after the last day that was set first.
pub(in super::super) fn latest_day(deadline: Day, asked: &[Extension]) -> Day {
    asked.first().map_or(deadline, |first| first.from_day).plus(LONGEST_EXTENSION)
}

/// What a business answered.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = cases_replies)]
pub struct Reply {
    /// Our id.
    pub id: ReplyId,
    /// The case.
    #[diesel(column_name = case_id)]
    pub case: CaseId,
    /// Who answered.
    #[diesel(column_name = person_id)]
    pub person: PersonId,
    /// When.
    pub at: Timestamp,
    /// In its words.
    pub text: String,
    pub(in super::super) salt: Vec<u8>,
    /// The leaf that holds the hashes of text and files.
    #[diesel(column_name = leaf_id)]
    pub leaf: LeafId,
}

text_enum! {
    /// What a file is, by its first bytes.
    pub enum Media {
        /// PDF.
        Pdf = "pdf",
        /// A JPEG picture.
        Jpeg = "jpeg",
        /// A PNG picture.
        Png = "png",
        /// A workbook of Office Open XML, without macros.
        Xlsx = "xlsx",
        /// A document of Office Open XML, without macros.
        Docx = "docx",
        /// Plain text in UTF-8.
        Text = "text",
    }
}

/// A file that came with a reply; its content is a cell of its own.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = cases_evidence)]
pub struct Evidence {
    /// Our id.
    pub id: EvidenceId,
    /// The reply.
    #[diesel(column_name = reply_id)]
    pub reply: ReplyId,
    /// The case.
    #[diesel(column_name = case_id)]
    pub case: CaseId,
    /// Its place among the files of the reply, from 0.
    pub place: i32,
    /// What the business calls it.
    pub name: String,
    /// What it is.
    pub media: Media,
    /// In bytes.
    pub size: i64,
    /// SHA-256 of the content.
    pub digest: Vec<u8>,
}

text_enum! {
    /// What a check looks at.
    pub enum CheckMethod {
        /// Whether the numbers are complete now.
        Population = "population",
        /// The record that corrects the one that failed.
        Record = "record",
        /// The place itself.
        Visit = "visit",
    }
}

text_enum! {
    /// What a check found.
    pub enum Outcome {
        /// It is corrected.
        Passed = "passed",
        /// It is not.
        Failed = "failed",
    }
}

/// A check of what was corrected, with officers of its own.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = cases_rechecks)]
pub struct Check {
    /// Our id.
    pub id: RecheckId,
    /// The case.
    #[diesel(column_name = case_id)]
    pub case: CaseId,
    /// What it looks at.
    pub method: CheckMethod,
    /// The last day on which it should be held.
    pub due_day: Day,
    /// When it was planned.
    pub planned_at: Timestamp,
    /// Who planned it.
    pub planned_by: OfficerId,
    /// The first officer, once drawn or named.
    pub officer_one: Option<OfficerId>,
    /// The second one.
    pub officer_two: Option<OfficerId>,
    /// When they were drawn or named.
    pub named_at: Option<Timestamp>,
    /// Who named them; nobody if they were drawn.
    pub named_by: Option<OfficerId>,
    /// Why they were named and not drawn.
    pub named_reason: Option<String>,
    /// The leaf of their draw.
    pub draw_leaf_id: Option<LeafId>,
    /// The day on which it was held.
    pub held_on: Option<Day>,
    /// What it found.
    pub result: Option<Outcome>,
    /// In words.
    pub words: Option<String>,
    /// When that was written down.
    pub done_at: Option<Timestamp>,
    /// Who wrote it down: one of the two.
    pub done_by: Option<OfficerId>,
    /// The leaf of the result.
    #[diesel(column_name = leaf_id)]
    pub leaf: Option<LeafId>,
}

impl Check {
    /// The two officers, once there are two.
    pub fn officers(&self) -> Option<[OfficerId; 2]> {
        Some([self.officer_one?, self.officer_two?])
    }

    /// Whether it found it corrected.
    pub fn is_passed(&self) -> bool {
        self.result == Some(Outcome::Passed)
    }

    /// Whether `officer` is one of the two.
    pub fn is_by(&self, officer: OfficerId) -> bool {
        self.officers().is_some_and(|two| two.contains(&officer))
    }
}

/// A proposal to close a case.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = cases_closings)]
pub struct Closing {
    /// Our id.
    pub id: ClosingId,
    /// The case.
    #[diesel(column_name = case_id)]
    pub case: CaseId,
    /// How it is to end.
    pub result: CaseResult,
    /// Why.
    pub reason: String,
    /// When it was proposed.
    pub proposed_at: Timestamp,
    /// Who proposed it.
    pub proposed_by: OfficerId,
    /// When another person decided.
    pub decided_at: Option<Timestamp>,
    /// Who decided.
    pub decided_by: Option<OfficerId>,
    /// Whether he agreed.
    pub approved: Option<bool>,
    /// Why.
    pub answer: Option<String>,
}

text_enum! {
    /// What may follow when a business does not correct (HBR 21).
    pub enum EscalationKind {
        /// The business is called in.
        Interview = "interview",
        /// It is inspected together with other departments.
        JointInspection = "joint_inspection",
        /// The penalty procedure gets the case.
        HandOver = "hand_over",
        /// Another organ gets the case (APL 27).
        Transfer = "transfer",
    }
}

/// A proposal of what should follow.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = cases_escalations)]
pub struct Escalation {
    /// Our id.
    pub id: EscalationId,
    /// The case.
    #[diesel(column_name = case_id)]
    pub case: CaseId,
    /// What should follow.
    pub kind: EscalationKind,
    /// The organ that should get the case.
    pub receiver: Option<String>,
    /// Why.
    pub reason: String,
    /// When it was proposed.
    pub proposed_at: Timestamp,
    /// Who proposed it; nobody if the time ran out.
    pub proposed_by: Option<OfficerId>,
    /// When a person decided.
    pub decided_at: Option<Timestamp>,
    /// Who decided.
    pub decided_by: Option<OfficerId>,
    /// Whether it is done.
    pub approved: Option<bool>,
    /// Why.
    pub answer: Option<String>,
}
