//! Letters as they are stored, and when a letter that was not taken is tried again.

use std::time::Duration;

use diesel::prelude::*;

use crate::foundation::Random;
use crate::foundation::db::schema::{notices_documents, notices_letters};
use crate::foundation::db::text_enum;
use crate::foundation::ids::{
    CaseId, DepartmentId, DocumentId, HolderId, LeafId, LetterId, OfficerId,
};
use crate::foundation::time::Timestamp;
use crate::foundation::web::Lang;

text_enum! {
    /// What a letter is.
    pub enum LetterKind {
        /// An order to correct, with a deadline.
        Order = "order",
        /// Advice: no order, no deadline with legal effect.
        Advice = "advice",
        /// What happened in a department since yesterday, for its officers.
        Digest = "digest",
        /// A request to disclose drawn records.
        Request = "request",
        /// A reminder that a deadline is near or over.
        Reminder = "reminder",
        /// A decision on more time.
        Extension = "extension",
        /// The record of a re-check.
        Recheck = "recheck",
        /// A case is closed.
        Closing = "closing",
        /// The cover of a transfer to another organ.
        Transfer = "transfer",
        /// The cover of a package that is handed over to the penalty procedure.
        Handover = "handover",
        /// What did not come to a department in a week, for its officers.
        Weekly = "weekly",
        /// An invitation to enrol.
        Invitation = "invitation",
    }
}

impl LetterKind {
    /// Whether letters of this kind have a number of their own, without gaps by organ and year.
    pub const fn is_numbered(self) -> bool {
        matches!(
            self,
            Self::Order
                | Self::Advice
                | Self::Extension
                | Self::Recheck
                | Self::Closing
                | Self::Transfer
                | Self::Handover
        )
    }
}

text_enum! {
    /// Where a letter is on its way.
    pub enum LetterState {
        /// It waits for its turn.
        Queued = "queued",
        /// A process is sending it.
        Leased = "leased",
        /// A mail server has taken charge of it.
        Sent = "sent",
        /// It was refused for good, or nobody took it for a week.
        Failed = "failed",
    }
}

/// To whom a letter goes. The address is looked up when it leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recipient {
    /// The contact of the duty holder who stands at this place of its list, from 0.
    Contact(i32),
    /// An officer.
    Officer(OfficerId),
    /// Nobody has an address: the letter is for paper.
    Nobody,
}

/// A letter as it is stored; its text never changes, but that of an invitation, which is a secret,
/// is erased once it was taken or given up.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = notices_letters)]
pub struct Letter {
    /// Our id, from which the message id follows.
    pub id: LetterId,
    /// What it is.
    pub kind: LetterKind,
    /// The number of the document; letters of one decision share it.
    pub number: Option<String>,
    /// The case that it tells of.
    pub case_id: Option<CaseId>,
    /// The department that writes; `None` where a business invites its own people.
    pub department_id: Option<DepartmentId>,
    /// The duty holder who is written to.
    pub holder_id: Option<HolderId>,
    pub(super) contact_place: Option<i32>,
    pub(super) officer_id: Option<OfficerId>,
    /// The language of the text.
    pub lang: Lang,
    /// The word by which the recipient can have the letter confirmed.
    pub code: String,
    /// One line.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
    /// Where it is on its way.
    pub state: LetterState,
    /// How often it was tried.
    pub attempts: i32,
    /// When it is tried next.
    pub next_at: Timestamp,
    /// When it was written.
    pub queued_at: Timestamp,
    /// When a mail server took charge of it.
    pub sent_at: Option<Timestamp>,
    /// What became of the last attempt, if it was not taken.
    pub last_reason: Option<String>,
}

impl Letter {
    /// To whom it goes.
    pub fn recipient(&self) -> Recipient {
        match (self.contact_place, self.officer_id) {
            (Some(place), _) => Recipient::Contact(place),
            (None, Some(officer)) => Recipient::Officer(officer),
            (None, None) => Recipient::Nobody,
        }
    }

    /// The message id, without angle brackets: the same for every attempt.
    pub fn message_id(&self, domain: &str) -> String {
        format!("{}@{domain}", self.id)
    }
}

text_enum! {
    /// The form in which a document is archived.
    pub enum MediaType {
        /// Typeset.
        Pdf = "application/pdf",
        /// Plain text in UTF-8, where this program was built without the typesetter.
        Text = "text/plain",
    }
}

impl MediaType {
    /// How a file name of this form ends.
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Text => "txt",
        }
    }

    /// The form as a header names it.
    pub const fn header(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Text => "text/plain; charset=utf-8",
        }
    }
}

/// A document as it was made in the transaction of the decision; it never changes.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = notices_documents)]
pub struct Document {
    /// Our id.
    pub id: DocumentId,
    /// What it is.
    pub kind: LetterKind,
    /// Its number; a reminder has none.
    pub number: Option<String>,
    /// The case that it tells of.
    pub case_id: CaseId,
    /// The department that wrote it.
    pub department_id: DepartmentId,
    /// The duty holder whom the case is about.
    pub holder_id: HolderId,
    /// Its language; what is not Chinese is a translation.
    pub lang: Lang,
    /// The word by which it can be confirmed; translations share it.
    pub code: String,
    /// Its form.
    pub media_type: MediaType,
    /// When it was made.
    pub made_at: Timestamp,
    /// The SHA-256 of its bytes, which its leaf tells too.
    pub sha256: Vec<u8>,
    /// The bytes.
    pub bytes: Vec<u8>,
    /// The SHA-256 of the templates that it was made from, where it is typeset.
    pub templates: Option<Vec<u8>>,
    /// The leaf of the letter that took it along.
    pub leaf_id: LeafId,
}

impl Document {
    /// The hash in hexadecimal.
    pub fn digest(&self) -> String {
        self.sha256.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// A name for its file, in ASCII.
    pub fn file_name(&self) -> String {
        format!("{}-{}-{}.{}", self.kind, self.code, self.lang, self.media_type.ending())
    }
}

/// How long a letter is tried.
pub(super) const PATIENCE: Duration = Duration::from_secs(7 * 86_400);

/// The wait after attempt number `attempt`, from 1: a minute, doubled each time up to six hours, and
/// up to a quarter more by chance, so that letters of one outage do not come back all at once.
///
/// Source: `security.md` 6.3.
pub(super) fn pause(attempt: i32, random: &Random) -> Duration {
    let doublings = u32::try_from(attempt.saturating_sub(1)).unwrap_or(0).min(9);
    let seconds = (60_u64 << doublings).min(6 * 3600);
    Duration::from_secs(seconds + random.below(seconds / 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_grows_from_a_minute_to_six_hours() {
        let random = Random::seeded(1);
        let minutes = |attempt| pause(attempt, &random).as_secs() / 60;
        assert!((1..=1).contains(&minutes(1)));
        assert!((4..=5).contains(&minutes(3)));
        for late in [9, 30, i32::MAX] {
            assert!((256..=450).contains(&minutes(late)), "{late}");
        }
        assert!(minutes(0) >= 1);
    }
}
