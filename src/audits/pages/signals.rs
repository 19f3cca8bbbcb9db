//! Where to look: signals with their innocent causes, for the officers of the department.

use std::collections::HashMap;

use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::super::error::AuditError;
use super::super::store::signals::{self, SignalRow};
use crate::foundation::House;
use crate::foundation::db::Conn;
use crate::foundation::ids::{HolderId, StreamId};
use crate::foundation::problem::Problem;
use crate::foundation::web::{Frame, Lang, page};
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
    let outlet = |id: StreamId| names.outlets.get(&id).cloned().unwrap_or_default();
    let tell = |row: SignalRow| {
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
            row,
        }
    };
    Ok(rows.into_iter().map(tell).collect())
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
}

/// `GET /signals`: the newest signals of the officer's department and trades.
pub(super) async fn show(req: HttpRequest, officer: Officer) -> Result<HttpResponse, Problem> {
    let frame = Frame::of(&req, "audits-signals");
    let read = House::of(&req).store.read("audits.signals_page", move |conn| {
        let (department, sectors) = (officer.department_id(), officer.sectors());
        let rows = signals::of_department(conn, department, sectors, LISTED)?;
        let signals = told(conn, frame.lang, rows)?;
        Ok::<_, AuditError>(SignalsPage { f: frame, signals })
    });
    page(&read.await?)
}
