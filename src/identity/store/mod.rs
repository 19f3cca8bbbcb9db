//! Every SQL statement of identity.

mod clients;
mod people;
mod sessions;

pub(super) use clients::*;
pub(super) use people::*;
pub(super) use sessions::*;
