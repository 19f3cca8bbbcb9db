//! What can go wrong with letters, and what the caller is told of it.

use super::model::LetterKind;
use crate::foundation::db::StoreError;
use crate::foundation::problem::Problem;
use crate::registry::RegistryError;

/// What can go wrong with letters.
#[derive(Debug, thiserror::Error)]
pub enum NoticeError {
    /// An order was to be written, and no confirmed article gives the power to order.
    #[error("no confirmed article empowers this order: only advice may be given")]
    NoOrderBasis,
    /// No confirmed article says that there is a duty.
    #[error("no confirmed duty can be cited")]
    NoDuty,
    /// A letter of this kind is no document that follows a notice.
    #[error("a letter of the kind {0} does not follow a notice")]
    NoPaper(LetterKind),
    /// A letter of this kind takes no document along.
    #[error("a letter of the kind {0} is no document")]
    NoDocument(LetterKind),
    /// No font has a sign that stands in the document, or it only turns the direction of others.
    #[error("documents cannot show the sign {0:?} (U+{code:04X})", code = u32::from(*.0))]
    Sign(char),
    /// A document could not be typeset.
    #[error("a document could not be made: {0}")]
    Press(String),
    /// What was written does not fit: which part.
    #[error("what was written does not fit: {0}")]
    Words(&'static str),
    /// Somebody else has moved the printed letter on.
    #[error("the printed letter has moved on")]
    NotNow,
    /// A letter could not be written.
    #[error("a letter could not be written: {0}")]
    Template(#[from] askama::Error),
    /// An address does not open: the field key is another one.
    #[error("an address does not open: {0}")]
    Address(#[from] RegistryError),
    /// A folder of mail cannot be read.
    #[error("the mailbox of delivery reports: {0}")]
    Mailbox(#[from] std::io::Error),
    /// The store failed.
    #[error("the store failed: {0}")]
    Store(#[from] StoreError),
}

impl From<diesel::result::Error> for NoticeError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<NoticeError> for Problem {
    fn from(error: NoticeError) -> Self {
        match error {
            NoticeError::NoOrderBasis | NoticeError::NoDuty => {
                Self::of(actix_web::http::StatusCode::CONFLICT, "no-basis").says(&error)
            }
            NoticeError::Sign(_) => {
                Self::of(actix_web::http::StatusCode::CONFLICT, "no-such-sign").says(&error)
            }
            NoticeError::NoPaper(_) | NoticeError::NoDocument(_) | NoticeError::Press(_) => {
                Self::ours(error)
            }
            NoticeError::Words(_) => {
                Self::of(actix_web::http::StatusCode::UNPROCESSABLE_ENTITY, "words-unfit")
                    .says(&error)
            }
            NoticeError::NotNow => {
                Self::of(actix_web::http::StatusCode::CONFLICT, "notice-not-now").says(&error)
            }
            NoticeError::Template(cause) => Self::ours(cause),
            NoticeError::Mailbox(cause) => Self::ours(cause),
            NoticeError::Address(cause) => cause.into(),
            NoticeError::Store(cause) => cause.into(),
        }
    }
}
