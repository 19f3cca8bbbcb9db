//! `demo`: an invented city under a simulated clock; what was planted, what was found.

pub mod certificate;
pub mod city;
pub mod crew;
pub mod plant;
pub mod progress;
pub mod push;
pub mod records;
pub mod registry;
pub mod sink;
pub mod stage;
pub mod state;
pub mod truth;

use crate::foundation::crypto::LibraryFailure;
use crate::foundation::crypto::jwe::SealError;
use crate::foundation::crypto::jws::SignError;
use crate::foundation::db::{StoreError, UrlError};
use crate::outside::submit::{KeyFileError, Refusal};

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
    /// A file of the folder cannot be read or written.
    #[error("the folder of the demonstration: {0}")]
    Io(#[from] std::io::Error),
    /// There are no certificates.
    #[error(transparent)]
    Certificate(#[from] certificate::CertificateError),
    /// Keys of a duty holder cannot be kept.
    #[error(transparent)]
    Keys(#[from] KeyFileError),
    /// A key of the house cannot be read.
    #[error(transparent)]
    HouseKey(#[from] crate::keys::KeyFileError),
    /// A department has published no key to seal to.
    #[error("no audit key is open for sealing")]
    NoKey,
    /// The registry file cannot be written.
    #[error("the registry file cannot be written: {0}")]
    Registry(#[from] toml::ser::Error),
    /// The database cannot be named.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// The database failed.
    #[error("the database failed: {0}")]
    Store(#[from] StoreError),
    /// A command failed.
    #[error("`chayan {line}` failed:\n{said}")]
    Command {
        /// Its arguments.
        line: String,
        /// What it said.
        said: String,
    },
    /// A process ended.
    #[error(transparent)]
    Ended(#[from] crew::Ended),
    /// The server does not answer.
    #[error("the server does not answer; its log is in the folder")]
    Silent,
    /// A thread died.
    #[error("a thread died: {0}")]
    Thread(String),
}

impl DemoError {
    fn thread(cause: tokio::task::JoinError) -> DemoError {
        DemoError::Thread(cause.to_string())
    }
}
