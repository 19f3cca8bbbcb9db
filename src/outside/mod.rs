//! What others run: the client of a business, and the check of its receipts without a server.
//!
//! Nothing here is used by the server itself. The same pure code reads and writes the formats on
//! both sides, so a business and the server cannot disagree about a byte.

pub mod submit;
pub mod verify;
