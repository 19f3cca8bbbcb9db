//! The first page of the portal: whether the business is all right, why, and what to do next.
//!
//! It shows what the business sent, and what was decided about it. A finding that no officer has
//! confirmed is the department's own and is not here.

use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::super::super::check;
use super::super::super::days::{DaySeen, DayState, days_of};
use super::super::super::error::AuditError;
use super::super::super::explain::{Line, lines};
use super::super::super::scoring::{ScoreRow, history, plans_of};
use crate::cases::{self, Case, State};
use crate::foundation::House;
use crate::foundation::db::Conn;
use crate::foundation::ids::HolderId;
use crate::foundation::problem::Problem;
use crate::foundation::time::Timestamp;
use crate::foundation::web::{Frame, Lang, page};
use crate::identity::{self, Representative};
use crate::intake::{self, Gap};
use crate::registry::{self, Period, Plan, StreamFacts};

/// So many periods of a trade are looked at for its score.
const PERIODS: i64 = 4;
/// So many days of one kind the list of what to do names.
const NAMED: usize = 5;

/// A period of a stream, day by day.
struct PeriodCard {
    period: Period,
    days: Vec<DaySeen>,
}

impl PeriodCard {
    fn count(&self, wanted: DayState) -> usize {
        self.days.iter().filter(|seen| seen.state == wanted).count()
    }

    /// How many days each state has that says something, with its name and colour.
    fn sums(&self) -> Vec<(&'static str, &'static str, usize)> {
        let told = [
            DayState::Closed,
            DayState::Nil,
            DayState::Late,
            DayState::Unclosed,
            DayState::Missing,
            DayState::Closure,
            DayState::Outage,
        ];
        let sums = told.into_iter().map(|state| {
            let (key, tone, _) = state.look();
            (key, tone, self.count(state))
        });
        sums.filter(|(.., count)| *count > 0).collect()
    }
}

/// A stream with its newest periods.
struct StreamCard {
    facts: StreamFacts,
    periods: Vec<PeriodCard>,
    gaps: Vec<Gap>,
}

/// A trade of the business.
struct Trade {
    plan: Plan,
    scored: Option<ScoreRow>,
    why: Vec<Line>,
    streams: Vec<StreamCard>,
}

/// Something to do, as a sentence with a link.
struct Step {
    text: String,
    href: String,
    urgent: bool,
}

#[derive(Template)]
#[template(path = "audits/pages/portal/home.html")]
struct HomePage {
    f: Frame,
    name: String,
    steps: Vec<Step>,
    /// Cases that are not over, newest first.
    cases: Vec<Case>,
    trades: Vec<Trade>,
}

impl HomePage {
    fn state_key(case: &Case) -> String {
        format!("cases-state-{}", case.state.as_str().replace('_', "-"))
    }

    fn case_tone(case: &Case) -> &'static str {
        match case.state {
            State::Overdue | State::Escalated | State::HandedOver => "bad",
            State::Replied | State::Rechecking | State::Transferred => "",
            _ => "warn",
        }
    }

    /// The Fluent key of the answer, and its colour.
    fn answer(&self) -> (&'static str, &'static str) {
        if self.steps.iter().any(|step| step.urgent) {
            ("portal-answer-urgent", "bad")
        } else if self.steps.is_empty() {
            ("portal-answer-good", "good")
        } else {
            ("portal-answer-do", "warn")
        }
    }

    /// The day of the month.
    fn of_month(seen: &DaySeen) -> &str {
        seen.day.as_str().get(8..).unwrap_or_default()
    }

    fn tone(row: &ScoreRow) -> &'static str {
        match row.class.as_str() {
            "A" => "good",
            "B" => "",
            "C" => "warn",
            _ => "bad",
        }
    }
}

/// `GET /portal`
pub(in super::super) async fn show(
    req: HttpRequest,
    visitor: Representative,
) -> Result<HttpResponse, Problem> {
    let frame = Frame::of(&req, "portal-home");
    let (holder, now) = (visitor.holder(), House::of(&req).clock.now());
    let read = House::of(&req).store.read("audits.portal_home", move |conn| {
        let name = registry::holder(conn, holder)?.map(|holder| holder.name).unwrap_or_default();
        let streams = registry::streams_of(conn, holder)?;
        let mut trades = Vec::new();
        for plan in plans_of(conn, holder)? {
            trades.push(trade(conn, frame.lang, holder, plan, &streams, now)?);
        }
        let mut cases = cases::cases_of_holder(conn, holder, None)?;
        cases.retain(|case| case.state != State::Closed);
        let mut steps: Vec<Step> =
            cases.iter().filter_map(|case| answer_case(frame.lang, case)).collect();
        steps.sort_by_key(|step| !step.urgent);
        steps.extend(self::steps(conn, frame.lang, holder, &trades, now)?);
        Ok::<_, AuditError>(HomePage { f: frame, name, steps, cases, trades })
    });
    page(&read.await?)
}

