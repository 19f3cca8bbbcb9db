//! What can go wrong with findings and cases, and what the caller is told of it.

use actix_web::http::StatusCode;

use crate::foundation::crypto::LibraryFailure;
use crate::foundation::crypto::aead::DoesNotOpen;
use crate::foundation::db::StoreError;
use crate::foundation::problem::Problem;
use crate::notices::NoticeError;
use crate::registry::RegistryError;

/// What can go wrong with findings and cases.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// No such finding or case, or none that the caller may know of.
    #[error("no such finding or case")]
    NotFound,
    /// Somebody has decided already.
    #[error("this finding has been decided")]
    NotNow,
    /// The row does not match the log.
    #[error("this finding does not match the log")]
    Altered,
    /// The officer may see the finding and not decide it.
    #[error("{0}")]
    NotYours(&'static str),
    /// The words of a decision are missing or unfit.
    #[error("the words of the decision are unfit: {0}")]
    Words(&'static str),
    /// A file could not be sealed.
    #[error("a file could not be sealed: {0}")]
    Seal(#[from] LibraryFailure),
    /// A file does not open: it was altered, or the field key is another one.
    #[error("a file does not open: {0}")]
    Sealed(#[from] DoesNotOpen),
    /// The letter could not be written.
    #[error(transparent)]
    Notice(#[from] NoticeError),
    /// An address does not open: the field key is another one.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The store failed.
    #[error("the store failed: {0}")]
    Store(#[from] StoreError),
}

impl From<diesel::result::Error> for CaseError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<CaseError> for Problem {
    fn from(error: CaseError) -> Self {
        match error {
            CaseError::NotFound => Self::not_found(),
            CaseError::NotNow => Self::of(StatusCode::CONFLICT, "case-not-now").says(&error),
            CaseError::Altered => Self::of(StatusCode::CONFLICT, "finding-altered").says(&error),
            CaseError::NotYours(_) => Self::forbidden().says(&error),
            CaseError::Words(_) => {
                Self::of(StatusCode::UNPROCESSABLE_ENTITY, "words-unfit").says(&error)
            }
            CaseError::Seal(cause) => Self::ours(cause),
            CaseError::Sealed(cause) => Self::ours(cause),
            CaseError::Notice(cause) => cause.into(),
            CaseError::Registry(cause) => cause.into(),
            CaseError::Store(cause) => cause.into(),
        }
    }
}
