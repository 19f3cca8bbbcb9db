//! The one that numbers leaves: it takes what waits, commits once, passes the barrier, recomputes
//! the root from what it reads back, signs, stores the receipts, and answers everyone.
//!
//! Source: `security.md` 5.1.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use crate::foundation::House;
use crate::foundation::db::{Conn, StoreError, Work, savepoint};
use crate::foundation::ids::LeafId;
use crate::foundation::time::Timestamp;

use super::error::{Fatal, LedgerError, StartError};
use super::note::TreeHead;
use super::numbering::{Numbered, Numbering};
use super::proof::Proof;
use super::recompute::Recomputed;
use super::sequencer::{Deposit, Inclusion, Keep, Message, Reply, Settings};
use super::store::{self, Checkpoint};
use super::tree::Frontier;
use super::{Leaf, anchor, startup};

/// A group holds at most so many deposits, and so many bytes of them.
const GROUP: usize = 64;
const GROUP_BYTES: usize = 64 * 1024 * 1024;

/// How often leaves of other writers are looked for.
const LOOK: Duration = Duration::from_millis(20);

/// How long to rest after a group of nobody's deposits failed.
const REST: Duration = Duration::from_secs(1);

/// How far the clock may stand before the newest leaf.
const CLOCK_SLACK: Duration = Duration::from_secs(5);

/// A deposit whose work is committed and whose leaf is not yet in a stored checkpoint.
struct Waiting {
    keep: Keep,
    reply: Option<Reply>,
}

/// A deposit whose receipt is being stored.
struct Kept {
    leaf: LeafId,
    waiting: Waiting,
    inclusion: Inclusion,
    outcome: Result<(), StoreError>,
}

/// The sequencer itself.
pub(super) struct Task {
    pub(super) house: House,
    pub(super) settings: Settings,
    /// The tree under the newest stored checkpoint.
    pub(super) tree: Frontier,
    pub(super) newest_at: Timestamp,
    pub(super) wall_at: Timestamp,
    /// A checkpoint that the anchor file does not hold yet.
    pub(super) anchor_due: Option<String>,
    /// Something is committed that no standby has confirmed, or not yet signed.
    pub(super) owes_barrier: bool,
    waiting: HashMap<LeafId, Waiting>,
    /// Leaves are known to wait for a number.
    more: bool,
    #[cfg(test)]
    pub(super) stop_at: Option<&'static str>,
}

enum Wake {
    Deposit(Message),
    Leaves,
    Stop,
}

impl Task {
    pub(super) async fn open(house: &House, settings: Settings) -> Result<Self, StartError> {
        let opened = startup::open(house, &settings).await?;
        Ok(Self {
            house: house.clone(),
            settings,
            tree: opened.tree,
            newest_at: opened.newest_at,
            wall_at: opened.wall_at,
            anchor_due: opened.anchor_due,
            owes_barrier: true,
            waiting: HashMap::new(),
            more: true,
            #[cfg(test)]
            stop_at: None,
        })
    }

    /// Sequences until it is told to stop.
    pub(super) async fn run(
        mut self,
        mut inbox: mpsc::Receiver<Message>,
        mut stopped: oneshot::Receiver<()>,
    ) -> Result<(), Fatal> {
        loop {
            let first = if self.more {
                None
            } else {
                match self.wake(&mut inbox, &mut stopped).await? {
                    Wake::Deposit(message) => Some(message),
                    Wake::Leaves => None,
                    Wake::Stop => break,
                }
            };
            self.turn(gather(first, &mut inbox)).await?;
        }
        inbox.close();
        while let Some(first) = inbox.recv().await {
            self.turn(gather(Some(first), &mut inbox)).await?;
        }
        while self.more {
            self.turn(Vec::new()).await?;
        }
        Ok(())
    }

    async fn wake(
        &mut self,
        inbox: &mut mpsc::Receiver<Message>,
        stopped: &mut oneshot::Receiver<()>,
    ) -> Result<Wake, Fatal> {
        loop {
            tokio::select! {
                biased;
                message = inbox.recv() => return Ok(message.map_or(Wake::Stop, Wake::Deposit)),
                _ = &mut *stopped => return Ok(Wake::Stop),
                () = tokio::time::sleep(LOOK) => {}
            }
            let look = |conn: &mut Conn| store::any_pending(conn).map_err(StoreError::from);
            if self.owes_barrier || self.house.store.read("ledger.look", look).await? {
                return Ok(Wake::Leaves);
            }
        }
    }

