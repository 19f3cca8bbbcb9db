//! Acceptance 10 to 14 and 16 to 18, on the pure check.

use serde_json::{Value, json};

use super::*;
use crate::foundation::Random;
use crate::foundation::crypto::b64u;
use crate::foundation::crypto::install_providers;
use crate::foundation::crypto::jws::{Algorithm, SigningKey};

const ISSUER: &str = "https://api.chayan.test";
const NOW: i64 = 1_800_000_000;

fn key() -> SigningKey {
    install_providers();
    SigningKey::generate(Algorithm::Es256, &Random::seeded(1)).unwrap()
}

fn claims() -> Value {
    json!({
        "iss": "crane-inn", "sub": "crane-inn", "aud": ISSUER,
        "iat": NOW, "exp": NOW + 60, "jti": "0123456789abcdef",
    })
}

fn judge(token: &str, key: &SigningKey) -> Result<Accepted, Refused> {
    check(token, Some(key.public()), ISSUER, Timestamp::from_seconds(NOW))
}

/// Signs `claims` with the right key and typ, and judges the result.
fn with(name: &str, value: Value) -> Result<Accepted, Refused> {
    let (key, mut claims) = (key(), claims());
    if value.is_null() {
        claims.as_object_mut().unwrap().remove(name);
    } else {
        claims[name] = value;
    }
    judge(&key.sign(TYP, "a1", &claims).unwrap(), &key)
}

/// The right payload under another header, signed by `signature` over the signing input.
fn under(header: &Value, signature: impl Fn(&str) -> Vec<u8>) -> String {
    let encode = |value: &Value| b64u::encode(value.to_string().as_bytes());
    let input = format!("{}.{}", encode(header), encode(&claims()));
    let signature = b64u::encode(&signature(&input));
    format!("{input}.{signature}")
}

#[test]
fn a_sound_assertion_is_accepted_once_and_for_all_algorithms() {
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa] {
        install_providers();
        let key = SigningKey::generate(algorithm, &Random::system()).unwrap();
        let accepted = judge(&key.sign(TYP, "a1", &claims()).unwrap(), &key).unwrap();
        assert_eq!((accepted.client_id.as_str(), accepted.kid.as_str()), ("crane-inn", "a1"));
        assert_eq!(accepted.hash, sha256(b"crane-inn\x000123456789abcdef"));
        assert_eq!(accepted.keep_until, Timestamp::from_seconds(NOW + 120));
    }
}

#[test]
fn other_algorithms_than_that_of_the_key_are_refused() {
    let key = key();
    let good = key.sign(TYP, "a1", &claims()).unwrap();
    let signature = b64u::decode(good.rsplit_once('.').unwrap().1).unwrap();
    for alg in ["none", "None", "nOnE", "HS256", "RS256", "ES384", "EdDSA", "PS256", ""] {
        for signature in [signature.clone(), vec![0]] {
            let header = json!({ "alg": alg, "kid": "a1", "typ": TYP });
            assert!(judge(&under(&header, |_| signature.clone()), &key).is_err(), "{alg}");
        }
    }
}

#[test]
fn an_hmac_with_the_public_key_as_its_secret_is_refused() {
    let key = key();
    let jwk = key.public().canonical();
    let members: Value = serde_json::from_str(jwk).unwrap();
    let x = b64u::decode(members["x"].as_str().unwrap()).unwrap();
    let y = b64u::decode(members["y"].as_str().unwrap()).unwrap();
    let point = [&[4], x.as_slice(), y.as_slice()].concat();
    for secret in [jwk.as_bytes(), point.as_slice()] {
        let header = json!({ "alg": "HS256", "kid": "a1", "typ": TYP });
        let token = under(&header, |input| {
            let key = jsonwebtoken::EncodingKey::from_secret(secret);
            let hmac = jsonwebtoken::Algorithm::HS256;
            let tag = jsonwebtoken::crypto::sign(input.as_bytes(), &key, hmac).unwrap();
            b64u::decode(tag).unwrap()
        });
        assert!(matches!(judge(&token, &key), Err(Refused::Jws(JwsError::Algorithm))));
    }
}