fn trade(
    conn: &mut Conn,
    lang: Lang,
    holder: HolderId,
    plan: Plan,
    streams: &[StreamFacts],
    now: Timestamp,
) -> Result<Trade, AuditError> {
    let told = history(conn, holder, &plan, PERIODS)?;
    let scored = told.into_iter().find_map(|(rates, row)| Some((rates, row?)));
    let why = scored.as_ref().and_then(|(rates, row)| lines(lang, row, rates));
    let mut cards = Vec::new();
    let own = streams.iter().filter(|facts| {
        facts.stream.department == Some(plan.department) && facts.stream.sector == plan.sector
    });
    for facts in own {
        let mut periods = Vec::new();
        for period in check::periods(&plan, now.day()).into_iter().rev().take(2) {
            if facts.stream.exists_between(period.first, period.last) {
                let days = days_of(conn, &plan, &period, facts, now)?;
                periods.push(PeriodCard { period, days });
            }
        }
        let gaps = intake::gaps_of(conn, facts.stream.id)?;
        cards.push(StreamCard { facts: facts.clone(), periods, gaps });
    }
    let (why, scored) = (why.unwrap_or_default(), scored.map(|(_, row)| row));
    Ok(Trade { plan, scored, why, streams: cards })
}

/// What a case asks of the business, if anything.
fn answer_case(lang: Lang, case: &Case) -> Option<Step> {
    let (key, urgent) = match case.state {
        State::Overdue => ("portal-step-overdue", true),
        State::Served => ("portal-step-served", false),
        _ => return None,
    };
    let text = lang.text_with(key, &[("number", &case.number), ("deadline", &case.deadline)]);
    Some(Step { text, href: format!("/portal/cases/{}", case.id), urgent })
}

/// What else to do next, the most pressing first.
fn steps(
    conn: &mut Conn,
    lang: Lang,
    holder: HolderId,
    trades: &[Trade],
    now: Timestamp,
) -> Result<Vec<Step>, AuditError> {
    let mut steps = Vec::new();
    for request in intake::requests_to(conn, holder)?.into_iter().filter(|asked| now < asked.due) {
        let missing = intake::disclosures_wanted(conn, request.audit_id)?;
        if let Some((_, missing)) = missing.filter(|(_, missing)| *missing > 0) {
            let values: [(&'static str, &dyn std::fmt::Display); 2] =
                [("count", &missing), ("due", &request.due.minute())];
            let text = lang.text_with("portal-step-disclose", &values);
            steps.push(Step { text, href: "/portal/openings#requests".into(), urgent: true });
        }
    }
    let cards = || trades.iter().flat_map(|trade| &trade.streams);
    for (wanted, key) in
        [(DayState::Missing, "portal-step-missing"), (DayState::Unclosed, "portal-step-unclosed")]
    {
        for card in cards() {
            steps.extend(days_to_do(lang, card, wanted, key, now));
        }
    }
    for card in cards().filter(|card| !card.gaps.is_empty()) {
        let numbers: i64 = card.gaps.iter().map(|gap| gap.last - gap.first + 1).sum();
        let values: [(&'static str, &dyn std::fmt::Display); 2] =
            [("outlet", &card.facts.outlet.name), ("count", &numbers)];
        let text = lang.text_with("portal-step-gap", &values);
        let href = format!("#gaps-{}", card.facts.stream.id);
        steps.push(Step { text, href, urgent: false });
    }
    if identity::administrators_short(&identity::people_of(conn, holder)?) {
        let text = lang.text("portal-step-people");
        steps.push(Step { text, href: "/portal/people".into(), urgent: false });
    }
    Ok(steps)
}

/// The days of one stream to do something about while their period is not final.
fn days_to_do(
    lang: Lang,
    card: &StreamCard,
    wanted: DayState,
    key: &str,
    now: Timestamp,
) -> Vec<Step> {
    let running = card.periods.iter().filter(|card| now < card.period.cutoff);
    let days = running.flat_map(|card| &card.days).filter(|seen| seen.state == wanted);
    let step = |seen: &DaySeen| Step {
        text: lang.text_with(key, &[("outlet", &card.facts.outlet.name), ("day", &seen.day)]),
        href: format!("/portal/records/{}/{}", card.facts.stream.id, seen.day),
        urgent: wanted == DayState::Missing,
    };
    days.take(NAMED).map(step).collect()
}
