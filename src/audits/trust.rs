//! Taking work from the database and believing none of it: what is read is checked against
//! checkpoints that this process has verified itself.
//!
//! Source: `security.md` 4.4.

use serde_json::Value;

use super::error::{AuditError, Refusal};
use super::model::PeriodRow;
use super::tree::{CutoffTree, Reader};
use crate::foundation::House;
use crate::foundation::crypto::b64u;
use crate::foundation::db::Conn;
use crate::foundation::ids::{Id as _, LeafId};
use crate::keys::{Kept, Opener, Purpose};
use crate::ledger::{
    self, Checkpoint, LeafKind, Located, TreeHead, VerifierKey, leaf_hash, read_leaf, verify,
};

/// How many leaves are read at a time.
const PAGE: u32 = 2000;

/// The head that a stored checkpoint is signed over.
pub(super) fn head(checkpoint: &Checkpoint, key: &VerifierKey) -> Result<TreeHead, Refusal> {
    let size = checkpoint.size;
    let head = TreeHead::open(&checkpoint.note, key)
        .map_err(|cause| Refusal::Checkpoint { size, cause })?;
    if head.size == size { Ok(head) } else { Err(Refusal::NoCheckpoint(size)) }
}

/// Reads and verifies the tree that ends with the cutoff of `row`; `None` while that checkpoint is
/// not signed yet.
pub(super) async fn cutoff_tree(
    house: &House,
    key: &VerifierKey,
    row: &PeriodRow,
) -> Result<Option<CutoffTree>, AuditError> {
    let Some(epoch) = row.epoch_leaf else { return Err(Refusal::Cutoff.into()) };
    let found = house
        .store
        .read("audits.cutoff", move |conn| {
            let Some(leaf) = ledger::leaf(conn, epoch)? else { return Ok(None) };
            let size = leaf.index + 1;
            let covered = ledger::checkpoint_over(conn, leaf.index)?.is_some();
            Ok::<_, AuditError>(Some((size, ledger::checkpoint_at(conn, size)?, covered)))
        })
        .await?;
    let (size, checkpoint) = match found {
        None | Some((_, None, false)) => return Ok(None),
        Some((size, None, true)) => return Err(Refusal::NoCheckpoint(size).into()),
        Some((size, Some(checkpoint), _)) => (size, checkpoint),
    };
    let head = head(&checkpoint, key)?;
    let (plan, period) = (row.plan_id, row.period.clone());
    house
        .store
        .read("audits.tree", move |conn| {
            let mut reader = Reader::new(plan, &period);
            while reader.count() < size {
                let page = ledger::leaves(conn, reader.count(), PAGE)?;
                if page.is_empty() {
                    break;
                }
                let left = usize::try_from(size - reader.count()).unwrap_or(usize::MAX);
                page.iter().take(left).for_each(|leaf| reader.push(leaf));
            }
            Ok::<_, AuditError>(Some(reader.finish(head)?))
        })
        .await
}

/// Checks that the leaf called `id` says exactly `body` of type `kind`, in a checkpoint that is
/// signed by the log's key and continues the tree of `before`.
pub(super) fn leaf_says(
    conn: &mut Conn,
    key: &VerifierKey,
    before: &TreeHead,
    id: LeafId,
    (kind, body): (LeafKind, &Value),
    located: Option<&Located>,
) -> Result<(), AuditError> {
    let differs = || Refusal::Leaf { kind: kind.as_str() };
    let leaf = ledger::leaf(conn, id)?.ok_or_else(differs)?;
    let checkpoint = match located {
        Some(located) => located.checkpoint.clone(),
        None => ledger::checkpoint_over(conn, leaf.index)?
            .ok_or(Refusal::NoCheckpoint(leaf.index + 1))?,
    };
    let head = head(&checkpoint, key)?;
    let path = ledger::inclusion(conn, leaf.index, head.size)?;
    verify::includes(&leaf_hash(&leaf.bytes), leaf.index, head.size, &path, &head.root)?;
    if head.size > before.size {
        let path = ledger::consistency(conn, before.size, head.size)?;
        verify::consistent((before.size, &before.root), (head.size, &head.root), &path)?;
    } else {
        return Err(Refusal::NoCheckpoint(head.size).into());
    }
    let (said_kind, mut said) = read_leaf(&leaf.bytes).ok_or_else(differs)?;
    if let Some(members) = said.as_object_mut() {
        members.remove("at");
    }
    if said_kind == kind && said == *body { Ok(()) } else { Err(differs().into()) }
}

/// The place of a period's secret, for the root key.
fn nonce_place<'a>(row: &'a PeriodRow, id: &'a [u8]) -> Kept<'a> {
    Kept {
        purpose: Purpose::Nonce,
        department: row.department_id,
        table: "audits_periods",
        row: id,
        column: "nonce",
    }
}

/// The row of a period, as associated data names it.
fn period_key(row: &PeriodRow) -> Vec<u8> {
    [row.plan_id.as_uuid().as_bytes(), row.period.as_bytes()].concat()
}

/// The secret of a period, wrapped for its row.
pub(super) fn keep_nonce(
    house: &House,
    opener: &Opener,
    row: &PeriodRow,
    nonce: &[u8; 32],
) -> Result<Vec<u8>, AuditError> {
    let id = period_key(row);
    Ok(opener.keep(house, &nonce_place(row, &id), nonce)?)
}

/// The secret of a period, if it is the one that `tree` holds the commitment to.
pub(super) fn nonce(
    opener: &Opener,
    row: &PeriodRow,
    tree: &CutoffTree,
) -> Result<[u8; 32], Refusal> {
    let id = period_key(row);
    let blob = row.nonce.as_deref().ok_or(Refusal::Nonce)?;
    let nonce = opener.fetch(&nonce_place(row, &id), blob).ok();
    let nonce = nonce.and_then(|nonce| <[u8; 32]>::try_from(nonce.as_slice()).ok());
    let nonce = nonce.ok_or(Refusal::Nonce)?;
    let committed = tree.commitments.iter().map(super::tree::Commitment::hash);
    match committed.collect::<Vec<_>>().as_slice() {
        [Some(only)] if only.0 == super::draw::commit(&nonce) => Ok(nonce),
        _ => Err(Refusal::Nonce),
    }
}

/// A hash as it stands in leaves.
pub(super) fn text(hash: &[u8; 32]) -> String {
    b64u::encode(hash)
}
