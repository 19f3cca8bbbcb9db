//! The verbs: make, retire, publish a list, and what is published.

use serde_json::json;

use super::error::KeysError;
use super::list::{KeyList, ListedKey, SUITE, TYP};
use super::model::AuditKey;
use super::opener::Opener;
use super::store;
use crate::foundation::House;
use crate::foundation::crypto::jws::{PublicJwk, SigningKey};
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
    let jws = signer.sign(TYP, &list_kid(signer.public()), &list)?;
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
fn list_kid(public: &PublicJwk) -> String {
    format!("sk-{}", public.thumbprint().get(..16).unwrap_or_default())
}

/// The public half of the key that signs lists, as the JWK that a business pins (RFC 7517), under
/// the `kid` that lists carry.
#[must_use]
pub fn list_jwk(public: &PublicJwk) -> String {
    let mut jwk = json!({ "kid": list_kid(public), "alg": "EdDSA", "use": "sig" });
    let members: Option<serde_json::Map<_, _>> = serde_json::from_str(public.canonical()).ok();
    if let (Some(jwk), Some(members)) = (jwk.as_object_mut(), members) {
        jwk.extend(members);
    }
    jwk.to_string()
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::foundation::crypto::aead::DoesNotOpen;
    use crate::foundation::crypto::jws::{self, Algorithm, Typ};
    use crate::foundation::db::testing::Guard;
    use crate::foundation::ids::Id as _;
    use crate::keys::files::{self, KeyFileError};
    use crate::keys::{Kept, KeyFault, Purpose};
    use crate::ledger::testing::{house, started};

    fn department() -> DepartmentId {
        "0198c0de-0000-7000-8000-00000000000d".parse().unwrap()
    }

    fn march() -> Day {
        "2026-03-02".parse().unwrap()
    }

    fn opener_in(folder: &Path, house: &House) -> Opener {
        Opener::new(files::make_root(&folder.join("root.key"), &house.random).unwrap(), folder)
    }

    async fn made() -> (House, Guard, Opener, AuditKey) {
        let (house, guard) = house().await;
        let opener = opener_in(guard.folder.path(), &house);
        let key = make(&house, &opener, department(), march()).await.unwrap();
        (house, guard, opener, key)
    }

    #[tokio::test]
    async fn a_key_is_made_once_a_month_and_opens_with_its_files() {
        let (house, _guard, opener, key) = made().await;
        let again = make(&house, &opener, department(), march()).await.unwrap();
        assert_eq!(again, key);
        let scalar = opener.unwrap(&key).unwrap();
        let opening = scalar.expose(OpeningKey::from_bytes).unwrap();
        assert_eq!(Some(*opening.sealing_key()), key.sealing_key());
        let april = make(&house, &opener, department(), "2026-04-01".parse().unwrap()).await;
        assert_ne!(april.unwrap().kid, key.kid);
    }

    #[tokio::test]
    async fn the_period_key_is_in_no_row() {
        let (_house, guard, opener, key) = made().await;
        let file = guard.folder.path().join(format!("periods/{}.key", key.kid));
        std::fs::remove_file(&file).unwrap();
        let fault = opener.unwrap(&key).unwrap_err();
        assert!(matches!(&fault, KeyFault::File(KeyFileError::Missing(path)) if *path == file));
    }

    #[tokio::test]
    async fn another_root_key_fails_on_the_commitment() {
        let (house, guard, _opener, key) = made().await;
        let other = guard.folder.path().join("other.key");
        let other = files::make_root(&other, &house.random).unwrap();
        let other = Opener::new(other, guard.folder.path());
        assert!(matches!(other.unwrap(&key), Err(KeyFault::PeriodKey(_))));
    }

    #[tokio::test]
    async fn swapped_cells_and_files_do_not_open() {
        let (house, guard, opener, march) = made().await;
        let april = make(&house, &opener, department(), "2026-04-01".parse().unwrap()).await;
        let april = april.unwrap();
        let swapped = AuditKey { wrapped: april.wrapped.clone(), ..march.clone() };
        assert!(matches!(opener.unwrap(&swapped), Err(KeyFault::AuditKey(_))));
        let elsewhere = DepartmentId::from_uuid(uuid::Uuid::nil());
        let swapped = AuditKey { department_id: elsewhere, ..march.clone() };
        assert!(matches!(opener.unwrap(&swapped), Err(KeyFault::PeriodKey(_))));
        let public_jwk = april.public_jwk.clone();
        let swapped = AuditKey { public_jwk, ..march.clone() };
        assert!(matches!(opener.unwrap(&swapped), Err(KeyFault::NotPublished(_))));
        let file = |key: &AuditKey| guard.folder.path().join(format!("periods/{}.key", key.kid));
        std::fs::copy(file(&april), file(&march)).unwrap();
        assert!(matches!(opener.unwrap(&march), Err(KeyFault::PeriodKey(_))));
    }

    #[tokio::test]
    async fn a_nonce_opens_in_its_own_row_only() {
        let (house, _guard, opener, _key) = made().await;
        let place = Kept {
            purpose: Purpose::Nonce,
            department: department(),
            table: "t",
            row: b"one",
            column: "nonce",
        };
        let blob = opener.keep(&house, &place, b"thirty-two bytes").unwrap();
        assert_eq!(opener.fetch(&place, &blob).unwrap().as_slice(), b"thirty-two bytes");
        let others =
            [Kept { row: b"two", ..place }, Kept { purpose: Purpose::EvidenceKey, ..place }];
        for other in others {
            assert_eq!(opener.fetch(&other, &blob), Err(DoesNotOpen));
        }
    }

    #[tokio::test]
    async fn making_and_retiring_leave_their_leaves() {
        let log = started().await;
        let opener = opener_in(log.guard.folder.path(), &log.house);
        let key = make(&log.house, &opener, department(), march()).await.unwrap();
        retire(&log.house, &key.kid).await.unwrap();
        assert!(matches!(retire(&log.house, &key.kid).await, Err(KeysError::NotFound(_))));
        log.drained().await;
        let now = log.house.clock.now();
        let read = move |conn: &mut Conn| {
            let made = crate::ledger::leaves_of(conn, LeafKind::KeyPublished, 0, 9)?;
            let retired = crate::ledger::leaves_of(conn, LeafKind::KeyRetired, 0, 9)?;
            Ok::<_, KeysError>((made, retired, published(conn, now)?))
        };
        let (made, retired, open) = log.house.store.read("test", read).await.unwrap();
        assert_eq!(made.first().unwrap().body()["kid"], key.kid.as_str());
        assert_eq!(retired.first().unwrap().body()["kid"], key.kid.as_str());
        assert_eq!(open, []);
    }

    #[tokio::test]
    async fn a_signed_list_names_the_open_keys_under_rising_numbers() {
        crate::foundation::crypto::install_providers();
        let (house, _guard, _opener, key) = made().await;
        let signer = SigningKey::generate(Algorithm::EdDsa, &house.random).unwrap();
        let first = publish_list(&house, &signer, "https://api.test", "log").await.unwrap();
        let second = publish_list(&house, &signer, "https://api.test", "log").await.unwrap();
        assert_eq!((first.number, second.number), (1, 2));
        let read = |conn: &mut Conn| Ok::<_, KeysError>(store::newest_list(conn)?);
        let (_, jws) = house.store.read("test", read).await.unwrap().unwrap();
        let read = jws::parse(jws.as_bytes(), Typ::Is(TYP), 1 << 20).unwrap();
        let list: KeyList = read.verify(signer.public()).unwrap().claims().unwrap();
        assert_eq!(list, second);
        assert_eq!(list.keys[0].kid, key.kid);
        assert_eq!(list.keys[0].seal_until - list.keys[0].seal_from, (31 + 2) * 86_400);
    }
}
