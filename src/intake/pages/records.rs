//! What is still to be sent: the streams of the business and their open days.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use crate::foundation::House;
use crate::foundation::db::{Conn, StoreError};
use crate::foundation::problem::Problem;
use crate::foundation::time::{Day, Timestamp};
use crate::foundation::web::{Frame, must_be_scripted, page};
use crate::identity::{self, OfferedKey, Purpose, Representative};
use crate::intake::closure::exemption;
use crate::intake::error::IntakeError;
use crate::intake::store;
use crate::registry::{self, Mode, StreamFacts};

/// So many days back a day without an end is listed.
const DAYS: u32 = 14;
/// A public key is no longer than this, in bytes.
const KEY: usize = 4096;

/// A day of a stream that the business has not ended.
struct OpenDay {
    day: Day,
    /// Records that have come for it.
    count: i64,
    /// Whether its deadline is past.
    overdue: bool,
}

/// A stream with its open days, oldest first.
struct Listed {
    facts: StreamFacts,
    days: Vec<OpenDay>,
}

impl Listed {
    /// Whether records may be sealed here; of attested ones the business keeps the text.
    fn seals(&self) -> bool {
        self.facts.stream.modes.allow(Mode::Sealed)
    }
}

#[derive(Template)]
#[template(path = "intake/pages/records.html")]
struct RecordsPage {
    f: Frame,
    holder: String,
    administers: bool,
    streams: Vec<Listed>,
}

/// `GET /portal/records`
pub(super) async fn show(
    req: HttpRequest,
    visitor: Representative,
) -> Result<HttpResponse, Problem> {
    let house = House::of(&req);
    let (holder, now) = (visitor.holder(), house.clock.now());
    let read = house.store.read("intake.portal_records", move |conn| {
        let streams = registry::streams_of(conn, holder)?;
        let current = streams.into_iter().filter(|facts| facts.stream.exists_on(now.day()));
        let listed = current.map(|facts| {
            let days = open_days(conn, &facts, now)?;
            Ok(Listed { facts, days })
        });
        listed.collect::<Result<Vec<_>, StoreError>>().map_err(IntakeError::from)
    });
    let streams = read.await?;
    let (administers, holder) = (visitor.is_administrator(), holder.to_string());
    page(&RecordsPage { f: Frame::of(&req, "portal-records"), holder, administers, streams })
}

/// The days of a stream that nothing has ended yet: no close, no closure declared in time.
fn open_days(
    conn: &mut Conn,
    facts: &StreamFacts,
    now: Timestamp,
) -> Result<Vec<OpenDay>, StoreError> {
    let (stream, today) = (&facts.stream, now.day());
    let first = std::iter::successors(Some(today), |day| Some(day.previous()));
    let days: Vec<Day> = first
        .take(usize::try_from(DAYS).unwrap_or_default())
        .filter(|day| stream.is_open_on(*day))
        .collect();
    let Some(first) = days.last().copied() else { return Ok(Vec::new()) };
    let closes = store::closes_between(conn, stream.id, first, today)?;
    let closures = store::closures::closures_touching(conn, stream.id, first, today)?;
    let counts = store::counts_between(conn, stream.id, first, today)?;
    let plan = match stream.department {
        Some(department) => registry::plan_for(conn, department, stream.sector)?,
        None => None,
    };
    let due = |day: Day| plan.as_ref().map_or(day.end(), |plan| plan.close_due(day));
    let open = days.into_iter().rev().filter(|day| {
        let closed = closes.iter().any(|close| close.day == *day);
        !closed && exemption(&closures, *day, due(*day)).is_none()
    });
    let listed = open.map(|day| OpenDay {
        day,
        count: counts.iter().filter(|(own, _)| *own == day).map(|(_, count)| count).sum(),
        overdue: due(day) < now,
    });
    Ok(listed.collect())
}

/// `POST /portal/records/key`: registers the key of this browser as a manifest key.
pub(super) async fn register(
    req: HttpRequest,
    visitor: Representative,
    body: web::Bytes,
) -> Result<HttpResponse, Problem> {
    must_be_scripted(&req)?;
    visitor.must_administer()?;
    if body.len() > KEY {
        return Err(Problem::of(StatusCode::PAYLOAD_TOO_LARGE, "too-large"));
    }
    let key = OfferedKey::parse(Purpose::Manifest, &body).map_err(Problem::malformed)?;
    identity::register_browser(House::of(&req), visitor.actor(), visitor.holder(), key).await?;
    Ok(HttpResponse::NoContent().finish())
}
