//! The invented city of `examples/registry.toml`, for tests of this room and of those above it.

use std::sync::Arc;

use super::{ImportReport, RegistryError, import};
use crate::foundation::House;
use crate::foundation::crypto::aead::WrappingKey;
use crate::foundation::crypto::install_providers;
use crate::identity::FieldCipher;
use crate::rules::Packs;

/// The text of the example file.
pub(crate) const EXAMPLE: &str = include_str!("../../examples/registry.toml");

/// A field key of zeros.
pub(crate) fn cipher() -> FieldCipher {
    FieldCipher::new(WrappingKey::from_bytes([0; 32]), "fk-test")
}

/// Imports `toml` with the packs of this program and [`cipher`].
pub(crate) async fn imported(house: &House, toml: &str) -> Result<ImportReport, RegistryError> {
    install_providers();
    import(house, &Arc::new(Packs::embedded()), &cipher(), toml).await
}