#[test]
fn any_audience_but_the_issuer_as_one_string_is_refused() {
    let token_url = format!("{ISSUER}/oauth2/token");
    let slash = format!("{ISSUER}/");
    for aud in [
        json!(token_url),
        json!(slash),
        json!([ISSUER]),
        json!([ISSUER, "https://elsewhere.test"]),
        json!(7),
        json!({}),
        json!("https://API.chayan.test"),
        Value::Null,
    ] {
        assert!(with("aud", aud.clone()).is_err(), "{aud}");
    }
}

#[test]
fn times_of_a_wrong_type_or_missing_are_refused() {
    let text = NOW.to_string();
    for name in ["exp", "iat", "nbf"] {
        for value in [json!(text), json!(1.8e9), json!([NOW]), json!({}), json!(true)] {
            assert!(with(name, value.clone()).is_err(), "{name} {value}");
        }
    }
    assert!(with("exp", Value::Null).is_err());
    assert!(with("iat", Value::Null).is_err());
    assert!(with("nbf", json!(NOW)).is_ok());
    for value in [-1, 0, NOW - 301, NOW + 31, i64::from(u32::MAX) * 1_000_000] {
        assert!(with("iat", json!(value)).is_err(), "iat {value}");
        assert!(with("nbf", json!(value)).is_err(), "nbf {value}");
    }
    for value in [-1, 0, NOW - 10, NOW + 301, i64::from(u32::MAX) * 1_000_000] {
        assert!(with("exp", json!(value)).is_err(), "exp {value}");
    }
}

#[test]
fn a_number_that_no_integer_holds_is_refused() {
    let key = key();
    let good = key.sign(TYP, "a1", &claims()).unwrap();
    let header = good.split_once('.').unwrap().0;
    let payload = claims().to_string().replace(&format!("\"exp\":{}", NOW + 60), "\"exp\":1e400");
    let token = format!("{header}.{}.{}", b64u::encode(payload.as_bytes()), "AAAA");
    assert!(claimed(&token).is_none());
    assert!(judge(&token, &key).is_err());
}

#[test]
fn a_clock_may_be_half_a_minute_ahead_and_no_more() {
    let at = |iat: i64| {
        let (key, mut claims) = (key(), claims());
        claims["iat"] = json!(iat);
        claims["exp"] = json!(iat + 60);
        judge(&key.sign(TYP, "a1", &claims).unwrap(), &key)
    };
    assert!(at(NOW + 10).is_ok());
    assert!(at(NOW + 30).is_ok());
    assert!(matches!(at(NOW + 31), Err(Refused::Time)));
    // `exp` = now − 9 lies within the leeway, now − 10 does not.
    assert!(at(NOW - 69).is_ok());
    assert!(matches!(at(NOW - 70), Err(Refused::Time)));
}

#[test]
fn three_hundred_seconds_are_the_longest_life() {
    assert!(with("exp", json!(NOW + 300)).is_ok());
    assert!(matches!(with("exp", json!(NOW + 301)), Err(Refused::Time)));
}

#[test]
fn issuer_and_subject_are_both_the_client() {
    for name in ["iss", "sub"] {
        for value in [json!("another"), json!(["crane-inn"]), json!(1), Value::Null] {
            assert!(with(name, value.clone()).is_err(), "{name} {value}");
        }
    }
}

#[test]
fn a_jti_is_16_to_128_url_safe_characters() {
    for jti in ["j".repeat(16), "j".repeat(128), "A-z_0.9~AAAAAAAA".into()] {
        assert!(with("jti", json!(jti)).is_ok(), "{jti}");
    }
    for jti in ["j".repeat(15), "j".repeat(129), format!("{} ", "j".repeat(20)), "é".repeat(10)] {
        assert!(matches!(with("jti", json!(jti)), Err(Refused::Jti)), "{jti}");
    }
    assert!(with("jti", json!(1_234_567_890_123_456_i64)).is_err());
    assert!(with("jti", Value::Null).is_err());
}

