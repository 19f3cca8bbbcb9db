//! Results for the public, as a lead decides about them.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::super::error::AuditError;
use super::super::guard::Lead;
use super::super::publishing::{self, PublicState, Withdrawal};
use super::super::store;
use super::super::store::publications::{self, Publication};
use super::Tag;
use crate::foundation::House;
use crate::foundation::ids::AuditId;
use crate::foundation::paging::{PAGE, Page};
use crate::foundation::problem::Problem;
use crate::foundation::time::Day;
use crate::foundation::web::{Form, Frame, page};
use crate::registry::{self, Calendar};

/// Which publications are looked at.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    state: String,
    #[serde(default)]
    after: String,
}

struct Line {
    row: Publication,
    holder: String,
    tag: Tag,
    /// Working days until it is due; negative once it is late.
    left: i64,
}

#[derive(Template)]
#[template(path = "audits/pages/publications.html")]
struct PublicationsPage {
    f: Frame,
    state: PublicState,
    page: Page<Line>,
}

impl PublicationsPage {
    fn key(state: &PublicState) -> String {
        format!("audits-public-{state}")
    }

    fn cause_key(cause: &Withdrawal) -> String {
        format!("audits-withdrawal-{cause}")
    }
}

/// `GET /publications`: what of the lead's department is proposed, published or withdrawn.
pub(super) async fn show(
    req: HttpRequest,
    lead: Lead,
    asked: web::Query<Asked>,
) -> Result<HttpResponse, Problem> {
    let f = Frame::of(&req, "audits-publications");
    let state = asked.state.parse().unwrap_or(PublicState::Proposed);
    let after: Option<AuditId> = asked.after.parse().ok();
    let today = House::of(&req).clock.now().day();
    let read = House::of(&req).store.read("audits.publications", move |conn| {
        let (department, sectors) = (lead.officer().department_id(), lead.officer().sectors());
        let narrow = (sectors, state);
        let found = publications::in_state(conn, department, narrow, after, PAGE)?;
        let found = Page::cut(found, |row| row.audit_id.to_string());
        let calendar = Calendar::embedded();
        let mut rows = Vec::with_capacity(found.rows.len());
        for row in found.rows {
            let holder = registry::holder(conn, row.holder_id)?;
            let audit = store::audit(conn, row.audit_id)?.ok_or(AuditError::NotFound)?;
            rows.push(Line {
                holder: holder.map(|holder| holder.name).unwrap_or_default(),
                tag: Tag::from(&audit),
                left: left(&calendar, today, row.due_on),
                row,
            });
        }
        Ok::<_, AuditError>(Page { rows, next: found.next })
    });
    page(&PublicationsPage { page: read.await?, f, state })
}

fn left(calendar: &Calendar, today: Day, due: Day) -> i64 {
    if today <= due {
        calendar.working_between(today, due).into()
    } else {
        -i64::from(calendar.working_between(due, today))
    }
}

/// Nothing is asked but the form's token.
#[derive(Deserialize)]
pub(super) struct Approval {}

/// `POST /publications/{audit}/publish`.
pub(super) async fn publish(
    req: HttpRequest,
    lead: Lead,
    path: web::Path<String>,
    Form(_): Form<Approval>,
) -> Result<HttpResponse, Problem> {
    let id = path.parse().ok().ok_or_else(Problem::not_found)?;
    publishing::publish(House::of(&req), &lead, id).await?;
    Ok(back(PublicState::Proposed))
}

/// Why a result is withdrawn.
#[derive(Deserialize)]
pub(super) struct Reason {
    #[serde(default)]
    cause: String,
}

/// `POST /publications/{audit}/withdraw`.
pub(super) async fn withdraw(
    req: HttpRequest,
    lead: Lead,
    path: web::Path<String>,
    Form(reason): Form<Reason>,
) -> Result<HttpResponse, Problem> {
    let id = path.parse().ok().ok_or_else(Problem::not_found)?;
    let cause = reason.cause.parse().map_err(Problem::malformed)?;
    publishing::withdraw(House::of(&req), &lead, id, cause).await?;
    Ok(back(PublicState::Published))
}

fn back(state: PublicState) -> HttpResponse {
    let place = format!("/publications?state={state}");
    HttpResponse::SeeOther().insert_header((header::LOCATION, place)).finish()
}
