//! `demo`: an invented city under a simulated clock; what was planted, what was found.

pub mod certificate;
pub mod city;
pub mod crew;
pub mod plant;
pub mod progress;
pub mod push;
pub mod records;
pub mod sink;
pub mod state;
pub mod truth;

use crate::foundation::crypto::LibraryFailure;
use crate::foundation::crypto::jwe::SealError;
use crate::foundation::crypto::jws::SignError;
use crate::outside::submit::Refusal;

/// Why a demonstration cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The plan names what is not there.
    #[error("the plan of the city does not fit together")]
    Plan,
    /// A record could not be sealed.
    #[error("a record could not be sealed: {0}")]
    Seal(#[from] SealError),
    /// A key could not be made.
    #[error(transparent)]
    Library(#[from] LibraryFailure),
    /// Something could not be signed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The server did not take something.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A thread died.
    #[error("a thread died: {0}")]
    Thread(String),
}

impl DemoError {
    fn thread(cause: tokio::task::JoinError) -> DemoError {
        DemoError::Thread(cause.to_string())
    }
}
