//! One duty holder over time: rates with their denominators, score, class, and why.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::super::error::AuditError;
use super::super::explain::with_denominator;
use super::super::model::{Measure, from_row};
use super::super::population::Share;
use super::super::scoring::ScoreRow;
use super::trade::{Trade, tone, trades};
use crate::foundation::House;
use crate::foundation::ids::HolderId;
use crate::foundation::problem::Problem;
use crate::foundation::web::{Frame, page};
use crate::registry::{self, Officer};

#[derive(Template)]
#[template(path = "audits/pages/standing.html")]
struct StandingPage {
    f: Frame,
    id: HolderId,
    holder: String,
    trades: Vec<Trade>,
    /// Audits of the calendar year that count against caps, over all departments.
    audits: i64,
}

impl StandingPage {
    /// The colour of a class.
    const fn tone(row: &ScoreRow) -> &'static str {
        tone(row.class)
    }

    /// The figures from outside the register as `name value`, separated by commas; `None` if the
    /// row is damaged.
    fn totals(seen: &Measure) -> Option<String> {
        let stated = seen.stated().ok()?;
        let told: Vec<String> =
            stated.iter().map(|(name, figure)| format!("{name} {figure}")).collect();
        Some(told.join(", "))
    }

    /// Outside figures that count records, less these records, with its sign.
    fn outside_gap(seen: &Measure) -> Option<String> {
        let gap = seen.outside_declared? - seen.outside_received?;
        Some(format!("{gap:+}"))
    }

    /// Records that correct others ÷ records.
    fn corrected(seen: &Measure) -> String {
        with_denominator(Share { part: from_row(seen.amended), whole: from_row(seen.received) })
    }
}

/// `GET /holders/{holder}/standing`: what of a holder is the officer's.
pub(super) async fn show(
    req: HttpRequest,
    officer: Officer,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id: HolderId = path.parse().ok().ok_or_else(Problem::not_found)?;
    let frame = Frame::of(&req, "audits-standing");
    let now = House::of(&req).clock.now();
    let read = House::of(&req).store.read("audits.standing", move |conn| {
        if !officer.sees(conn, id)? {
            return Err(AuditError::NotFound);
        }
        let holder = registry::holder(conn, id)?.ok_or(AuditError::NotFound)?;
        let (trades, audits) = trades(conn, &officer, id, (frame.lang, now))?;
        Ok(StandingPage { f: frame, id, holder: holder.name, trades, audits })
    });
    page(&read.await?)
}
