//! What can go wrong with keys, and what callers are told of it.

use super::opener::KeyFault;
use crate::foundation::crypto::LibraryFailure;
use crate::foundation::crypto::jws::SignError;
use crate::foundation::db::StoreError;
use crate::foundation::problem::Problem;

/// What can go wrong with keys.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// No key of that name is in use.
    #[error("no audit key {0} is in use")]
    NotFound(String),
    /// Somebody else signed a list at the same time.
    #[error("another list was published meanwhile: publish again")]
    ListOvertaken,
    /// A key or its file is at fault.
    #[error(transparent)]
    Key(#[from] KeyFault),
    /// The list could not be signed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The store failed.
    #[error("the store failed: {0}")]
    Store(#[from] StoreError),
}

impl From<diesel::result::Error> for KeysError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<LibraryFailure> for KeysError {
    fn from(error: LibraryFailure) -> Self {
        Self::Key(error.into())
    }
}

impl From<KeysError> for Problem {
    fn from(error: KeysError) -> Self {
        match error {
            KeysError::NotFound(_) => Self::not_found(),
            KeysError::Store(cause) => cause.into(),
            other => Self::ours(other),
        }
    }
}
