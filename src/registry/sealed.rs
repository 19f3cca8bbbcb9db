//! Names and mail addresses at rest: each is sealed by the field key to its cell.

use crate::foundation::Random;
use crate::foundation::crypto::LibraryFailure;
use crate::foundation::crypto::aead::DoesNotOpen;
use crate::foundation::ids::{ConsentId, DepartmentId, HolderId, Id as _, OfficerId};
use crate::identity::{Cell, FieldCipher};

/// The cell of a department's mail address.
pub(super) fn department_email(id: &DepartmentId) -> Cell<'_> {
    let row = id.as_uuid().as_bytes();
    Cell { table: "registry_departments", column: "email", row, tenant: row }
}

/// The cell of an officer's mail address.
pub(super) fn officer_email(id: &OfficerId) -> Cell<'_> {
    let row = id.as_uuid().as_bytes();
    Cell { table: "registry_officers", column: "email", row, tenant: row }
}

/// The cell of one column of the contact that stands at `position` of the list of `holder`.
pub(super) fn contact<'a>(
    holder: &'a HolderId,
    position: &'a [u8; 4],
    column: &'static str,
) -> Cell<'a> {
    let tenant = holder.as_uuid().as_bytes();
    Cell { table: "registry_contacts", column, row: position, tenant }
}

/// The cell of the addresses that a consent names.
pub(super) fn consent<'a>(id: &'a ConsentId, holder: &'a HolderId) -> Cell<'a> {
    let (row, tenant) = (id.as_uuid().as_bytes(), holder.as_uuid().as_bytes());
    Cell { table: "registry_consents", column: "addresses", row, tenant }
}

/// The text of a cell.
pub(super) fn open(
    cipher: &FieldCipher,
    cell: Cell<'_>,
    blob: &[u8],
) -> Result<String, DoesNotOpen> {
    let text = cipher.open(cell, blob)?;
    std::str::from_utf8(&text).map(str::to_owned).ok().ok_or(DoesNotOpen)
}

/// `old` if it holds `text` already, otherwise `text` sealed anew: sealing twice gives different
/// bytes, and an unchanged address must stay an unchanged row.
pub(super) fn reseal(
    cipher: &FieldCipher,
    cell: Cell<'_>,
    old: Option<&[u8]>,
    text: &str,
    random: &Random,
) -> Result<Vec<u8>, LibraryFailure> {
    if let Some(old) = old
        && open(cipher, cell, old).is_ok_and(|known| known == text)
    {
        return Ok(old.to_vec());
    }
    cipher.wrap(cell, text.as_bytes(), random)
}
