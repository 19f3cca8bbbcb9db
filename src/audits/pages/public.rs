//! What anybody may read without signing in: published results of drawn audits, by department.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::super::error::AuditError;
use super::super::findings::percent;
use super::super::model::{AuditState, from_row};
use super::super::publishing::{WORKING_DAYS, Withdrawal};
use super::super::store::publications::{self, Concluded, Publication};
use super::Tag;
use crate::foundation::House;
use crate::foundation::ids::AuditId;
use crate::foundation::paging::{PAGE, Page};
use crate::foundation::problem::Problem;
use crate::foundation::web::{Frame, page};
use crate::ledger;
use crate::registry;

/// From where on the list is read.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    before: String,
}

#[derive(Template)]
#[template(path = "audits/pages/public.html")]
struct DepartmentsPage {
    f: Frame,
    /// Code and name of each department.
    departments: Vec<(String, String)>,
}

/// `GET /public`: the departments.
pub(super) async fn departments(req: HttpRequest) -> Result<HttpResponse, Problem> {
    let f = Frame::of(&req, "audits-public");
    let read = House::of(&req)
        .store
        .read("audits.public", |conn| Ok::<_, AuditError>(registry::departments(conn)?));
    let named = read.await?.into_iter().map(|department| {
        let name = f.either(&department.name_zh, &department.name_en).to_owned();
        (department.code, name)
    });
    page(&DepartmentsPage { departments: named.collect(), f })
}

struct Line {
    row: Publication,
    concluded: Concluded,
    tag: Tag,
    /// The number of the leaf that published it.
    leaf: Option<u64>,
}

impl Line {
    fn lower(&self) -> String {
        self.bound(self.concluded.lower)
    }

    fn upper(&self) -> String {
        self.bound(self.concluded.upper)
    }

    /// So many records, and what share of all that is.
    fn bound(&self, bound: i64) -> String {
        format!("{bound} ({})", percent(from_row(bound), from_row(self.concluded.frame_size)))
    }
}

#[derive(Template)]
#[template(path = "audits/pages/published.html")]
struct PublishedPage {
    f: Frame,
    code: String,
    name: String,
    days: u32,
    page: Page<Line>,
}

impl PublishedPage {
    fn cause_key(cause: &Withdrawal) -> String {
        format!("audits-withdrawal-{cause}")
    }
}

/// `GET /public/{department}`: what a department has published; what was withdrawn stays as such.
pub(super) async fn published(
    req: HttpRequest,
    path: web::Path<String>,
    asked: web::Query<Asked>,
) -> Result<HttpResponse, Problem> {
    let f = Frame::of(&req, "audits-public");
    let (code, before) = (path.into_inner(), asked.before.parse::<AuditId>().ok());
    let read = House::of(&req).store.read("audits.published", move |conn| {
        let all = registry::departments(conn)?;
        let own = all.into_iter().find(|department| department.code == code);
        let department = own.ok_or(AuditError::NotFound)?;
        let found = publications::published(conn, department.id, before, PAGE)?;
        let found = Page::cut(found, |(row, _)| row.audit_id.to_string());
        let mut rows = Vec::with_capacity(found.rows.len());
        for (row, concluded) in found.rows {
            let leaf = match row.published_leaf {
                Some(leaf) => ledger::leaf(conn, leaf)?.map(|leaf| leaf.index),
                None => None,
            };
            let tag = Tag::of(AuditState::Done, concluded.verdict);
            rows.push(Line { row, concluded, tag, leaf });
        }
        Ok::<_, AuditError>((department, Page { rows, next: found.next }))
    });
    let (department, lines) = read.await?;
    page(&PublishedPage {
        name: f.either(&department.name_zh, &department.name_en).to_owned(),
        code: department.code,
        days: WORKING_DAYS,
        page: lines,
        f,
    })
}
