//! Before the cutoff: commitments to secrets, and the cutoff itself.

use serde_json::json;

use super::draw;
use super::enlist::enlist;
use super::error::AuditError;
use super::model::{PeriodRow, PeriodState};
use super::roster::Stated;
use super::store;
use super::store::roster::RosterRow;
use super::trust::{keep_nonce, text};
use crate::foundation::House;
use crate::foundation::crypto::b64u;
use crate::foundation::jobs::Tally;
use crate::foundation::time::Timestamp;
use crate::keys::Opener;
use crate::ledger::{Hash, LeafKind, NewLeaf, append_in};
use crate::registry::{self, Period, Plan};

/// Commits to a secret for the current period of every plan that has none, and says in the log
/// which periods ended without a commitment. Counts `committed` and `failed`.
///
/// # Errors
///
/// Those of the store; what was committed before stays committed.
pub async fn commit_draws(house: &House, opener: &Opener) -> Result<Tally, AuditError> {
    let mut tally = Tally::default();
    let read = |conn: &mut _| Ok::<_, AuditError>(registry::plans(conn)?);
    for plan in house.store.read("audits.plans", read).await? {
        let now = house.clock.now();
        let Some(current) = plan.period_containing(now.day()) else { continue };
        let id = plan.id;
        let newest = move |conn: &mut _| Ok::<_, AuditError>(store::newest_period(conn, id)?);
        let newest = house.store.read("audits.newest", newest).await?;
        for missed in missed(&plan, newest.as_ref(), &current) {
            tally.add("failed", fail(house, &plan, &missed, now).await?.into());
        }
        if newest.is_none_or(|newest| newest.period != current.id) {
            tally.add("committed", commit(house, opener, &plan, &current, now).await?.into());
        }
    }
    Ok(tally)
}

/// The periods after the newest known one and before the current one: nobody committed in time.
fn missed(plan: &Plan, newest: Option<&PeriodRow>, current: &Period) -> Vec<Period> {
    let mut missed = Vec::new();
    let mut at = newest.and_then(|newest| plan.period_containing(newest.last_day.next()));
    while let Some(period) = at.filter(|period| period.last < current.first) {
        at = plan.period_after(&period);
        missed.push(period);
    }
    missed
}

fn row(plan: &Plan, period: &Period, state: PeriodState, now: Timestamp) -> PeriodRow {
    PeriodRow {
        plan_id: plan.id,
        period: period.id.clone(),
        department_id: plan.department,
        sector: plan.sector,
        first_day: period.first,
        last_day: period.last,
        cutoff: period.cutoff,
        commitment: None,
        nonce: None,
        commit_leaf: None,
        epoch_leaf: None,
        tree_size: None,
        tree_root: None,
        reveal_leaf: None,
        revealed: None,
        state,
        reason: None,
        made_at: now,
        holders_leaf: None,
    }
}

async fn commit(
    house: &House,
    opener: &Opener,
    plan: &Plan,
    period: &Period,
    now: Timestamp,
) -> Result<bool, AuditError> {
    let nonce = zeroize::Zeroizing::new(house.random.bytes::<32>());
    let commitment = draw::commit(&nonce);
    let mut row = row(plan, period, PeriodState::Committed, now);
    row.commitment = Some(Hash(commitment));
    row.nonce = Some(keep_nonce(house, opener, &row, &nonce)?);
    let leaf = NewLeaf::new(
        house,
        LeafKind::DrawCommit,
        json!({
            "commitment": text(&commitment),
            "contributor": plan.department,
            "cutoff": period.cutoff,
            "first": period.first,
            "last": period.last,
            "period": period.id,
            "plan": plan.id,
            "profile": draw::PROFILE,
        }),
    );
    row.commit_leaf = Some(leaf.id);
    house
        .store
        .write("audits.commit", move |tx| {
            let stored = store::insert_period(tx, &row)?;
            if stored {
                append_in(tx, &leaf)?;
            }
            Ok(stored)
        })
        .await
}

async fn fail(
    house: &House,
    plan: &Plan,
    period: &Period,
    now: Timestamp,
) -> Result<bool, AuditError> {
    let reason = "no commitment was logged before the period closed";
    let mut row = row(plan, period, PeriodState::Failed, now);
    row.reason = Some(reason.to_owned());
    let body = json!({
        "contributor": plan.department, "period": period.id, "plan": plan.id, "reason": reason,
    });
    let leaf = NewLeaf::new(house, LeafKind::DrawFailed, body);
    tracing::error!(plan = %plan.id, period = period.id, "draw failed: {reason}");
    house
        .store
        .write("audits.fail", move |tx| {
            let stored = store::insert_period(tx, &row)?;
            if stored {
                append_in(tx, &leaf)?;
            }
            Ok(stored)
        })
        .await
}

/// Logs the cutoff of every period that has reached it, so that a checkpoint is signed at exactly
/// that leaf, with the roster between whose holders the draw will decide. Counts `cut`.
///
/// # Errors
///
/// Those of the store; what was logged before stays logged.
pub async fn mark_cutoffs(house: &House) -> Result<Tally, AuditError> {
    let mut tally = Tally::default();
    let now = house.clock.now();
    let due = move |conn: &mut _| Ok::<_, AuditError>(store::uncut(conn, now)?);
    for row in house.store.read("audits.uncut", due).await? {
        let (plan, roster) = enlist(house, &row).await?.unzip();
        let roster: Vec<RosterRow> = roster.unwrap_or_default();
        let ids: Vec<String> = roster.iter().map(|row| row.holder_id.to_string()).collect();
        let mut body = json!({
            "cutoff": row.cutoff,
            "holders": b64u::encode(&draw::ids_hash(&ids)),
            "period": row.period,
            "plan": row.plan_id,
        });
        let chosen = |plan: &Plan| plan.audit_chances.is_some() || plan.audits_per_year.is_some();
        if plan.as_ref().is_some_and(chosen) {
            body["roster"] = json!(Stated::of(&roster));
        }
        let leaf = NewLeaf::new(house, LeafKind::Epoch, body);
        let marked = house
            .store
            .write("audits.cut", move |tx| {
                let marked = store::mark_cutoff(tx, &row, leaf.id)?;
                if marked {
                    store::roster::insert(tx, &roster)?;
                    append_in(tx, &leaf)?;
                }
                Ok::<_, AuditError>(marked)
            })
            .await?;
        tally.add("cut", marked.into());
    }
    Ok(tally)
}
