//! What becomes a document: a notice, or a paper that follows one, and the marks on it.

use super::draft::{Notice, Organ};
use super::error::NoticeError;
use super::model::{LetterKind, Recipient};
use super::paper::Paper;
use super::press;
use super::render::{self, Rendered};
use crate::foundation::ids::{CaseId, HolderId};
use crate::foundation::time::Day;
use crate::foundation::web::Lang;

/// What stands on a document besides its words.
#[derive(Clone, Debug)]
pub(super) struct Marks {
    /// Empty for a reminder; a note in the place of a number for a preview.
    pub(super) number: String,
    pub(super) code: String,
    pub(super) written: Day,
    /// Whether it is shown before it is decided.
    pub(super) preview: bool,
}

impl Marks {
    /// Where the document can be confirmed; empty for a preview, and if nobody said where.
    pub(super) fn verify(&self) -> String {
        if self.preview { String::new() } else { press::verification(&self.code) }
    }
}

/// What becomes a document.
#[derive(Clone, Copy, Debug)]
pub(super) enum Matter<'a> {
    Notice(&'a Notice, LetterKind),
    Paper(&'a Paper),
}

impl<'a> Matter<'a> {
    pub(super) const fn kind(self) -> LetterKind {
        match self {
            Self::Notice(_, kind) => kind,
            Self::Paper(paper) => paper.kind,
        }
    }

    pub(super) const fn case(self) -> CaseId {
        match self {
            Self::Notice(notice, _) => notice.case,
            Self::Paper(paper) => paper.case,
        }
    }

    pub(super) const fn holder(self) -> HolderId {
        match self {
            Self::Notice(notice, _) => notice.holder,
            Self::Paper(paper) => paper.holder,
        }
    }

    pub(super) const fn organ(self) -> &'a Organ {
        match self {
            Self::Notice(notice, _) => &notice.organ,
            Self::Paper(paper) => &paper.organ,
        }
    }

    pub(super) fn recipients(self) -> &'a [(Recipient, Lang)] {
        match self {
            Self::Notice(notice, _) => &notice.recipients,
            Self::Paper(paper) => &paper.recipients,
        }
    }

    /// The letter that tells of it.
    pub(super) fn words(self, lang: Lang, marks: &Marks) -> Result<Rendered, NoticeError> {
        Ok(match self {
            Self::Notice(notice, kind) => render::notice(notice, kind, lang, marks)?,
            Self::Paper(paper) => render::paper(paper, lang, marks)?,
        })
    }
}
