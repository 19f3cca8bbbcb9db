//! `demo`: an invented city under a simulated clock; what was planted, what was found.

pub mod certificate;
pub mod city;
pub mod crew;
pub mod disclose;
pub mod found;
pub mod kind;
pub mod office;
pub mod plant;
mod planting;
pub mod play;
pub mod print;
pub mod progress;
pub mod push;
pub mod records;
pub mod registry;
mod run;
pub mod sector;
pub mod sink;
pub mod small;
pub mod stage;
pub mod state;
mod trades;
pub mod truth;

pub use run::{Options, run};

use std::path::PathBuf;

use crate::app::AppFault;
use crate::config::ConfigErrors;
use crate::foundation::crypto::LibraryFailure;
use crate::foundation::crypto::jwe::SealError;
use crate::foundation::crypto::jws::SignError;
use crate::foundation::db::StoreError;
use crate::foundation::web::TlsFault;
use crate::identity::IdentityError;
use crate::outside::submit::{KeyFileError, Refusal};
use crate::outside::verify::Untrue;

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
    /// A receipt proves nothing.
    #[error("a receipt proves nothing: {0}")]
    Receipt(#[from] Untrue),
    /// The server did not take something.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A file of the folder cannot be read or written.
    #[error("the folder of the demonstration: {0}")]
    Io(#[from] std::io::Error),
    /// Something else lives in the folder.
    #[error("{0} holds something else than a demonstration: choose an empty folder")]
    Foreign(PathBuf),
    /// There are no certificates.
    #[error(transparent)]
    Certificate(#[from] certificate::CertificateError),
    /// The certificates cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsFault),
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
    /// A leaf of the log is not of its form.
    #[error("a leaf of the log cannot be read: {0}")]
    Leaf(#[from] serde_json::Error),
    /// A person could not be signed in.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The console does not do what an officer asks.
    #[error("the console answers {0}")]
    Console(u16),
    /// A connection failed.
    #[error("a connection failed: {0}")]
    Connection(#[from] reqwest::Error),
    /// A job does not end.
    #[error("the job {0} does not end; the logs are in the folder")]
    Job(&'static str),
    /// A process cannot be prepared.
    #[error(transparent)]
    App(#[from] AppFault),
    /// The environment of the processes is wrong.
    #[error(transparent)]
    Config(#[from] ConfigErrors),
    /// A page cannot be written.
    #[error("the table cannot be written: {0}")]
    Page(#[from] askama::Error),
    /// The server does not answer.
    #[error("the server does not answer; its log is in the folder")]
    Silent,
    /// A thread died.
    #[error("a thread died: {0}")]
    Thread(String),
}

impl DemoError {
    fn database(cause: diesel::result::Error) -> DemoError {
        DemoError::Store(cause.into())
    }

    fn thread(cause: tokio::task::JoinError) -> DemoError {
        DemoError::Thread(cause.to_string())
    }
}
