//! `/verify`: anybody who has a document in hand learns whether it is genuine, and nothing else.

use std::num::NonZeroU32;
use std::sync::LazyLock;

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use serde::Deserialize;

use super::super::error::NoticeError;
use super::super::model::LetterKind;
use super::super::{render, store};
use crate::foundation::House;
use crate::foundation::db::Conn;
use crate::foundation::problem::Problem;
use crate::foundation::time::Day;
use crate::foundation::web::{Frame, Lang, page};
use crate::identity;
use crate::ledger;
use crate::registry;

/// Questions that one network may ask in a minute. A code has eighty bits: this only keeps the
/// database from being kept busy.
const IN_A_MINUTE: NonZeroU32 = NonZeroU32::MIN.saturating_add(19);
/// Networks that are remembered before those that are quiet are forgotten.
const REMEMBERED: usize = 10_000;

static ASKED: LazyLock<DefaultKeyedRateLimiter<String>> =
    LazyLock::new(|| RateLimiter::keyed(Quota::per_minute(IN_A_MINUTE)));

/// What stands on the document.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Question {
    #[serde(default)]
    code: String,
    number: Option<String>,
}

/// What is said of a genuine document.
struct Genuine {
    organ: String,
    kind: LetterKind,
    written: Day,
    /// Language and hash of the text and of its translations.
    hashes: Vec<(Lang, String)>,
    /// The number of the leaf; `None` while the log has not taken it up.
    leaf: Option<u64>,
}

#[derive(Template)]
#[template(path = "notices/pages/verify.html")]
struct VerifyPage {
    f: Frame,
    question: Question,
    asked: bool,
    genuine: Option<Genuine>,
}

impl VerifyPage {
    fn title_of(&self, genuine: &Genuine) -> String {
        render::title(genuine.kind, self.f.lang)
    }
}

/// `GET /verify`.
pub(super) async fn show(
    req: HttpRequest,
    question: web::Query<Question>,
) -> Result<HttpResponse, Problem> {
    let f = Frame::of(&req, "notices-verify");
    let question = question.into_inner();
    // The address on a document names the code only; the number is then still to be typed.
    let asked = question.number.is_some();
    let mut genuine = None;
    if let (Some(code), Some(number)) = (spelt(&question.code), &question.number) {
        may_ask(&req)?;
        let (number, lang) = (plain(number), f.lang);
        genuine = House::of(&req)
            .store
            .read("notices.verify", move |conn| look_up(conn, &code, &number, lang))
            .await?;
    }
    page(&VerifyPage { f, question, asked, genuine })
}

fn may_ask(req: &HttpRequest) -> Result<(), Problem> {
    if ASKED.len() > REMEMBERED {
        ASKED.retain_recent();
    }
    ASKED.check_key(&identity::network(req)).map_err(|_not_yet| {
        Problem::of(StatusCode::TOO_MANY_REQUESTS, "too-many-questions")
            .header(header::RETRY_AFTER, "60")
    })
}

fn look_up(
    conn: &mut Conn,
    code: &str,
    number: &str,
    lang: Lang,
) -> Result<Option<Genuine>, NoticeError> {
    let documents = store::documents_coded(conn, code)?;
    let Some(first) = documents.first() else { return Ok(None) };
    if plain(first.number.as_deref().unwrap_or_default()) != number {
        return Ok(None);
    }
    let organ = registry::department(conn, first.department_id)?.map(|organ| match lang {
        Lang::Zh => organ.name_zh,
        Lang::En => organ.name_en,
    });
    Ok(Some(Genuine {
        organ: organ.unwrap_or_default(),
        kind: first.kind,
        written: first.made_at.day(),
        hashes: documents.iter().map(|document| (document.lang, document.digest())).collect(),
        leaf: ledger::leaf(conn, first.leaf_id)?.map(|leaf| leaf.index),
    }))
}

/// A code in its one spelling: four groups of four signs; letters that are mistaken for digits are
/// taken for them.
fn spelt(code: &str) -> Option<String> {
    let signs = code.chars().filter(|sign| sign.is_ascii_alphanumeric());
    let signs: Vec<char> = signs
        .map(|sign| match sign.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect();
    let groups = || signs.chunks(4).map(|four| four.iter().collect::<String>());
    (signs.len() == 16).then(|| groups().collect::<Vec<_>>().join("-"))
}

/// A number without blanks and with one kind of brackets, as people type it.
fn plain(number: &str) -> String {
    let sign = |sign: char| match sign {
        '[' | '(' | '（' | '【' => '〔',
        ']' | ')' | '）' | '】' => '〕',
        other => other,
    };
    number.chars().filter(|sign| !sign.is_whitespace()).map(sign).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_is_read_as_it_stands_on_the_paper() {
        let code = "0AB1-CDEF-GHJK-MNPQ";
        for typed in [code, "0ab1cdefghjkmnpq", " oabl-cdef ghjk-mnpq "] {
            assert_eq!(spelt(typed).as_deref(), Some(code), "{typed}");
        }
        assert_eq!((spelt("0AB1"), spelt("")), (None, None));
        let number = "鹤公责改字〔2026〕第 12 号";
        for typed in [number, "鹤公责改字[2026]第12号", "鹤公责改字（2026）第　12　号"]
        {
            assert_eq!(plain(typed), plain(number), "{typed}");
        }
        assert_ne!(plain("鹤公责改字〔2026〕第 1 号"), plain(number));
    }
}
