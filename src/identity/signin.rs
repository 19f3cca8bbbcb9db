//! Signing in and out.
//!
//! Every attempt is counted before it is judged, so that many at once are no way around the
//! limit. All refusals look alike, and take alike long: an unknown login costs a whole hash.

use super::error::IdentityError;
use super::field::{Cell, FieldCipher};
use super::heavy::heavy;
use super::model::{CodePurpose, Credentials, PersonRow, PersonState, Role, attempt};
use super::store;
use crate::foundation::House;
use crate::foundation::crypto::totp::TotpSecret;
use crate::foundation::crypto::{password, sha256};
use crate::foundation::db::{Conn, StoreError};
use crate::foundation::ids::{Id as _, PersonId};
use crate::foundation::secret::Secret;
use crate::foundation::time::Timestamp;
use crate::foundation::web::Lang;
use crate::foundation::web::session::Token;

/// What somebody typed to sign in, and from where.
pub(super) struct Attempt {
    pub(super) login: String,
    pub(super) password: Secret<String>,
    pub(super) code: String,
    /// The network that the attempt comes from.
    pub(super) network: String,
    /// The session that the browser had before; it ends.
    pub(super) before: Option<Token>,
}

/// A session that has just been opened.
pub(super) struct Opened {
    pub(super) token: Token,
    pub(super) lang: Lang,
    pub(super) role: Role,
}

/// The cell of a person's authenticator secret.
pub(super) fn totp_cell(person: &PersonId) -> Cell<'_> {
    let id = person.as_uuid().as_bytes();
    Cell { table: "identity_people", column: "totp_secret", row: id, tenant: id }
}

/// Opens a session; `None` if anything is wrong, and nobody is told what.
///
/// # Errors
///
/// [`IdentityError::Busy`] and those of the store.
pub(super) async fn sign_in(
    house: &House,
    cipher: &FieldCipher,
    typed: Attempt,
) -> Result<Option<Opened>, IdentityError> {
    let now = house.clock.now();
    let login = typed.login.trim().to_lowercase();
    let (account, network) = (sha256(login.as_bytes()), typed.network);
    let name = network.clone();
    let allowed = house.store.write("identity.attempt", move |tx| {
        let failures = attempt(store::failures(tx, &account, &name)?, now);
        if let Some(failures) = failures {
            store::set_failures(tx, &account, &name, failures, now)?;
        }
        Ok::<_, IdentityError>(failures.is_some())
    });
    let allowed = allowed.await?;
    let asked = login.clone();
    let known = house.store.read("identity.credentials", move |conn| {
        store::credentials(conn, &asked).map_err(IdentityError::from)
    });
    let (known, password) = (known.await?, typed.password);
    let phc = known.as_ref().and_then(|known| known.password_phc.clone());
    let fits = heavy(move || password.expose(|typed| password::verify(typed, phc.as_deref())));
    let fits = fits.await?;
    let step = step_of(cipher, known.as_ref(), &typed.code, now);
    let (Some(known), Some(step), true, true) = (known, step, fits, allowed) else {
        tracing::info!(blocked = !allowed, "sign-in refused");
        return Ok(None);
    };
    let (token, before) = (Token::fresh(&house.random), typed.before);
    house
        .store
        .write("identity.sign_in", move |tx| {
            let fresh = store::credentials(tx, &login)?;
            if fresh.is_none_or(|fresh| !still_opens(&fresh, &known, step)) {
                return Ok(None);
            }
            store::set_step(tx, known.id, step)?;
            store::clear_failures(tx, &account, &network)?;
            open_in(tx, known.id, &token, before.as_ref(), now)
        })
        .await
}

/// Whether credentials that were checked outside the transaction still hold in it, and the
/// authenticator's step was not used before.
fn still_opens(fresh: &Credentials, checked: &Credentials, step: i64) -> bool {
    fresh.state == PersonState::Active
        && fresh.password_phc == checked.password_phc
        && fresh.totp_secret == checked.totp_secret
        && step > fresh.totp_last_step
}

/// The step of the authenticator that `code` belongs to, if it is one step from `now` at most.
fn step_of(
    cipher: &FieldCipher,
    known: Option<&Credentials>,
    code: &str,
    now: Timestamp,
) -> Option<i64> {
    let known = known?;
    let blob = known.totp_secret.as_deref()?;
    let secret = match cipher.open(totp_cell(&known.id), blob) {
        Ok(secret) => secret,
        Err(cause) => {
            tracing::error!(person.id = %known.id, "an authenticator secret is unreadable: {cause}");
            return None;
        }
    };
    check(&TotpSecret::from_bytes(&secret), code, now)
}

/// The step that `code` belongs to, as it is stored.
pub(super) fn check(secret: &TotpSecret, code: &str, now: Timestamp) -> Option<i64> {
    let seconds = u64::try_from(now.seconds()).ok()?;
    let step = secret.check(&code.replace(' ', ""), seconds)?;
    i64::try_from(step).ok()
}

/// Opens a session of `person` within the caller's transaction and ends the one `before`.
pub(super) fn open_in(
    tx: &mut Conn,
    person: PersonId,
    token: &Token,
    before: Option<&Token>,
    now: Timestamp,
) -> Result<Option<Opened>, IdentityError> {
    if let Some(before) = before {
        store::end_session(tx, &before.hash())?;
    }
    store::insert_session(tx, &token.hash(), person, now)?;
    let person = store::person(tx, person)?.ok_or(IdentityError::NotFound)?;
    Ok(Some(Opened { token: token.clone(), lang: person.lang, role: person.role }))
}

/// Opens a session with a one-time code of purpose `entry`; `None` if it is not good.
///
/// # Errors
///
/// Those of the store.
pub(super) async fn enter(
    house: &House,
    code: &str,
    before: Option<Token>,
) -> Result<Option<Opened>, IdentityError> {
    let (now, hash) = (house.clock.now(), sha256(code.as_bytes()));
    let token = Token::fresh(&house.random);
    house
        .store
        .write("identity.enter", move |tx| {
            let Some(code) = store::code(tx, &hash)? else { return Ok(None) };
            if !code.good_for(CodePurpose::Entry, now) || store::use_code(tx, &hash, now)? == 0 {
                return Ok(None);
            }
            open_in(tx, code.person_id, &token, before.as_ref(), now)
        })
        .await
}

/// Ends a session.
///
/// # Errors
///
/// Those of the store.
pub(super) async fn sign_out(house: &House, token: &Token) -> Result<(), IdentityError> {
    let hash = token.hash();
    house
        .store
        .write("identity.sign_out", move |tx| {
            store::end_session(tx, &hash)?;
            Ok(())
        })
        .await
}

/// Sets the language of a person's letters.
///
/// # Errors
///
/// Those of the store.
pub(super) async fn choose_lang(
    house: &House,
    id: PersonId,
    lang: Lang,
) -> Result<(), IdentityError> {
    house
        .store
        .write("identity.choose_lang", move |tx| {
            store::set_lang(tx, id, lang)?;
            Ok(())
        })
        .await
}

/// The person of a living session, and whether the session's last use should be noted.
pub(super) fn session_in(
    conn: &mut Conn,
    hash: &[u8; 32],
    now: Timestamp,
) -> Result<Option<(PersonRow, bool)>, StoreError> {
    let Some((session, person)) = store::session(conn, hash)? else { return Ok(None) };
    if !session.lives(now) || person.state == PersonState::Disabled {
        return Ok(None);
    }
    let stale = now.since(session.seen_at) >= std::time::Duration::from_secs(60);
    Ok(Some((person, stale)))
}
