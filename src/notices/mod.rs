//! Letters: orders to correct, advice, and what follows them until a case is closed or handed on;
//! requests to disclose records, digests for officers, invitations.
//!
//! A letter is written in the transaction of the decision that it tells of ([`enqueue_in`]): its
//! words, its number without gaps and its `notice_queued` leaf commit with the decision or not at
//! all. Another process carries it out ([`carry_once`]) at least once, under a message id that
//! never changes, and records a `notice_result` leaf.
//!
//! The room knows the letter, not the affair: facts in words, the time limit and who gets it are
//! handed in. It refuses an order without a confirmed article that empowers it ([`Draft::order`]),
//! and cites nothing that is not confirmed ([`FrozenBasis::freeze`]). Addresses are looked up, and
//! opened, when a letter leaves; neither letters nor leaves hold one.
//!
//! An e-mail informs. It serves an order only with the duty holder's recorded consent; without one,
//! and where a mail was refused or came back, the document waits for a printed letter. Every attempt,
//! delivery report, reading, confirmation and return receipt is kept as proof ([`delivery_of`]).

mod actions;
mod basis;
mod bounce;
mod carry;
mod copies;
mod draft;
mod error;
mod guard;
mod matter;
mod model;
mod pages;
mod paper;
mod press;
mod proof;
mod render;
mod service;
#[cfg(feature = "pdf")]
mod sheet;
mod store;
#[cfg(test)]
mod tests;

use diesel::QueryResult;

pub use actions::{Preview, Queued, enqueue_in, preview};
pub use basis::{Article, FrozenBasis};
pub use bounce::collect_bounces;
pub use carry::{Carrier, carry_once};
pub use draft::{
    AskedAt, CheckpointLine, Digest, Draft, Notice, Organ, Reminder, Request, Wording,
};
pub use error::NoticeError;
pub use model::{Document, Letter, LetterKind, LetterState, MediaType, Recipient};
pub use pages::console;
pub use paper::{Invitation, Lacking, Paper, Weekly};
pub use press::{PressFault, set_up_press};
pub use proof::{
    Attempt, AttemptEnd, PaperCopy, PaperReason, PaperState, PostedHow, Proof, ProofKind,
    ReceivedHow,
};
pub use service::{
    Delivery, Reader, ServedBy, confirm_receipt_in, delivery_of, no_paper_in, note_read_in,
    settle_in,
};

use crate::foundation::db::Conn;
use crate::foundation::ids::{CaseId, DocumentId, LetterId};

/// The letters of `case`, oldest first, at most 50.
///
/// # Errors
///
/// Those of the database.
pub fn letters_of(conn: &mut Conn, case: CaseId) -> QueryResult<Vec<Letter>> {
    store::of_case(conn, case)
}

/// The letter called `id`.
///
/// # Errors
///
/// Those of the database.
pub fn letter(conn: &mut Conn, id: LetterId) -> QueryResult<Option<Letter>> {
    store::find(conn, id)
}

/// The documents of `case`, oldest first and the Chinese text before its translation, at most 200.
///
/// # Errors
///
/// Those of the database.
pub fn documents_of(conn: &mut Conn, case: CaseId) -> QueryResult<Vec<Document>> {
    store::documents_of_case(conn, case)
}

/// The document called `id`.
///
/// # Errors
///
/// Those of the database.
pub fn document(conn: &mut Conn, id: DocumentId) -> QueryResult<Option<Document>> {
    store::document(conn, id)
}
