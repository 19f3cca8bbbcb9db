//! Clients, keys, people, roles and sessions: no I/O, no clock.

use std::time::Duration;

use diesel::prelude::*;
use serde::Serialize;

use super::error::IdentityError;
use crate::foundation::crypto::b64u;
use crate::foundation::crypto::jws::PublicJwk;
use crate::foundation::db::schema::{
    identity_client_keys, identity_clients, identity_codes, identity_people, identity_sessions,
};
use crate::foundation::db::text_enum;
use crate::foundation::ids::{ClientId, HolderId, PersonId};
use crate::foundation::time::Timestamp;
use crate::foundation::web::{Lang, Side};

text_enum! {
    /// Whether a client may call.
    pub enum ClientState {
        /// It may.
        Active = "active",
        /// Never again.
        Revoked = "revoked",
    }
}

text_enum! {
    /// What a client is.
    pub enum ClientKind {
        /// A system that gets tokens and calls the API.
        System = "system",
        /// The portal: people sign in, and their browsers hold the keys. It gets no token.
        Portal = "portal",
    }
}

text_enum! {
    /// What a client's key signs. A key has one purpose for ever.
    pub enum Purpose {
        /// Assertions at the token endpoint.
        Authentication = "authentication",
        /// Manifests, day closes and other statements.
        Manifest = "manifest",
    }
}

text_enum! {
    /// Whether a key may sign what is new.
    pub enum KeyState {
        /// It may.
        Active = "active",
        /// It may not; what it signed while active still verifies.
        Retired = "retired",
    }
}

/// One business system of a duty holder that calls the API.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = identity_clients)]
pub struct Client {
    /// Our own id.
    pub id: ClientId,
    /// The OAuth client id, random text.
    pub client_id: String,
    /// The duty holder for whom the system speaks.
    pub holder_id: HolderId,
    /// What the business calls the system.
    pub name: String,
    /// Goes up with every change that ends the client's tokens.
    pub epoch: i32,
    /// Whether it may call.
    pub state: ClientState,
    /// When it was registered.
    pub made_at: Timestamp,
    /// What it is.
    pub kind: ClientKind,
}

/// A registered public key of a client.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = identity_client_keys)]
pub struct ClientKey {
    /// Names the key within its duty holder.
    pub kid: String,
    /// The client that holds the private half.
    pub client: ClientId,
    /// What it signs.
    pub purpose: Purpose,
    /// The required members of the JWK.
    pub jwk: String,
    /// RFC 7638, base64url.
    pub thumbprint: String,
    /// Whether it may sign what is new.
    pub state: KeyState,
    /// Since when it may sign.
    pub active_from: Timestamp,
    /// Since when it may not.
    pub retired_at: Option<Timestamp>,
}

/// A manifest key as intake needs it.
#[derive(Clone, Debug)]
pub struct ManifestKey {
    /// The public key.
    pub jwk: PublicJwk,
    /// Whether it may sign what is new.
    pub state: KeyState,
    /// Since when it may sign.
    pub active_from: Timestamp,
    /// Since when it may not.
    pub retired_at: Option<Timestamp>,
}

/// A public key that is offered for registration: of a kind we know, public, with a `kid`.
#[derive(Clone, Debug)]
pub struct OfferedKey {
    /// What it is to sign.
    pub purpose: Purpose,
    /// Its name.
    pub kid: String,
    /// The key.
    pub jwk: PublicJwk,
}

impl OfferedKey {
    /// Reads a JWK with a `kid`.
    ///
    /// # Errors
    ///
    /// [`IdentityError::Key`] if it is not the public half of a P-256, Ed25519 or RSA key of at
    /// least 2048 bits, or has no well-formed `kid`.
    pub fn parse(purpose: Purpose, jwk: &[u8]) -> Result<Self, IdentityError> {
        let jwk = PublicJwk::parse(jwk).map_err(|cause| IdentityError::Key(cause.to_string()))?;
        let kid = jwk.kid().ok_or_else(|| IdentityError::Key("the key has no kid".into()))?;
        Ok(Self { purpose, kid: kid.to_owned(), jwk })
    }
}

/// How many keys of one purpose may be active at a time.
pub(super) const ACTIVE_KEYS: usize = 3;

