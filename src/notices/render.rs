//! The words of letters: one template a kind, language and form.

use askama::Template;

use super::basis::{Article, FrozenBasis};
use super::draft::{CheckpointLine, Digest, Notice, Request, Wording};
use super::matter::Marks;
use super::model::LetterKind;
use super::paper::{Invitation, Paper, Weekly};
use crate::foundation::time::Day;
use crate::foundation::web::Lang;

/// What the templates of a notice see.
struct NoticeView<'a> {
    marks: &'a Marks,
    verify: String,
    organ: &'a str,
    notice: &'a Notice,
    words: &'a Wording,
}

impl NoticeView<'_> {
    fn basis(&self) -> &FrozenBasis {
        &self.notice.basis
    }

    fn order(&self) -> Option<&Article> {
        self.notice.basis.order()
    }

    fn checkpoint(&self) -> Option<&CheckpointLine> {
        self.notice.checkpoint.as_ref()
    }
}

/// What the templates of a document that follows a notice see.
struct PaperView<'a> {
    title: String,
    marks: &'a Marks,
    verify: String,
    organ: &'a str,
    paper: &'a Paper,
    words: &'a Wording,
}

impl PaperView<'_> {
    fn checkpoint(&self) -> Option<&CheckpointLine> {
        self.paper.checkpoint.as_ref()
    }
}

/// What the templates of a request see.
struct RequestView<'a> {
    code: &'a str,
    written: Day,
    organ: &'a str,
    r: &'a Request,
}

/// Declares the template of one letter in one language and form.
macro_rules! template {
    ($name:ident, $view:ty, $path:literal) => {
        #[derive(Template)]
        #[template(path = $path)]
        struct $name<'a> {
            n: &'a $view,
        }
    };
}

