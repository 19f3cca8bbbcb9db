//! The estimated share of failing records among the holders of a plan in a period, as its page tells it.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::error::AuditError;
use super::model::{AuditRow, AuditState, Outcome, from_row};
use super::regional::{FIRST_DRAWS, First, Stratum, estimate};
use super::roster::Choice;
use super::score::Class;
use super::store;
use super::store::roster::RosterRow;
use crate::foundation::db::Conn;
use crate::foundation::ids::{HolderId, PlanId};

/// What is said of the region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Regional {
    /// The share of failing records, and its interval, in per cent.
    pub(super) rate: String,
    pub(super) interval: Option<(String, String)>,
    /// Holders between whom the draw decided, those that it chose, and their records.
    pub(super) listed: usize,
    pub(super) chosen: usize,
    pub(super) records: u64,
    /// Holders that were audited for cause or left out at the cap, and are not in it.
    pub(super) outside: usize,
}

/// The name of the board that keeps the estimate of a period.
pub(super) fn regional_board(plan: PlanId, period: &str) -> String {
    format!("regional/{plan}/{period}")
}

/// The estimate of a period; `None` until every drawn audit has ended, or if a plan opens fewer
/// than the first 20 draws at once.
pub(super) fn regional(
    conn: &mut Conn,
    rows: &[RosterRow],
    audits: &[AuditRow],
) -> Result<Option<Regional>, AuditError> {
    let audits: HashMap<HolderId, &AuditRow> =
        audits.iter().map(|audit| (audit.holder_id, audit)).collect();
    let mut strata: BTreeMap<Option<Class>, Stratum> = BTreeMap::new();
    let (mut records, mut listed, mut chosen) = (0, 0, 0);
    for row in rows.iter().filter(|row| row.is_drawn_from()) {
        let stratum = strata.entry(row.class).or_default();
        stratum.listed += 1;
        listed += 1;
        records += from_row(row.frame_size.unwrap_or(0));
        match row.choice {
            Choice::Drawn => {}
            Choice::Waiting => return Ok(None),
            _ => continue,
        }
        let ended =
            |audit: &&&AuditRow| matches!(audit.state, AuditState::Done | AuditState::Empty);
        let Some(audit) = audits.get(&row.holder_id).filter(ended) else { return Ok(None) };
        let Some(first) = first(conn, audit)? else { return Ok(None) };
        stratum.audits.push(first);
        chosen += 1;
    }
    let strata: Vec<Stratum> = strata.into_values().collect();
    let Some(told) = estimate(&strata, records) else { return Ok(None) };
    let percent = |share: f64| format!("{:.2} %", share * 100.0);
    Ok(Some(Regional {
        rate: percent(told.rate),
        interval: told.interval.map(|(low, high)| (percent(low), percent(high))),
        listed,
        chosen,
        records,
        outside: rows.len() - listed,
    }))
}

fn first(conn: &mut Conn, audit: &AuditRow) -> Result<Option<First>, AuditError> {
    let size = from_row(audit.frame_size);
    let outcomes = store::first_outcomes(conn, audit.id, FIRST_DRAWS)?;
    let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    let opened = count(outcomes.len());
    let failing = outcomes.iter().filter(|outcome| **outcome == Some(Outcome::Fail)).count();
    let first = First { size, opened, failing: count(failing) };
    Ok((opened == size.min(FIRST_DRAWS)).then_some(first))
}
