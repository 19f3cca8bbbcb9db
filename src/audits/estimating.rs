//! The estimated share of failing records among the holders of a plan in a period, as its page tells it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::error::AuditError;
use super::model::{AuditRow, AuditState, Outcome, PoolRow, from_row};
use super::regional::{FIRST_DRAWS, First, Stratum, estimate};
use super::roster::Choice;
use super::score::Class;
use super::store;
use super::store::roster::RosterRow;
use super::verdict::real;
use crate::foundation::db::Conn;
use crate::foundation::ids::{AuditId, HolderId, PlanId};
use crate::intake;

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
    pools: &[PoolRow],
) -> Result<Option<Regional>, AuditError> {
    let audits: HashMap<HolderId, &AuditRow> =
        audits.iter().map(|audit| (audit.holder_id, audit)).collect();
    let mut strata: BTreeMap<Option<Class>, Stratum> = BTreeMap::new();
    let (mut records, mut listed, mut chosen) = (0, 0, 0);
    let mut pooled: BTreeSet<AuditId> = BTreeSet::new();
    let ended = |audit: &&&AuditRow| matches!(audit.state, AuditState::Done | AuditState::Empty);
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
        chosen += 1;
        if let Some(own) = pools.iter().find(|own| own.holder_id == row.holder_id) {
            stratum.pooled += 1;
            pooled.insert(own.audit_id);
            continue;
        }
        let Some(audit) = audits.get(&row.holder_id).filter(ended) else { return Ok(None) };
        let Some((first, _)) = first(conn, audit)? else { return Ok(None) };
        stratum.audits.push(first);
    }
    let classes: HashMap<HolderId, Option<Class>> =
        rows.iter().map(|row| (row.holder_id, row.class)).collect();
    for audit in audits.values().filter(|audit| pooled.contains(&audit.id)) {
        let Some(audit) = Some(audit).filter(ended) else { return Ok(None) };
        let Some((first, failing)) = first(conn, audit)? else { return Ok(None) };
        for holder in failing {
            let class = classes.get(&holder).copied().flatten();
            strata.entry(class).or_default().pooled_total += real(first.size) / real(first.opened);
        }
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

/// The first draws of an audit, and the holder of each failing record among them; `None` if fewer
/// were opened.
fn first(conn: &mut Conn, audit: &AuditRow) -> Result<Option<(First, Vec<HolderId>)>, AuditError> {
    let size = from_row(audit.frame_size);
    let outcomes = store::first_outcomes(conn, audit.id, FIRST_DRAWS)?;
    let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    let opened = count(outcomes.len());
    if opened != size.min(FIRST_DRAWS) {
        return Ok(None);
    }
    let mut holders = Vec::new();
    for (batch, outcome) in outcomes {
        if outcome == Some(Outcome::Fail) {
            let batch = intake::batch_of(conn, batch)?;
            holders.push(batch.map_or(audit.holder_id, |batch| batch.holder_id));
        }
    }
    Ok(Some((First { size, opened, failing: count(holders.len()) }, holders)))
}
