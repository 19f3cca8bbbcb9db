//! Access tokens: JWTs of RFC 9068, signed by our own key, good for five minutes.
//!
//! A token is bound to nothing but its bearer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::error::IdentityError;
use super::model::{Client, ClientState, Scope};
use super::store;
use crate::foundation::House;
use crate::foundation::crypto::b64u;
use crate::foundation::crypto::jws::{self, JwsError, SignError, SigningKey, Typ};
use crate::foundation::ids::HolderId;
use crate::foundation::time::{Stopwatch, Timestamp};

/// The `typ` of an access token.
pub(super) const TYP: &str = "at+jwt";

/// How long a token lives, in seconds.
pub(super) const LIFETIME: i64 = 300;

/// The longest token, in bytes.
const LONGEST: usize = 4096;

/// How old our knowledge of a client may be when we trust a token.
const FRESH: Duration = Duration::from_secs(5);

/// How many clients are remembered before all are forgotten.
const REMEMBERED: usize = 10_000;

/// What makes and checks access tokens; cheap to clone.
#[derive(Clone)]
pub struct Tokens(Arc<Inner>);

struct Inner {
    issuer: String,
    audience: String,
    key: SigningKey,
    kid: String,
    watch: Stopwatch,
    clients: Mutex<HashMap<String, (Option<Client>, Duration)>>,
}

/// The claims of an access token.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Claims {
    iss: String,
    pub(super) sub: String,
    pub(super) client_id: String,
    aud: String,
    exp: i64,
    iat: i64,
    jti: String,
    pub(super) scope: String,
    pub(super) holder: HolderId,
    pub(super) epoch: i32,
}

/// Why a token is not good. For our logs; the caller is told `invalid_token`.
#[derive(Debug, thiserror::Error)]
pub(super) enum Invalid {
    #[error("malformed or wrongly signed: {0}")]
    Jws(#[from] JwsError),
    #[error("signed by another key, for another audience, or outside its time")]
    Claims,
    #[error("the client is revoked or has changed")]
    Revoked,
}

impl Tokens {
    /// Tokens by `issuer` (the public address of the token endpoint's server, as clients put it
    /// into `aud`) for the API called `audience`, signed with `key` (`EdDSA`).
    pub fn new(issuer: &str, audience: &str, key: SigningKey) -> Self {
        let kid = key.public().thumbprint();
        Self(Arc::new(Inner {
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
            key,
            kid,
            watch: Stopwatch::start(),
            clients: Mutex::new(HashMap::new()),
        }))
    }

    /// What clients put into the `aud` of their assertions.
    pub fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// A token for `client` that allows `scopes`.
    ///
    /// # Errors
    ///
    /// [`SignError`].
    pub(crate) fn issue(
        &self,
        house: &House,
        client: &Client,
        scopes: &[Scope],
    ) -> Result<String, SignError> {
        let now = house.clock.now().seconds();
        let claims = Claims {
            iss: self.0.issuer.clone(),
            sub: client.client_id.clone(),
            client_id: client.client_id.clone(),
            aud: self.0.audience.clone(),
            exp: now + LIFETIME,
            iat: now,
            jti: b64u::encode(&house.random.bytes::<16>()),
            scope: scope_text(scopes),
            holder: client.holder_id,
            epoch: client.epoch,
        };
        self.0.key.sign(TYP, &self.0.kid, &claims)
    }

    /// The claims of a token that is ours and good at `now`; whether its client still stands is
    /// another question.
    pub(super) fn verify(&self, token: &str, now: Timestamp) -> Result<Claims, Invalid> {
        let unverified = jws::parse(token.as_bytes(), Typ::Is(TYP), LONGEST)?;
        if unverified.kid() != self.0.kid {
            return Err(Invalid::Claims);
        }
        let claims: Claims = unverified.verify(self.0.key.public())?.claims()?;
        let now = now.seconds();
        let ours = claims.iss == self.0.issuer
            && claims.aud == self.0.audience
            && claims.sub == claims.client_id
            && claims.iat <= now
            && now < claims.exp
            && claims.exp - claims.iat == LIFETIME;
        if ours { Ok(claims) } else { Err(Invalid::Claims) }
    }

    /// The client of verified `claims`, if it still stands as when the token was made; looked up
    /// at most five seconds ago.
    pub(super) async fn client(
        &self,
        house: &House,
        claims: &Claims,
    ) -> Result<Result<Client, Invalid>, IdentityError> {
        let client = match self.remembered(&claims.client_id) {
            Some(client) => client,
            None => self.look_up(house, claims.client_id.clone()).await?,
        };
        Ok(match client {
            Some(client)
                if client.state == ClientState::Active
                    && client.epoch == claims.epoch
                    && client.holder_id == claims.holder =>
            {
                Ok(client)
            }
            _ => Err(Invalid::Revoked),
        })
    }

    fn remembered(&self, client_id: &str) -> Option<Option<Client>> {
        let clients = self.0.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let (client, at) = clients.get(client_id)?;
        (self.0.watch.elapsed().saturating_sub(*at) < FRESH).then(|| client.clone())
    }

    async fn look_up(
        &self,
        house: &House,
        client_id: String,
    ) -> Result<Option<Client>, IdentityError> {
        let at = self.0.watch.elapsed();
        let name = client_id.clone();
        let client = house
            .store
            .read("identity.client_called", move |conn| {
                store::client_called(conn, &name).map_err(IdentityError::from)
            })
            .await?;
        let mut clients = self.0.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if clients.len() >= REMEMBERED {
            clients.clear();
        }
        clients.insert(client_id, (client.clone(), at));
        Ok(client)
    }

    /// Forgets what is known of clients, as five seconds do.
    #[cfg(test)]
    pub(super) fn forget(&self) {
        self.0.clients.lock().unwrap().clear();
    }
}

/// The `scope` text of `scopes`.
pub(super) fn scope_text(scopes: &[Scope]) -> String {
    scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ")
}

/// The scopes of a `scope` text, in our order; `None` for an unknown one or none at all.
pub(super) fn scopes(text: &str) -> Option<Vec<Scope>> {
    let asked: Vec<Scope> = text.split(' ').map(|word| word.parse().ok()).collect::<Option<_>>()?;
    Some(Scope::ALL.iter().copied().filter(|scope| asked.contains(scope)).collect())
}
