//! What a business reads of its own standing.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::future::LocalBoxFuture;
use serde::Serialize;

use super::error::AuditError;
use super::explain;
use super::score::Class;
use super::scoring::{Rates, ScoreRow, history, plans_of};
use crate::foundation::House;
use crate::foundation::ids::{DepartmentId, HolderId};
use crate::foundation::problem::Problem;
use crate::foundation::web::Lang;
use crate::identity::{Caller, Scope};
use crate::registry::Sector;

/// So many periods are told.
const PERIODS: i64 = 12;

/// Registers the endpoints of audits.
pub fn api(config: &mut web::ServiceConfig) {
    config.route("/v1/score", web::get().to(score));
}

/// A business system that may read what concerns its holder.
struct Reader(HolderId);

impl FromRequest for Reader {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move {
            let caller = Caller::of(&req).await?;
            caller.must(Scope::Read)?;
            Ok(Self(caller.holder()))
        })
    }
}

#[derive(Debug, Serialize)]
struct Scores {
    scores: Vec<ScoreView>,
}

/// One period as its business sees it: full counts, and the score once the period is final.
#[derive(Debug, Serialize)]
struct ScoreView {
    department: DepartmentId,
    sector: Sector,
    period: String,
    expected: i64,
    declared: Option<i64>,
    received: i64,
    missing: i64,
    late: i64,
    due_days: i64,
    missing_days: i64,
    exempt_days: i64,
    nil_days: i64,
    refused: i64,
    offered: i64,
    #[serde(rename = "final")]
    settled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    points: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    published: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<Class>,
    why: Vec<Why>,
}

/// One line of the reckoning.
#[derive(Debug, Serialize)]
struct Why {
    points: String,
    zh: String,
    en: String,
}

impl ScoreView {
    fn new(
        (department, sector): (DepartmentId, Sector),
        rates: Rates,
        score: Option<&ScoreRow>,
    ) -> Self {
        let lines = |lang| score.and_then(|row| explain::lines(lang, row, &rates));
        let (zh, en) = (lines(Lang::Zh).unwrap_or_default(), lines(Lang::En).unwrap_or_default());
        let why = zh
            .into_iter()
            .zip(en)
            .map(|(zh, en)| Why { points: zh.points, zh: zh.text, en: en.text })
            .collect();
        Self {
            department,
            sector,
            period: rates.period,
            expected: rates.expected,
            declared: rates.declared,
            received: rates.received,
            missing: rates.missing,
            late: rates.late,
            due_days: rates.due_days,
            missing_days: rates.missing_days,
            exempt_days: rates.exempt_days,
            nil_days: rates.nil_days,
            refused: rates.refused,
            offered: rates.offered,
            settled: rates.settled,
            points: score.map(|row| row.points),
            published: score.map(|row| row.published),
            class: score.map(|row| row.class),
            why,
        }
    }
}

/// `GET /v1/score`: the newest periods of the caller's holder, with every line of the reckoning.
async fn score(reader: Reader, req: HttpRequest) -> Result<web::Json<Scores>, Problem> {
    let read = House::of(&req).store.read("audits.score", move |conn| {
        let mut scores = Vec::new();
        for plan in plans_of(conn, reader.0)? {
            for (rates, row) in history(conn, reader.0, &plan, PERIODS)? {
                let place = (plan.department, plan.sector);
                scores.push(ScoreView::new(place, rates, row.as_ref()));
            }
        }
        Ok::<_, AuditError>(scores)
    });
    Ok(web::Json(Scores { scores: read.await? }))
}
