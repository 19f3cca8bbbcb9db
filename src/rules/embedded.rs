//! The rule packs inside the binary.

/// Path below `rule-packs/` and text of one file.
pub(super) type Embedded = (&'static str, &'static str);

macro_rules! files {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../../rule-packs/", $path)))),*]
    };
}

/// Every file that decides; examples stay outside.
pub(super) const FILES: &[Embedded] = files![
    "base/2026.1/defs.json",
    "base/2026.1/rules.toml",
    "courier/2026.1/pack.toml",
    "courier/2026.1/rules.toml",
    "courier/2026.1/schema.json",
    "legal/2026.1/catalogue.toml",
    "lodging/2026.1/pack.toml",
    "lodging/2026.1/rules.toml",
    "lodging/2026.1/schema.json",
];
