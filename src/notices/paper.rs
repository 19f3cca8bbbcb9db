//! What follows a notice: reminders, decisions on time, re-checks, closings and covers. And two
//! letters that are no documents: the week of a department, and an invitation.

use crate::foundation::ids::{CaseId, HolderId, OfficerId};
use crate::foundation::time::{Day, Timestamp};
use crate::foundation::web::Lang;

use super::draft::{CheckpointLine, Organ, Wording};
use super::model::{LetterKind, Recipient};

/// The kinds that a [`Paper`] may be.
pub(super) const PAPERS: &[LetterKind] = &[
    LetterKind::Reminder,
    LetterKind::Extension,
    LetterKind::Recheck,
    LetterKind::Closing,
    LetterKind::Transfer,
    LetterKind::Handover,
];

/// A document that follows a notice. It orders nothing of its own: what it says about time or
/// duties rests on the notice.
#[derive(Clone, Debug)]
pub struct Paper {
    /// Reminder, extension, re-check, closing, transfer or hand-over.
    pub kind: LetterKind,
    /// The case that it tells of.
    pub case: CaseId,
    /// The department that writes.
    pub organ: Organ,
    /// The duty holder whom the case is about.
    pub holder: HolderId,
    /// Who is written to: the duty holder, or the organ that takes the case over.
    pub addressee: String,
    /// The number of the notice that it follows.
    pub follows: String,
    /// The certificate numbers of the officers who act.
    pub certificates: Vec<String>,
    /// The words in Chinese: what happened, and what to do; for a cover, what it covers.
    pub zh: Wording,
    /// The words in English.
    pub en: Wording,
    /// The last day that the duty holder has now, where there is one.
    pub deadline: Option<Day>,
    /// What the log held; `None` before its first checkpoint.
    pub checkpoint: Option<CheckpointLine>,
    /// Who gets it, each in his language. Nobody: one letter is written all the same, for paper.
    pub recipients: Vec<(Recipient, Lang)>,
}

impl Paper {
    /// The words in `lang`.
    pub const fn words(&self, lang: Lang) -> &Wording {
        match lang {
            Lang::Zh => &self.zh,
            Lang::En => &self.en,
        }
    }
}

/// What did not come to a department in one week.
#[derive(Clone, Debug)]
pub struct Weekly {
    /// The department.
    pub organ: Organ,
    /// The first day of the week.
    pub from: Day,
    /// Its last day.
    pub to: Day,
    /// All duty holders together.
    pub total: Lacking,
    /// The duty holders who lack something, by name; those with most first.
    pub holders: Vec<(String, Lacking)>,
    /// Where the console is, such as `https://localhost:8443`.
    pub console: String,
    /// The officers, each with his language.
    pub officers: Vec<(OfficerId, Lang)>,
}

/// Counts of what did not come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lacking {
    /// Days of streams of which nothing was received.
    pub received: u64,
    /// Days of streams that were not closed.
    pub filed: u64,
    /// Notices that were not answered in their time.
    pub answered: u64,
}

/// An invitation to enrol. Its link is a secret: text and HTML of the letter are erased once it was
/// taken or given up.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// The department that invites; `None` where a business invites its own people.
    pub organ: Option<Organ>,
    /// The duty holder for whom the invited person will speak; `None` for an officer.
    pub holder: Option<HolderId>,
    /// That duty holder's name, or the department's for an officer.
    pub place: String,
    /// The name of the invited person.
    pub name: String,
    /// The login that the person will have.
    pub login: String,
    /// The one-time link.
    pub link: String,
    /// Until when the link is good.
    pub until: Timestamp,
    /// Who gets it, and in which language: a contact of the duty holder, or an officer of `organ`.
    pub to: (Recipient, Lang),
}
