//! A document before it is typeset: what its templates may print.

use serde::Serialize;

use super::basis::Article;
use super::draft::CheckpointLine;
use super::matter::{Marks, Matter};
use super::model::LetterKind;
use super::render;
use crate::foundation::time::Day;
use crate::foundation::web::Lang;

/// What a template sees, as `d`; `docs/documents.md` tells each member to those who write one.
#[derive(Debug, Serialize)]
pub(super) struct Sheet<'a> {
    pub(super) kind: LetterKind,
    pub(super) lang: Lang,
    pub(super) title: String,
    pub(super) preview: bool,
    pub(super) number: &'a str,
    pub(super) code: &'a str,
    /// Where the document can be confirmed; empty if nobody told the program where it stands.
    pub(super) verify: String,
    pub(super) written: Date,
    pub(super) organ: &'a str,
    pub(super) contact: &'a str,
    pub(super) addressee: &'a str,
    pub(super) follows: &'a str,
    pub(super) facts: Vec<&'a str>,
    pub(super) demands: Vec<&'a str>,
    pub(super) duties: Vec<Cited<'a>>,
    pub(super) order: Option<Cited<'a>>,
    pub(super) days: Option<u32>,
    pub(super) deadline: Option<Date>,
    pub(super) certificates: Vec<&'a str>,
    pub(super) checkpoint: Option<Checkpoint<'a>>,
    pub(super) catalogue: Option<&'a str>,
}

/// An article in the language of the document.
#[derive(Debug, Serialize)]
pub(super) struct Cited<'a> {
    pub(super) law: &'a str,
    pub(super) article: &'a str,
    /// The exact text, in Chinese only.
    pub(super) text: Option<&'a str>,
    pub(super) gist: &'a str,
}

impl<'a> Cited<'a> {
    fn of(article: &'a Article, lang: Lang) -> Self {
        match lang {
            Lang::Zh => Self {
                law: &article.law_zh,
                article: &article.article_zh,
                text: article.text_zh.as_deref(),
                gist: &article.gist_zh,
            },
            Lang::En => Self {
                law: &article.law_en,
                article: &article.article_en,
                text: None,
                gist: &article.gist_en,
            },
        }
    }
}

/// What the log held.
#[derive(Debug, Serialize)]
pub(super) struct Checkpoint<'a> {
    /// As text: it counts leaves, and nobody calculates with it.
    pub(super) size: String,
    pub(super) root: &'a str,
}

impl<'a> Checkpoint<'a> {
    fn of(line: &'a CheckpointLine) -> Self {
        Self { size: line.size.to_string(), root: &line.root }
    }
}

/// A civil day.
#[derive(Debug, Serialize)]
pub(super) struct Date {
    pub(super) year: i32,
    pub(super) month: u32,
    pub(super) day: u32,
    pub(super) iso: String,
}

impl Date {
    fn of(day: Day) -> Self {
        let iso = day.to_string();
        let mut parts = iso.split('-').map(|part| part.parse::<u32>().unwrap_or(1));
        let mut next = || parts.next().unwrap_or(1);
        let (year, month, day) = (i32::try_from(next()).unwrap_or(1), next(), next());
        Self { year, month, day, iso }
    }
}

fn strs(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

impl<'a> Matter<'a> {
    /// Everything that the templates of its kind may print.
    pub(super) fn sheet(self, lang: Lang, marks: &'a Marks) -> Sheet<'a> {
        let (kind, organ) = (self.kind(), self.organ());
        let blank = Sheet {
            kind,
            lang,
            title: render::title(kind, lang),
            preview: marks.preview,
            number: &marks.number,
            code: &marks.code,
            verify: marks.verify(),
            written: Date::of(marks.written),
            organ: organ.name(lang),
            contact: &organ.contact,
            addressee: "",
            follows: "",
            facts: Vec::new(),
            demands: Vec::new(),
            duties: Vec::new(),
            order: None,
            days: None,
            deadline: None,
            certificates: Vec::new(),
            checkpoint: None,
            catalogue: None,
        };
        match self {
            Self::Notice(notice, _) => Sheet {
                addressee: &notice.addressee,
                facts: strs(&notice.words(lang).facts),
                demands: strs(&notice.words(lang).demands),
                duties: notice.basis.duties().iter().map(|one| Cited::of(one, lang)).collect(),
                order: notice.basis.order().map(|one| Cited::of(one, lang)),
                days: Some(notice.days),
                deadline: Some(Date::of(notice.deadline)),
                certificates: strs(&notice.certificates),
                checkpoint: notice.checkpoint.as_ref().map(Checkpoint::of),
                catalogue: Some(notice.basis.catalogue()),
                ..blank
            },
            Self::Paper(paper) => Sheet {
                addressee: &paper.addressee,
                follows: &paper.follows,
                facts: strs(&paper.words(lang).facts),
                demands: strs(&paper.words(lang).demands),
                deadline: paper.deadline.map(Date::of),
                certificates: strs(&paper.certificates),
                checkpoint: paper.checkpoint.as_ref().map(Checkpoint::of),
                ..blank
            },
        }
    }
}
