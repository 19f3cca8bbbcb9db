//! The list of cases.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::super::error::CaseError;
use super::super::model::{Case, State};
use super::super::store::{self, Scope};
use super::{Names, Tag};
use crate::foundation::House;
use crate::foundation::ids::CaseId;
use crate::foundation::paging::Page;
use crate::foundation::problem::Problem;
use crate::foundation::web::{Frame, page};
use crate::registry::Officer;

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
