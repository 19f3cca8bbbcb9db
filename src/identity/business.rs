//! The people of businesses: who invites them, and who takes them out of service.
//!
//! The first two administrators are invited by an authority; from then on a business tends its
//! people itself, and never has fewer than two administrators by its own doing.

use std::time::Duration;

use super::error::IdentityError;
use super::model::{Actor, CodePurpose, PersonRow, PersonState, Role};
use super::people::{self, NewPerson};
use super::store;
use crate::foundation::House;
use crate::foundation::db::{Conn, StoreError};
use crate::foundation::ids::{HolderId, PersonId};
use crate::foundation::web::Lang;

/// So many administrators a business should have.
const ADMINISTRATORS: usize = 2;

/// A person of a business about to be invited.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// What the person will type to sign in.
    pub login: String,
    /// What the portal will call the person.
    pub name: String,
    /// Whether the person will tend people and keys.
    pub administrator: bool,
    /// The language of the person's pages and letters.
    pub lang: Lang,
}

impl Invitation {
    const fn role(&self) -> Role {
        if self.administrator { Role::BusinessAdministrator } else { Role::BusinessUser }
    }

    fn person(
        &self,
        house: &House,
        by: Actor,
        holder: HolderId,
    ) -> Result<NewPerson, IdentityError> {
        let new = NewPerson::new(house, by, &self.login, &self.name, self.role(), self.lang)?;
        Ok(new.of_business(house, by, holder))
    }
}

/// Makes a person known who speaks for `holder`, without an invitation.
///
/// # Errors
///
/// [`IdentityError::Login`], [`IdentityError::Name`]; [`IdentityError::Taken`] if somebody has the
/// login.
pub async fn represent(
    house: &House,
    by: Actor,
    holder: HolderId,
    invitation: &Invitation,
) -> Result<PersonId, IdentityError> {
    let new = invitation.person(house, by, holder)?;
    house
        .store
        .write("identity.represent", move |tx| match people::enlist_in(tx, &new)? {
            id if id == new.id() => Ok(id),
            _ => Err(IdentityError::Taken),
        })
        .await
}

/// Invites one of the first administrators of `holder`. The answer is the enrolment code, good for
/// `life`, to be shown once.
///
/// # Errors
///
/// Those of [`represent`]; [`IdentityError::Enough`] if the business has two administrators, also
/// if they have not enrolled yet.
pub async fn invite_administrator(
    house: &House,
    by: Actor,
    holder: HolderId,
    invitation: &Invitation,
    life: Duration,
) -> Result<String, IdentityError> {
    let first = Invitation { administrator: true, ..invitation.clone() };
    let enough = move |tx: &mut Conn| {
        let known = store::people_of(tx, holder)?;
        let counts = |person: &&PersonRow| person.state != PersonState::Disabled;
        match administrators(&known).filter(counts).count() {
            count if count >= ADMINISTRATORS => Err(IdentityError::Enough),
            _ => Ok(()),
        }
    };
    make(house, by, holder, &first, life, enough).await
}

/// Invites a person of the business of the inviting administrator.
///
/// # Errors
///
/// Those of [`represent`].
pub(super) async fn invite(
    house: &House,
    by: Actor,
    holder: HolderId,
    invitation: &Invitation,
    life: Duration,
) -> Result<String, IdentityError> {
    make(house, by, holder, invitation, life, |_| Ok(())).await
}

async fn make(
    house: &House,
    by: Actor,
    holder: HolderId,
    invitation: &Invitation,
    life: Duration,
    against: impl Fn(&mut Conn) -> Result<(), IdentityError> + Send + 'static,
) -> Result<String, IdentityError> {
    let now = house.clock.now();
    let new = invitation.person(house, by, holder)?;
    let (code, hash) = people::fresh_code(house);
    house
        .store
        .write("identity.invite_representative", move |tx| {
            against(tx)?;
            let id = people::enlist_in(tx, &new)?;
            if id != new.id() {
                return Err(IdentityError::Taken);
            }
            store::insert_code(tx, &hash, id, CodePurpose::Enrol, (now, now.plus(life)))?;
            Ok(code.clone())
        })
        .await
}

/// Invites an administrator of `holder` anew, whom an authority invited first: password,
/// authenticator, sessions and earlier codes end at once. The answer is the person's name and the
/// new enrolment code.
///
/// # Errors
///
/// [`IdentityError::NotFound`] for anybody but an administrator of `holder`.
pub async fn invite_first_again(
    house: &House,
    by: Actor,
    holder: HolderId,
    id: PersonId,
    life: Duration,
) -> Result<(String, String), IdentityError> {
    let person = of_holder(house, holder, id).await?;
    if person.role != Role::BusinessAdministrator {
        return Err(IdentityError::NotFound);
    }
    let code = people::invite_again(house, by, &person, life).await?;
    Ok((person.name, code))
}

/// Invites a person of `holder` anew; the answer is the person's name and the new enrolment code.
///
/// # Errors
///
/// [`IdentityError::NotFound`] for a person of another business; [`IdentityError::Oneself`].
pub(super) async fn invite_again(
    house: &House,
    by: Actor,
    holder: HolderId,
    id: PersonId,
    life: Duration,
) -> Result<(String, String), IdentityError> {
    let person = of_holder(house, holder, id).await?;
    let code = people::invite_again(house, by, &person, life).await?;
    Ok((person.name, code))
}

/// Takes a person of `holder` out of service: sessions and one-time codes end at once.
///
/// # Errors
///
/// [`IdentityError::NotFound`] for a person of another business; [`IdentityError::Oneself`];
/// [`IdentityError::LastTwo`] if fewer than two administrators who can sign in would be left.
pub(super) async fn disable(
    house: &House,
    by: Actor,
    holder: HolderId,
    id: PersonId,
) -> Result<(), IdentityError> {
    let person = of_holder(house, holder, id).await?;
    let needed = move |tx: &mut Conn| {
        let known = store::people_of(tx, holder)?;
        let left = active(&known).filter(|other| other.id != id).count();
        let one_of_them = active(&known).any(|other| other.id == id);
        if one_of_them && left < ADMINISTRATORS { Err(IdentityError::LastTwo) } else { Ok(()) }
    };
    people::take_out(house, by, &person, needed).await
}

fn administrators(known: &[PersonRow]) -> impl Iterator<Item = &PersonRow> {
    known.iter().filter(|person| person.role == Role::BusinessAdministrator)
}

fn active(known: &[PersonRow]) -> impl Iterator<Item = &PersonRow> {
    administrators(known).filter(|person| person.state == PersonState::Active)
}

/// Whether fewer than two administrators among `known` can sign in.
pub fn administrators_short(known: &[PersonRow]) -> bool {
    active(known).count() < ADMINISTRATORS
}

/// The people of `holder`, by login.
///
/// # Errors
///
/// Those of the store.
pub fn people_of(conn: &mut Conn, holder: HolderId) -> Result<Vec<PersonRow>, StoreError> {
    Ok(store::people_of(conn, holder)?)
}

async fn of_holder(
    house: &House,
    holder: HolderId,
    id: PersonId,
) -> Result<PersonRow, IdentityError> {
    let person = people::find(house, id).await?;
    if person.holder_id == Some(holder) { Ok(person) } else { Err(IdentityError::NotFound) }
}
