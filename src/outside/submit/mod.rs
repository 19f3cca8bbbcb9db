//! The client of a business: seal records, sign batches and day closes, push them, keep receipts.
//!
//! [`BusinessKeys`] are the two private keys of a business, [`Workshop`] seals and signs with them
//! and never touches the network, [`Client`] speaks HTTPS. A signed batch is kept as bytes: whoever
//! must send again sends the same bytes, and the answer tells the truth (protocol, section 5).

mod batch;
mod client;
mod keys;
mod list;
mod reading;

pub use batch::{
    ClosureDays, DayTotals, Sheet, Signed, Workshop, commit_lines, disclosure, seal_lines,
};
pub use client::{Access, Answer, Client, Refusal, connections};
pub use keys::{BusinessKeys, KeyFileError, public_jwk};
pub use list::{key_list, open_key};
pub use reading::{Scored, StreamInfo, Wanted, WantedRecord};
