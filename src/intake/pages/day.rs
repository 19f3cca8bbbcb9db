//! One day of a stream: the sheet that a browser seals by, and what it sends.

use std::collections::BTreeMap;

use actix_web::http::header::ContentType;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Serialize;
use serde_json::Value;

use crate::foundation::House;
use crate::foundation::db::Conn;
use crate::foundation::ids::{HolderId, StreamId};
use crate::foundation::problem::Problem;
use crate::foundation::time::{Day, Timestamp};
use crate::foundation::web::{BodyLimit, Frame, page, read_body};
use crate::identity::{self, KeyState, Purpose, Representative};
use crate::intake::actions::{self, Closed};
use crate::intake::close::MAX_CLOSE;
use crate::intake::desk::Desk;
use crate::intake::error::IntakeError;
use crate::intake::guard::Clerk;
use crate::intake::place;
use crate::intake::store;
use crate::keys;
use crate::registry::{self, Mode, StreamFacts};
use crate::rules::{Label, Pack, Total};

#[derive(Template)]
#[template(path = "intake/pages/day.html")]
struct DayPage {
    f: Frame,
    facts: StreamFacts,
    day: Day,
    administers: bool,
    seals: bool,
}

/// The stream and day of an address; of another business they do not exist.
fn address(path: &(String, String)) -> Result<(StreamId, Day), Problem> {
    let stream = path.0.parse().ok().ok_or_else(Problem::not_found)?;
    let day = path.1.parse().ok().ok_or_else(Problem::not_found)?;
    Ok((stream, day))
}

fn own(conn: &mut Conn, holder: HolderId, stream: StreamId) -> Result<StreamFacts, IntakeError> {
    let facts = registry::stream_for_push(conn, stream)?;
    facts.filter(|facts| facts.holder() == holder).ok_or(IntakeError::NotFound)
}

/// `GET /portal/records/{stream}/{day}`
pub(super) async fn show(
    req: HttpRequest,
    visitor: Representative,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let ((stream, day), holder) = (address(&path)?, visitor.holder());
    let read =
        House::of(&req).store.read("intake.portal_day", move |conn| own(conn, holder, stream));
    let facts = read.await?;
    if !facts.stream.exists_on(day) {
        return Err(Problem::not_found());
    }
    page(&DayPage {
        f: Frame::of(&req, "portal-day"),
        seals: facts.stream.modes.allow(Mode::Sealed),
        facts,
        day,
        administers: visitor.is_administrator(),
    })
}

/// What the browser needs to seal and sign for one day of a stream.
#[derive(Serialize)]
struct Sheet {
    holder: HolderId,
    stream: StreamId,
    day: Day,
    /// The house's time in seconds since 1970: signatures are dated by it.
    now: i64,
    pack: String,
    subtype: Option<String>,
    /// The department's key that records are sealed to; `None` while there is none.
    key: Option<Value>,
    /// The next free number of the stream.
    next: i64,
    /// What has come for the day: first and last number, and how many; `None` of nothing.
    came: Option<Numbers>,
    /// The active manifest keys of the business, by name.
    signers: Vec<String>,
    totals: Vec<Total>,
    members: BTreeMap<String, Member>,
    schema: Value,
}

#[derive(Serialize)]
struct Numbers {
    first: i64,
    last: i64,
    count: i64,
}

/// What people call a member and its values.
#[derive(Serialize)]
struct Member {
    label: Option<Label>,
    codes: BTreeMap<String, Label>,
}

/// `GET /portal/records/{stream}/{day}/sheet`
pub(super) async fn sheet(
    req: HttpRequest,
    visitor: Representative,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let ((stream, day), holder) = (address(&path)?, visitor.holder());
    let desk = Desk::of(&req);
    let now = desk.house.clock.now();
    let packs = desk.packs.clone();
    let read = desk.house.store.read("intake.portal_sheet", move |conn| {
        let facts = own(conn, holder, stream)?;
        let pack = place::pack_on(&facts, &packs, day).ok().ok_or(IntakeError::NotFound)?;
        let measure = store::measure(conn, stream)?;
        let batches = store::batches_of_stream(conn, stream, day, day)?;
        let first = batches.iter().map(|batch| batch.first).min();
        let last = batches.iter().map(|batch| batch.last).max();
        let count = batches.iter().map(|batch| batch.count).sum();
        let known = identity::keys_of(conn, holder)?.into_iter();
        let signs =
            known.filter(|key| key.purpose == Purpose::Manifest && key.state == KeyState::Active);
        Ok::<_, IntakeError>(Sheet {
            holder,
            stream,
            day,
            now: now.seconds(),
            pack: pack.id().to_owned(),
            subtype: facts.stream.subtype.clone(),
            key: sealing_key(conn, &facts, now)?,
            next: measure.map_or(0, |measure| measure.highest) + 1,
            came: first.zip(last).map(|(first, last)| Numbers { first, last, count }),
            signers: signs.map(|key| key.kid).collect(),
            totals: pack.totals().to_vec(),
            members: members(pack),
            schema: pack.schema().clone(),
        })
    });
    let answer = HttpResponse::Ok().json(read.await?);
    Ok(answer)
}

/// The newest key of the stream's department that is open for sealing.
fn sealing_key(
    conn: &mut Conn,
    facts: &StreamFacts,
    now: Timestamp,
) -> Result<Option<Value>, IntakeError> {
    let Some(department) = facts.stream.department else { return Ok(None) };
    let keys = keys::list(conn, department)?;
    Ok(keys.iter().find(|key| key.is_open(now)).map(keys::AuditKey::jwk))
}

fn members(pack: &Pack) -> BTreeMap<String, Member> {
    let known = pack.schema().get("properties").and_then(Value::as_object);
    let names = known.into_iter().flat_map(|known| known.keys());
    let member = |name: &String| {
        let codes = pack.codes(name).cloned().unwrap_or_default();
        (name.clone(), Member { label: pack.label(name).cloned(), codes })
    };
    names.map(member).collect()
}

/// `POST /portal/records/{stream}/{day}/batch`: takes a batch, as `POST /v1/batches` does.
pub(super) async fn push(
    clerk: Clerk,
    req: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let desk = Desk::of(&req);
    let body = read_body(&req, payload, BodyLimit::of(desk.gates.limits().bytes)).await?;
    let pushed = actions::push(&desk, &clerk.0, None, body).await?;
    let mut answer = match pushed.advice {
        Some(_) => HttpResponse::Created(),
        None => HttpResponse::Ok(),
    };
    Ok(answer.insert_header(ContentType::json()).body(pushed.receipt))
}

/// `POST /portal/records/{stream}/{day}/close`: takes a day close, as the API does.
pub(super) async fn close(
    clerk: Clerk,
    req: HttpRequest,
    path: web::Path<(String, String)>,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let (stream, day) = address(&path)?;
    let body = read_body(&req, payload, BodyLimit::of(MAX_CLOSE + 1)).await?;
    let Closed { receipt, late } =
        actions::close_day(&Desk::of(&req), &clerk.0, stream, day, body).await?;
    let mut answer = if late.is_some() { HttpResponse::Created() } else { HttpResponse::Ok() };
    Ok(answer.insert_header(ContentType::json()).body(receipt))
}
