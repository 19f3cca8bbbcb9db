//! One duty holder: who it is, its score and why, its days, its verdicts, what is open against it.

use std::borrow::Borrow;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::super::error::AuditError;
use super::super::model::{AuditRow, AuditState, from_row};
use super::super::scoring::ScoreRow;
use super::super::{findings::percent, store};
use super::Tag;
use super::chart::{self, HIGH, History, WIDE};
use super::days::{Calendar, DayState, calendar};
use super::trade::{Trade, tone, trades};
use crate::cases::{self, Case, CaseResult};
use crate::foundation::House;
use crate::foundation::ids::HolderId;
use crate::foundation::problem::Problem;
use crate::foundation::time::Day;
use crate::foundation::web::{Frame, page};
use crate::notices::LetterKind;
use crate::registry::{self, Holder, HolderKind, HolderState, Officer, Outlet, StreamFacts};

/// So many audits are in the chart of verdicts.
const AUDITS: i64 = 12;
/// The calendars of so many streams are on a page.
const CALENDARS: usize = 8;

/// Which of the streams are shown.
#[derive(Deserialize)]
pub(super) struct Shown {
    #[serde(default)]
    from: usize,
}

#[derive(Template)]
#[template(path = "audits/pages/holder.html")]
struct HolderPage {
    f: Frame,
    holder: Holder,
    contacts: usize,
    outlets: Vec<(Outlet, Vec<StreamFacts>)>,
    today: Day,
    trades: Vec<Trade>,
    /// Audits of the calendar year that count against caps, over all departments.
    audits: i64,
    calendars: Vec<Calendar>,
    /// How many streams there are in all, and which of them is the first shown.
    streams: usize,
    from: usize,
    verdicts: Vec<AuditRow>,
    history: Option<History>,
    /// Cases that are not over, newest first.
    open: Vec<Case>,
    /// Advice, and what ended without a penalty: the educational record.
    education: Vec<Case>,
}

impl HolderPage {
    const fn tone(row: &ScoreRow) -> &'static str {
        tone(row.class)
    }

    /// The tables of cases: the keys of their titles, and of what is said of none.
    fn case_tables(&self) -> [(&'static str, &'static str, &[Case]); 2] {
        [
            ("audits-open-cases", "audits-open-cases-none", &self.open),
            ("audits-education", "audits-education-none", &self.education),
        ]
    }

    /// The Fluent key of where a case stands, or of how it ended.
    fn standing(case: &Case) -> String {
        match case.result {
            Some(result) => format!("cases-result-{}", result.as_str().replace('_', "-")),
            None => format!("cases-state-{}", case.state.as_str().replace('_', "-")),
        }
    }

    /// The last stream shown, counted from one.
    const fn until(&self) -> usize {
        self.from + self.calendars.len()
    }

    const fn earlier(&self) -> usize {
        self.from.saturating_sub(CALENDARS)
    }
}

/// A bound of failing records with its share.
fn share(bound: impl Borrow<i64>, audit: &AuditRow) -> String {
    let bound = *bound.borrow();
    format!("{bound} ({})", percent(from_row(bound), from_row(audit.frame_size)))
}

fn tag(audit: &AuditRow) -> Tag {
    Tag::from(audit)
}

/// The Fluent key of a day of the week, Monday being 0.
fn weekday(number: impl Borrow<usize>) -> String {
    format!("audits-weekday-{}", number.borrow())
}

/// Month and day, `03-02`.
fn short(day: &Day) -> String {
    day.as_str().get(5..).unwrap_or_default().to_owned()
}

/// `GET /holders/{holder}`: what of a holder is the officer's.
pub(super) async fn show(
    req: HttpRequest,
    officer: Officer,
    path: web::Path<String>,
    shown: web::Query<Shown>,
) -> Result<HttpResponse, Problem> {
    let id: HolderId = path.parse().ok().ok_or_else(Problem::not_found)?;
    let frame = Frame::of(&req, "audits-holder-page");
    let (now, from) = (House::of(&req).clock.now(), shown.from);
    let read = House::of(&req).store.read("audits.holder", move |conn| {
        let holder = registry::holder(conn, id)?.ok_or(AuditError::NotFound)?;
        let mut streams = registry::streams_of(conn, id)?;
        streams.retain(|facts| officer.must_cover(&facts.place()).is_ok());
        if streams.is_empty() {
            return Err(AuditError::NotFound);
        }
        let (trades, audits) = trades(conn, &officer, id, (frame.lang, now))?;
        let mut calendars = Vec::new();
        for facts in streams.iter().skip(from).take(CALENDARS) {
            let plan = trades.iter().find(|trade| trade.plan.sector == facts.stream.sector);
            let Some(trade) = plan else { continue };
            calendars.push(calendar(conn, &trade.plan, facts, now)?);
        }
        let (department, sectors) = (officer.department_id(), officer.sectors());
        let mut verdicts = store::audits_of_holder(conn, id, (department, sectors), AUDITS)?;
        verdicts.retain(|audit| audit.state == AuditState::Done);
        verdicts.reverse();
        let mut cases = cases::cases_of_holder(conn, id, None)?;
        cases.retain(|case| case.department == officer.department_id());
        cases.retain(|case| officer.covers(case.sector, case.district));
        let taught = |case: &Case| {
            case.notice == LetterKind::Advice || case.result == Some(CaseResult::Lenient)
        };
        let education = cases.iter().filter(|case| taught(case)).cloned().collect();
        cases.retain(|case| !case.state.is_final());
        Ok(HolderPage {
            open: cases,
            education,
            contacts: registry::contact_langs(conn, id)?.len(),
            outlets: with_streams(registry::outlets_of(conn, id)?, &streams),
            today: now.day(),
            streams: streams.len(),
            history: chart::history(&verdicts),
            f: frame,
            holder,
            trades,
            audits,
            calendars,
            from,
            verdicts,
        })
    });
    page(&read.await?)
}

/// The outlets that have streams, with them.
fn with_streams(outlets: Vec<Outlet>, streams: &[StreamFacts]) -> Vec<(Outlet, Vec<StreamFacts>)> {
    let own = |outlet: Outlet| {
        let own: Vec<_> =
            streams.iter().filter(|facts| facts.outlet.id == outlet.id).cloned().collect();
        (!own.is_empty()).then_some((outlet, own))
    };
    outlets.into_iter().filter_map(own).collect()
}
