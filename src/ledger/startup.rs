//! Whether the log may be continued from this database.
//!
//! Source: `security.md` 5.2.

use crate::foundation::House;
use crate::foundation::db::{Conn, StoreError};
use crate::foundation::time::Timestamp;

use super::error::{Fatal, StartError};
use super::note::{TreeHead, VerifierKey};
use super::sequencer::Settings;
use super::store::{self, Checkpoint, Head};
use super::tree::Frontier;
use super::{anchor, leaf_hash};

/// The newest leaves are read again from the last multiple of this number on.
const TAIL: u64 = 256;

/// What the sequencer continues from.
pub(super) struct Opened {
    pub(super) tree: Frontier,
    pub(super) newest_at: Timestamp,
    pub(super) wall_at: Timestamp,
    pub(super) anchor_due: Option<String>,
}

/// Checks the newest leaves, the newest checkpoint and the anchor against each other.
pub(super) async fn open(house: &House, settings: &Settings) -> Result<Opened, StartError> {
    let anchored = anchor::read(&settings.anchor).map_err(Fatal::Anchor)?;
    let key = settings.signer.verifier().clone();
    let read = move |conn: &mut Conn| continued(conn, &key, anchored.as_deref());
    house.store.read("ledger.open", read).await
}

fn continued(
    conn: &mut Conn,
    key: &VerifierKey,
    anchored: Option<&str>,
) -> Result<Opened, StartError> {
    let head = store::head(conn).map_err(StoreError::from)?;
    check_tail(conn, &head)?;
    let latest = store::latest_checkpoint(conn).map_err(StoreError::from)?;
    if let Some(latest) = &latest {
        check_checkpoint(conn, key, &head, latest)?;
    }
    let anchored = match anchored {
        Some(note) => check_anchor(conn, key, &head, note)?,
        None => 0,
    };
    let signed = latest.as_ref().map_or(0, |latest| latest.size);
    let tree = store::frontier(conn, signed).map_err(StoreError::from)?;
    let altered = StartError::Altered { size: head.size, index: signed };
    Ok(Opened {
        tree: tree.ok_or(altered)?,
        newest_at: head.newest_at,
        wall_at: head.wall_at,
        anchor_due: latest.filter(|latest| latest.size > anchored).map(|latest| latest.note),
    })
}

/// Recomputes the newest leaves and the edge, and compares them with what is stored.
fn check_tail(conn: &mut Conn, head: &Head) -> Result<(), StartError> {
    let altered = |index| StartError::Altered { size: head.size, index };
    let base = head.size.saturating_sub(1) / TAIL * TAIL;
    let stored = |conn: &mut Conn, size| store::frontier(conn, size).map_err(StoreError::from);
    let mut tree = stored(conn, base)?.ok_or_else(|| altered(base))?;
    let leaves = store::leaves(conn, base, u32::MAX).map_err(StoreError::from)?;
    for leaf in leaves {
        let hash = leaf_hash(&leaf.bytes);
        if leaf.index != tree.size() || leaf.hash != hash {
            return Err(altered(tree.size()));
        }
        tree.push(hash, |_, _| {});
    }
    if tree.size() != head.size {
        return Err(altered(tree.size().min(head.size)));
    }
    if tree.root() == head.root && stored(conn, head.size)?.as_ref() == Some(&tree) {
        Ok(())
    } else {
        Err(altered(base))
    }
}

fn check_checkpoint(
    conn: &mut Conn,
    key: &VerifierKey,
    head: &Head,
    latest: &Checkpoint,
) -> Result<(), StartError> {
    if latest.size > head.size {
        let (checkpoint, database) = (latest.size, head.size);
        return Err(StartError::CheckpointAhead { checkpoint, database });
    }
    let root = store::root(conn, latest.size).map_err(StoreError::from)?;
    let origin = key.name().to_owned();
    let expected = TreeHead { origin, size: latest.size, root };
    if latest.root == root && TreeHead::open(&latest.note, key).as_ref() == Ok(&expected) {
        Ok(())
    } else {
        Err(StartError::CheckpointForged(latest.size))
    }
}

/// The size of the checkpoint in the anchor file.
fn check_anchor(
    conn: &mut Conn,
    key: &VerifierKey,
    head: &Head,
    note: &str,
) -> Result<u64, StartError> {
    let anchored = TreeHead::open(note, key).map_err(StartError::AnchorForged)?;
    if anchored.size > head.size {
        let (anchor, database) = (anchored.size, head.size);
        return Err(StartError::AnchorAhead { anchor, database });
    }
    if store::root(conn, anchored.size).map_err(StoreError::from)? == anchored.root {
        Ok(anchored.size)
    } else {
        Err(StartError::AnchorDiffers(anchored.size))
    }
}
