//! The consent of a duty holder to be served electronically by a department.
//!
//! Source: Administrative Penalty Law, article 61: a document is served electronically only with the
//! signed consent of the party. A consent names how it counts and at which addresses; another
//! address is not covered by it.

use diesel::prelude::*;
use serde_json::json;

use super::error::RegistryError;
use super::sealed;
use super::store;
use crate::foundation::House;
use crate::foundation::crypto::aead::DoesNotOpen;
use crate::foundation::db::schema::registry_consents;
use crate::foundation::db::{Conn, text_enum};
use crate::foundation::ids::{ConsentId, DepartmentId, HolderId, PersonId};
use crate::foundation::time::{Day, Timestamp};
use crate::identity::{Actor, FieldCipher};
use crate::ledger::{LeafKind, NewLeaf, append_in};

text_enum! {
    /// What counts as service by a consent.
    pub enum ConsentMethod {
        /// The arrival of the mail at one of the addresses, or a confirmation in the portal.
        Mail = "mail",
        /// A confirmation in the portal only.
        Portal = "portal",
    }
}

text_enum! {
    /// How a consent was given.
    pub enum ConsentHow {
        /// By an administrator of the business, in the portal.
        Portal = "portal",
        /// On signed paper, which an officer or a registry file refers to.
        Paper = "paper",
    }
}

/// A consent as it is stored. It counts until it is withdrawn or another one takes its place.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = registry_consents)]
pub struct Consent {
    /// Our own id.
    pub id: ConsentId,
    /// Who consents.
    #[diesel(column_name = holder_id)]
    pub holder: HolderId,
    /// Who may serve electronically.
    #[diesel(column_name = department_id)]
    pub department: DepartmentId,
    /// What counts as service.
    pub method: ConsentMethod,
    /// How it was given.
    pub how: ConsentHow,
    /// Where the signed paper is, in the words of whoever entered it.
    pub reference: Option<String>,
    pub(super) addresses: Vec<u8>,
    /// The day on which it was given.
    pub given_on: Day,
    /// When it was entered.
    pub given_at: Timestamp,
    pub(super) given_by: Option<PersonId>,
    /// When it ended.
    pub withdrawn_at: Option<Timestamp>,
    pub(super) withdrawn_by: Option<PersonId>,
}

impl Consent {
    /// The addresses that it names.
    ///
    /// # Errors
    ///
    /// [`DoesNotOpen`] if the field key is another one.
    pub fn addresses(&self, cipher: &FieldCipher) -> Result<Vec<String>, DoesNotOpen> {
        let text = sealed::open(cipher, sealed::consent(&self.id, &self.holder), &self.addresses)?;
        Ok(text.lines().map(str::to_owned).collect())
    }

    /// Whether a mail that arrives at `address` is served by it.
    ///
    /// # Errors
    ///
    /// As [`Consent::addresses`].
    pub fn covers(&self, cipher: &FieldCipher, address: &str) -> Result<bool, DoesNotOpen> {
        if self.method != ConsentMethod::Mail {
            return Ok(false);
        }
        let named = self.addresses(cipher)?;
        Ok(named.iter().any(|named| named.eq_ignore_ascii_case(address)))
    }
}

/// A consent that is to be entered.
#[derive(Clone, Debug)]
pub struct NewConsent {
    /// Who consents.
    pub holder: HolderId,
    /// Who may serve electronically.
    pub department: DepartmentId,
    /// What counts as service.
    pub method: ConsentMethod,
    /// How it was given.
    pub how: ConsentHow,
    /// Where the signed paper is.
    pub reference: Option<String>,
    /// The mail addresses that it names.
    pub addresses: Vec<String>,
    /// The day on which it was given.
    pub given_on: Day,
}

/// Who enters or withdraws a consent: what the log calls him, and who it is if a person.
pub type Hand = (Actor, Option<PersonId>);

/// Enters `new` in the place of the consent that counted until now, with a leaf.
///
/// # Errors
///
/// [`RegistryError::Secret`], and those of the store.
pub fn give_consent_in(
    tx: &mut Conn,
    house: &House,
    cipher: &FieldCipher,
    new: &NewConsent,
    by: Hand,
) -> Result<ConsentId, RegistryError> {
    withdraw_consent_in(tx, house, (new.holder, new.department), by)?;
    let id: ConsentId = house.fresh();
    let cell = sealed::consent(&id, &new.holder);
    let addresses = cipher.wrap(cell, new.addresses.join("\n").as_bytes(), &house.random)?;
    let consent = Consent {
        id,
        holder: new.holder,
        department: new.department,
        method: new.method,
        how: new.how,
        reference: new.reference.clone(),
        addresses,
        given_on: new.given_on,
        given_at: house.clock.now(),
        given_by: by.1,
        withdrawn_at: None,
        withdrawn_by: None,
    };
    store::insert_consent(tx, &consent)?;
    let body = json!({
        "what": "consent", "consent": id, "holder": new.holder, "department": new.department,
        "method": new.method, "how": new.how, "given_on": new.given_on,
        "addresses": new.addresses.len(), "by": by.0.to_string(),
    });
    append_in(tx, &NewLeaf::new(house, LeafKind::ConfigChanged, body))?;
    Ok(id)
}

/// Ends the consent of a holder to a department, with a leaf; false if none counts.
///
/// # Errors
///
/// Those of the store.
pub fn withdraw_consent_in(
    tx: &mut Conn,
    house: &House,
    (holder, department): (HolderId, DepartmentId),
    by: Hand,
) -> QueryResult<bool> {
    let Some(consent) = store::consent(tx, holder, department)? else { return Ok(false) };
    if !store::withdraw_consent(tx, consent.id, house.clock.now(), by.1)? {
        return Ok(false);
    }
    let body = json!({
        "what": "consent_withdrawn", "consent": consent.id, "holder": holder,
        "department": department, "by": by.0.to_string(),
    });
    append_in(tx, &NewLeaf::new(house, LeafKind::ConfigChanged, body))?;
    Ok(true)
}
