//! The audits of one period.

use std::collections::HashMap;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::super::error::AuditError;
use super::super::model::{AuditRow, PeriodRow, PeriodState};
use super::super::store;
use super::Tag;
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

#[derive(Template)]
#[template(path = "audits/pages/audits.html")]
struct AuditsPage {
    f: Frame,
    periods: Vec<PeriodRow>,
    chosen: Option<PeriodRow>,
    rows: Vec<Listed>,
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
        let audits = match &chosen {
            Some(row) => store::audits_of(conn, row.plan_id, &row.period)?,
            None => Vec::new(),
        };
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
        Ok::<_, AuditError>(AuditsPage { f: frame, periods, chosen, rows })
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
