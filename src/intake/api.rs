//! The endpoints of intake and their types.

mod check;
mod disclosures;

use std::collections::HashMap;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, ContentType, HeaderName};
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use std::future::{Ready, ready};

use super::actions::{self, Advice, Closed};
use super::desk::Desk;
use super::error::IntakeError;
use super::guard::{Pusher, Reader};
use super::model::{Batch, StreamMeasure};
use super::store;
use crate::foundation::House;
use crate::foundation::ids::{BatchId, DepartmentId, StreamId};
use crate::foundation::paging::{PAGE, Page};
use crate::foundation::problem::Problem;
use crate::foundation::time::{Day, Timestamp};
use crate::foundation::web::{BodyLimit, read_body};
use crate::registry::{self, Mode};

/// The media type of a batch.
const BATCH: &str = "application/vnd.chayan.batch";
/// The media type of a signed statement.
const STATEMENT: &str = "application/jose";

/// Registers the endpoints of intake.
pub fn api(cfg: &mut web::ServiceConfig) {
    cfg.service(
        web::resource("/v1/batches").route(web::post().to(push)).route(web::get().to(batches)),
    )
    .route("/v1/check", web::post().to(check::check))
    .route("/v1/batches/{batch}", web::get().to(batch))
    .route("/v1/batches/{batch}/receipt", web::get().to(receipt))
    .route("/v1/batches/{batch}/proof", web::get().to(proof))
    .service(
        web::resource("/v1/disclosures")
            .route(web::post().to(disclose))
            .route(web::get().to(requests)),
    )
    .route("/v1/streams", web::get().to(streams))
    .route("/v1/streams/{stream}/days/{day}", web::put().to(close_day))
    .route("/v1/streams/{stream}/closures/{from}", web::put().to(declare_closure));
}

/// The head of a push, judged before the caller is: media type, and the `Idempotency-Key`.
struct PushHead {
    idempotency_key: Option<BatchId>,
}

impl FromRequest for PushHead {
    type Error = Problem;
    type Future = Ready<Result<PushHead, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut actix_web::dev::Payload) -> Self::Future {
        let idempotency_key = must_be(req, BATCH).and_then(|()| idempotency_key(req));
        ready(idempotency_key.map(|idempotency_key| PushHead { idempotency_key }))
    }
}

/// The head of a day close or a declared closure.
struct StatementHead;

impl FromRequest for StatementHead {
    type Error = Problem;
    type Future = Ready<Result<StatementHead, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut actix_web::dev::Payload) -> Self::Future {
        ready(must_be(req, STATEMENT).map(|()| StatementHead))
    }
}

