//! What others run: the client of a business, the check of its records before they are sent, and
//! that of its receipts without a server.
//!
//! Nothing here is used by the server itself. The same pure code reads and writes the formats on
//! both sides, so a business and the server cannot disagree about a byte.

pub mod check;
pub mod submit;
pub mod verify;
