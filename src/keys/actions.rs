//! The verbs: make, retire, publish a list, and what is published.

use serde_json::json;

use super::error::KeysError;
use super::list::{KeyList, ListedKey, SUITE, TYP};
use super::model::AuditKey;
use super::opener::Opener;
use super::store;
use crate::foundation::House;
use crate::foundation::crypto::jws::SigningKey;
use crate::foundation::crypto::sealing::OpeningKey;
use crate::foundation::crypto::{b64u, sha256};
use crate::foundation::db::Conn;
use crate::foundation::ids::DepartmentId;
use crate::foundation::time::{Day, Timestamp};
use crate::ledger::{LeafKind, NewLeaf, append_in};

/// The audit key of `department` for the month of `day`, made and published in the log unless one
/// is in use already.
///
/// # Errors
///
/// [`KeysError::Key`] if the period key cannot be kept; those of the store.
pub async fn make(
    house: &House,
    opener: &Opener,
    department: DepartmentId,
    day: Day,
) -> Result<AuditKey, KeysError> {
    let found = house
        .store
        .read("keys.active", move |conn| {
            Ok::<_, KeysError>(store::active(conn, department, day.month())?.pop())
        })
        .await?;
    if let Some(key) = found {
        return Ok(key);
    }
    let private = OpeningKey::generate(&house.random)?;
    let kid = format!("ak-{:08x}-{}", u32::from_be_bytes(house.random.bytes()), day.month());
    let now = house.clock.now();
    let mut key = AuditKey::of_month(kid, department, day, private.sealing_key(), now);
    key.wrapped = opener.make_period(&key, &private.bytes()?, &house.random)?;
    let leaf = NewLeaf::new(
        house,
        LeafKind::KeyPublished,
        json!({
            "department": department,
            "destroy_after": key.destroy_after,
            "jwk": key.jwk(),
            "kid": key.kid,
            "month": key.month,
            "seal_from": key.seal_from,
            "seal_until": key.seal_until,
            "suite": SUITE,
        }),
    );
    let stored = key.clone();
    house
        .store
        .write("keys.make", move |tx| {
            store::insert(tx, &stored, leaf.id)?;
            append_in(tx, &leaf)?;
            Ok::<_, KeysError>(())
        })
        .await?;
    Ok(key)
}

/// Takes the key called `kid` out of use; it still opens what was sealed to it.
///
/// # Errors
///
/// [`KeysError::NotFound`] if it is not in use; those of the store.
pub async fn retire(house: &House, kid: &str) -> Result<(), KeysError> {
    let leaf = NewLeaf::new(house, LeafKind::KeyRetired, json!({ "kid": kid }));
    let (kid, now) = (kid.to_owned(), house.clock.now());
    house
        .store
        .write("keys.retire", move |tx| {
            if !store::retire(tx, &kid, now)? {
                return Err(KeysError::NotFound(kid.clone()));
            }
            Ok(append_in(tx, &leaf)?)
        })
        .await
}

/// Signs and publishes the list of all keys that are open now or later, under the next number.
///
/// `iss` is the public origin of the API, `log` the verifier key of the log.
///
/// # Errors
///
/// [`KeysError::Sign`], [`KeysError::ListOvertaken`]; those of the store.
pub async fn publish_list(
    house: &House,
    signer: &SigningKey,
    iss: &str,
    log: &str,
) -> Result<KeyList, KeysError> {
    let now = house.clock.now();
    let (keys, newest) = house
        .store
        .read("keys.listed", move |conn| {
            Ok::<_, KeysError>((store::not_closed(conn, now)?, store::newest_list(conn)?))
        })
        .await?;
    let number = newest.map_or(0, |(number, _)| number) + 1;
    let list = KeyList {
        iss: iss.to_owned(),
        iat: now.seconds(),
        number,
        log: log.to_owned(),
        keys: keys.iter().map(ListedKey::from).collect(),
    };
    let jws = signer.sign(TYP, &list_kid(signer), &list)?;
    let leaf = NewLeaf::new(
        house,
        LeafKind::KeyPublished,
        json!({ "list": number, "sha256": b64u::encode(&sha256(jws.as_bytes())) }),
    );
    house
        .store
        .write("keys.publish", move |tx| {
            if store::newest_list(tx)?.map_or(0, |(newest, _)| newest) >= number {
                return Err(KeysError::ListOvertaken);
            }
            store::insert_list(tx, number, &jws, leaf.id, now)?;
            Ok(append_in(tx, &leaf)?)
        })
        .await?;
    Ok(list)
}

/// The name of a key that signs lists: the head of its thumbprint.
fn list_kid(signer: &SigningKey) -> String {
    let thumbprint = signer.public().thumbprint();
    format!("sk-{}", thumbprint.get(..16).unwrap_or_default())
}

/// The audit keys of all departments that are open for sealing at `now`, by department.
///
/// # Errors
///
/// Those of the database.
pub fn published(conn: &mut Conn, now: Timestamp) -> diesel::QueryResult<Vec<AuditKey>> {
    store::open_at(conn, now)
}

/// Every audit key of `department`, newest month first, at most 500: whoever judges a `kid` tells
/// an unknown one from a closed one by [`AuditKey::is_open`].
///
/// # Errors
///
/// Those of the database.
pub fn list(conn: &mut Conn, department: DepartmentId) -> diesel::QueryResult<Vec<AuditKey>> {
    store::of_department(conn, department)
}

/// The key called `kid`, whatever its state, for whoever opens with it.
///
/// # Errors
///
/// Those of the database.
pub fn find(conn: &mut Conn, kid: &str) -> diesel::QueryResult<Option<AuditKey>> {
    store::find(conn, kid)
}
