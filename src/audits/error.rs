//! What can go wrong with an audit, and why nothing is opened.

use actix_web::http::StatusCode;

use crate::foundation::crypto::LibraryFailure;
use crate::foundation::db::StoreError;
use crate::foundation::jobs::JobError;
use crate::foundation::problem::Problem;
use crate::keys::KeyFault;
use crate::ledger::LedgerError;
use crate::ledger::note::NoteError;
use crate::ledger::verify::ProofError;
use crate::notices::NoticeError;

/// Why nothing is opened. The text is fit for an operator and for the audit's page.
///
/// Source: `security.md` 4.4.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// There is no checkpoint where one must be.
    #[error("there is no signed checkpoint of {0} leaves")]
    NoCheckpoint(u64),
    /// A checkpoint is not the log's.
    #[error("the checkpoint of {size} leaves is not to be believed: {cause}")]
    Checkpoint {
        /// Its size.
        size: u64,
        /// Why.
        cause: NoteError,
    },
    /// The leaves do not lead to the signed root.
    #[error("the leaves in the database do not lead to the signed root of {0} leaves")]
    Root(u64),
    /// A proof does not hold.
    #[error("a proof does not hold: {0}")]
    Proof(#[from] ProofError),
    /// The log holds no plan from before the cutoff.
    #[error("the log holds no parameters of the plan from before the cutoff")]
    NoPlan,
    /// Commitments are not as many as the plan asks for.
    #[error("the plan asks for {asked} commitments and the log holds {found}")]
    Commitments {
        /// As many as the plan asks for.
        asked: u32,
        /// As many as there are, one per contributor.
        found: usize,
    },
    /// A contributor committed twice.
    #[error("a contributor committed twice to the same period")]
    CommittedTwice,
    /// A commitment came after the period was over.
    #[error("the commitment was logged after the period had closed")]
    CommittedLate,
    /// A secret was revealed before its draw.
    #[error("the secret was revealed before the cutoff")]
    RevealedEarly,
    /// The tree does not end with the cutoff.
    #[error("the tree does not end with the cutoff of this period")]
    Cutoff,
    /// The stored secret is not the one that was committed to.
    #[error("the stored secret does not open, or is not the one that was committed to")]
    Nonce,
    /// The list of holders changed after the cutoff.
    #[error("the list of duty holders is not the one that was logged at the cutoff")]
    Holders,
    /// The stored frame is not that of the tree.
    #[error("the frame is not the one that the tree holds")]
    Frame,
    /// The rows of the draw are not those that follow from it.
    #[error("the stored draw is not the one that follows from the log")]
    Draw,
    /// A leaf of the audit says something else than the database.
    #[error("leaf {kind} in the log does not say what the database says")]
    Leaf {
        /// Its type.
        kind: &'static str,
    },
    /// The lines of a batch are not those that were logged.
    #[error("the lines of batch {0} are not those that the log commits to")]
    Lines(crate::foundation::ids::BatchId),
    /// A rule pack is not the one that was logged.
    #[error("the rule pack {0} at hand is not the one that was in force by the log")]
    Pack(String),
    /// A key is missing or wrong.
    #[error(transparent)]
    Key(#[from] KeyFault),
    /// The records of the day are used up.
    #[error("the daily budget of openings is used up: {0} records")]
    Budget(u64),
    /// The child that opens did not do its work.
    #[error("the process that opens records failed: {0}")]
    Child(String),
}

/// What can go wrong with an audit.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// Nothing was opened, for a reason that a person must look at.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// No such audit, or none of this department.
    #[error("no such audit")]
    NotFound,
    /// The officer must not act in the affairs of the business.
    #[error("an officer does not act where a conflict of interest is on record")]
    NotYours,
    /// Somebody was faster.
    #[error("somebody has decided already")]
    NotNow,
    /// The log did not answer in time.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// See [`LibraryFailure`].
    #[error(transparent)]
    Library(#[from] LibraryFailure),
    /// A letter could not be written.
    #[error("a letter could not be written: {0}")]
    Letter(String),
    /// A stored row is not what it should be.
    #[error("the stored {what} {id} cannot be read: {cause}")]
    Damaged {
        /// What is stored there.
        what: &'static str,
        /// Whose it is.
        id: String,
        /// What is wrong with it.
        cause: String,
    },
    /// A stored value is not the JSON that it should be.
    #[error("a stored value cannot be read or written: {0}")]
    Json(#[source] serde_json::Error),
    /// The store failed.
    #[error("the store failed: {0}")]
    Store(#[from] StoreError),
}

impl AuditError {
    /// The store's errors as such, so that a lost race is tried again; anything else in words.
    pub(super) fn letter(error: NoticeError) -> Self {
        match error {
            NoticeError::Store(cause) => Self::Store(cause),
            other => Self::Letter(other.to_string()),
        }
    }
}

impl From<diesel::result::Error> for AuditError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<ProofError> for AuditError {
    fn from(error: ProofError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<KeyFault> for AuditError {
    fn from(error: KeyFault) -> Self {
        Self::Refused(error.into())
    }
}

impl From<AuditError> for JobError {
    fn from(error: AuditError) -> Self {
        match error {
            AuditError::Store(cause) => Self::Store(cause),
            AuditError::Refused(reason) => Self::Park(reason.to_string()),
            other => Self::Other(other.to_string()),
        }
    }
}

impl From<AuditError> for Problem {
    fn from(error: AuditError) -> Self {
        match error {
            AuditError::NotFound => Self::not_found(),
            AuditError::NotYours => Self::forbidden().says(&error),
            AuditError::NotNow => Self::of(StatusCode::CONFLICT, "case-not-now"),
            AuditError::Store(cause) => cause.into(),
            other => Self::ours(other),
        }
    }
}
