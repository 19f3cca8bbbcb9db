//! The way to the one that numbers leaves.

use std::path::PathBuf;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::foundation::House;
use crate::foundation::db::{Conn, StoreError, Work};
use crate::foundation::ids::LeafId;
use crate::foundation::time::Timestamp;

use super::error::{Fatal, LedgerError, StartError};
use super::proof::Proof;
use super::task::Task;
use super::{Leaf, LogSigner};

/// Deposits that may queue before their callers wait.
const QUEUE: usize = 256;

/// Stores what must be stored together with a receipt; it may run more than once.
pub type Keep = Box<dyn FnMut(&mut Conn, &Inclusion) -> Result<(), StoreError> + Send>;

/// A change that wants its receipt at once.
pub struct Deposit {
    /// The change. It runs in the group's transaction, in a savepoint, and appends `leaf` itself.
    pub work: Work,
    /// The leaf that the change appends.
    pub leaf: LeafId,
    /// Stores the receipt, once the checkpoint that holds the leaf is signed.
    pub keep: Keep,
    /// Roughly what the change writes, in bytes; it limits the size of a group.
    pub size_bytes: usize,
}

/// Where a leaf stands, and the proof of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inclusion {
    /// The leaf as it is hashed.
    pub leaf_bytes: Vec<u8>,
    /// Its number, from zero.
    pub index: u64,
    /// The size of the tree that the proof leads to.
    pub size: u64,
    /// The C2SP `tlog-proof`: number, path, checkpoint.
    pub proof_text: String,
    /// The leaf's time.
    pub at: Timestamp,
}

impl Inclusion {
    pub(super) fn of(leaf: Leaf, size: u64, proof: &Proof) -> Self {
        let (index, at) = (leaf.index, leaf.at);
        Self { leaf_bytes: leaf.bytes, index, size, proof_text: proof.to_string(), at }
    }
}

/// What the sequencer needs besides the house.
pub struct Settings {
    /// The log's name and key.
    pub signer: LogSigner,
    /// Where the latest checkpoint is written after each group, outside the database, so that an
    /// older database is recognised.
    pub anchor: PathBuf,
}

/// The way to the sequencer of this process.
#[derive(Clone)]
pub struct Sequencer(mpsc::Sender<Message>);

pub(super) type Reply = oneshot::Sender<Result<Inclusion, LedgerError>>;

/// A deposit in the queue, and whom to tell.
pub(super) struct Message {
    pub(super) deposit: Deposit,
    pub(super) reply: Reply,
}

impl Sequencer {
    /// Opens the log by the start-up rules, signs what is unsigned, and starts to sequence.
    ///
    /// # Errors
    ///
    /// [`StartError`], which names why the log cannot be continued.
    pub async fn start(house: &House, settings: Settings) -> Result<(Self, Running), StartError> {
        let mut task = Task::open(house, settings).await?;
        task.turn(Vec::new()).await?;
        Ok(spawn(task))
    }

    /// Runs `deposit` in the next group and returns its receipt, which is then durable.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Store`] if the work or its receipt failed, [`LedgerError::NotDurable`] if it
    /// was kept and waits for a standby, otherwise what kept the group from being stored.
    pub async fn submit(&self, deposit: Deposit) -> Result<Inclusion, LedgerError> {
        let (reply, answer) = oneshot::channel();
        let sent = self.0.send(Message { deposit, reply }).await;
        if sent.is_err() {
            return Err(LedgerError::Ended);
        }
        answer.await.unwrap_or(Err(LedgerError::Ended))
    }
}

/// The running sequencer. Dropping it stops the sequencer after the current group.
pub struct Running {
    task: JoinHandle<Result<(), Fatal>>,
    stop: oneshot::Sender<()>,
}

impl Running {
    /// Waits until the sequencer ends by itself.
    ///
    /// # Errors
    ///
    /// [`Fatal`]: the process must end, and the start-up rules decide.
    pub async fn ended(&mut self) -> Result<(), Fatal> {
        (&mut self.task).await.unwrap_or_else(|cause| Err(Fatal::Task(cause.to_string())))
    }

    /// Lets the sequencer finish what is queued, and waits for it.
    ///
    /// # Errors
    ///
    /// [`Fatal`], as [`Running::ended`].
    pub async fn stop(self) -> Result<(), Fatal> {
        if self.stop.send(()).is_err() {
            tracing::debug!("the sequencer had ended before it was stopped");
        }
        self.task.await.unwrap_or_else(|cause| Err(Fatal::Task(cause.to_string())))
    }
}

/// Lets `task` run, and gives the ways to it.
pub(super) fn spawn(task: Task) -> (Sequencer, Running) {
    let (sender, inbox) = mpsc::channel(QUEUE);
    let (stop, stopped) = oneshot::channel();
    (Sequencer(sender), Running { task: tokio::spawn(task.run(inbox, stopped)), stop })
}
