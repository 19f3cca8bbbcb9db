use serde::Serialize;
use serde_json::{Value, json};

use super::*;
use crate::foundation::Random;
use crate::foundation::crypto::install_providers;

const TYP: &str = "chayan-batch+jwt";

#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    iat: i64,
}

fn claims() -> Claims {
    Claims { iss: "client".into(), iat: 1_800_000_000 }
}

fn key(algorithm: Algorithm) -> SigningKey {
    install_providers();
    SigningKey::generate(algorithm, &Random::system()).unwrap()
}

fn check(token: &str, key: &PublicJwk) -> Result<Claims, JwsError> {
    parse(token.as_bytes(), Typ::Is(TYP), 4096)?.verify(key)?.claims()
}

/// A token with any header over the payload of `token`, signed rightly over what it says.
fn with_header(token: &str, header: &str) -> String {
    let (_, rest) = token.split_once('.').unwrap();
    format!("{}.{rest}", b64u::encode(header.as_bytes()))
}

#[test]
fn what_is_signed_is_verified() {
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa] {
        let key = key(algorithm);
        let token = key.sign(TYP, "k1", &claims()).unwrap();
        assert_eq!(check(&token, key.public()).unwrap(), claims());
        let again = key.bytes().expose(|bytes| SigningKey::from_bytes(algorithm, bytes)).unwrap();
        assert_eq!(again.public(), key.public());
        assert_eq!(parse(token.as_bytes(), Typ::Is(TYP), 4096).unwrap().kid(), "k1");
    }
}

#[test]
fn another_key_algorithm_or_byte_is_refused() {
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa] {
        let (signer, twin) = (key(algorithm), key(algorithm));
        let token = signer.sign(TYP, "k1", &claims()).unwrap();
        assert!(matches!(check(&token, twin.public()), Err(JwsError::Signature)));
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(check(&changed, signer.public()).is_err(), "byte {at}");
        }
    }
    let (ec, ed) = (key(Algorithm::Es256), key(Algorithm::EdDsa));
    let token = ec.sign(TYP, "k1", &claims()).unwrap();
    assert!(matches!(check(&token, ed.public()), Err(JwsError::Algorithm)));
}

#[test]
fn the_algorithm_of_a_token_must_be_that_of_its_key() {
    let key = key(Algorithm::Es256);
    let token = key.sign(TYP, "k1", &claims()).unwrap();
    for alg in ["none", "None", "nOnE", "HS256", "RS256", "ES384", "EdDSA", "PS256", "es256", ""] {
        let header = json!({ "alg": alg, "kid": "k1", "typ": TYP }).to_string();
        let found = check(&with_header(&token, &header), key.public());
        assert!(matches!(found, Err(JwsError::Algorithm)), "{alg}");
    }
}

#[test]
fn an_hmac_over_the_public_key_bytes_is_refused() {
    let key = key(Algorithm::Es256);
    let header = json!({ "alg": "HS256", "kid": "k1", "typ": TYP });
    let input = format!(
        "{}.{}",
        b64u::encode(header.to_string().as_bytes()),
        b64u::encode(&serde_json::to_vec(&claims()).unwrap())
    );
    let secret = jsonwebtoken::EncodingKey::from_secret(key.public().canonical().as_bytes());
    let signature =
        jsonwebtoken::crypto::sign(input.as_bytes(), &secret, jsonwebtoken::Algorithm::HS256);
    let token = format!("{input}.{}", signature.unwrap());
    assert!(matches!(check(&token, key.public()), Err(JwsError::Algorithm)));
}

#[test]
fn a_header_member_besides_the_three_is_refused() {
    let key = key(Algorithm::EdDsa);
    let token = key.sign(TYP, "k1", &claims()).unwrap();
    for name in ["crit", "jku", "x5u", "x5c", "jwk", "b64", "cty", "zip", "extra"] {
        let mut header = json!({ "alg": "EdDSA", "kid": "k1", "typ": TYP });
        header[name] = json!(["exp"]);
        let found = check(&with_header(&token, &header.to_string()), key.public());
        assert!(matches!(found, Err(JwsError::Header)), "{name}");
    }
    for header in [
        r#"{"alg":"EdDSA","alg":"EdDSA","kid":"k1","typ":"chayan-batch+jwt"}"#,
        r#"{"alg":"EdDSA","typ":"chayan-batch+jwt"}"#,
        r#"{"alg":["EdDSA"],"kid":"k1","typ":"chayan-batch+jwt"}"#,
        "[]",
        "",
    ] {
        let found = check(&with_header(&token, header), key.public());
        assert!(matches!(found, Err(JwsError::Header)), "{header}");
    }
}

