//! What can go wrong in intake, and what the caller is told of it.

use actix_web::http::StatusCode;
use serde_json::{Value, json};

use super::claims::ClaimFault;
use super::lines::LineFault;
use crate::foundation::crypto::jws::JwsError;
use crate::foundation::db::StoreError;
use crate::foundation::ids::BatchId;
use crate::foundation::problem::Problem;
use crate::ledger::LedgerError;

/// One thing that is wrong with a signed statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// A stable word: `signature`, `key`, `claims`, `mode`, `body-digest`, `count`.
    pub code: &'static str,
    /// The claim that is wrong, where one is.
    pub claim: &'static str,
    /// What is wrong, in English.
    pub why: String,
}

impl Fault {
    pub(super) fn new(code: &'static str, claim: &'static str, why: impl ToString) -> Fault {
        Fault { code, claim, why: why.to_string() }
    }

    fn document(&self) -> Value {
        let pointer =
            if self.claim.is_empty() { String::new() } else { format!("/{}", self.claim) };
        json!({ "code": self.code, "pointer": pointer, "detail": self.why })
    }
}

/// What can go wrong in intake.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// No such batch or stream, or another holder's.
    #[error("no such batch or stream")]
    NotFound,
    /// The statement is another holder's.
    #[error("the statement is another duty holder's")]
    Foreign,
    /// `Idempotency-Key` is not the `jti`.
    #[error("Idempotency-Key is not the jti of the statement")]
    KeyMismatch,
    /// The `jti` came before with other bytes.
    #[error("this jti came before with other content")]
    OtherContent,
    /// The manifest, or the day close, is refused for these reasons.
    #[error("{} faults in the signed statement", .0.len())]
    Statement(Vec<Fault>),
    /// These lines are refused; the first number of the batch is given.
    #[error("{} faults in the record lines", .1.len())]
    Lines(u64, Vec<LineFault>),
    /// More records than a batch may have.
    #[error("a batch has at most 10,000 records")]
    TooMany,
    /// An accepted batch has some of the numbers.
    #[error("numbers {first} to {last} are taken in part by batch {taken_by}")]
    Taken {
        /// The accepted batch.
        taken_by: BatchId,
        /// The lowest number that was claimed.
        first: i64,
        /// The highest number that was claimed.
        last: i64,
    },
    /// The body is not what the endpoint takes.
    #[error("the body cannot be read: {0}")]
    Malformed(String),
    /// More records than one disclosure may have.
    #[error("a disclosure has at most 200 records")]
    TooManyDisclosed,
    /// A twin of this request is still being logged.
    #[error("the same statement is being logged at this moment")]
    InProgress,
    /// One of the gates refuses.
    #[error("{0}")]
    Refused(Problem),
    /// The log failed.
    #[error("the log failed: {0}")]
    Ledger(#[from] LedgerError),
    /// The store failed.
    #[error("the store failed: {0}")]
    Store(#[from] StoreError),
}

impl From<diesel::result::Error> for IntakeError {
    fn from(error: diesel::result::Error) -> IntakeError {
        IntakeError::Store(error.into())
    }
}

impl From<Vec<ClaimFault>> for IntakeError {
    fn from(faults: Vec<ClaimFault>) -> IntakeError {
        let faults = faults.into_iter().map(|f| Fault::new("claims", f.claim, f.why));
        IntakeError::Statement(faults.collect())
    }
}

impl From<JwsError> for IntakeError {
    fn from(error: JwsError) -> IntakeError {
        let code = match &error {
            JwsError::Kid => "key",
            JwsError::Claims(_) => "claims",
            _ => "signature",
        };
        IntakeError::Statement(vec![Fault::new(code, "", error)])
    }
}

impl IntakeError {
    /// Whether the refusal is the caller's doing, and counts against it.
    pub(super) fn is_refusal(&self) -> bool {
        !matches!(
            self,
            IntakeError::InProgress
                | IntakeError::Refused(_)
                | IntakeError::Ledger(_)
                | IntakeError::Store(_)
        )
    }
}

impl From<IntakeError> for Problem {
    fn from(error: IntakeError) -> Problem {
        let unprocessable = |name| Problem::of(StatusCode::UNPROCESSABLE_ENTITY, name);
        match &error {
            IntakeError::NotFound => Problem::not_found(),
            IntakeError::Foreign => Problem::forbidden().says(&error),
            IntakeError::KeyMismatch => Problem::malformed(&error),
            IntakeError::OtherContent => unprocessable("idempotency-mismatch").says(&error),
            IntakeError::Statement(faults) => {
                let faults: Vec<Value> = faults.iter().map(Fault::document).collect();
                unprocessable("manifest-rejected").says(&error).with("faults", faults)
            }
            IntakeError::Lines(first, faults) => {
                let faults: Vec<Value> = faults.iter().map(|f| line_fault(*first, f)).collect();
                unprocessable("records-rejected").says(&error).with("faults", faults)
            }
            IntakeError::Malformed(_) => Problem::malformed(&error),
            IntakeError::TooMany | IntakeError::TooManyDisclosed => {
                Problem::of(StatusCode::PAYLOAD_TOO_LARGE, "too-large").says(&error)
            }
            IntakeError::Taken { taken_by, .. } => {
                Problem::of(StatusCode::CONFLICT, "sequence-conflict")
                    .says(&error)
                    .with("accepted", taken_by.to_string())
            }
            IntakeError::InProgress => Problem::later("in-progress", 10),
            IntakeError::Refused(problem) => problem.clone(),
            IntakeError::Ledger(_) | IntakeError::Store(_) => match error {
                IntakeError::Ledger(cause) => cause.into(),
                IntakeError::Store(cause) => cause.into(),
                other => Problem::ours(other),
            },
        }
    }
}

/// A bad line: its position from 0, its number in the stream, what is wrong and where.
fn line_fault(first: u64, fault: &LineFault) -> Value {
    json!({
        "position": fault.position,
        "seq": first + u64::from(fault.position),
        "code": fault.code.as_str(),
        "pointer": fault.pointer,
    })
}
