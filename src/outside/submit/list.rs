//! The signed list of published keys, and the key that a stream's records are sealed to.

use crate::foundation::crypto::b64u;
use crate::foundation::crypto::jws::{self, PublicJwk, Typ};
use crate::foundation::crypto::sealing::SealingKey;
use crate::foundation::ids::DepartmentId;
use crate::foundation::time::Timestamp;
use crate::keys::{KEY_LIST_TYP, KeyList};

use super::client::{Refusal, limited, told};

/// The longest list, in bytes.
const LONGEST: usize = 1024 * 1024;

/// Fetches the newest list from `origin` and checks it with `pinned`, the list key that was handed
/// over at onboarding.
///
/// # Errors
///
/// [`Refusal::Unknown`] without an answer; [`Refusal::Answer`] where the list is not signed by the
/// pinned key or not of its form.
pub async fn key_list(
    http: &reqwest::Client,
    origin: &str,
    pinned: &PublicJwk,
) -> Result<KeyList, Refusal> {
    let url = format!("{origin}/.well-known/chayan-keys");
    let answer = http.get(url).send().await.map_err(|cause| Refusal::Unknown(told(&cause)))?;
    if !answer.status().is_success() {
        return Err(Refusal::Answer(format!("no list of keys: {}", answer.status())));
    }
    read(&limited(answer).await?, pinned)
}

fn read(list: &[u8], pinned: &PublicJwk) -> Result<KeyList, Refusal> {
    let refused = |cause: jws::JwsError| Refusal::Answer(format!("the list of keys: {cause}"));
    let parsed = jws::parse(list, Typ::Is(KEY_LIST_TYP), LONGEST).map_err(refused)?;
    parsed.verify(pinned).and_then(|list| list.claims()).map_err(refused)
}

/// The key of `department` that is open for sealing at `now`, with its `kid`; of several, the one
/// that closes last.
#[must_use]
pub fn open_key(
    list: &KeyList,
    department: DepartmentId,
    now: Timestamp,
) -> Option<(String, SealingKey)> {
    let now = now.seconds();
    let own = list.keys.iter().filter(|key| key.department == department);
    let open = own.filter(|key| key.seal_from <= now && now < key.seal_until);
    let key = open.max_by_key(|key| key.seal_until)?;
    let member = |name: &str| b64u::decode_array::<32>(key.jwk.get(name)?.as_str()?);
    let point = SealingKey::from_coordinates(&member("x")?, &member("y")?)?;
    Some((key.kid.clone(), point))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::foundation::Random;
    use crate::foundation::crypto::jws::{Algorithm, SigningKey};
    use crate::foundation::crypto::sealing::OpeningKey;

    const DEPARTMENT: &str = "0198c0de-0000-7000-8000-00000000000d";

    fn signed(signer: &SigningKey, key: &SealingKey) -> String {
        let listed = |kid: &str, from: i64, until: i64| {
            json!({
                "department": DEPARTMENT, "kid": kid, "suite": "chayan-1", "jwk": key.jwk(kid),
                "seal_from": from, "seal_until": until, "destroy_after": until,
            })
        };
        let list = json!({
            "iss": "https://localhost:8440", "iat": 100, "number": 1, "log": "l",
            "keys": [listed("ak-march", 100, 200), listed("ak-april", 180, 300)],
        });
        signer.sign(KEY_LIST_TYP, "sk-1", &list).unwrap()
    }

    #[test]
    fn the_open_key_of_the_department_is_found() {
        let random = Random::seeded(1);
        let signer = SigningKey::generate(Algorithm::EdDsa, &random).unwrap();
        let key = OpeningKey::generate(&random).unwrap();
        let list = read(signed(&signer, key.sealing_key()).as_bytes(), signer.public()).unwrap();
        let kid = |department: &str, at| {
            let found = open_key(&list, department.parse().unwrap(), Timestamp::from_seconds(at));
            found.map(|(kid, _)| kid)
        };
        assert_eq!(kid(DEPARTMENT, 99), None);
        assert_eq!(kid(DEPARTMENT, 150).as_deref(), Some("ak-march"));
        assert_eq!(kid(DEPARTMENT, 190).as_deref(), Some("ak-april"));
        assert_eq!(kid(DEPARTMENT, 300), None);
        assert_eq!(kid("0198c0de-0000-7000-8000-00000000000e", 150), None);
    }

    #[test]
    fn a_list_signed_by_anybody_else_is_refused() {
        let random = Random::seeded(1);
        let signer = SigningKey::generate(Algorithm::EdDsa, &random).unwrap();
        let other = SigningKey::generate(Algorithm::EdDsa, &random).unwrap();
        let key = OpeningKey::generate(&random).unwrap();
        let list = signed(&signer, key.sealing_key());
        assert!(matches!(read(list.as_bytes(), other.public()), Err(Refusal::Answer(_))));
    }
}