fn must_be(req: &HttpRequest, media: &str) -> Result<(), Problem> {
    let found = req.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if found.is_some_and(|found| found.eq_ignore_ascii_case(media)) {
        return Ok(());
    }
    let problem = Problem::of(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media");
    Err(problem.says(&format!("the body is {media}")))
}

/// The `Idempotency-Key`, a structured-field string, if there is one.
fn idempotency_key(req: &HttpRequest) -> Result<Option<BatchId>, Problem> {
    let mut values = req.headers().get_all(HeaderName::from_static("idempotency-key"));
    let Some(value) = values.next() else { return Ok(None) };
    let text = value.to_str().ok().and_then(|text| text.strip_prefix('"')?.strip_suffix('"'));
    match (text.and_then(|text| text.parse().ok()), values.next()) {
        (Some(key), None) => Ok(Some(key)),
        _ => Err(Problem::malformed("Idempotency-Key is the jti of the batch in double quotes")),
    }
}

/// Takes a batch.
async fn push(
    head: PushHead,
    pusher: Pusher,
    req: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let desk = Desk::of(&req);
    let body = read_body(&req, payload, BodyLimit::of(desk.gates.limits().bytes)).await?;
    let pushed = actions::push(&desk, &pusher, head.idempotency_key, body).await?;
    let mut response = match &pushed.advice {
        Some(_) => HttpResponse::Created(),
        None => HttpResponse::Ok(),
    };
    response.insert_header((header::LOCATION, format!("/v1/batches/{}", pushed.batch)));
    if let Some(advice) = &pushed.advice {
        response.insert_header((HeaderName::from_static("chayan-advice"), text_of(advice)));
    }
    Ok(response.insert_header(ContentType::json()).body(pushed.receipt))
}

/// The advice as a structured-field dictionary: `gaps=("4-9" "12-12"), late=?1, late-batches=3`.
/// The receipt stays the same bytes for ever, so advice is not in it.
fn text_of(advice: &Advice) -> String {
    let gaps: Vec<String> =
        advice.gaps.iter().map(|gap| format!("\"{}-{}\"", gap.first, gap.last)).collect();
    format!(
        "gaps=({}), late=?{}, late-batches={}",
        gaps.join(" "),
        u8::from(advice.late),
        advice.late_batches
    )
}

/// Takes a day close.
async fn close_day(
    _: StatementHead,
    pusher: Pusher,
    path: web::Path<(String, String)>,
    req: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let (stream, day) = path.into_inner();
    let stream: StreamId = stream.parse().ok().ok_or_else(Problem::not_found)?;
    let day: Day = day.parse().ok().ok_or_else(Problem::not_found)?;
    let body = read_body(&req, payload, BodyLimit::of(super::close::MAX_CLOSE + 1)).await?;
    let closed = actions::close_day(&Desk::of(&req), &pusher, stream, day, body).await?;
    Ok(answer(closed))
}

/// Takes a declared closure or outage.
async fn declare_closure(
    _: StatementHead,
    pusher: Pusher,
    path: web::Path<(String, String)>,
    req: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let (stream, from) = path.into_inner();
    let stream: StreamId = stream.parse().ok().ok_or_else(Problem::not_found)?;
    let from: Day = from.parse().ok().ok_or_else(Problem::not_found)?;
    let body = read_body(&req, payload, BodyLimit::of(super::closure::MAX_CLOSURE + 1)).await?;
    let closed = actions::declare_closure(&Desk::of(&req), &pusher, stream, from, body).await?;
    Ok(answer(closed))
}

/// The receipt of a statement, with whether it was late where it is new.
fn answer(closed: Closed) -> HttpResponse {
    let mut response = match closed.late {
        Some(_) => HttpResponse::Created(),
        None => HttpResponse::Ok(),
    };
    if let Some(late) = closed.late {
        let advice = format!("late=?{}", u8::from(late));
        response.insert_header((HeaderName::from_static("chayan-advice"), advice));
    }
    response.insert_header(ContentType::json()).body(closed.receipt)
}

/// The head of a disclosure.
struct DisclosureHead;

impl FromRequest for DisclosureHead {
    type Error = Problem;
    type Future = Ready<Result<DisclosureHead, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut actix_web::dev::Payload) -> Self::Future {
        ready(must_be(req, "application/json").map(|()| DisclosureHead))
    }
}

/// Takes drawn records of attested batches, sealed.
async fn disclose(
    _: DisclosureHead,
    pusher: Pusher,
    req: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let desk = Desk::of(&req);
    let body = read_body(&req, payload, BodyLimit::of(desk.gates.limits().bytes)).await?;
    disclosures::answer(actions::disclose(&desk, &pusher, body).await?)
}

/// The requests to the caller's holder, newest first.
async fn requests(
    reader: Reader,
    query: web::Query<Before>,
    req: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let before = match &query.before {
        None => None,
        Some(cursor) => Some(place_of(cursor).ok_or_else(|| Problem::malformed("before"))?),
    };
    disclosures::list(House::of(&req), reader.holder(), before).await
}

/// A batch as its business sees it.
#[derive(Debug, Serialize)]
struct BatchView {
    batch: BatchId,
    stream: StreamId,
    day: Day,
    mode: Mode,
    pack: String,
    first: i64,
    count: i64,
    size_bytes: i64,
    late: bool,
    received_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    manifest: Option<String>,
}