/// Whether `offered` may join the keys that its duty holder has or had, `known`.
pub(super) fn may_join(
    known: &[ClientKey],
    client: ClientId,
    offered: &OfferedKey,
) -> Result<(), IdentityError> {
    let refuse = |why: &str| Err(IdentityError::Key(format!("{}: {why}", offered.kid)));
    if known.iter().any(|key| key.kid == offered.kid) {
        return refuse("the kid is or was in use");
    }
    if known.iter().any(|key| key.thumbprint == offered.jwk.thumbprint()) {
        return refuse("the key is or was in use");
    }
    let active = |key: &&ClientKey| {
        key.client == client && key.purpose == offered.purpose && key.state == KeyState::Active
    };
    if known.iter().filter(active).count() >= ACTIVE_KEYS {
        return refuse("three keys of this purpose are active already");
    }
    Ok(())
}

text_enum! {
    /// What a token allows.
    pub enum Scope {
        /// To send batches, day closes and other statements.
        Push = "push",
        /// To read one's own batches, receipts and streams.
        Read = "read",
    }
}

text_enum! {
    /// What a person does here. One person has one role, so that the three administrators are
    /// always three people.
    pub enum Role {
        /// Makes and disables people.
        SecurityAdministrator = "security_administrator",
        /// Tends machines, registers clients.
        SystemAdministrator = "system_administrator",
        /// Reads the record of what the others did.
        AuditAdministrator = "audit_administrator",
        /// Works for a department.
        Officer = "officer",
        /// Leads a department.
        DepartmentLead = "department_lead",
        /// Sees aggregates only.
        Governance = "governance",
        /// Speaks for a duty holder, and makes and disables its other people.
        BusinessAdministrator = "business_administrator",
        /// Speaks for a duty holder.
        BusinessUser = "business_user",
    }
}

impl Role {
    /// Whether this is one of the three administrators.
    pub const fn administers(self) -> bool {
        matches!(
            self,
            Self::SecurityAdministrator | Self::SystemAdministrator | Self::AuditAdministrator
        )
    }

    /// Whether a person of this role speaks for a duty holder and belongs to no authority.
    pub const fn is_of_business(self) -> bool {
        matches!(self, Self::BusinessAdministrator | Self::BusinessUser)
    }

    /// Where the work of a person of this role begins.
    pub(super) const fn home(self) -> &'static str {
        match self {
            Self::SecurityAdministrator => "/people",
            Self::Governance => "/governance",
            Self::BusinessAdministrator | Self::BusinessUser => "/portal",
            _ => "/",
        }
    }

    /// Which pages a person of this role has.
    pub(super) const fn side(self) -> Side {
        match self {
            Self::SecurityAdministrator => Side::People,
            Self::Governance => Side::Governance,
            Self::BusinessAdministrator | Self::BusinessUser => Side::Businesses,
            _ => Side::Officers,
        }
    }
}

text_enum! {
    /// Whether a person may sign in.
    pub enum PersonState {
        /// Not before enrolling with a one-time code.
        Invited = "invited",
        /// Yes.
        Active = "active",
        /// No.
        Disabled = "disabled",
    }
}

/// What the log calls a person: random bytes that mean nothing elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pseudonym(pub(super) [u8; 16]);

impl Serialize for Pseudonym {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl std::fmt::Display for Pseudonym {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&b64u::encode(&self.0))
    }
}

/// Who changed something, as the log tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Whoever runs commands on the machine.
    Command,
    /// A person who is signed in.
    Person(Pseudonym),
}

impl std::fmt::Display for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Command => f.write_str("command"),
            Self::Person(pseudonym) => pseudonym.fmt(f),
        }
    }
}

/// A person who signs in, without his secrets.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = identity_people)]
pub struct PersonRow {
    /// Our own id.
    pub id: PersonId,
    /// What the person types to sign in.
    pub login: String,
    /// What the console calls the person.
    pub name: String,
    /// What the person does here.
    pub role: Role,
    /// Whether the person may sign in.
    pub state: PersonState,
    /// The language of the person's letters, and of pages where no cookie says otherwise.
    pub lang: Lang,
    pub(super) pseudonym: Vec<u8>,
    /// When the person was made known.
    pub made_at: Timestamp,
    /// The duty holder for whom the person speaks; `None` for people of authorities.
    pub holder_id: Option<HolderId>,
}

