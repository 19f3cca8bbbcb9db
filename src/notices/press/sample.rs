//! A document of every kind, by which templates are tried. Its texts look like markup: a template
//! that takes a text for markup fails here.

use super::super::model::LetterKind;
use super::super::sheet::{Checkpoint, Cited, Date, Sheet};
use crate::foundation::web::Lang;

/// Begins the addressee and must stand on the page as it is.
pub(super) const LITERAL: &str = "#panic()";

/// A document of `kind` with every member that documents of the kind have.
pub(super) fn sheet(kind: LetterKind, lang: Lang) -> Sheet<'static> {
    let is_notice = matches!(kind, LetterKind::Order | LetterKind::Advice);
    let cited = || Cited {
        law: "Law #panic() 法",
        article: "Article 1 第一条",
        text: (lang == Lang::Zh).then_some("条文 $1$。"),
        gist: "gist 要旨",
    };
    let date = || Date { year: 2026, month: 3, day: 2, iso: "2026-03-02".to_owned() };
    Sheet {
        kind,
        lang,
        title: "Title 文书".to_owned(),
        preview: false,
        number: "例公〔2026〕第 1 号",
        code: "0000-0000-0000-0000",
        verify: "https://localhost:8443/verify?code=0000-0000-0000-0000".to_owned(),
        written: date(),
        organ: "Organ 机关",
        contact: "0392-0000000",
        addressee: "#panic() $x$ *粗* _斜_ @a <b> `c` = [d]",
        follows: if is_notice { "" } else { "例公〔2026〕第 1 号" },
        facts: vec!["#panic() 事实。", "- + / 1."],
        demands: vec!["#panic() 改正。"],
        duties: if is_notice { vec![cited()] } else { Vec::new() },
        order: (kind == LetterKind::Order).then(cited),
        days: is_notice.then_some(30),
        deadline: Some(date()),
        certificates: vec!["HN-1", "HN-2"],
        checkpoint: Some(Checkpoint { size: "7".to_owned(), root: "00c0ffee" }),
        catalogue: is_notice.then_some("2026.1"),
    }
}