impl From<Batch> for BatchView {
    fn from(batch: Batch) -> BatchView {
        BatchView {
            batch: batch.id,
            stream: batch.stream_id,
            day: batch.day,
            mode: batch.mode,
            pack: batch.pack,
            first: batch.first,
            count: batch.count,
            size_bytes: batch.size_bytes,
            late: batch.late,
            received_at: batch.received_at,
            manifest: None,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Before {
    before: Option<String>,
}

/// The batches of the caller's holder, newest first.
async fn batches(
    reader: Reader,
    query: web::Query<Before>,
    req: HttpRequest,
) -> Result<web::Json<Page<BatchView>>, Problem> {
    let before = match &query.before {
        None => None,
        Some(cursor) => Some(place_of(cursor).ok_or_else(|| Problem::malformed("before"))?),
    };
    let holder = reader.holder();
    let rows = House::of(&req).store.read("intake.batches", move |conn| {
        store::newest_batches(conn, holder, before, PAGE + 1).map_err(IntakeError::from)
    });
    let page = Page::cut(rows.await?, |row| format!("{}.{}", row.received_at.micros(), row.id));
    let Page { rows, next } = page;
    Ok(web::Json(Page { rows: rows.into_iter().map(BatchView::from).collect(), next }))
}

/// The row that a cursor names.
fn place_of<Id: std::str::FromStr>(cursor: &str) -> Option<(Timestamp, Id)> {
    let (micros, id) = cursor.split_once('.')?;
    Some((Timestamp::from_micros(micros.parse().ok()?), id.parse().ok()?))
}

fn batch_id(path: &web::Path<String>) -> Result<BatchId, Problem> {
    path.parse().ok().ok_or_else(Problem::not_found)
}

/// One batch, with its manifest.
async fn batch(
    reader: Reader,
    path: web::Path<String>,
    req: HttpRequest,
) -> Result<web::Json<BatchView>, Problem> {
    let (holder, id) = (reader.holder(), batch_id(&path)?);
    let found = House::of(&req).store.read("intake.batch", move |conn| {
        store::batch(conn, holder, id)?.ok_or(IntakeError::NotFound)
    });
    let found = found.await?;
    let manifest = Some(found.manifest.clone());
    Ok(web::Json(BatchView { manifest, ..found.into() }))
}

/// The receipt of a batch, the same bytes for ever.
async fn receipt(
    reader: Reader,
    path: web::Path<String>,
    req: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id = batch_id(&path)?;
    let text = actions::batch_receipt(House::of(&req), reader.holder(), id).await?;
    Ok(HttpResponse::Ok().insert_header(ContentType::json()).body(text))
}

/// A newer proof of the same leaf.
async fn proof(
    reader: Reader,
    path: web::Path<String>,
    req: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id = batch_id(&path)?;
    let text = actions::batch_proof(House::of(&req), reader.holder(), id).await?;
    Ok(HttpResponse::Ok().insert_header(ContentType::json()).body(text))
}

/// A stream as its business sees it: what the registry says, and what has come in.
#[derive(Debug, Serialize)]
struct StreamView {
    id: StreamId,
    /// Whose audit key its records are sealed to.
    department: Option<DepartmentId>,
    outlet: String,
    sector: registry::Sector,
    modes: Vec<Mode>,
    opened_on: Day,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_on: Option<Day>,
    /// Every number from 1 to here has come.
    contiguous: i64,
    /// No number above this one has come.
    highest: i64,
    records: i64,
    late_batches: i64,
}

#[derive(Debug, Serialize)]
struct Streams {
    streams: Vec<StreamView>,
}

/// The streams of the caller's holder.
async fn streams(reader: Reader, req: HttpRequest) -> Result<web::Json<Streams>, Problem> {
    let holder = reader.holder();
    let read = House::of(&req).store.read("intake.streams", move |conn| {
        let streams = registry::streams_of(conn, holder)?;
        let measures = store::measures_of(conn, holder)?;
        let measures: HashMap<StreamId, StreamMeasure> =
            measures.into_iter().map(|measure| (measure.stream_id, measure)).collect();
        Ok::<_, IntakeError>((streams, measures))
    });
    let (streams, measures) = read.await?;
    let view = |registry::StreamFacts { stream, outlet, .. }: registry::StreamFacts| {
        let measure = measures.get(&stream.id);
        StreamView {
            id: stream.id,
            department: stream.department,
            outlet: outlet.name,
            sector: stream.sector,
            modes: stream.modes.each().collect(),
            opened_on: stream.opened_on,
            closed_on: stream.closed_on,
            contiguous: measure.map_or(0, |measure| measure.contiguous),
            highest: measure.map_or(0, |measure| measure.highest),
            records: measure.map_or(0, |measure| measure.records),
            late_batches: measure.map_or(0, |measure| measure.late_batches),
        }
    };
    Ok(web::Json(Streams { streams: streams.into_iter().map(view).collect() }))
}
