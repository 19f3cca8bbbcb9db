//! The field key: secrets of people and businesses at rest, such as authenticator secrets and
//! contacts.

use std::sync::Arc;

use zeroize::Zeroizing;

use crate::foundation::Random;
use crate::foundation::crypto::LibraryFailure;
use crate::foundation::crypto::aead::{Aad, DoesNotOpen, WrappingKey};

/// Where a stored secret stands; it opens nowhere else.
#[derive(Clone, Copy, Debug)]
pub struct Cell<'a> {
    /// The table.
    pub table: &'a str,
    /// The column.
    pub column: &'a str,
    /// The primary key of the row.
    pub row: &'a [u8],
    /// The person, holder or department whose secret it is.
    pub tenant: &'a [u8],
}

/// Wraps and opens single cells of the database; cheap to clone.
#[derive(Clone, Debug)]
pub struct FieldCipher(Arc<(WrappingKey, String)>);

impl FieldCipher {
    /// The cipher of the field key that is called `kid`.
    pub fn new(key: WrappingKey, kid: &str) -> Self {
        Self(Arc::new((key, kid.to_owned())))
    }

    /// Wraps `content` for `cell`.
    ///
    /// # Errors
    ///
    /// [`LibraryFailure`].
    pub fn wrap(
        &self,
        cell: Cell<'_>,
        content: &[u8],
        random: &Random,
    ) -> Result<Vec<u8>, LibraryFailure> {
        self.0.0.wrap(&self.aad(cell), content, random)
    }

    /// The content of a blob that was wrapped for `cell`.
    ///
    /// # Errors
    ///
    /// [`DoesNotOpen`], for every cause.
    pub fn open(&self, cell: Cell<'_>, blob: &[u8]) -> Result<Zeroizing<Vec<u8>>, DoesNotOpen> {
        self.0.0.open(&self.aad(cell), blob)
    }

    fn aad<'a>(&'a self, cell: Cell<'a>) -> Aad<'a> {
        Aad {
            purpose: "field",
            tenant: cell.tenant,
            table: cell.table,
            row: cell.row,
            column: cell.column,
            kid: &self.0.1,
            version: 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_opens_in_its_place_only() {
        let random = Random::system();
        let cipher = FieldCipher::new(WrappingKey::generate(&random), "fk-1");
        let cell = Cell { table: "t", column: "c", row: b"r", tenant: b"p" };
        let blob = cipher.wrap(cell, b"secret", &random).unwrap();
        assert_eq!(cipher.open(cell, &blob).unwrap().as_slice(), b"secret");
        for other in [
            Cell { table: "u", ..cell },
            Cell { column: "d", ..cell },
            Cell { row: b"s", ..cell },
            Cell { tenant: b"q", ..cell },
        ] {
            assert_eq!(cipher.open(other, &blob), Err(DoesNotOpen), "{other:?}");
        }
    }
}
