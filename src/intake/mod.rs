//! Batches, day closes, declared closures and receipts: what businesses push.
//!
//! A batch goes through three gates: its manifest (signature, claims), its lines (every bad one is
//! named, each is looked at once) and its place (stream, mode, pack, day, open key). Then it is
//! handed to the sequencer, whose transaction decides over its numbers and stores it with its
//! leaf. A 201 is durable and has a receipt that never changes; a 4xx has stored nothing but its
//! own count and, where a business signed two contents for one number, the equivocation.
//!
//! Lines of an attested batch are commitments. Drawn ones are asked for in the transaction that logs
//! the intent ([`ask_in`]), and the business sends them sealed. Their form and their commitment are
//! checked here; nobody here can open them.
//!
//! The room judges form, never content: it holds no key that opens a record, and what it sees of a
//! stream is advice, not a finding. [`Manifest`], [`Close`], [`Receipt`] and the lines are pure;
//! clients and offline verifiers run the same code.

mod actions;
mod api;
mod claims;
mod close;
mod closure;
mod desk;
mod disclosure;
mod error;
mod guard;
mod limits;
mod lines;
mod manifest;
mod model;
mod pages;
mod place;
mod receipt;
mod store;
mod views;

pub use actions::ask_in;
pub use api::api;
pub use claims::ClaimFault;
pub use close::{Close, CloseError, TYP as CLOSE_TYP};
pub use closure::{Closure, ClosureKind, DeclaredClosure, TYP as CLOSURE_TYP, exemption};
pub use disclosure::{AskedRecord, Disclosure, DisclosureRequest, MAX_DISCLOSED, disclosure_leaf};
pub use error::{Fault, IntakeError};
pub use limits::{Admitted, BatchLimits, Gates};
pub use lines::{LineFault, Lines, Part, TooManyLines, look, look_attested};
pub use manifest::{MAX_RECORDS, Manifest, ManifestError, TYP as MANIFEST_TYP};
pub use model::{Batch, DayClose, Equivocation, Gap, StreamMeasure, Submissions};
pub use pages::console;
pub use receipt::{Receipt, batch_leaf, close_leaf, closure_leaf};
pub use views::{
    asked_of, batch_of, batches_of, batches_of_stream, batches_since, closes_of, closures_of,
    counts_of_days, deliveries_of, disclosures_of, disclosures_wanted, equivocations, first_day_of,
    gaps_of, line, lines_of, measure_of, nil_days_of, refusals_of, requests_running, requests_to,
    submissions_of,
};

#[cfg(test)]
mod tests;
