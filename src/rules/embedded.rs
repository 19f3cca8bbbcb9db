//! The rule packs inside the binary, and the calendar that lies beside them.

/// Path below `rule-packs/` and text of one file.
pub(super) type Embedded = (&'static str, &'static str);

/// Every file that decides, as `build.rs` lists them; examples stay outside.
pub(super) const FILES: &[Embedded] = include!(concat!(env!("OUT_DIR"), "/rule_packs.rs"));

/// Name and text of every file of the working-day calendar inside the binary, which lies beside the
/// packs.
pub fn calendar_files() -> impl Iterator<Item = (&'static str, &'static str)> {
    FILES.iter().filter_map(|(path, text)| Some((path.strip_prefix("calendar/")?, *text)))
}
