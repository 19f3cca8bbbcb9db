//! What can go wrong with the log, and what callers are told of it.

use crate::foundation::db::StoreError;
use crate::foundation::problem::Problem;

use super::note::NoteError;

/// What a room that writes to the log may be told.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Committed here, and no standby has confirmed it; the same request gets its receipt later.
    #[error("logged, and not yet durable on a standby")]
    NotDurable,
    /// The clock stands before the newest leaf.
    #[error("the clock stands before the newest leaf")]
    ClockUnsafe,
    /// The group could not be stored; nothing was kept.
    #[error("the group could not be stored: {0}")]
    NotStored(String),
    /// The work succeeded without appending the leaf that it promised.
    #[error("the work appended no leaf")]
    NoLeaf,
    /// The sequencer has ended; whether the work was kept is unknown.
    #[error("the sequencer has ended")]
    Ended,
    /// No signed checkpoint held the leaf within the time limit.
    #[error("no signed checkpoint holds the leaf yet")]
    TimedOut,
    /// The work itself failed, and left no trace.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<LedgerError> for Problem {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::NotDurable => Self::later("durability-pending", 5),
            LedgerError::ClockUnsafe => Self::later("clock-unsafe", 30),
            LedgerError::NotStored(_) | LedgerError::Ended | LedgerError::TimedOut => {
                tracing::warn!(cause = %error, "the log could not answer: {error}");
                Self::later("temporary-reduced-capacity", 30)
            }
            LedgerError::NoLeaf => Self::ours(error),
            LedgerError::Store(cause) => cause.into(),
        }
    }
}

/// Why the sequencer must not go on. The process ends with [`Fatal::EXIT_CODE`], and the start-up
/// rules decide (`security.md` 5.1, 5.2).
#[derive(Debug, thiserror::Error)]
pub enum Fatal {
    /// The result of a commit is unknown.
    #[error("the result of a commit is unknown: {0}")]
    UnknownCommit(StoreError),
    /// The tree has grown without us.
    #[error("a second sequencer has moved the tree on from size {0}")]
    SecondSequencer(u64),
    /// What was read back is not what was committed.
    #[error("the tree of size {size} differs from what was committed, first at leaf {index}")]
    Altered {
        /// The size of the tree.
        size: u64,
        /// The first leaf that differs.
        index: u64,
    },
    /// The database could not be read back.
    #[error("the log could not be read back: {0}")]
    Unreadable(#[from] StoreError),
    /// The anchor file could not be written.
    #[error("the anchor file could not be written: {0}")]
    Anchor(#[from] std::io::Error),
    /// The task was torn down.
    #[error("the sequencer's task failed: {0}")]
    Task(String),
    /// A test stopped the sequencer between two steps.
    #[cfg(test)]
    #[error("stopped at {0}")]
    Stopped(&'static str),
}

impl Fatal {
    /// The exit code of a process whose sequencer must not go on.
    pub const EXIT_CODE: u8 = 75;
}

/// Why the log cannot be continued from this database.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database is older than a checkpoint that was published.
    #[error(
        "the anchor file holds a checkpoint of size {anchor}, the database a tree of size \
         {database}: this is an older database, and an old tree is never continued"
    )]
    AnchorAhead {
        /// The size of the checkpoint in the anchor file.
        anchor: u64,
        /// The size of the tree in the database.
        database: u64,
    },
    /// The database is not the one that the anchor was written for.
    #[error("the anchor file holds a checkpoint of size {0} with another root than the database")]
    AnchorDiffers(u64),
    /// The anchor file is no checkpoint of this log.
    #[error("the anchor file cannot be believed: {0}")]
    AnchorForged(NoteError),
    /// A checkpoint in the database is no checkpoint of this log, or of another tree.
    #[error("the checkpoint of size {0} was not signed by this log's key, or over another root")]
    CheckpointForged(u64),
    /// A checkpoint is larger than the tree.
    #[error("a checkpoint of size {checkpoint} is ahead of the tree of size {database}")]
    CheckpointAhead {
        /// The size of the checkpoint.
        checkpoint: u64,
        /// The size of the tree.
        database: u64,
    },
    /// The newest leaves, or the nodes beside them, do not lead to the stored root.
    #[error("the tree of size {size} does not lead to its root; first difference at leaf {index}")]
    Altered {
        /// The size of the tree.
        size: u64,
        /// The first leaf that differs.
        index: u64,
    },
    /// The sequencer could not bring the log up to date.
    #[error(transparent)]
    Fatal(#[from] Fatal),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
