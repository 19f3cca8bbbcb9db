//! What a letter is to say, before it has a number and words.

use crate::foundation::ids::{AuditId, CaseId, DepartmentId, HolderId, OfficerId};
use crate::foundation::time::{Day, Timestamp};
use crate::foundation::web::Lang;

use super::basis::FrozenBasis;
use super::error::NoticeError;
use super::matter::Matter;
use super::model::{LetterKind, Recipient};
use super::paper::{Invitation, PAPERS, Paper, Weekly};
use crate::registry::Department;

/// The department that writes, as letters name it.
#[derive(Clone, Debug)]
pub struct Organ {
    /// Its id.
    pub id: DepartmentId,
    /// The word that begins its document numbers (机关代字), such as 鹤公.
    pub word: String,
    /// Its name in Chinese.
    pub name_zh: String,
    /// Its name in English.
    pub name_en: String,
    /// How it can be reached, in one line; empty if the registry has nothing.
    pub contact: String,
}

impl From<&Department> for Organ {
    fn from(department: &Department) -> Self {
        Self {
            id: department.id,
            word: department.organ.clone(),
            name_zh: department.name_zh.clone(),
            name_en: department.name_en.clone(),
            contact: department.contact.clone().unwrap_or_default(),
        }
    }
}

impl Organ {
    /// Its name in `lang`.
    pub fn name(&self, lang: Lang) -> &str {
        match lang {
            Lang::Zh => &self.name_zh,
            Lang::En => &self.name_en,
        }
    }
}

/// What was found and what to do about it, in words of one language; no customer's data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wording {
    /// One sentence a fact.
    pub facts: Vec<String>,
    /// One sentence a thing to correct.
    pub demands: Vec<String>,
}

/// What the log held when the officer decided; printed so that the recipient can hold the log to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckpointLine {
    /// The number of leaves.
    pub size: u64,
    /// The beginning of the root, in hexadecimal.
    pub root: String,
}

/// A notice to a duty holder.
#[derive(Clone, Debug)]
pub struct Notice {
    /// The case that it tells of.
    pub case: CaseId,
    /// The department that writes.
    pub organ: Organ,
    /// The duty holder who is written to.
    pub holder: HolderId,
    /// The duty holder's name.
    pub addressee: String,
    /// The certificate numbers of the officers who act.
    pub certificates: Vec<String>,
    /// The words in Chinese.
    pub zh: Wording,
    /// The words in English.
    pub en: Wording,
    /// The law, as it is cited.
    pub basis: FrozenBasis,
    /// Days that the duty holder has, counted from the day of service.
    pub days: u32,
    /// The last of these days if the notice is served on the day on which it is written.
    pub deadline: Day,
    /// What the log held; `None` before its first checkpoint.
    pub checkpoint: Option<CheckpointLine>,
    /// Who gets it, each in his language. Nobody: one letter is written all the same, for paper.
    pub recipients: Vec<(Recipient, Lang)>,
}

impl Notice {
    /// The words in `lang`.
    pub const fn words(&self, lang: Lang) -> &Wording {
        match lang {
            Lang::Zh => &self.zh,
            Lang::En => &self.en,
        }
    }
}

/// A request to disclose drawn records of attested batches. It names places and numbers, nothing of
/// what stands in the records.
#[derive(Clone, Debug)]
pub struct Request {
    /// The department that asks.
    pub organ: Organ,
    /// The duty holder who is asked.
    pub holder: HolderId,
    /// The duty holder's name.
    pub addressee: String,
    /// The draw, by the id of its audit.
    pub draw: AuditId,
    /// The period that is audited, such as `2026-03`.
    pub period: String,
    /// Which block of the draw, from 0; one letter a block.
    pub block: i64,
    /// The last moment at which a record may be disclosed.
    pub due: Timestamp,
    /// The records.
    pub records: Vec<AskedAt>,
    /// Which reminder it is; `None` if it asks for the first time. A reminder names the records
    /// that have not come.
    pub reminder: Option<Reminder>,
    /// Who gets it, each in his language. Nobody: one letter is written all the same, for paper.
    pub recipients: Vec<(Recipient, Lang)>,
}

/// A reminder of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reminder {
    /// Half of the time has passed.
    Halfway,
    /// The limit is near.
    Last,
}

/// The records that are asked for at one outlet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedAt {
    /// The outlet, as people call it.
    pub outlet: String,
    /// Numbers of records, ascending.
    pub numbers: Vec<i64>,
}