impl PersonRow {
    /// What the log calls the person.
    pub fn pseudonym(&self) -> Pseudonym {
        Pseudonym(<[u8; 16]>::try_from(self.pseudonym.as_slice()).unwrap_or_default())
    }
}

/// What signing in is checked against.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = identity_people)]
pub(super) struct Credentials {
    pub(super) id: PersonId,
    pub(super) state: PersonState,
    pub(super) password_phc: Option<String>,
    pub(super) totp_secret: Option<Vec<u8>>,
    pub(super) totp_last_step: i64,
}

text_enum! {
    /// What a one-time code is good for.
    pub enum CodePurpose {
        /// To choose a password and set up an authenticator.
        Enrol = "enrol",
        /// To open a session without either, on a demonstration server only.
        Entry = "entry",
    }
}

/// A one-time code as it is stored.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = identity_codes)]
pub(super) struct CodeRow {
    pub(super) person_id: PersonId,
    pub(super) purpose: CodePurpose,
    pub(super) expires_at: Timestamp,
    pub(super) used_at: Option<Timestamp>,
    pub(super) password_phc: Option<String>,
    pub(super) totp_secret: Option<Vec<u8>>,
}

impl CodeRow {
    pub(super) fn good_for(&self, purpose: CodePurpose, now: Timestamp) -> bool {
        self.purpose == purpose && self.used_at.is_none() && now < self.expires_at
    }
}

/// A session as it is stored.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = identity_sessions)]
pub(super) struct SessionRow {
    pub(super) seen_at: Timestamp,
    pub(super) expires_at: Timestamp,
}

/// A session ends when nothing was asked of it for so long.
pub(super) const IDLE: Duration = Duration::from_secs(15 * 60);

/// A session ends so long after signing in.
pub(super) const LIFETIME: Duration = Duration::from_secs(8 * 3600);

impl SessionRow {
    pub(super) fn lives(&self, now: Timestamp) -> bool {
        now < self.expires_at && now < self.seen_at.plus(IDLE)
    }
}

/// Failures of one account from one network before it has to wait.
pub(super) const FAILURES: i32 = 5;

/// How long it has to wait, counted from the last failure.
pub(super) const WAIT: Duration = Duration::from_secs(15 * 60);

/// What the failures so far say about one more attempt: the number to store, or `None` if it
/// must not be made. `past` is how many there were and when the last one was.
pub(super) fn attempt(past: Option<(i32, Timestamp)>, now: Timestamp) -> Option<i32> {
    match past {
        Some((_, last)) if now.since(last) >= WAIT => Some(1),
        Some((failures, _)) if failures >= FAILURES => None,
        Some((failures, _)) => Some(failures + 1),
        None => Some(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sixth_attempt_waits_fifteen_minutes() {
        let now = Timestamp::from_seconds(1_800_000_000);
        let mut past = None;
        for expected in 1..=FAILURES {
            let failures = attempt(past, now);
            assert_eq!(failures, Some(expected));
            past = failures.map(|failures| (failures, now));
        }
        assert_eq!(attempt(past, now), None);
        assert_eq!(attempt(past, now.plus(WAIT - Duration::from_secs(1))), None);
        assert_eq!(attempt(past, now.plus(WAIT)), Some(1));
    }

    #[test]
    fn a_session_ends_by_idleness_and_by_age() {
        let now = Timestamp::from_seconds(1_800_000_000);
        let session = SessionRow { seen_at: now, expires_at: now.plus(LIFETIME) };
        assert!(session.lives(now.plus(IDLE - Duration::from_secs(1))));
        assert!(!session.lives(now.plus(IDLE)));
        let busy = SessionRow { seen_at: now.plus(LIFETIME), ..session };
        assert!(!busy.lives(now.plus(LIFETIME)));
    }

    #[test]
    fn exactly_three_roles_administer() {
        assert_eq!(Role::ALL.iter().filter(|role| role.administers()).count(), 3);
    }
}
