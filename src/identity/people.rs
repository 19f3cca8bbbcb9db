//! Making people known, inviting them, taking them out of service.

use std::time::Duration;

use serde_json::json;

use super::error::IdentityError;
use super::model::{Actor, CodePurpose, PersonRow, PersonState, Role};
use super::store;
use crate::foundation::House;
use crate::foundation::crypto::{b64u, sha256};
use crate::foundation::db::{Conn, StoreError};
use crate::foundation::ids::{HolderId, PersonId};
use crate::foundation::web::Lang;
use crate::ledger::{self, LeafKind, NewLeaf};

/// A person about to be made known, with the leaf that will say so.
pub struct NewPerson {
    row: PersonRow,
    leaf: NewLeaf,
}

impl NewPerson {
    /// A person who signs in as `login`, after enrolling.
    ///
    /// # Errors
    ///
    /// [`IdentityError::Login`], [`IdentityError::Name`].
    pub fn new(
        house: &House,
        by: Actor,
        login: &str,
        name: &str,
        role: Role,
        lang: Lang,
    ) -> Result<Self, IdentityError> {
        let row = PersonRow {
            id: house.fresh(),
            login: checked_login(login)?,
            name: checked_name(name)?,
            role,
            state: PersonState::Invited,
            lang,
            pseudonym: house.random.bytes::<16>().to_vec(),
            made_at: house.clock.now(),
            holder_id: None,
        };
        let leaf = leaf(house, &row, "made", role, by);
        Ok(Self { row, leaf })
    }

    /// The same person, speaking for the duty holder `holder`; the role must be one of a business.
    pub(super) fn of_business(mut self, house: &House, by: Actor, holder: HolderId) -> Self {
        self.row.holder_id = Some(holder);
        self.leaf = leaf(house, &self.row, "made", self.row.role, by);
        self
    }

    /// The id that the person will have, unless the login is known already.
    pub fn id(&self) -> PersonId {
        self.row.id
    }
}

/// A login in its one spelling.
fn checked_login(login: &str) -> Result<String, IdentityError> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-_".contains(c);
    if (3..=32).contains(&login.len()) && login.chars().all(fits) {
        Ok(login.to_owned())
    } else {
        Err(IdentityError::Login)
    }
}

/// A name that fits into a page and a letter.
pub(super) fn checked_name(name: &str) -> Result<String, IdentityError> {
    let name = name.trim();
    if (1..=64).contains(&name.chars().count()) && !name.chars().any(char::is_control) {
        Ok(name.to_owned())
    } else {
        Err(IdentityError::Name)
    }
}

pub(super) fn leaf(
    house: &House,
    person: &PersonRow,
    change: &str,
    role: Role,
    by: Actor,
) -> NewLeaf {
    let mut body = json!({
        "change": change, "person": person.pseudonym(), "role": role, "by": by.to_string(),
    });
    if let Some(holder) = person.holder_id {
        body["holder"] = json!(holder);
    }
    NewLeaf::new(house, LeafKind::RoleChanged, body)
}

/// Makes a person known within the caller's transaction. Where the login is known already nothing
/// changes, and the known person's id is the answer.
///
/// # Errors
///
/// Those of the store.
pub fn enlist_in(tx: &mut Conn, new: &NewPerson) -> Result<PersonId, StoreError> {
    if let Some(known) = store::person_called(tx, &new.row.login)? {
        return Ok(known.id);
    }
    store::insert_person(tx, &new.row)?;
    ledger::append_in(tx, &new.leaf)?;
    Ok(new.row.id)
}

/// Makes a person known.
///
/// # Errors
///
/// [`IdentityError::Login`], [`IdentityError::Name`]; [`IdentityError::Taken`] if somebody has the
/// login.
pub async fn create_person(
    house: &House,
    by: Actor,
    login: &str,
    name: &str,
    role: Role,
    lang: Lang,
) -> Result<PersonId, IdentityError> {
    let new = NewPerson::new(house, by, login, name, role, lang)?;
    house
        .store
        .write("identity.create_person", move |tx| match enlist_in(tx, &new)? {
            id if id == new.id() => Ok(id),
            _ => Err(IdentityError::Taken),
        })
        .await
}

/// Gives a person another role; all the person's sessions end. Nobody changes sides between
/// authorities and businesses.
///
/// # Errors
///
/// [`IdentityError::NotFound`], also for a person or role of the other side.
pub async fn change_role(
    house: &House,
    by: Actor,
    id: PersonId,
    role: Role,
) -> Result<(), IdentityError> {
    let person = find(house, id).await?;
    if person.holder_id.is_some() != role.is_of_business() {
        return Err(IdentityError::NotFound);
    }
    let leaf = leaf(house, &person, "role", role, by);
    house
        .store
        .write("identity.change_role", move |tx| {
            store::set_role(tx, id, role)?;
            store::end_sessions_of(tx, id)?;
            ledger::append_in(tx, &leaf)?;
            Ok(())
        })
        .await
}

