//! A trade of one duty holder: rates with their denominators, score, class and why.

use super::super::enlist::year_of;
use super::super::error::AuditError;
use super::super::explain::{Line, lines, with_denominator};
use super::super::model::Measure;
use super::super::score::Class;
use super::super::scoring::{Rates, ScoreRow, history, plans_of};
use super::super::store::roster::{self, RosterRow};
use super::super::store::{self, signals};
use super::Tag;
use super::listing::why;
use super::signals::{self as telling, Told};
use crate::foundation::db::Conn;
use crate::foundation::ids::{AuditId, HolderId};
use crate::foundation::time::Timestamp;
use crate::foundation::web::{Frame, Lang};
use crate::registry::{Chance, Officer, Plan};

/// So many periods are shown.
const PERIODS: i64 = 12;
/// So many signals are shown.
const SIGNALS: i64 = 20;

/// One period of the table.
pub(super) struct Row {
    pub(super) rates: Rates,
    pub(super) score: Option<ScoreRow>,
    roster: Option<RosterRow>,
    /// The audit of the pool that it was in.
    pub(super) pool: Option<AuditId>,
}

impl Row {
    pub(super) fn submitted(&self) -> String {
        with_denominator(self.rates.counts().submitted())
    }

    pub(super) fn timely(&self) -> String {
        with_denominator(self.rates.counts().timely())
    }

    pub(super) fn continuity(&self) -> String {
        with_denominator(self.rates.counts().continuity())
    }

    pub(super) fn refused(&self) -> String {
        with_denominator(self.rates.refusals())
    }

    /// Whether it was audited, in a word.
    pub(super) fn tag(&self) -> Option<Tag> {
        self.roster.as_ref().map(|row| Tag::from(row.choice))
    }

    pub(super) fn why(&self, f: &Frame) -> Option<String> {
        why(f, self.roster.as_ref()?)
    }

    /// The declared gap with its sign.
    pub(super) fn gap(&self) -> Option<String> {
        self.rates.counts().declared_gap().map(|gap| format!("{gap:+}"))
    }
}

/// A trade of the holder.
pub(super) struct Trade {
    pub(super) plan: Plan,
    pub(super) rows: Vec<Row>,
    pub(super) why: Vec<Line>,
    /// The period that `why` is about.
    pub(super) scored: Option<ScoreRow>,
    /// The streams of the newest period.
    pub(super) streams: Vec<Measure>,
    /// Whether the holder was audited as often as the plan lets it be.
    pub(super) at_cap: bool,
    /// Where to look.
    pub(super) signals: Vec<Told>,
}

impl Trade {
    /// The chance that the holder is audited in a period, by its class, where the plan has one.
    pub(super) fn chance(&self) -> Option<Chance> {
        let (scored, chances) = (self.scored.as_ref()?, self.plan.audit_chances?);
        Some(match scored.standing {
            Class::A => chances.a,
            Class::B => chances.b,
            Class::C => chances.c,
            Class::D => chances.d,
        })
    }
}

/// The colour of a class.
pub(super) const fn tone(class: Class) -> &'static str {
    match class {
        Class::A => "good",
        Class::B => "",
        Class::C => "warn",
        Class::D => "bad",
    }
}

/// The trades of a holder that are the officer's, and how many audits of the calendar year count
/// against caps, over all departments.
pub(super) fn trades(
    conn: &mut Conn,
    officer: &Officer,
    id: HolderId,
    (lang, now): (Lang, Timestamp),
) -> Result<(Vec<Trade>, i64), AuditError> {
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
        let why = scored.and_then(|(rates, row)| lines(lang, row, rates));
        let scored = scored.map(|(_, row)| row.clone());
        let mut rows = Vec::with_capacity(told.len());
        for (rates, score) in told {
            let roster = roster::row(conn, plan.id, &rates.period, id)?;
            let pool = store::pools::audit_with(conn, plan.id, &rates.period, id)?;
            rows.push(Row { rates, score, roster, pool });
        }
        let at_cap = plan.audits_per_year.is_some_and(|cap| audits >= i64::from(cap));
        let why = why.unwrap_or_default();
        let signals = signals::of_holder(conn, id, plan.id, SIGNALS)?;
        let signals = telling::told(conn, lang, signals)?;
        trades.push(Trade { plan, rows, why, scored, streams, at_cap, signals });
    }
    Ok((trades, audits))
}