template!(OrderZhText, NoticeView<'a>, "notices/letters/order/zh-CN.txt");
template!(OrderZhHtml, NoticeView<'a>, "notices/letters/order/zh-CN.html");
template!(OrderEnText, NoticeView<'a>, "notices/letters/order/en.txt");
template!(OrderEnHtml, NoticeView<'a>, "notices/letters/order/en.html");
template!(AdviceZhText, NoticeView<'a>, "notices/letters/advice/zh-CN.txt");
template!(AdviceZhHtml, NoticeView<'a>, "notices/letters/advice/zh-CN.html");
template!(AdviceEnText, NoticeView<'a>, "notices/letters/advice/en.txt");
template!(AdviceEnHtml, NoticeView<'a>, "notices/letters/advice/en.html");
template!(RequestZhText, RequestView<'a>, "notices/letters/request/zh-CN.txt");
template!(RequestZhHtml, RequestView<'a>, "notices/letters/request/zh-CN.html");
template!(RequestEnText, RequestView<'a>, "notices/letters/request/en.txt");
template!(RequestEnHtml, RequestView<'a>, "notices/letters/request/en.html");
template!(DigestZhText, Digest, "notices/letters/digest/zh-CN.txt");
template!(DigestZhHtml, Digest, "notices/letters/digest/zh-CN.html");
template!(DigestEnText, Digest, "notices/letters/digest/en.txt");
template!(DigestEnHtml, Digest, "notices/letters/digest/en.html");
template!(PaperZhText, PaperView<'a>, "notices/letters/paper/zh-CN.txt");
template!(PaperZhHtml, PaperView<'a>, "notices/letters/paper/zh-CN.html");
template!(PaperEnText, PaperView<'a>, "notices/letters/paper/en.txt");
template!(PaperEnHtml, PaperView<'a>, "notices/letters/paper/en.html");
template!(WeeklyZhText, Weekly, "notices/letters/weekly/zh-CN.txt");
template!(WeeklyZhHtml, Weekly, "notices/letters/weekly/zh-CN.html");
template!(WeeklyEnText, Weekly, "notices/letters/weekly/en.txt");
template!(WeeklyEnHtml, Weekly, "notices/letters/weekly/en.html");
template!(InvitationZhText, Invitation, "notices/letters/invitation/zh-CN.txt");
template!(InvitationZhHtml, Invitation, "notices/letters/invitation/zh-CN.html");
template!(InvitationEnText, Invitation, "notices/letters/invitation/en.txt");
template!(InvitationEnHtml, Invitation, "notices/letters/invitation/en.html");

/// A letter in words.
#[derive(Debug)]
pub(super) struct Rendered {
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) html: String,
}

impl Rendered {
    fn of(subject: String, text: &impl Template, html: &impl Template) -> askama::Result<Self> {
        Ok(Self { subject, text: text.render()?, html: html.render()? })
    }
}

/// The words of `notice` in `lang`, under its marks.
pub(super) fn notice(
    notice: &Notice,
    kind: LetterKind,
    lang: Lang,
    marks: &Marks,
) -> askama::Result<Rendered> {
    let (organ, words) = (notice.organ.name(lang), notice.words(lang));
    let subject = format!("{} {}", title(kind, lang), marks.number);
    let n = &NoticeView { organ, notice, words, verify: marks.verify(), marks };
    match (kind, lang) {
        (LetterKind::Order, Lang::Zh) => {
            Rendered::of(subject, &OrderZhText { n }, &OrderZhHtml { n })
        }
        (LetterKind::Order, Lang::En) => {
            Rendered::of(subject, &OrderEnText { n }, &OrderEnHtml { n })
        }
        (_, Lang::Zh) => Rendered::of(subject, &AdviceZhText { n }, &AdviceZhHtml { n }),
        (_, Lang::En) => Rendered::of(subject, &AdviceEnText { n }, &AdviceEnHtml { n }),
    }
}

/// The words of `digest` in `lang`.
pub(super) fn digest(digest: &Digest, lang: Lang) -> askama::Result<Rendered> {
    let subject = lang.text_with("notices-digest", &[("day", &digest.day)]);
    let n = digest;
    match lang {
        Lang::Zh => Rendered::of(subject, &DigestZhText { n }, &DigestZhHtml { n }),
        Lang::En => Rendered::of(subject, &DigestEnText { n }, &DigestEnHtml { n }),
    }
}

/// The words of `request` in `lang`.
pub(super) fn request(
    request: &Request,
    lang: Lang,
    (code, written): (&str, Day),
) -> askama::Result<Rendered> {
    let n = &RequestView { code, written, organ: request.organ.name(lang), r: request };
    let key =
        if request.reminder.is_some() { "notices-request-reminder" } else { "notices-request" };
    let subject = lang.text_with(key, &[("period", &request.period)]);
    match lang {
        Lang::Zh => Rendered::of(subject, &RequestZhText { n }, &RequestZhHtml { n }),
        Lang::En => Rendered::of(subject, &RequestEnText { n }, &RequestEnHtml { n }),
    }
}

/// The words of `paper` in `lang`, under its marks.
pub(super) fn paper(paper: &Paper, lang: Lang, marks: &Marks) -> askama::Result<Rendered> {
    let (organ, words) = (paper.organ.name(lang), paper.words(lang));
    let title = title(paper.kind, lang);
    // A reminder is found by the number of what it reminds of.
    let shown = if marks.number.is_empty() { &paper.follows } else { &marks.number };
    let subject = format!("{title} {shown}");
    let n = &PaperView { title, organ, paper, words, verify: marks.verify(), marks };
    match lang {
        Lang::Zh => Rendered::of(subject, &PaperZhText { n }, &PaperZhHtml { n }),
        Lang::En => Rendered::of(subject, &PaperEnText { n }, &PaperEnHtml { n }),
    }
}

/// What documents of a kind are called.
pub(super) fn title(kind: LetterKind, lang: Lang) -> String {
    lang.text(&format!("notices-title-{kind}"))
}

/// The words of `weekly` in `lang`.
pub(super) fn weekly(weekly: &Weekly, lang: Lang) -> askama::Result<Rendered> {
    let subject = lang.text_with("notices-weekly", &[("from", &weekly.from), ("to", &weekly.to)]);
    let n = weekly;
    match lang {
        Lang::Zh => Rendered::of(subject, &WeeklyZhText { n }, &WeeklyZhHtml { n }),
        Lang::En => Rendered::of(subject, &WeeklyEnText { n }, &WeeklyEnHtml { n }),
    }
}

/// The words of `invitation` in its language.
pub(super) fn invitation(invitation: &Invitation) -> askama::Result<Rendered> {
    let (n, lang) = (invitation, invitation.to.1);
    let subject = lang.text("notices-invitation");
    match lang {
        Lang::Zh => Rendered::of(subject, &InvitationZhText { n }, &InvitationZhHtml { n }),
        Lang::En => Rendered::of(subject, &InvitationEnText { n }, &InvitationEnHtml { n }),
    }
}
