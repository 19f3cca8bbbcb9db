//! Receipts to look through and to keep: the proof that something was sent in time.

use std::borrow::Borrow;
use std::collections::HashMap;

use actix_web::http::header::{self, ContentType};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use crate::foundation::House;
use crate::foundation::ids::{BatchId, CloseId, StreamId};
use crate::foundation::paging::PAGE;
use crate::foundation::problem::Problem;
use crate::foundation::time::Day;
use crate::foundation::web::{Frame, page};
use crate::identity::Representative;
use crate::intake::actions;
use crate::intake::error::IntakeError;
use crate::intake::model::{Batch, DayClose};
use crate::intake::receipt::Receipt;
use crate::intake::store;
use crate::registry::{self, StreamFacts};

/// What the list is narrowed to; an empty word narrows nothing.
#[derive(Deserialize)]
pub(super) struct Narrowing {
    #[serde(default)]
    stream: String,
    #[serde(default)]
    day: String,
}

#[derive(Template)]
#[template(path = "intake/pages/receipts.html")]
struct ReceiptsPage {
    f: Frame,
    streams: Vec<StreamFacts>,
    stream: Option<StreamId>,
    day: Option<Day>,
    batches: Vec<Batch>,
    closes: Vec<DayClose>,
    /// What outlets are called, by stream.
    outlets: HashMap<StreamId, String>,
}

impl ReceiptsPage {
    fn outlet(&self, stream: impl Borrow<StreamId>) -> &str {
        self.outlets.get(stream.borrow()).map(String::as_str).unwrap_or_default()
    }

    fn is_chosen(&self, facts: &StreamFacts) -> bool {
        self.stream == Some(facts.stream.id)
    }
}

fn chosen<T: std::str::FromStr>(word: &str) -> Result<Option<T>, Problem> {
    if word.is_empty() {
        return Ok(None);
    }
    word.parse().map(Some).ok().ok_or_else(|| Problem::malformed("stream or day"))
}

/// `GET /portal/receipts`: the newest batches and closes, or those of one stream and day.
pub(super) async fn show(
    req: HttpRequest,
    visitor: Representative,
    narrowing: web::Query<Narrowing>,
) -> Result<HttpResponse, Problem> {
    let stream: Option<StreamId> = chosen(&narrowing.stream)?;
    let day: Option<Day> = chosen(&narrowing.day)?;
    let (frame, holder) = (Frame::of(&req, "portal-receipts"), visitor.holder());
    let read = House::of(&req).store.read("intake.portal_receipts", move |conn| {
        let streams = registry::streams_of(conn, holder)?;
        let outlets = streams.iter().map(|facts| (facts.stream.id, facts.outlet.name.clone()));
        Ok::<_, IntakeError>(ReceiptsPage {
            f: frame,
            batches: store::batches_listed(conn, holder, stream, day, PAGE)?,
            closes: store::closes_listed(conn, holder, stream, day, PAGE)?,
            outlets: outlets.collect(),
            streams,
            stream,
            day,
        })
    });
    page(&read.await?)
}

fn download(name: &str, kind: ContentType, body: String) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(kind)
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(body)
}

fn id<T: std::str::FromStr>(path: &web::Path<String>) -> Result<T, Problem> {
    path.parse().ok().ok_or_else(Problem::not_found)
}

/// `GET /portal/receipts/{batch}`: the receipt as it was sent.
pub(super) async fn of_batch(
    req: HttpRequest,
    visitor: Representative,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let batch: BatchId = id(&path)?;
    let text = actions::batch_receipt(House::of(&req), visitor.holder(), batch).await?;
    Ok(download(&format!("receipt-{batch}.json"), ContentType::json(), text))
}

/// `GET /portal/receipts/{batch}/proof`: the proof alone, as `tlog-proof` text.
pub(super) async fn proof_of_batch(
    req: HttpRequest,
    visitor: Representative,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let batch: BatchId = id(&path)?;
    let text = actions::batch_receipt(House::of(&req), visitor.holder(), batch).await?;
    let receipt = Receipt::parse(text.as_bytes()).map_err(Problem::ours)?;
    let name = format!("batch-{batch}.tlog-proof");
    Ok(download(&name, ContentType::plaintext(), receipt.proof))
}

/// `GET /portal/receipts/closes/{close}`: the receipt of a day close.
pub(super) async fn of_close(
    req: HttpRequest,
    visitor: Representative,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let close: CloseId = id(&path)?;
    let text = actions::close_receipt(House::of(&req), visitor.holder(), close).await?;
    Ok(download(&format!("receipt-{close}.json"), ContentType::json(), text))
}
