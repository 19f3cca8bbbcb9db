//! The rule packs inside the binary.

/// Path below `rule-packs/` and text of one file.
pub(super) type Embedded = (&'static str, &'static str);

/// Every file that decides, as `build.rs` lists them; examples stay outside.
pub(super) const FILES: &[Embedded] = include!(concat!(env!("OUT_DIR"), "/rule_packs.rs"));
