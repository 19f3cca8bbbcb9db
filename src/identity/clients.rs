//! Registering business systems and their keys.

use serde_json::json;

use super::error::IdentityError;
use super::model::{
    Actor, Client, ClientKey, ClientKind, ClientState, KeyState, ManifestKey, OfferedKey, Purpose,
    may_join,
};
use super::store;
use crate::foundation::House;
use crate::foundation::crypto::b64u;
use crate::foundation::crypto::jws::PublicJwk;
use crate::foundation::db::{Conn, StoreError};
use crate::foundation::ids::{ClientId, HolderId};
use crate::ledger::{self, LeafKind, NewLeaf};

/// The name of the client that stands for the portal.
const PORTAL: &str = "portal";

/// Registers a business system of `holder` with its first keys.
///
/// # Errors
///
/// [`IdentityError::Name`]; [`IdentityError::Key`] for the first key that may not be registered.
pub async fn register_client(
    house: &House,
    by: Actor,
    holder: HolderId,
    name: &str,
    keys: Vec<OfferedKey>,
) -> Result<Client, IdentityError> {
    let client = Client {
        id: house.fresh(),
        client_id: b64u::encode(&house.random.bytes::<16>()),
        holder_id: holder,
        name: super::people::checked_name(name)?,
        epoch: 1,
        state: ClientState::Active,
        made_at: house.clock.now(),
        kind: ClientKind::System,
    };
    let leaf = NewLeaf::new(
        house,
        LeafKind::ClientChanged,
        json!({
            "change": "registered", "client": client.client_id, "holder": holder,
            "keys": keys.iter().map(key_in_log).collect::<Vec<_>>(), "by": by.to_string(),
        }),
    );
    house
        .store
        .write("identity.register_client", move |tx| {
            store::insert_client(tx, &client)?;
            for key in &keys {
                let known = store::keys_of(tx, holder)?;
                may_join(&known, client.id, key)?;
                store::insert_key(tx, &client, key, client.made_at)?;
            }
            ledger::append_in(tx, &leaf)?;
            Ok(client.clone())
        })
        .await
}

/// Registers the manifest key of a browser of `holder`, under the client that stands for the
/// portal; the first key makes the client.
///
/// # Errors
///
/// [`IdentityError::Key`], also for a key that is not for manifests.
pub async fn register_browser(
    house: &House,
    by: Actor,
    holder: HolderId,
    key: OfferedKey,
) -> Result<(), IdentityError> {
    let now = house.clock.now();
    let fresh = Client {
        id: house.fresh(),
        client_id: b64u::encode(&house.random.bytes::<16>()),
        holder_id: holder,
        name: PORTAL.to_owned(),
        epoch: 1,
        state: ClientState::Active,
        made_at: now,
        kind: ClientKind::Portal,
    };
    let house_inside = house.clone();
    house
        .store
        .write("identity.register_browser", move |tx| {
            let known = store::portal_client(tx, holder)?;
            let change = if known.is_some() { "key_added" } else { "registered" };
            let client = known.unwrap_or_else(|| fresh.clone());
            fits(&client, &key)?;
            if change == "registered" {
                store::insert_client(tx, &client)?;
            }
            may_join(&store::keys_of(tx, holder)?, client.id, &key)?;
            store::insert_key(tx, &client, &key, now)?;
            let body = json!({
                "change": change, "client": client.client_id, "holder": holder,
                "keys": [key_in_log(&key)], "by": by.to_string(),
            });
            ledger::append_in(tx, &NewLeaf::new(&house_inside, LeafKind::ClientChanged, body))?;
            Ok(())
        })
        .await
}

/// The client that stands for the portal gets no token, so it has no key to ask for one.
fn fits(client: &Client, key: &OfferedKey) -> Result<(), IdentityError> {
    if client.kind == ClientKind::Portal && key.purpose != Purpose::Manifest {
        return Err(IdentityError::Key("the portal has manifest keys only".into()));
    }
    Ok(())
}

/// The client of `holder` that stands for the portal; `None` before its first key.
///
/// # Errors
///
/// Those of the store.
pub fn portal_client(conn: &mut Conn, holder: HolderId) -> Result<Option<Client>, StoreError> {
    Ok(store::portal_client(conn, holder)?)
}

