//! What leads look at: how often businesses are audited, who dismisses what, what is overdue.

use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::super::error::AuditError;
use super::super::findings::percent;
use super::super::guard::Lead;
use super::super::store::console;
use super::super::tallying::{Decisions, Oversight, Used, oversight_board};
use crate::foundation::House;
use crate::foundation::problem::Problem;
use crate::foundation::time::Timestamp;
use crate::foundation::web::{Frame, page};

#[derive(Template)]
#[template(path = "audits/pages/oversight.html")]
struct OversightPage {
    f: Frame,
    board: Oversight,
    /// When the board was added up; `None` before the first time.
    at: Option<Timestamp>,
}

impl OversightPage {
    fn at_cap(used: &Used) -> bool {
        used.cap.is_some_and(|cap| used.audits >= i64::from(cap))
    }

    fn dismissed(row: &Decisions) -> String {
        percent(row.dismissed, row.decided)
    }

    fn overridden(row: &Decisions) -> String {
        percent(row.overridden, row.decided)
    }
}

/// `GET /oversight`: the board of the lead's own department.
pub(super) async fn show(req: HttpRequest, lead: Lead) -> Result<HttpResponse, Problem> {
    let f = Frame::of(&req, "audits-oversight");
    let department = lead.officer().department_id();
    let sectors = lead.officer().sectors();
    let read = House::of(&req).store.read("audits.oversight", move |conn| {
        Ok::<_, AuditError>(console::board(conn, &oversight_board(department))?)
    });
    let (mut board, at) = match read.await? {
        Some((facts, at)) => {
            let board: Oversight = serde_json::from_str(&facts).map_err(AuditError::Json)?;
            (board, Some(at))
        }
        None => (Oversight::default(), None),
    };
    board.caps.retain(|row| sectors.contains(&row.sector));
    board.officers.retain(|row| sectors.contains(&row.sector));
    board.overdue.retain(|row| sectors.contains(&row.sector));
    board.medians.retain(|row| sectors.contains(&row.sector));
    page(&OversightPage { f, board, at })
}
