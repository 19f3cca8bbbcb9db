//! What can go wrong in the registry, and what the caller is told of it.

use std::fmt;

use crate::foundation::crypto::LibraryFailure;
use crate::foundation::crypto::aead::DoesNotOpen;
use crate::foundation::db::StoreError;
use crate::foundation::problem::Problem;
use crate::identity::IdentityError;

/// One mistake in a registry file, or something in it that may be one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Where, such as `holder.crane-inn.district` or `stream[3]`.
    pub path: String,
    /// What.
    pub message: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

/// Every mistake of a registry file; nothing of it was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistakes(pub Vec<Mistake>);

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} mistakes", self.0.len())?;
        self.0.iter().try_for_each(|mistake| write!(f, "\n  {mistake}"))
    }
}

/// What can go wrong in the registry.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The file has mistakes.
    #[error("{0}")]
    Mistakes(Mistakes),
    /// A name or mail address cannot be sealed or opened: the field key is another one.
    #[error("a name or mail address cannot be sealed or opened")]
    Secret,
    /// A person or client could not be made known.
    #[error("{0}")]
    Identity(#[from] IdentityError),
    /// The store failed.
    #[error("the store failed: {0}")]
    Store(#[from] StoreError),
}

impl From<diesel::result::Error> for RegistryError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<LibraryFailure> for RegistryError {
    fn from(_: LibraryFailure) -> Self {
        Self::Secret
    }
}

impl From<DoesNotOpen> for RegistryError {
    fn from(_: DoesNotOpen) -> Self {
        Self::Secret
    }
}

impl From<RegistryError> for Problem {
    fn from(error: RegistryError) -> Self {
        match error {
            RegistryError::Mistakes(mistakes) => Self::malformed(mistakes),
            RegistryError::Secret => Self::ours(error),
            RegistryError::Identity(cause) => cause.into(),
            RegistryError::Store(cause) => cause.into(),
        }
    }
}