#[test]
fn kinds_of_tokens_do_not_mix() {
    let key = key(Algorithm::EdDsa);
    let token = key.sign("at+jwt", "k1", &claims()).unwrap();
    assert!(matches!(check(&token, key.public()), Err(JwsError::Typ)));
    let absent = with_header(&token, r#"{"alg":"EdDSA","kid":"k1"}"#);
    assert!(matches!(parse(absent.as_bytes(), Typ::Is(TYP), 4096), Err(JwsError::Typ)));
    assert!(parse(absent.as_bytes(), Typ::IsOrAbsent(TYP), 4096).is_ok());
    assert!(matches!(parse(token.as_bytes(), Typ::IsOrAbsent(TYP), 4096), Err(JwsError::Typ)));
}

#[test]
fn malformed_key_ids_are_refused() {
    let key = key(Algorithm::EdDsa);
    let long = "k".repeat(65);
    for kid in ["", "../../etc/passwd", "' OR 1=1 --", "k\0", "k 1", "ключ", &long] {
        let token = key.sign(TYP, kid, &claims()).unwrap();
        assert!(matches!(check(&token, key.public()), Err(JwsError::Kid)), "{kid:?}");
    }
}

#[test]
fn malformed_tokens_are_refused() {
    let key = key(Algorithm::EdDsa);
    let token = key.sign(TYP, "k1", &claims()).unwrap();
    let unsigned = token.rsplit_once('.').unwrap().0;
    for text in [
        "",
        ".",
        "..",
        "...",
        unsigned,
        &format!("{unsigned}."),
        &format!("{token}="),
        &format!("{token}.e30"),
        &format!(" {token}"),
        &format!("{token}\n"),
    ] {
        let found = parse(text.as_bytes(), Typ::Is(TYP), 4096);
        assert!(matches!(found, Err(JwsError::Form)), "{text}");
    }
    assert!(matches!(parse(token.as_bytes(), Typ::Is(TYP), 20), Err(JwsError::Form)));
}

#[test]
fn claims_of_another_type_are_refused() {
    let key = key(Algorithm::EdDsa);
    let payloads = [
        json!({ "iss": "client", "iat": "1800000000" }),
        json!({ "iss": "client", "iat": 1.8e9 }),
        json!({ "iss": ["client"], "iat": 1 }),
        json!({ "iss": "client", "iat": null }),
        json!({ "iss": "client" }),
        json!({ "iss": "client", "iat": 1, "exp": 2 }),
        json!([]),
    ];
    for payload in payloads {
        let token = key.sign(TYP, "k1", &payload).unwrap();
        assert!(matches!(check(&token, key.public()), Err(JwsError::Claims(_))), "{payload}");
    }
}

#[test]
fn a_private_or_foreign_or_weak_jwk_is_refused() {
    let ec: Value = serde_json::from_str(key(Algorithm::Es256).public().canonical()).unwrap();
    let ed: Value = serde_json::from_str(key(Algorithm::EdDsa).public().canonical()).unwrap();
    let parse = |jwk: &Value| PublicJwk::parse(jwk.to_string().as_bytes());
    let with = |jwk: &Value, name: &str, value: Value| {
        let mut jwk = jwk.clone();
        jwk[name] = value;
        parse(&jwk).map(|_| ())
    };
    assert!(parse(&ec).is_ok() && parse(&ed).is_ok());
    for name in ["d", "p", "q", "k", "oth", "x5u", "x5c", "key_ops"] {
        assert_eq!(with(&ec, name, "AQ".into()), Err(JwkError::Form), "{name}");
    }
    assert_eq!(with(&ec, "crv", "P-384".into()), Err(JwkError::Kind));
    assert_eq!(with(&ec, "kty", "oct".into()), Err(JwkError::Kind));
    assert_eq!(with(&ed, "crv", "Ed448".into()), Err(JwkError::Kind));
    assert_eq!(with(&ec, "x", b64u::encode(&[1; 32]).into()), Err(JwkError::Weak));
    assert_eq!(with(&ed, "x", b64u::encode(&[1; 31]).into()), Err(JwkError::Weak));
    assert_eq!(with(&ec, "alg", "EdDSA".into()), Err(JwkError::Use));
    assert_eq!(with(&ec, "use", "enc".into()), Err(JwkError::Use));
    assert_eq!(with(&ec, "kid", "a/b".into()), Err(JwkError::Use));
    let rsa = |bytes: usize, e: &str| json!({ "kty": "RSA", "n": b64u::encode(&vec![0xff; bytes]), "e": e });
    assert!(parse(&rsa(256, "AQAB")).is_ok());
    for weak in [rsa(255, "AQAB"), rsa(128, "AQAB"), rsa(256, "Aw"), rsa(256, "AAEAAQ")] {
        assert_eq!(parse(&weak).map(|_| ()), Err(JwkError::Weak), "{weak}");
    }
}

#[test]
fn the_thumbprint_of_rfc_7638_holds() {
    let jwk = json!({
        "kty": "RSA",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
        "e": "AQAB", "alg": "PS256", "kid": "2011-04-29",
    });
    let jwk = PublicJwk::parse(jwk.to_string().as_bytes()).unwrap();
    assert_eq!(jwk.thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    assert_eq!(jwk.kid(), Some("2011-04-29"));
}
