//! One duty holder over time: rates with their denominators, score, class, and why.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::super::enlist::year_of;
use super::super::error::AuditError;
use super::super::explain::{Line, lines, with_denominator};
use super::super::model::{Measure, from_row};
use super::super::population::Share;
use super::super::scoring::{Rates, ScoreRow, history, plans_of};
use super::super::store::roster::{self, RosterRow};
use super::super::store::{self, signals};
use super::Tag;
use super::listing::why;
use super::signals::{self as telling, Told};
use crate::foundation::House;
use crate::foundation::ids::HolderId;
use crate::foundation::problem::Problem;
use crate::foundation::web::{Frame, page};
use crate::registry::{self, Officer, Plan};

/// So many periods are shown.
const PERIODS: i64 = 12;
/// So many signals are shown.
const SIGNALS: i64 = 20;

/// One period of the table.
struct Row {
    rates: Rates,
    score: Option<ScoreRow>,
    roster: Option<RosterRow>,
}

impl Row {
    fn submitted(&self) -> String {
        with_denominator(self.rates.counts().submitted())
    }

    fn timely(&self) -> String {
        with_denominator(self.rates.counts().timely())
    }

    fn continuity(&self) -> String {
        with_denominator(self.rates.counts().continuity())
    }

    /// Whether it was audited, in a word.
    fn tag(&self) -> Option<Tag> {
        self.roster.as_ref().map(|row| Tag::from(row.choice))
    }

    fn why(&self, f: &Frame) -> Option<String> {
        why(f, self.roster.as_ref()?)
    }

    /// The declared gap with its sign.
    fn gap(&self) -> Option<String> {
        self.rates.counts().declared_gap().map(|gap| format!("{gap:+}"))
    }
}

/// A trade of the holder.
struct Trade {
    plan: Plan,
    rows: Vec<Row>,
    why: Vec<Line>,
    /// The period that `why` is about.
    scored: Option<ScoreRow>,
    /// The streams of the newest period.
    streams: Vec<Measure>,
    /// Whether the holder was audited as often as the plan lets it be.
    at_cap: bool,
    /// Where to look.
    signals: Vec<Told>,
}

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
    fn tone(row: &ScoreRow) -> &'static str {
        match row.class.as_str() {
            "A" => "good",
            "B" => "",
            "C" => "warn",
            _ => "bad",
        }
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
        let (department, sectors) = (officer.department_id(), officer.sectors());
        let audits = roster::audits_since(conn, id, year_of(now))?;
        let mut trades = Vec::new();
        for plan in plans_of(conn, id)? {
            if plan.department != department || !sectors.contains(&plan.sector) {
                continue;
            }
            let told = history(conn, id, &plan, PERIODS)?;
            let newest = told.first().map(|(rates, _)| rates.period.clone());
            let streams = match newest {
                Some(period) => store::measures_of(conn, id, plan.id, &period)?,
                None => Vec::new(),
            };
            let scored = told.iter().find_map(|(rates, row)| Some((rates, row.as_ref()?)));
            let why = scored.and_then(|(rates, row)| lines(frame.lang, row, rates));
            let scored = scored.map(|(_, row)| row.clone());
            let mut rows = Vec::with_capacity(told.len());
            for (rates, score) in told {
                let roster = roster::row(conn, plan.id, &rates.period, id)?;
                rows.push(Row { rates, score, roster });
            }
            let at_cap = plan.audits_per_year.is_some_and(|cap| audits >= i64::from(cap));
            let why = why.unwrap_or_default();
            let signals = signals::of_holder(conn, id, plan.id, SIGNALS)?;
            let signals = telling::told(conn, frame.lang, signals)?;
            trades.push(Trade { plan, rows, why, scored, streams, at_cap, signals });
        }
        Ok(StandingPage { f: frame, id, holder: holder.name, trades, audits })
    });
    page(&read.await?)
}
