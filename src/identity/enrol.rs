//! Enrolment: a one-time code, a password, an authenticator, and its first code.
//!
//! The new password and the new secret wait beside the one-time code until the authenticator's
//! first code confirms them; nothing is written when a page is merely looked at.

use serde_json::json;
use zeroize::Zeroizing;

use super::error::IdentityError;
use super::field::{Cell, FieldCipher};
use super::heavy::heavy;
use super::model::{CodePurpose, CodeRow, PersonRow};
use super::signin::{self, Opened, totp_cell};
use super::store;
use crate::foundation::House;
use crate::foundation::crypto::totp::TotpSecret;
use crate::foundation::crypto::{password, sha256};
use crate::foundation::ids::Id as _;
use crate::foundation::secret::Secret;
use crate::foundation::web::session::Token;
use crate::ledger::{self, LeafKind, NewLeaf};

/// The name under which authenticators show the account.
const ISSUER: &str = "Chayan";

/// Whose enrolment a code stands for; `None` if it is not good, or no longer.
///
/// # Errors
///
/// Those of the store.
pub(super) async fn whose(house: &House, code: &str) -> Result<Option<PersonRow>, IdentityError> {
    Ok(look(house, code).await?.map(|(_, person)| person))
}

async fn look(house: &House, code: &str) -> Result<Option<(CodeRow, PersonRow)>, IdentityError> {
    let (now, hash) = (house.clock.now(), sha256(code.as_bytes()));
    house
        .store
        .read("identity.code", move |conn| {
            let Some(code) = store::code(conn, &hash)? else { return Ok(None) };
            if !code.good_for(CodePurpose::Enrol, now) {
                return Ok(None);
            }
            let person = store::person(conn, code.person_id)?;
            Ok(person.map(|person| (code, person)))
        })
        .await
}

/// What an authenticator must be told: the address of the QR code, which holds the secret.
pub(super) struct Setup {
    pub(super) uri: Zeroizing<String>,
}

impl Setup {
    fn of(secret: &TotpSecret, person: &PersonRow) -> Result<Self, IdentityError> {
        let uri = secret.uri(ISSUER, &person.login).ok().ok_or(IdentityError::Secret)?;
        Ok(Self { uri })
    }

    /// The secret in base32, in groups of four characters.
    pub(super) fn groups(&self) -> Zeroizing<String> {
        let secret = self.uri.split_once("secret=").map_or("", |(_, rest)| rest);
        let secret = secret.split('&').next().unwrap_or_default();
        let mut groups = Zeroizing::new(String::with_capacity(secret.len() * 5 / 4 + 1));
        for (at, character) in secret.chars().enumerate() {
            if at > 0 && at % 4 == 0 {
                groups.push(' ');
            }
            groups.push(character);
        }
        groups
    }
}

/// The cell of a secret that waits beside the one-time code with this hash.
fn pending_cell<'a>(hash: &'a [u8; 32], person: &'a PersonRow) -> Cell<'a> {
    let tenant = person.id.as_uuid().as_bytes();
    Cell { table: "identity_codes", column: "totp_secret", row: hash, tenant }
}

/// Takes the chosen password, and makes the authenticator's secret; `None` if the code is not
/// good.
///
/// # Errors
///
/// [`IdentityError::Busy`], [`IdentityError::Secret`] and those of the store.
pub(super) async fn begin(
    house: &House,
    cipher: &FieldCipher,
    code: &str,
    chosen: Secret<String>,
) -> Result<Option<Setup>, IdentityError> {
    let Some((_, person)) = look(house, code).await? else { return Ok(None) };
    let hash = sha256(code.as_bytes());
    let random = house.random.clone();
    let phc = heavy(move || chosen.expose(|chosen| password::hash(chosen, &random))).await??;
    let secret = TotpSecret::generate(&house.random);
    let cell = pending_cell(&hash, &person);
    let blob = secret.bytes().expose(|bytes| cipher.wrap(cell, bytes, &house.random))?;
    let kept = house.store.write("identity.begin_enrolment", move |tx| {
        store::keep_pending(tx, &hash, &phc, &blob).map_err(IdentityError::from)
    });
    if kept.await? == 0 {
        return Ok(None);
    }
    Setup::of(&secret, &person).map(Some)
}

/// What came of the authenticator's first code.
pub(super) enum Confirmed {
    /// Enrolled and signed in.
    Opened(Opened),
    /// The authenticator's code is wrong; set it up again.
    Wrong(Setup),
    /// The one-time code is not good, or no password was chosen yet.
    NotGood,
}

/// Finishes an enrolment with the authenticator's first code: the person may sign in from now on,
/// and all earlier sessions and codes of the person end.
///
/// # Errors
///
/// [`IdentityError::Secret`] and those of the store.
pub(super) async fn confirm(
    house: &House,
    cipher: &FieldCipher,
    code: &str,
    first: &str,
    before: Option<Token>,
) -> Result<Confirmed, IdentityError> {
    let (now, hash) = (house.clock.now(), sha256(code.as_bytes()));
    let Some((row, person)) = look(house, code).await? else { return Ok(Confirmed::NotGood) };
    let (Some(phc), Some(blob)) = (row.password_phc, row.totp_secret) else {
        return Ok(Confirmed::NotGood);
    };
    let opened = cipher.open(pending_cell(&hash, &person), &blob);
    let secret = TotpSecret::from_bytes(&opened.ok().ok_or(IdentityError::Secret)?);
    let Some(step) = signin::check(&secret, first, now) else {
        return Setup::of(&secret, &person).map(Confirmed::Wrong);
    };
    let cell = totp_cell(&person.id);
    let moved = secret.bytes().expose(|bytes| cipher.wrap(cell, bytes, &house.random))?;
    let leaf = NewLeaf::new(
        house,
        LeafKind::RoleChanged,
        json!({
            "change": "enrolled", "person": person.pseudonym(), "role": person.role,
            "by": person.pseudonym(),
        }),
    );
    let token = Token::fresh(&house.random);
    let opened = house.store.write("identity.confirm_enrolment", move |tx| {
        let waits = store::code(tx, &hash)?.filter(|row| row.good_for(CodePurpose::Enrol, now));
        if waits.and_then(|row| row.totp_secret).as_ref() != Some(&blob) {
            return Ok(None);
        }
        store::set_credentials(tx, person.id, &phc, &moved, step)?;
        store::use_codes_of(tx, person.id, now)?;
        store::end_sessions_of(tx, person.id)?;
        ledger::append_in(tx, &leaf)?;
        signin::open_in(tx, person.id, &token, before.as_ref(), now)
    });
    Ok(opened.await?.map_or(Confirmed::NotGood, Confirmed::Opened))
}