    /// One group, from the waiting deposits to their answers.
    pub(super) async fn turn(&mut self, group: Vec<Message>) -> Result<(), Fatal> {
        if self.owes_barrier && !self.confirm().await? {
            self.more = false;
            refuse(group, || LedgerError::NotDurable);
            return Ok(());
        }
        let now = self.house.clock.now();
        if now.plus(CLOCK_SLACK) < self.wall_at {
            tracing::warn!(newest = %self.wall_at, "clock-unsafe: no leaf is numbered");
            self.more = false;
            let refused = group.len();
            refuse(group, || LedgerError::ClockUnsafe);
            if refused == 0 {
                tokio::time::sleep(REST).await;
            }
            return Ok(());
        }
        self.point("seq.before_tx1")?;
        self.number(group, now).await?;
        self.point("seq.after_tx1")?;
        if self.owes_barrier {
            return Ok(());
        }
        self.settle().await?;
        if !self.more && !self.owes_barrier {
            for (_, waiting) in self.waiting.drain() {
                answer(waiting.reply, Err(LedgerError::NoLeaf));
            }
        }
        Ok(())
    }

    /// Asks again whether a standby has everything, and if so signs what waits for it.
    async fn confirm(&mut self) -> Result<bool, Fatal> {
        match self.house.store.append("ledger.confirm", Vec::new(), |_| Ok(())).await {
            Ok(_) => {
                self.owes_barrier = false;
                self.settle().await?;
                Ok(!self.owes_barrier)
            }
            Err(error) if passes(&error) => Ok(false),
            Err(error) => Err(Fatal::UnknownCommit(error)),
        }
    }

    /// Tx 1: runs the works and numbers every leaf that waits.
    async fn number(&mut self, group: Vec<Message>, now: Timestamp) -> Result<(), Fatal> {
        let alone = group.is_empty();
        let (works, waiting): (Vec<Work>, Vec<(LeafId, Waiting)>) =
            group.into_iter().map(part).unzip();
        let numbering = Numbering::new(self.tree.clone(), self.newest_at, now);
        let progress = numbering.progress();
        let run = move |tx: &mut Conn| numbering.run(tx);
        match self.house.store.append("ledger.number", works, run).await {
            Ok((results, Numbered { more })) => {
                self.more = more;
                for ((leaf, waiting), result) in waiting.into_iter().zip(results) {
                    match result {
                        Ok(()) => drop(self.waiting.insert(leaf, waiting)),
                        Err(error) => answer(waiting.reply, Err(error.into())),
                    }
                }
                Ok(())
            }
            Err(StoreError::NotDurable) => {
                self.owes_barrier = true;
                for (leaf, mut waiting) in waiting {
                    answer(waiting.reply.take(), Err(LedgerError::NotDurable));
                    self.waiting.insert(leaf, waiting);
                }
                Ok(())
            }
            Err(error) => {
                progress.judge(&error, self.tree.size())?;
                tracing::warn!(cause = %error, "a group was not stored: {error}");
                self.more = false;
                for (_, waiting) in waiting {
                    answer(waiting.reply, Err(LedgerError::NotStored(error.to_string())));
                }
                if alone {
                    tokio::time::sleep(REST).await;
                }
                Ok(())
            }
        }
    }

    /// Reads back what is committed and not signed, recomputes the root, signs and publishes.
    async fn settle(&mut self) -> Result<(), Fatal> {
        let from = self.tree.size();
        let read = move |conn: &mut Conn| -> Result<_, StoreError> {
            Ok((store::head(conn)?, store::leaves(conn, from, u32::MAX)?))
        };
        let (head, leaves) = self.house.store.read("ledger.reread", read).await?;
        if head.size > from {
            let new = Recomputed::of(&self.tree, &head, &leaves)?;
            self.point("seq.before_sign")?;
            let origin = self.settings.signer.origin().to_owned();
            let signed = TreeHead { origin, size: head.size, root: head.root };
            let note = self.settings.signer.sign(&signed);
            self.point("seq.after_sign")?;
            (self.newest_at, self.wall_at) = (head.newest_at, head.wall_at);
            let at = self.house.clock.now();
            let checkpoint = Checkpoint { size: head.size, root: head.root, note, at };
            return self.publish(new, leaves, checkpoint).await;
        }
        self.anchor().await
    }

