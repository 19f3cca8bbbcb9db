//! The portal's pages of audits: "am I all right?", and who opened what.

pub(super) mod home;
pub(super) mod openings;
