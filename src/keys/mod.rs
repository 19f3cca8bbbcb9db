//! Audit, period and evidence keys: the only door to opening a record.
//!
//! A root key in a file wraps period keys in files; a period key wraps the audit key of one
//! department and month in the database. Businesses seal to the audit key's public half, which is
//! published in the log, as JSON and in a signed list. The room opens what it is given; that a
//! record was drawn, `audits` has proved before it asks.
//!
//! Source: `security.md` 3.10, 4.1, 4.2.

mod actions;
mod api;
mod error;
pub mod files;
mod list;
mod model;
mod opener;
mod store;

pub use actions::{find, list, list_jwk, make, publish_list, published, retire};
pub use api::api;
pub use error::KeysError;
pub use files::KeyFileError;
pub use list::{KeyList, ListedKey, TYP as KEY_LIST_TYP};
pub use model::{AuditKey, KeyState};
pub use opener::{Kept, KeyFault, Opener, Purpose};
