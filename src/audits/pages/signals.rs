//! Where to look: signals with their innocent causes, for the officers of the department, and what
//! they made of them.

use std::collections::HashMap;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use super::super::deciding::{self, Reason};
use super::super::error::AuditError;
use super::super::guard::SignalDecider;
use super::super::signals::Made;
use super::super::store::signals::{self, DecisionRow, SignalRow};
use super::Tag;
use crate::foundation::House;
use crate::foundation::db::Conn;
use crate::foundation::ids::{HolderId, StreamId};
use crate::foundation::problem::Problem;
use crate::foundation::web::{Form, Frame, Lang, page};
use crate::registry::{self, Officer};

/// So many signals are listed.
const LISTED: i64 = 200;

/// One signal in words.
pub(super) struct Told {
    pub(super) row: SignalRow,
    holder: String,
    pub(super) outlet: String,
    /// What was seen, with its counts and the chance of it.
    pub(super) text: String,
    /// What may be behind it that is innocent.
    pub(super) caution: String,
    /// What an officer made of it.
    pub(super) decision: Option<(Tag, DecisionRow)>,
}

/// The names that signals are told with.
#[derive(Default)]
struct Names {
    holders: HashMap<HolderId, String>,
    outlets: HashMap<StreamId, String>,
}

impl Names {
    fn learn(&mut self, conn: &mut Conn, id: HolderId) -> Result<(), AuditError> {
        if self.holders.contains_key(&id) {
            return Ok(());
        }
        let holder = registry::holder(conn, id)?;
        self.holders.insert(id, holder.map(|holder| holder.name).unwrap_or_default());
        for facts in registry::streams_of(conn, id)? {
            self.outlets.insert(facts.stream.id, facts.outlet.name);
        }
        Ok(())
    }
}

/// Signals in the words of `lang`.
pub(super) fn told(
    conn: &mut Conn,
    lang: Lang,
    rows: Vec<SignalRow>,
) -> Result<Vec<Told>, AuditError> {
    let mut names = Names::default();
    for row in &rows {
        names.learn(conn, row.holder_id)?;
    }
    let mut decisions = Vec::with_capacity(rows.len());
    for row in &rows {
        let made = signals::decision(conn, row)?;
        decisions.push(made.map(|decision| (Tag::from(decision.stage), decision)));
    }
    let outlet = |id: StreamId| names.outlets.get(&id).cloned().unwrap_or_default();
    let tell = |(row, decision): (SignalRow, _)| {
        let word = row.kind.as_str().replace('_', "-");
        let other = row.other_stream_id.map(outlet).unwrap_or_default();
        let text = lang.text_with(
            &format!("audits-signal-{word}"),
            &[("part", &row.part), ("whole", &row.whole), ("other", &other)],
        );
        let chance = row.chance_ppb.map(|chance| {
            lang.text_with("audits-signal-chance", &[("chance", &per_million(chance))])
        });
        Told {
            holder: names.holders.get(&row.holder_id).cloned().unwrap_or_default(),
            outlet: outlet(row.stream_id),
            text: [Some(text), chance].into_iter().flatten().collect::<Vec<_>>().join(" "),
            caution: lang.text(&format!("audits-signal-{word}-caution")),
            decision,
            row,
        }
    };
    Ok(rows.into_iter().zip(decisions).map(tell).collect())
}

/// Parts per billion as parts per million with three decimals.
fn per_million(chance: i64) -> String {
    format!("{}.{:03}", chance / 1000, chance % 1000)
}

#[derive(Template)]
#[template(path = "audits/pages/signals.html")]
struct SignalsPage {
    f: Frame,
    signals: Vec<Told>,
    /// What is wrong with a form, as a Fluent key, and which one.
    mend: Option<(&'static str, Mend)>,
}

/// What a refused form gives back to be mended.
struct Mend {
    signal: SignalRow,
    made: Made,
    reason: String,
}

impl SignalsPage {
    /// What was typed into the form of a signal that leads to the route `made`.
    fn typed(&self, row: &SignalRow, made: &str) -> Option<&str> {
        let (_, mend) = self.mend.as_ref()?;
        let place = |row: &SignalRow| (row.stream_id, row.kind, row.period.clone());
        let route = match mend.made {
            Made::Confirmed => "confirm",
            Made::Dismissed => "dismiss",
        };
        let own = place(&mend.signal) == place(row) && route == made;
        own.then_some(mend.reason.as_str())
    }
}

/// `GET /signals`: the newest signals of the officer's department and trades.
pub(super) async fn show(req: HttpRequest, officer: Officer) -> Result<HttpResponse, Problem> {
    page(&signals_page(&req, officer, None).await?)
}

async fn signals_page(
    req: &HttpRequest,
    officer: Officer,
    mend: Option<(&'static str, Mend)>,
) -> Result<SignalsPage, Problem> {
    let frame = Frame::of(req, "audits-signals");
    let read = House::of(req).store.read("audits.signals_page", move |conn| {
        let (department, sectors) = (officer.department_id(), officer.sectors());
        let rows = signals::of_department(conn, department, sectors, LISTED)?;
        let signals = told(conn, frame.lang, rows)?;
        Ok::<_, AuditError>(SignalsPage { f: frame, signals, mend })
    });
    Ok(read.await?)
}

/// The form that decides.
#[derive(Debug, Deserialize)]
pub(super) struct Decide {
    #[serde(default)]
    reason: String,
}

/// `POST /signals/{stream}/{period}/{kind}/confirm`: the next audit of the holder is for cause.
pub(super) async fn confirm(
    req: HttpRequest,
    right: SignalDecider,
    form: Form<Decide>,
) -> Result<HttpResponse, Problem> {
    decide(req, right, Made::Confirmed, form.0.reason).await
}

/// `POST /signals/{stream}/{period}/{kind}/dismiss`: there is a good reason for it.
pub(super) async fn dismiss(
    req: HttpRequest,
    right: SignalDecider,
    form: Form<Decide>,
) -> Result<HttpResponse, Problem> {
    decide(req, right, Made::Dismissed, form.0.reason).await
}

async fn decide(
    req: HttpRequest,
    right: SignalDecider,
    made: Made,
    typed: String,
) -> Result<HttpResponse, Problem> {
    let (status, fault) = match Reason::parse(&typed) {
        Err(fault) => (StatusCode::UNPROCESSABLE_ENTITY, fault),
        Ok(reason) => {
            if deciding::decide(House::of(&req), &right, made, reason).await? {
                let to = (header::LOCATION, "/signals");
                return Ok(HttpResponse::SeeOther().insert_header(to).finish());
            }
            (StatusCode::CONFLICT, "audits-fault-decided")
        }
    };
    let mend = Mend { signal: right.signal, made, reason: typed };
    let mut answer = page(&signals_page(&req, right.officer, Some((fault, mend))).await?)?;
    *answer.status_mut() = status;
    Ok(answer)
}
