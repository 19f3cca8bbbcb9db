//! After the cutoff: which holders the draw chose, kept and logged before the first audit begins.

use std::collections::{BTreeMap, BTreeSet};

use super::draw;
use super::error::{AuditError, Refusal};
use super::model::{PeriodRow, to_row};
use super::pools::Audited;
use super::roster::{Choice, choose, drawn_body};
use super::score::Class;
use super::store::roster::{self, RosterRow};
use super::tree::{CutoffTree, Holding};
use crate::foundation::House;
use crate::foundation::db::Conn;
use crate::foundation::ids::HolderId;
use crate::ledger::{Hash, LeafKind, NewLeaf, append_in};

/// Who is audited in a period, and who of them by itself. What the draw decided is kept with the roster, and logged where the
/// plan has chances or a cap.
///
/// # Errors
///
/// [`Refusal::Holders`] if the roster is not the one that the log stated at the cutoff.
pub(super) async fn audited(
    house: &House,
    row: &PeriodRow,
    tree: &CutoffTree,
    nonces: &[draw::Nonce],
    holdings: &BTreeMap<HolderId, Holding>,
    subjects: &[HolderId],
) -> Result<Audited, AuditError> {
    let (plan, period) = (row.plan_id, row.period.clone());
    let read = move |conn: &mut Conn| Ok::<_, AuditError>(roster::of_period(conn, plan, &period)?);
    let known = house.store.read("audits.roster", read).await?;
    let mut rows = known.clone();
    let terms = &tree.terms;
    let stated = terms.audit_chances.is_some() || terms.audits_per_year.is_some();
    let holders = if stated {
        if !tree.roster.as_ref().is_some_and(|stated| stated.agrees(&rows)) {
            return Err(Refusal::Holders.into());
        }
        choose(&mut rows, terms, tree.inputs(nonces));
        chosen(tree, &rows, holdings)
    } else {
        let audited = without_classes(tree, nonces, holdings, subjects)?;
        let all: BTreeSet<HolderId> = audited.iter().copied().collect();
        for row in &mut rows {
            let drawn = all.contains(&row.holder_id);
            row.choice = if drawn { Choice::Drawn } else { Choice::NotDrawn };
        }
        audited
    };
    for row in &mut rows {
        let size = holdings.get(&row.holder_id).map_or(0, |holding| holding.frame.size());
        row.frame_size = Some(to_row(size));
    }
    let own = |row: &&RosterRow| {
        row.choice == Choice::ForCause || matches!(row.class, Some(Class::C | Class::D))
    };
    let alone = rows.iter().filter(own).map(|row| row.holder_id).collect();
    if rows != known || stated && row.holders_leaf.is_none() {
        keep(house, row, tree, rows, stated).await?;
    }
    Ok(Audited { holders, alone })
}

async fn keep(
    house: &House,
    row: &PeriodRow,
    tree: &CutoffTree,
    rows: Vec<RosterRow>,
    stated: bool,
) -> Result<(), AuditError> {
    let leaf = stated.then(|| NewLeaf::new(house, LeafKind::DrawFrame, drawn_body(tree, &rows)));
    let row = row.clone();
    let write = move |tx: &mut Conn| {
        roster::settle(tx, &rows)?;
        if let Some(leaf) = &leaf
            && roster::set_leaf(tx, &row, leaf.id)?
        {
            append_in(tx, leaf)?;
        }
        Ok::<_, AuditError>(())
    };
    house.store.write("audits.chosen", write).await
}

/// Who is audited of a roster that the draw has decided on. A plan without classes that draws
/// nobody out audits those too who left the registry and have records in the tree.
fn chosen(
    tree: &CutoffTree,
    rows: &[RosterRow],
    holdings: &BTreeMap<HolderId, Holding>,
) -> Vec<HolderId> {
    let mut all: BTreeSet<HolderId> =
        rows.iter().filter(|row| row.is_audited()).map(|row| row.holder_id).collect();
    if tree.terms.audit_chances.is_none() && tree.terms.holders_per_period.is_none() {
        let listed: BTreeSet<HolderId> = rows.iter().map(|row| row.holder_id).collect();
        all.extend(holdings.keys().filter(|holder| !listed.contains(holder)));
    }
    all.into_iter().collect()
}

/// Who is audited without classes and caps: everybody, or as many as the plan says in the order of
/// the draw.
fn without_classes(
    tree: &CutoffTree,
    nonces: &[draw::Nonce],
    holdings: &BTreeMap<HolderId, Holding>,
    subjects: &[HolderId],
) -> Result<Vec<HolderId>, Refusal> {
    let Some(count) = tree.terms.holders_per_period else {
        let all: BTreeSet<HolderId> = holdings.keys().chain(subjects).copied().collect();
        return Ok(all.into_iter().collect());
    };
    let ids: Vec<String> = subjects.iter().map(ToString::to_string).collect();
    if tree.holders != Some(Hash(draw::ids_hash(&ids))) {
        return Err(Refusal::Holders);
    }
    let class = tree.terms.plan.to_string();
    let order = draw::order(tree.inputs(nonces).holders(&class, &ids), &ids);
    let drawn = order.iter().take(usize::try_from(count).unwrap_or(usize::MAX));
    Ok(drawn.filter_map(|id| id.parse().ok()).collect())
}
