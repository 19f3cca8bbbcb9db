//! The list of cases, and one case with its timeline and letters.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::super::error::CaseError;
use super::super::guard::CaseViewer;
use super::super::model::{Case, State};
use super::super::store::{self, Scope};
use super::super::words;
use super::{Names, Tag, officer_names, see_letter};
use crate::foundation::House;
use crate::foundation::db::Conn;
use crate::foundation::ids::{CaseId, FindingId};
use crate::foundation::paging::Page;
use crate::foundation::problem::Problem;
use crate::foundation::time::Timestamp;
use crate::foundation::web::{Frame, Lang, page};
use crate::notices::{self, FrozenBasis, Letter, LetterKind};
use crate::registry::Officer;
use crate::rules::Packs;

/// What the query of the list may say; words that mean nothing narrow nothing.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    state: String,
    #[serde(default)]
    before: String,
}

/// One line of the list.
struct Row {
    case: Case,
    holder: String,
    state: Tag,
}

#[derive(Template)]
#[template(path = "cases/pages/cases.html")]
struct ListPage {
    f: Frame,
    states: Vec<(Option<State>, String, i64)>,
    state: Option<State>,
    page: Page<Row>,
    paged: bool,
}

/// `GET /cases`.
pub(super) async fn list(
    req: HttpRequest,
    officer: Officer,
    asked: web::Query<Asked>,
) -> Result<HttpResponse, Problem> {
    let f = Frame::of(&req, "cases-cases");
    let scope = Scope::from(&officer);
    let (state, before) = (asked.state.parse().ok(), asked.before.parse::<CaseId>().ok());
    let (page_of_rows, counts) = House::of(&req)
        .store
        .read("cases.list", move |conn| -> Result<_, CaseError> {
            let cases = store::cases_of(conn, &scope, state, before)?;
            let cases = Page::cut(cases, |case| case.id.to_string());
            let (mut names, mut rows) = (Names::default(), Vec::new());
            for case in cases.rows {
                let holder = names.of(conn, case.holder)?;
                rows.push(Row { holder, state: case.state.into(), case });
            }
            let mut counts = Vec::new();
            for state in State::ALL {
                counts.push(store::count_cases(conn, &scope, *state)?);
            }
            Ok((Page { rows, next: cases.next }, counts))
        })
        .await?;
    let mut states = vec![(None, f.t("cases-all"), counts.iter().sum())];
    for (state, count) in State::ALL.iter().zip(counts) {
        states.push((Some(*state), f.t(&Tag::from(*state).key), count));
    }
    page(&ListPage { f, states, state, page: page_of_rows, paged: before.is_some() })
}

/// One point of the timeline.
struct Moment {
    at: Timestamp,
    text: String,
    by: String,
    note: String,
}

/// A finding of the case in words.
struct Found {
    id: FindingId,
    fact: String,
}

/// What a case page shows besides the case itself.
struct Around {
    holder: String,
    findings: Vec<Found>,
    moments: Vec<Moment>,
    letters: Vec<Letter>,
}

#[derive(Template)]
#[template(path = "cases/pages/case.html")]
struct CasePage {
    f: Frame,
    case: Case,
    state: Tag,
    basis: Option<FrozenBasis>,
    around: Around,
}

impl CasePage {
    fn needs_paper(&self) -> bool {
        self.case.state == State::Undeliverable
    }

    /// The Fluent key of the notice's kind.
    fn notice(&self) -> String {
        format!("notices-kind-{}", self.case.notice)
    }

    fn is_order(&self) -> bool {
        self.case.notice == LetterKind::Order
    }
}

/// `GET /cases/{case}`.
pub(super) async fn show(
    req: HttpRequest,
    viewer: CaseViewer,
    packs: web::Data<std::sync::Arc<Packs>>,
) -> Result<HttpResponse, Problem> {
    let f = Frame::of(&req, "cases-case");
    let case = viewer.case;
    let (asked, lang) = (case.clone(), f.lang);
    let around = House::of(&req)
        .store
        .read("cases.case_page", move |conn| around(conn, lang, &packs, &asked))
        .await?;
    let state = case.state.into();
    let basis = serde_json::from_str(&case.basis).ok();
    page(&CasePage { f, state, basis, around, case })
}

fn around(conn: &mut Conn, lang: Lang, packs: &Packs, case: &Case) -> Result<Around, CaseError> {
    let holder = Names::default().of(conn, case.holder)?;
    let officers = officer_names(conn, case.department)?;
    let mut moments = Vec::new();
    let mut findings = Vec::new();
    for finding in store::findings_of_case(conn, case.id)? {
        let scene = words::scene(conn, &finding, &holder)?;
        let fact = words::fact(lang, &finding, &scene, words::rule_of(packs, &finding));
        moments.push(Moment::of(finding.found_at, lang.text("cases-moment-found")));
        findings.push(Found { id: finding.id, fact });
    }
    for happening in store::timeline(conn, case.id)? {
        let event = happening.event.as_str().replace('_', "-");
        let mut moment = Moment::of(happening.at, lang.text(&format!("cases-moment-{event}")));
        moment.by = happening.officer.and_then(|id| officers.get(&id).cloned()).unwrap_or_default();
        moment.note = happening.note.unwrap_or_default();
        moments.push(moment);
    }
    let letters = notices::letters_of(conn, case.id)?;
    letters.iter().for_each(|letter| moments.extend(see_letter(lang, letter).map(Moment::from)));
    moments.sort_by_key(|moment| moment.at);
    Ok(Around { holder, findings, moments, letters })
}

impl Moment {
    fn of(at: Timestamp, text: String) -> Self {
        Self { at, text, by: String::new(), note: String::new() }
    }
}

impl From<(Timestamp, String)> for Moment {
    fn from((at, text): (Timestamp, String)) -> Self {
        Self::of(at, text)
    }
}