#[test]
fn key_ids_that_try_to_be_more_are_refused() {
    let key = key();
    let long = "k".repeat(64 * 1024);
    let payloads = [
        "../../../../etc/passwd",
        "..\\..\\windows\\win.ini",
        "/dev/null",
        "/proc/self/environ",
        "file:///etc/passwd",
        "http://127.0.0.1/key",
        "https://sink.test/jwks",
        "' OR '1'='1",
        "' OR 1=1 --",
        "'; DROP TABLE identity_clients; --",
        "\" OR \"\"=\"",
        "1; SELECT 1",
        "a' UNION SELECT 'x",
        "\0",
        "a\0b",
        "a\nb",
        "a\r\nb",
        "%2e%2e%2f",
        "%00",
        "${7*7}",
        "{{7*7}}",
        "$(id)",
        "`id`",
        "|id",
        "a b",
        "a/b",
        "a.b",
        "键",
        "",
        &long,
    ];
    assert_eq!(payloads.len(), 30);
    for kid in payloads {
        let token = key.sign(TYP, kid, &claims()).unwrap();
        assert!(claimed(&token).is_none());
        assert!(judge(&token, &key).is_err(), "{}", &kid[..kid.len().min(40)]);
    }
}

#[test]
fn header_members_that_name_keys_or_extensions_are_refused() {
    let key = key();
    let jwk: Value = serde_json::from_str(key.public().canonical()).unwrap();
    for (name, value) in [
        ("jku", json!("https://sink.test/jwks")),
        ("x5u", json!("https://sink.test/cert")),
        ("x5c", json!(["MIIB"])),
        ("jwk", jwk),
        ("crit", json!(["exp"])),
        ("b64", json!(false)),
    ] {
        let mut header = json!({ "alg": "ES256", "kid": "a1", "typ": TYP });
        header[name] = value;
        let token = under(&header, |_| vec![0; 64]);
        assert!(matches!(judge(&token, &key), Err(Refused::Jws(JwsError::Header))), "{name}");
    }
}

#[test]
fn no_other_kind_of_token_is_an_assertion() {
    let key = key();
    for typ in ["at+jwt", "dpop+jwt", "chayan-batch+jwt", "chayan-close+jwt", "JWT", "jwt", ""] {
        let token = key.sign(typ, "a1", &claims()).unwrap();
        assert!(matches!(judge(&token, &key), Err(Refused::Jws(JwsError::Typ))), "{typ}");
    }
    let absent = key.sign(TYP, "a1", &claims()).unwrap();
    assert!(judge(&absent, &key).is_ok());
}

#[test]
fn an_unknown_key_a_foreign_key_and_a_wrong_algorithm_are_refused_alike() {
    let (key, other) = (key(), SigningKey::generate(Algorithm::Es256, &Random::system()).unwrap());
    let token = other.sign(TYP, "a1", &claims()).unwrap();
    assert!(judge(&token, &key).is_err());
    let now = Timestamp::from_seconds(NOW);
    assert!(matches!(check(&token, None, ISSUER, now), Err(Refused::Unknown)));
    let edwards = SigningKey::generate(Algorithm::EdDsa, &Random::system()).unwrap();
    assert!(judge(&edwards.sign(TYP, "a1", &claims()).unwrap(), &key).is_err());
}

#[test]
fn the_keys_of_nobody_are_readable_and_one_for_each_algorithm() {
    for (alg, jwk) in NOBODY {
        assert_eq!(PublicJwk::parse(jwk.as_bytes()).unwrap().algorithm().as_str(), alg);
    }
    let mut algorithms = NOBODY.map(|(alg, _)| alg);
    algorithms.sort_unstable();
    assert_eq!(algorithms, ["ES256", "EdDSA", "PS256"]);
}
