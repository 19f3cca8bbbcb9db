//! The transaction that gives numbers.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use diesel::result::Error;

use crate::foundation::db::{Conn, StoreError};
use crate::foundation::time::Timestamp;

use super::error::Fatal;
use super::store::{self, Head};
use super::tree::Frontier;
use super::{Leaf, LeafKind, leaf, leaf_hash};

/// At most so many leaves are numbered in one transaction.
const LIMIT: i64 = 1_024;

/// What a numbering transaction left.
pub(super) struct Numbered {
    /// Leaves are known to wait still.
    pub(super) more: bool,
}

/// Gives numbers to the leaves that wait, in the order of their ids. The group ends right after an
/// `epoch` leaf, so that a checkpoint is signed at exactly that size.
pub(super) struct Numbering {
    tree: Frontier,
    newest_at: Timestamp,
    now: Timestamp,
    progress: Progress,
}

/// How far the latest run came; shared with the caller, who may get only an error back.
#[derive(Clone)]
pub(super) struct Progress(Arc<Mutex<Step>>);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Not at the end: nothing can have been committed.
    Begun,
    /// Ready to commit: an error now leaves the result unknown.
    Done,
    /// The tree has not the size that it should have.
    Outrun,
}

impl Progress {
    fn set(&self, step: Step) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = step;
    }

    /// Whether the process may go on after `error`.
    pub(super) fn judge(&self, error: &StoreError, size: u64) -> Result<(), Fatal> {
        let step = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match (step, error) {
            (Step::Outrun, _) => Err(Fatal::SecondSequencer(size)),
            (Step::Done, StoreError::Database(cause)) => {
                Err(Fatal::UnknownCommit(StoreError::Pool(cause.to_string())))
            }
            (_, StoreError::Thread) => Err(Fatal::UnknownCommit(StoreError::Thread)),
            _ => Ok(()),
        }
    }
}

impl Numbering {
    pub(super) fn new(tree: Frontier, newest_at: Timestamp, now: Timestamp) -> Self {
        Self { tree, newest_at, now, progress: Progress(Arc::new(Mutex::new(Step::Begun))) }
    }

    pub(super) fn progress(&self) -> Progress {
        self.progress.clone()
    }

    /// One run; it may be repeated.
    pub(super) fn run(&self, tx: &mut Conn) -> Result<Numbered, StoreError> {
        self.progress.set(Step::Begun);
        let numbered = self.number(tx)?;
        self.progress.set(Step::Done);
        Ok(numbered)
    }

    fn number(&self, tx: &mut Conn) -> Result<Numbered, StoreError> {
        let waiting = store::pending(tx, LIMIT)?;
        let taken = waiting
            .iter()
            .position(|(_, kind, _)| *kind == LeafKind::Epoch)
            .map_or(waiting.len(), |epoch| epoch + 1);
        let more = taken < waiting.len() || i64::try_from(waiting.len()) == Ok(LIMIT);
        let Some((last, ..)) = waiting.get(..taken).and_then(<[_]>::last) else {
            return Ok(Numbered { more: false });
        };
        let last = *last;
        let (mut tree, mut newest_at) = (self.tree.clone(), self.newest_at);
        let (mut leaves, mut nodes) = (Vec::with_capacity(taken), Vec::with_capacity(taken));
        for (id, kind, body) in waiting.into_iter().take(taken) {
            newest_at = self.now_in_millis().max(newest_at.plus(Duration::from_millis(1)));
            let bytes = leaf::encode(kind, &body, newest_at)
                .ok_or_else(|| Error::DeserializationError("a leaf is no object".into()))?;
            let (hash, index) = (leaf_hash(&bytes), tree.size());
            leaves.push(Leaf { id, index, kind, bytes, hash, at: newest_at });
            tree.push(hash, |node, hash| {
                if node.level > 0 {
                    nodes.push((node, hash));
                }
            });
        }
        let head = Head { size: tree.size(), root: tree.root(), newest_at, wall_at: self.now };
        if !store::move_head(tx, self.tree.size(), &head)? {
            self.progress.set(Step::Outrun);
            return Err(Error::RollbackTransaction.into());
        }
        for leaf in &leaves {
            store::insert_leaf(tx, leaf)?;
        }
        for (node, hash) in nodes {
            store::insert_node(tx, node, hash)?;
        }
        store::drop_pending(tx, last)?;
        Ok(Numbered { more })
    }

    /// Leaves print milliseconds, and their rows say the same.
    const fn now_in_millis(&self) -> Timestamp {
        Timestamp::from_micros(self.now.millis() * 1_000)
    }
}