    /// Tx 2: stores the checkpoint and the receipts, then the anchor, then answers.
    async fn publish(
        &mut self,
        new: Recomputed,
        leaves: Vec<Leaf>,
        checkpoint: Checkpoint,
    ) -> Result<(), Fatal> {
        let kept = Arc::new(Mutex::new(self.receipts(&new, leaves, &checkpoint)));
        let (rows, row) = (kept.clone(), checkpoint.clone());
        let run = move |tx: &mut Conn| {
            let mut rows = rows.lock().unwrap_or_else(PoisonError::into_inner);
            for Kept { waiting, inclusion, outcome, .. } in rows.iter_mut() {
                *outcome = savepoint(tx, |tx| (waiting.keep)(tx, inclusion));
            }
            Ok(store::insert_checkpoint(tx, &row)?)
        };
        let stored = self.house.store.append("ledger.publish", Vec::new(), run).await;
        let kept = std::mem::take(&mut *kept.lock().unwrap_or_else(PoisonError::into_inner));
        match stored {
            Ok(_) => {
                self.tree = new.tree;
                self.anchor_due = Some(checkpoint.note);
                self.point("seq.anchor_rename")?;
                self.anchor().await?;
                self.point("seq.before_reply")?;
                tracing::debug!(log.size = checkpoint.size, receipts = kept.len(), "signed");
                for row in kept {
                    let result = row.outcome.map(|()| row.inclusion).map_err(LedgerError::from);
                    answer(row.waiting.reply, result);
                }
                Ok(())
            }
            Err(StoreError::NotDurable) => {
                self.tree = new.tree;
                self.anchor_due = Some(checkpoint.note);
                self.owes_barrier = true;
                for row in kept {
                    answer(row.waiting.reply, Err(LedgerError::NotDurable));
                }
                Ok(())
            }
            Err(error) if passes(&error) => {
                self.owes_barrier = true;
                for Kept { leaf, mut waiting, .. } in kept {
                    answer(waiting.reply.take(), Err(LedgerError::NotDurable));
                    self.waiting.insert(leaf, waiting);
                }
                Ok(())
            }
            Err(error) => Err(Fatal::UnknownCommit(error)),
        }
    }

    /// The receipts of the deposits whose leaves the checkpoint holds.
    fn receipts(
        &mut self,
        new: &Recomputed,
        leaves: Vec<Leaf>,
        checkpoint: &Checkpoint,
    ) -> Vec<Kept> {
        let mut kept = Vec::new();
        for leaf in leaves {
            let id = leaf.id;
            let Some(waiting) = self.waiting.remove(&id) else { continue };
            let (path, note) = (new.path(leaf.index), checkpoint.note.clone());
            let proof = Proof { index: leaf.index, path, note };
            let inclusion = Inclusion::of(leaf, checkpoint.size, &proof);
            kept.push(Kept { leaf: id, waiting, inclusion, outcome: Ok(()) });
        }
        kept
    }

    /// Writes the newest checkpoint to the anchor file, if it is not there yet.
    async fn anchor(&mut self) -> Result<(), Fatal> {
        let Some(note) = self.anchor_due.take() else { return Ok(()) };
        let path = self.settings.anchor.clone();
        tokio::task::spawn_blocking(move || anchor::write(&path, &note))
            .await
            .map_err(|cause| Fatal::Task(cause.to_string()))?
            .map_err(Fatal::Anchor)
    }

    /// A place between two steps, where a test can end the sequencer as a crash would.
    #[cfg(test)]
    fn point(&self, name: &'static str) -> Result<(), Fatal> {
        if self.stop_at == Some(name) { Err(Fatal::Stopped(name)) } else { Ok(()) }
    }

    #[cfg(not(test))]
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "only tests stop here")]
    const fn point(&self, _name: &'static str) -> Result<(), Fatal> {
        Ok(())
    }
}

/// What waits now, at most one group; `first` has been taken from the queue already.
fn gather(first: Option<Message>, inbox: &mut mpsc::Receiver<Message>) -> Vec<Message> {
    let mut bytes = first.as_ref().map_or(0, |message| message.deposit.size_bytes);
    let mut group: Vec<Message> = first.into_iter().collect();
    while group.len() < GROUP
        && bytes < GROUP_BYTES
        && let Ok(message) = inbox.try_recv()
    {
        bytes = bytes.saturating_add(message.deposit.size_bytes);
        group.push(message);
    }
    group
}

fn part(Message { deposit, reply }: Message) -> (Work, (LeafId, Waiting)) {
    let Deposit { work, leaf, keep, .. } = deposit;
    (work, (leaf, Waiting { keep, reply: Some(reply) }))
}

/// Whether nothing was committed and it is worth trying again.
const fn passes(error: &StoreError) -> bool {
    matches!(error, StoreError::NotDurable | StoreError::Contended | StoreError::Pool(_))
}

fn refuse(group: Vec<Message>, why: impl Fn() -> LedgerError) {
    for message in group {
        answer(Some(message.reply), Err(why()));
    }
}

/// Answers a caller, who may have gone away.
fn answer(reply: Option<Reply>, result: Result<Inclusion, LedgerError>) {
    if let Some(reply) = reply {
        drop(reply.send(result));
    }
}