/// Registers one more key of a client.
///
/// # Errors
///
/// [`IdentityError::NotFound`] if there is no such active client; [`IdentityError::Key`].
pub async fn add_key(
    house: &House,
    by: Actor,
    client: ClientId,
    key: OfferedKey,
) -> Result<(), IdentityError> {
    let now = house.clock.now();
    let client = active(house, client).await?;
    let leaf = NewLeaf::new(
        house,
        LeafKind::ClientChanged,
        json!({
            "change": "key_added", "client": client.client_id, "holder": client.holder_id,
            "keys": [key_in_log(&key)], "by": by.to_string(),
        }),
    );
    house
        .store
        .write("identity.add_key", move |tx| {
            let client = still_active(tx, client.id)?;
            fits(&client, &key)?;
            may_join(&store::keys_of(tx, client.holder_id)?, client.id, &key)?;
            store::insert_key(tx, &client, &key, now)?;
            ledger::append_in(tx, &leaf)?;
            Ok(())
        })
        .await
}

/// Retires a key. Tokens that were got with an authentication key end within five seconds.
///
/// # Errors
///
/// [`IdentityError::NotFound`] if the client is not active or has no such active key.
pub async fn retire_key(
    house: &House,
    by: Actor,
    client: ClientId,
    kid: &str,
) -> Result<(), IdentityError> {
    let (now, kid) = (house.clock.now(), kid.to_owned());
    let client = active(house, client).await?;
    let leaf = NewLeaf::new(
        house,
        LeafKind::ClientChanged,
        json!({
            "change": "key_retired", "client": client.client_id, "holder": client.holder_id,
            "kid": kid, "by": by.to_string(),
        }),
    );
    house
        .store
        .write("identity.retire_key", move |tx| {
            let client = still_active(tx, client.id)?;
            if store::retire_key(tx, &client, &kid, now)? == 0 {
                return Err(IdentityError::NotFound);
            }
            if store::manifest_key(tx, client.holder_id, &kid)?.is_none() {
                store::end_tokens(tx, &client, ClientState::Active)?;
            }
            ledger::append_in(tx, &leaf)?;
            Ok(())
        })
        .await
}

/// Takes a client out of service: its keys are retired, its tokens end within five seconds.
///
/// # Errors
///
/// [`IdentityError::NotFound`] if there is no such active client.
pub async fn revoke_client(
    house: &House,
    by: Actor,
    client: ClientId,
) -> Result<(), IdentityError> {
    let now = house.clock.now();
    let client = active(house, client).await?;
    let leaf = NewLeaf::new(
        house,
        LeafKind::ClientChanged,
        json!({
            "change": "revoked", "client": client.client_id, "holder": client.holder_id,
            "by": by.to_string(),
        }),
    );
    house
        .store
        .write("identity.revoke_client", move |tx| {
            let client = still_active(tx, client.id)?;
            store::retire_keys(tx, client.id, now)?;
            store::end_tokens(tx, &client, ClientState::Revoked)?;
            ledger::append_in(tx, &leaf)?;
            Ok(())
        })
        .await
}

/// The clients of `holder`, oldest first.
///
/// # Errors
///
/// Those of the store.
pub fn clients_of(conn: &mut Conn, holder: HolderId) -> Result<Vec<Client>, StoreError> {
    Ok(store::clients_of(conn, holder)?)
}

/// All keys that clients of `holder` have or had, by name.
///
/// # Errors
///
/// Those of the store.
pub fn keys_of(conn: &mut Conn, holder: HolderId) -> Result<Vec<ClientKey>, StoreError> {
    Ok(store::keys_of(conn, holder)?)
}

/// The manifest key that `holder` calls `kid`, active or retired.
///
/// # Errors
///
/// Those of the store.
pub fn manifest_key(
    conn: &mut Conn,
    holder: HolderId,
    kid: &str,
) -> Result<Option<ManifestKey>, StoreError> {
    let Some(row) = store::manifest_key(conn, holder, kid)? else { return Ok(None) };
    let Ok(jwk) = PublicJwk::parse(row.jwk.as_bytes()) else {
        tracing::error!(holder.id = %holder, "a stored manifest key is unreadable");
        return Ok(None);
    };
    let ClientKey { state, active_from, retired_at, .. } = row;
    Ok(Some(ManifestKey { jwk, state, active_from, retired_at }))
}

fn key_in_log(key: &OfferedKey) -> serde_json::Value {
    json!({ "kid": key.kid, "purpose": key.purpose, "thumbprint": key.jwk.thumbprint() })
}

async fn active(house: &House, id: ClientId) -> Result<Client, IdentityError> {
    house.store.read("identity.client", move |conn| still_active(conn, id)).await
}

fn still_active(conn: &mut Conn, id: ClientId) -> Result<Client, IdentityError> {
    let client = store::client(conn, id)?.ok_or(IdentityError::NotFound)?;
    if client.state == ClientState::Active { Ok(client) } else { Err(IdentityError::NotFound) }
}

impl ManifestKey {
    /// Whether the key may sign what is new.
    pub fn is_active(&self) -> bool {
        self.state == KeyState::Active
    }
}