/// Takes a person of an authority out of service: sessions and one-time codes end at once.
///
/// # Errors
///
/// [`IdentityError::NotFound`], also if the person is disabled already.
pub async fn disable(house: &House, by: Actor, id: PersonId) -> Result<(), IdentityError> {
    let person = of_authority(house, id).await?;
    take_out(house, by, &person, |_| Ok(())).await
}

/// Takes `person` out of service unless `against` has a reason within the transaction.
pub(super) async fn take_out(
    house: &House,
    by: Actor,
    person: &PersonRow,
    against: impl Fn(&mut Conn) -> Result<(), IdentityError> + Send + 'static,
) -> Result<(), IdentityError> {
    let (now, id) = (house.clock.now(), person.id);
    if by == Actor::Person(person.pseudonym()) {
        return Err(IdentityError::Oneself);
    }
    let leaf = leaf(house, person, "disabled", person.role, by);
    house
        .store
        .write("identity.disable", move |tx| {
            against(tx)?;
            match store::person(tx, id)? {
                Some(person) if person.state != PersonState::Disabled => {}
                _ => return Err(IdentityError::NotFound),
            }
            store::set_state(tx, id, PersonState::Disabled)?;
            store::end_sessions_of(tx, id)?;
            store::use_codes_of(tx, id, now)?;
            ledger::append_in(tx, &leaf)?;
            Ok(())
        })
        .await
}

/// Invites a person of an authority anew: password, authenticator, sessions and earlier codes end
/// at once. The answer is the new enrolment code, good for `life`, to be shown once.
///
/// # Errors
///
/// [`IdentityError::NotFound`]; [`IdentityError::Oneself`].
pub async fn reinvite(
    house: &House,
    by: Actor,
    id: PersonId,
    life: Duration,
) -> Result<String, IdentityError> {
    let person = of_authority(house, id).await?;
    invite_again(house, by, &person, life).await
}

/// Invites `person` anew.
pub(super) async fn invite_again(
    house: &House,
    by: Actor,
    person: &PersonRow,
    life: Duration,
) -> Result<String, IdentityError> {
    let (now, id) = (house.clock.now(), person.id);
    if by == Actor::Person(person.pseudonym()) {
        return Err(IdentityError::Oneself);
    }
    let leaf = leaf(house, person, "invited", person.role, by);
    let (code, hash) = fresh_code(house);
    house
        .store
        .write("identity.reinvite", move |tx| {
            store::set_state(tx, id, PersonState::Invited)?;
            store::end_sessions_of(tx, id)?;
            store::use_codes_of(tx, id, now)?;
            store::insert_code(tx, &hash, id, CodePurpose::Enrol, (now, now.plus(life)))?;
            ledger::append_in(tx, &leaf)?;
            Ok(code.clone())
        })
        .await
}

/// A one-time code for a person, good for `life`, to be shown once; only its hash is stored.
///
/// # Errors
///
/// [`IdentityError::NotFound`] if there is no such person, or the person is disabled.
pub async fn mint_code(
    house: &House,
    id: PersonId,
    purpose: CodePurpose,
    life: Duration,
) -> Result<String, IdentityError> {
    let now = house.clock.now();
    let (code, hash) = fresh_code(house);
    house
        .store
        .write("identity.mint_code", move |tx| {
            match store::person(tx, id)? {
                Some(person) if person.state != PersonState::Disabled => {}
                _ => return Err(IdentityError::NotFound),
            }
            store::insert_code(tx, &hash, id, purpose, (now, now.plus(life)))?;
            Ok(code.clone())
        })
        .await
}

pub(super) fn fresh_code(house: &House) -> (String, [u8; 32]) {
    let code = b64u::encode(&house.random.bytes::<32>());
    let hash = sha256(code.as_bytes());
    (code, hash)
}

pub(super) async fn find(house: &House, id: PersonId) -> Result<PersonRow, IdentityError> {
    let found = house
        .store
        .read("identity.person", move |conn| store::person(conn, id).map_err(IdentityError::from));
    found.await?.ok_or(IdentityError::NotFound)
}

/// The person with this id, unless it is one of a business.
async fn of_authority(house: &House, id: PersonId) -> Result<PersonRow, IdentityError> {
    let person = find(house, id).await?;
    if person.holder_id.is_some() { Err(IdentityError::NotFound) } else { Ok(person) }
}

/// The person with this id.
///
/// # Errors
///
/// Those of the store.
pub fn person(conn: &mut Conn, id: PersonId) -> Result<Option<PersonRow>, StoreError> {
    Ok(store::person(conn, id)?)
}

/// The person who signs in as `login`.
///
/// # Errors
///
/// Those of the store.
pub fn person_called(conn: &mut Conn, login: &str) -> Result<Option<PersonRow>, StoreError> {
    Ok(store::person_called(conn, login)?)
}
