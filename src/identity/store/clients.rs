//! Clients, their keys, and the assertions that were used.

use diesel::prelude::*;

use crate::foundation::db::schema::{
    identity_assertions as assertions, identity_client_keys as keys, identity_clients as clients,
};
use crate::foundation::db::{Conn, insert_if_absent};
use crate::foundation::ids::{ClientId, HolderId};
use crate::foundation::time::Timestamp;
use crate::identity::model::{
    Client, ClientKey, ClientKind, ClientState, KeyState, OfferedKey, Purpose,
};

/// The client with this id.
pub(in crate::identity) fn client(conn: &mut Conn, id: ClientId) -> QueryResult<Option<Client>> {
    clients::table.find(id).select(Client::as_select()).first(conn).optional()
}

/// The client that calls itself `client_id`.
pub(in crate::identity) fn client_called(
    conn: &mut Conn,
    client_id: &str,
) -> QueryResult<Option<Client>> {
    clients::table
        .filter(clients::client_id.eq(client_id))
        .select(Client::as_select())
        .first(conn)
        .optional()
}

/// The clients of `holder`, oldest first; a holder has few.
pub(in crate::identity) fn clients_of(
    conn: &mut Conn,
    holder: HolderId,
) -> QueryResult<Vec<Client>> {
    clients::table
        .filter(clients::holder_id.eq(holder))
        .order((clients::made_at, clients::id))
        .select(Client::as_select())
        .load(conn)
}

/// The client of `holder` that stands for the portal, if it is active.
pub(in crate::identity) fn portal_client(
    conn: &mut Conn,
    holder: HolderId,
) -> QueryResult<Option<Client>> {
    clients::table
        .filter(clients::holder_id.eq(holder))
        .filter(clients::kind.eq(ClientKind::Portal))
        .filter(clients::state.eq(ClientState::Active))
        .select(Client::as_select())
        .first(conn)
        .optional()
}

/// Stores a new client.
pub(in crate::identity) fn insert_client(conn: &mut Conn, client: &Client) -> QueryResult<usize> {
    diesel::insert_into(clients::table)
        .values((
            clients::id.eq(client.id),
            clients::client_id.eq(&client.client_id),
            clients::holder_id.eq(client.holder_id),
            clients::name.eq(&client.name),
            clients::epoch.eq(client.epoch),
            clients::state.eq(client.state),
            clients::made_at.eq(client.made_at),
            clients::kind.eq(client.kind),
        ))
        .execute(conn)
}

/// Ends the tokens of a client, and sets its state.
pub(in crate::identity) fn end_tokens(
    conn: &mut Conn,
    client: &Client,
    state: ClientState,
) -> QueryResult<usize> {
    diesel::update(clients::table.find(client.id))
        .set((clients::epoch.eq(client.epoch + 1), clients::state.eq(state)))
        .execute(conn)
}

/// All keys that clients of `holder` have or had, by name.
pub(in crate::identity) fn keys_of(
    conn: &mut Conn,
    holder: HolderId,
) -> QueryResult<Vec<ClientKey>> {
    keys::table
        .filter(keys::holder_id.eq(holder))
        .order(keys::kid)
        .select(ClientKey::as_select())
        .load(conn)
}

/// The manifest key that `holder` calls `kid`, active or retired.
pub(in crate::identity) fn manifest_key(
    conn: &mut Conn,
    holder: HolderId,
    kid: &str,
) -> QueryResult<Option<ClientKey>> {
    keys::table
        .find((holder, kid))
        .filter(keys::purpose.eq(Purpose::Manifest))
        .select(ClientKey::as_select())
        .first(conn)
        .optional()
}

/// The active authentication key `kid` of the active client that calls itself `client_id`.
pub(in crate::identity) fn authentication_key(
    conn: &mut Conn,
    client_id: &str,
    kid: &str,
) -> QueryResult<Option<(Client, ClientKey)>> {
    keys::table
        .inner_join(clients::table)
        .filter(clients::client_id.eq(client_id))
        .filter(clients::state.eq(ClientState::Active))
        .filter(keys::kid.eq(kid))
        .filter(keys::purpose.eq(Purpose::Authentication))
        .filter(keys::state.eq(KeyState::Active))
        .select((Client::as_select(), ClientKey::as_select()))
        .first(conn)
        .optional()
}

/// Stores a key of `client` that is active from `now`.
pub(in crate::identity) fn insert_key(
    conn: &mut Conn,
    client: &Client,
    key: &OfferedKey,
    now: Timestamp,
) -> QueryResult<usize> {
    diesel::insert_into(keys::table)
        .values((
            keys::holder_id.eq(client.holder_id),
            keys::kid.eq(&key.kid),
            keys::client.eq(client.id),
            keys::purpose.eq(key.purpose),
            keys::jwk.eq(key.jwk.canonical()),
            keys::thumbprint.eq(key.jwk.thumbprint()),
            keys::state.eq(KeyState::Active),
            keys::active_from.eq(now),
        ))
        .execute(conn)
}

/// Retires the active key `kid` of `client`; gives the number of keys retired, 0 or 1.
pub(in crate::identity) fn retire_key(
    conn: &mut Conn,
    client: &Client,
    kid: &str,
    now: Timestamp,
) -> QueryResult<usize> {
    diesel::update(keys::table.find((client.holder_id, kid)))
        .filter(keys::client.eq(client.id))
        .filter(keys::state.eq(KeyState::Active))
        .set((keys::state.eq(KeyState::Retired), keys::retired_at.eq(Some(now))))
        .execute(conn)
}

/// Retires all active keys of `client`.
pub(in crate::identity) fn retire_keys(
    conn: &mut Conn,
    client: ClientId,
    now: Timestamp,
) -> QueryResult<usize> {
    diesel::update(keys::table)
        .filter(keys::client.eq(client))
        .filter(keys::state.eq(KeyState::Active))
        .set((keys::state.eq(KeyState::Retired), keys::retired_at.eq(Some(now))))
        .execute(conn)
}

/// Marks an assertion as used; `false` if it was used before.
pub(in crate::identity) fn spend_assertion(
    conn: &mut Conn,
    hash: &[u8; 32],
    keep_until: Timestamp,
) -> QueryResult<bool> {
    let inserted = insert_if_absent!(
        conn,
        assertions::table,
        (assertions::hash.eq(hash.as_slice()), assertions::keep_until.eq(keep_until))
    )?;
    Ok(inserted == 1)
}

/// Forgets assertions that are too old to be accepted anyway.
pub(in crate::identity) fn forget_assertions(
    conn: &mut Conn,
    now: Timestamp,
) -> QueryResult<usize> {
    diesel::delete(assertions::table.filter(assertions::keep_until.lt(now))).execute(conn)
}