impl Request {
    pub(super) fn count(&self) -> usize {
        self.records.iter().map(|asked| asked.numbers.len()).sum()
    }
}

impl AskedAt {
    /// The numbers with commas between them.
    pub(super) fn listed(&self) -> String {
        self.numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }
}

/// What happened in a department on one day.
#[derive(Clone, Debug)]
pub struct Digest {
    /// The department.
    pub organ: Organ,
    /// The day that is told of.
    pub day: Day,
    /// Findings of that day that nobody has decided.
    pub found: u64,
    /// All findings that nobody has decided.
    pub undecided: u64,
    /// Cases opened on that day.
    pub opened: u64,
    /// Cases that are not past their deadline.
    pub running: u64,
    /// Cases past their deadline.
    pub overdue: u64,
    /// Cases whose letters nobody took.
    pub undeliverable: u64,
    /// Where the console is, such as `https://localhost:8443`.
    pub console: String,
    /// The officers, each with his language.
    pub officers: Vec<(OfficerId, Lang)>,
}

/// A letter that may be written. An order exists only on a confirmed basis.
#[derive(Clone, Debug)]
pub struct Draft(pub(super) Content);

#[derive(Clone, Debug)]
pub(super) enum Content {
    Order(Notice),
    Advice(Notice),
    Digest(Digest),
    Request(Request),
    Paper(Paper),
    Weekly(Weekly),
    Invitation(Invitation),
}

impl Draft {
    /// An order to correct.
    ///
    /// # Errors
    ///
    /// [`NoticeError::NoDuty`] and [`NoticeError::NoOrderBasis`] if the frozen basis has no duty or
    /// no article that empowers an order.
    pub fn order(notice: Notice) -> Result<Self, NoticeError> {
        if notice.basis.duties().is_empty() {
            return Err(NoticeError::NoDuty);
        }
        if notice.basis.order().is_none() {
            return Err(NoticeError::NoOrderBasis);
        }
        Ok(Self(Content::Order(notice)))
    }

    /// An advice letter.
    ///
    /// # Errors
    ///
    /// [`NoticeError::NoDuty`] if the frozen basis has no duty.
    pub fn advice(notice: Notice) -> Result<Self, NoticeError> {
        if notice.basis.duties().is_empty() {
            return Err(NoticeError::NoDuty);
        }
        Ok(Self(Content::Advice(notice)))
    }

    /// The strongest letter that the frozen basis carries: an order if it can, otherwise advice.
    ///
    /// # Errors
    ///
    /// [`NoticeError::NoDuty`] if the frozen basis has no duty.
    pub fn notice(notice: Notice) -> Result<Self, NoticeError> {
        if notice.basis.order().is_some() { Self::order(notice) } else { Self::advice(notice) }
    }

    /// A digest for the officers of a department.
    pub const fn digest(digest: Digest) -> Self {
        Self(Content::Digest(digest))
    }

    /// A request to disclose drawn records.
    pub const fn request(request: Request) -> Self {
        Self(Content::Request(request))
    }

    /// A document that follows a notice.
    ///
    /// # Errors
    ///
    /// [`NoticeError::NoPaper`] if its kind is one of another letter.
    pub fn paper(paper: Paper) -> Result<Self, NoticeError> {
        if !PAPERS.contains(&paper.kind) {
            return Err(NoticeError::NoPaper(paper.kind));
        }
        Ok(Self(Content::Paper(paper)))
    }

    /// The week of a department, for its officers.
    pub const fn weekly(weekly: Weekly) -> Self {
        Self(Content::Weekly(weekly))
    }

    /// An invitation to enrol.
    pub const fn invitation(invitation: Invitation) -> Self {
        Self(Content::Invitation(invitation))
    }

    /// What becomes a document, if the letter takes one along.
    pub(super) const fn matter(&self) -> Option<Matter<'_>> {
        match &self.0 {
            Content::Order(notice) | Content::Advice(notice) => {
                Some(Matter::Notice(notice, self.kind()))
            }
            Content::Paper(paper) => Some(Matter::Paper(paper)),
            _ => None,
        }
    }

    /// What kind of letter it is.
    pub const fn kind(&self) -> LetterKind {
        match &self.0 {
            Content::Order(_) => LetterKind::Order,
            Content::Advice(_) => LetterKind::Advice,
            Content::Digest(_) => LetterKind::Digest,
            Content::Request(_) => LetterKind::Request,
            Content::Paper(paper) => paper.kind,
            Content::Weekly(_) => LetterKind::Weekly,
            Content::Invitation(_) => LetterKind::Invitation,
        }
    }
}
