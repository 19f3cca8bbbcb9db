//! The audits of one period.

use std::collections::{BTreeMap, HashMap};

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::super::error::AuditError;
use super::super::model::{AuditRow, PeriodRow, PeriodState};
use super::super::roster::{Choice as Chosen, Ground};
use super::super::score::Class;
use super::super::store;
use super::super::store::roster::RosterRow;
use super::Tag;
use super::regional::{Regional, regional};
use crate::foundation::House;
use crate::foundation::ids::HolderId;
use crate::foundation::problem::Problem;
use crate::foundation::web::{Frame, page};
use crate::registry::{self, Officer};

/// How many periods of all trades can be chosen from.
const PERIODS: i64 = 60;

/// Which period is looked at; without it the newest one that was drawn.
#[derive(Deserialize)]
pub(super) struct Choice {
    plan: Option<String>,
    period: Option<String>,
}

struct Listed {
    audit: AuditRow,
    holder: String,
    tag: Tag,
}

/// A holder on the roster of a plan with chances or a cap.
struct Listing {
    row: RosterRow,
    holder: String,
    tag: Tag,
    /// How many of how many of its class are audited; `None` before the draw, and without one.
    chance: Option<String>,
}

impl Listing {
    fn why(&self, f: &Frame) -> Option<String> {
        why(f, &self.row)
    }

    fn is_visited(&self) -> bool {
        self.row.class == Some(Class::D)
    }
}

/// What put a holder on the list of causes or of caps.
pub(super) fn why(f: &Frame, row: &RosterRow) -> Option<String> {
    let cause = row.cause.map(|cause| match cause {
        Ground::DropAlarm => f.t("audits-cause-drop-alarm"),
        Ground::MissingShare => {
            f.t2("audits-cause-missing-share", "part", row.missing, "whole", row.expected)
        }
        Ground::ConfirmedSignal => f.t("audits-cause-confirmed-signal"),
    });
    let capped = row.choice == Chosen::CapReached;
    let capped = capped.then(|| f.t1("audits-cap-why", "count", row.audits_before));
    let told: Vec<String> = cause.into_iter().chain(capped).collect();
    (!told.is_empty()).then(|| told.join(" "))
}

/// The roster of a period for its page, by name; empty where the plan has neither chances nor a cap.
fn listings(rows: Vec<RosterRow>, names: &HashMap<HolderId, String>) -> Vec<Listing> {
    let plain = |row: &RosterRow| row.class.is_none() && row.choice != Chosen::CapReached;
    if rows.iter().all(plain) {
        return Vec::new();
    }
    let mut classes: BTreeMap<Option<Class>, (usize, usize)> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.is_drawn_from()) {
        let (drawn, all) = classes.entry(row.class).or_default();
        *all += 1;
        *drawn += usize::from(row.choice == Chosen::Drawn);
    }
    let chance = |row: &RosterRow| match row.choice {
        Chosen::Drawn | Chosen::NotDrawn => {
            classes.get(&row.class).map(|(drawn, all)| format!("{drawn} / {all}"))
        }
        Chosen::ForCause => Some("1".to_owned()),
        Chosen::Waiting | Chosen::CapReached => None,
    };
    let mut listed: Vec<Listing> = rows
        .iter()
        .map(|row| Listing {
            row: row.clone(),
            holder: names.get(&row.holder_id).cloned().unwrap_or_default(),
            tag: Tag::from(row.choice),
            chance: chance(row),
        })
        .collect();
    listed.sort_by(|one, two| one.holder.cmp(&two.holder));
    listed
}

#[derive(Template)]
#[template(path = "audits/pages/audits.html")]
struct AuditsPage {
    f: Frame,
    periods: Vec<PeriodRow>,
    chosen: Option<PeriodRow>,
    rows: Vec<Listed>,
    roster: Vec<Listing>,
    regional: Option<Regional>,
}

impl AuditsPage {
    fn is_chosen(&self, row: &PeriodRow) -> bool {
        let same = |own: &PeriodRow| (own.plan_id, &own.period) == (row.plan_id, &row.period);
        self.chosen.as_ref().is_some_and(same)
    }
}

/// `GET /audits`: the audits of one period of the officer's department and trades.
pub(super) async fn show(
    req: HttpRequest,
    officer: Officer,
    choice: web::Query<Choice>,
) -> Result<HttpResponse, Problem> {
    let (frame, choice) = (Frame::of(&req, "audits-audits"), choice.into_inner());
    let read = House::of(&req).store.read("audits.list", move |conn| {
        let (department, sectors) = (officer.department_id(), officer.sectors());
        let mut periods = store::periods_of(conn, department, PERIODS)?;
        periods.retain(|row| sectors.contains(&row.sector));
        let chosen = chosen(&periods, &choice)?;
        let (audits, roster) = match &chosen {
            Some(row) => (
                store::audits_of(conn, row.plan_id, &row.period)?,
                store::roster::of_period(conn, row.plan_id, &row.period)?,
            ),
            None => Default::default(),
        };
        let classes = roster.iter().any(|row| row.class.is_some());
        let regional = if classes { regional(conn, &roster, &audits)? } else { None };
        let names = registry::holders(conn, department)?;
        let names: HashMap<HolderId, String> =
            names.into_iter().map(|holder| (holder.id, holder.name)).collect();
        let mut rows: Vec<Listed> = audits
            .into_iter()
            .map(|audit| Listed {
                holder: names.get(&audit.holder_id).cloned().unwrap_or_default(),
                tag: Tag::from(&audit),
                audit,
            })
            .collect();
        rows.sort_by(|one, two| one.holder.cmp(&two.holder));
        let roster = listings(roster, &names);
        Ok::<_, AuditError>(AuditsPage { f: frame, periods, chosen, rows, roster, regional })
    });
    page(&read.await?)
}

/// The period that was asked for, or the newest one that was drawn; `periods` are newest first.
fn chosen(periods: &[PeriodRow], choice: &Choice) -> Result<Option<PeriodRow>, AuditError> {
    let found = match (&choice.plan, &choice.period) {
        (Some(plan), Some(period)) => {
            let own = |row: &&PeriodRow| row.plan_id.to_string() == *plan && row.period == *period;
            Some(periods.iter().find(own).ok_or(AuditError::NotFound)?)
        }
        _ => {
            let drawn = |row: &&PeriodRow| row.state != PeriodState::Committed;
            periods.iter().find(drawn).or(periods.first())
        }
    };
    Ok(found.cloned())
}
