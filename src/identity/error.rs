//! What can go wrong in identity, and what the caller is told of it.

use actix_web::http::StatusCode;

use crate::foundation::crypto::LibraryFailure;
use crate::foundation::db::StoreError;
use crate::foundation::problem::Problem;

/// What can go wrong in identity.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// No such client, key or person.
    #[error("no such client, key or person")]
    NotFound,
    /// A key cannot be registered; the text says which and why.
    #[error("key refused: {0}")]
    Key(String),
    /// A login is 3 to 32 lower-case letters, digits, dots, hyphens and underscores.
    #[error("a login is 3 to 32 of a-z, 0-9, dot, hyphen and underscore")]
    Login,
    /// A name is 1 to 64 characters without control characters.
    #[error("a name is 1 to 64 characters without control characters")]
    Name,
    /// Somebody has this login already.
    #[error("the login is taken")]
    Taken,
    /// Nobody may do this to oneself.
    #[error("not to oneself")]
    Oneself,
    /// A business keeps two administrators who can sign in.
    #[error("a business keeps two administrators who can sign in")]
    LastTwo,
    /// A business that has two administrators invites its people itself.
    #[error("a business that has two administrators invites its people itself")]
    Enough,
    /// Too much is going on.
    #[error("too many people are signing in at this moment")]
    Busy,
    /// A stored secret does not open, or the library failed.
    #[error("a secret could not be made or opened")]
    Secret,
    /// The store failed.
    #[error("the store failed: {0}")]
    Store(#[from] StoreError),
}

impl From<diesel::result::Error> for IdentityError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<LibraryFailure> for IdentityError {
    fn from(_: LibraryFailure) -> Self {
        Self::Secret
    }
}

impl From<IdentityError> for Problem {
    fn from(error: IdentityError) -> Self {
        match error {
            IdentityError::NotFound => Self::not_found(),
            IdentityError::Key(_) | IdentityError::Login | IdentityError::Name => {
                Self::malformed(error)
            }
            IdentityError::Taken => Self::of(StatusCode::CONFLICT, "login-taken"),
            IdentityError::LastTwo => Self::of(StatusCode::CONFLICT, "last-administrators"),
            IdentityError::Enough => Self::of(StatusCode::CONFLICT, "administrators-enough"),
            IdentityError::Oneself => Self::forbidden().says(&error),
            IdentityError::Busy => Self::later("temporary-reduced-capacity", 30),
            IdentityError::Secret => Self::ours(error),
            IdentityError::Store(cause) => cause.into(),
        }
    }
}
