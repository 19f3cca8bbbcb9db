//! Tests of opening one block.

use aes_gcm::Aes256Gcm;
use aes_gcm::aead::{Aead, Key, KeyInit, Payload};
use aws_lc_rs::agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey, agree};
use serde_json::json;

use super::block::*;
use super::model::{Cause, Outcome};
use crate::foundation::Random;
use crate::foundation::crypto::aead::WrappingKey;
use crate::foundation::crypto::sealing::{OpeningKey, SealingKey};
use crate::foundation::crypto::{b64u, jwe, sha256};
use crate::foundation::ids::Id as _;
use crate::rules::Packs;

const PACK: &str = "lodging/2026.1";

/// A line whose tag fits `plaintext` and whose header commits to what `line` commits to: what a
/// ciphertext with two openings shows to one of them. Made without our own sealing code, which
/// cannot do it.
pub(super) fn seal_with_other_commitment(
    line: &str,
    plaintext: &[u8],
    kid: &str,
    to: &SealingKey,
) -> String {
    let pc = b64u::encode(&jwe::header(line.as_bytes()).unwrap().pc);
    let ephemeral = PrivateKey::generate(&ECDH_P256).unwrap();
    let public = ephemeral.compute_public_key().unwrap();
    let epk = SealingKey::from_sec1(public.as_ref()).unwrap();
    let header = json!({
        "alg": jwe::ALG, "enc": jwe::ENC, "kid": kid, "typ": jwe::TYP, "pc": pc,
        "epk": { "kty": "EC", "crv": "P-256", "x": epk.x(), "y": epk.y() },
    });
    let protected = b64u::encode(header.to_string().as_bytes());
    let peer = UnparsedPublicKey::new(&ECDH_P256, to.sec1().as_slice());
    let key = agree(&ephemeral, peer, (), |shared| {
        let mut info = vec![0, 0, 0, 1];
        info.extend_from_slice(shared);
        info.extend_from_slice(b"\0\0\0\x07A256GCM\0\0\0\0\0\0\0\0\0\0\x01\0");
        Ok::<_, ()>(sha256(&info))
    });
    let cipher = Aes256Gcm::new(&Key::<Aes256Gcm>::from(key.unwrap()));
    let payload = Payload { msg: plaintext, aad: protected.as_bytes() };
    let sealed = cipher.encrypt(&[7; 12].into(), payload).unwrap();
    let (text, tag) = sealed.split_at(plaintext.len());
    format!("{protected}..{}.{}.{}", b64u::encode(&[7; 12]), b64u::encode(text), b64u::encode(tag))
}

fn record(number: u64) -> serde_json::Value {
    json!({
        "salt": "KAS61v6UpV8YsrN-MAkZpQ", "stream": "01960a00-5a00-7000-8000-0000000000a1",
        "seq": number, "occurred_at": "2026-03-02T14:05:00+08:00",
        "registered_at": "2026-03-02T14:07:30+08:00", "event": "check_in",
        "subject_kind": "person", "subject_name": "林小满", "id_doc_type": "111",
        "id_doc_no": "410699199001120234", "verify_method": "reader", "verify_result": "pass",
        "operator_id": "front-07", "source_no": "PMS-20260302-0101", "room_no": "0806",
        "guests_in_room": 1, "minor": false,
    })
}

struct Fixture {
    packs: Packs,
    key: OpeningKey,
}

impl Fixture {
    fn new() -> Self {
        let key = OpeningKey::generate(&Random::seeded(5)).unwrap();
        Self { packs: Packs::embedded(), key }
    }

    fn seal(&self, plaintext: &[u8]) -> String {
        jwe::seal(plaintext, "ak-1", self.key.sealing_key(), &Random::system()).unwrap()
    }

    fn block(&self, lines: &[String]) -> Block {
        let digest = b64u::encode(self.packs.pack(PACK).unwrap().digest());
        let sealed = |(number, line): (u64, &String)| Sealed {
            ordinal: number - 101,
            line: line.clone(),
            commitment: None,
            pack: PACK.into(),
            digest: digest.clone(),
            stream: "01960a00-5a00-7000-8000-0000000000a1".parse().unwrap(),
            number,
            day: "2026-03-02".parse().unwrap(),
            subtype: None,
            amends: None,
            evidence_key: b64u::encode(&[9; 32]),
        };
        Block {
            rule_packs: None,
            department: crate::foundation::ids::DepartmentId::from_uuid(uuid::Uuid::nil()),
            audit: crate::foundation::ids::AuditId::from_uuid(uuid::Uuid::nil()),
            keys: vec![BlockKey {
                kid: "ak-1".into(),
                scalar: self.key.bytes().unwrap().expose(|scalar| b64u::encode(scalar)),
            }],
            records: (101..).zip(lines).map(sealed).collect(),
        }
    }

    fn open(&self, lines: &[String]) -> Vec<Opened> {
        open_records(&self.block(lines), &self.packs).unwrap()
    }
}

#[test]
fn outcomes_come_back_and_nothing_else() {
    let city = Fixture::new();
    let sound = record(101).to_string();
    let mut bare = record(102);
    bare.as_object_mut().unwrap().remove("room_no");
    let lines = [city.seal(sound.as_bytes()), city.seal(bare.to_string().as_bytes())];
    let mut answer = Vec::new();
    let block = serde_json::to_vec(&city.block(&lines)).unwrap();
    open_block(block.as_slice(), &mut answer).unwrap();
    let text = String::from_utf8(answer).unwrap();
    for secret in ["林小满", "410699199001120234", "0806", "PMS-"] {
        assert!(!text.contains(secret), "{text}");
    }
    let opened: Vec<Opened> = serde_json::from_str(&text).unwrap();
    assert_eq!((opened[0].outcome, &opened[0].evidence), (Outcome::Pass, &None));
    assert_eq!((opened[1].outcome, opened[1].cause), (Outcome::Fail, Some(Cause::RecordFailed)));
    assert_eq!(opened[1].failures[0].rule, "lodging.room_no.missing");
}

#[test]
fn evidence_of_a_failing_record_opens_with_its_key_in_its_row_only() {
    let city = Fixture::new();
    let opened = city.open(&[city.seal(b"{}")]);
    let sealed = b64u::decode(opened[0].evidence.as_ref().unwrap()).unwrap();
    let block = city.block(&[]);
    let key = WrappingKey::from_bytes([9; 32]);
    let open = |ordinal| {
        let row = evidence_row(block.audit, ordinal);
        key.open(&evidence_aad(&block.department, &row), &sealed)
    };
    assert_eq!(open(0).unwrap().as_slice(), b"{}");
    assert!(open(1).is_err());
}

#[test]
fn a_record_that_is_not_what_it_commits_to_or_does_not_open_fails() {
    let city = Fixture::new();
    let line = city.seal(record(101).to_string().as_bytes());
    let twice = seal_with_other_commitment(&line, b"{}", "ak-1", city.key.sealing_key());
    let other = OpeningKey::generate(&Random::seeded(6)).unwrap();
    let foreign = jwe::seal(b"{}", "ak-1", other.sealing_key(), &Random::system()).unwrap();
    let unknown = jwe::seal(b"{}", "ak-2", city.key.sealing_key(), &Random::system()).unwrap();
    let causes: Vec<_> = city
        .open(&[twice, foreign, unknown, "not a record".into()])
        .into_iter()
        .map(|opened| opened.cause.unwrap())
        .collect();
    let unopenable = Cause::Unopenable;
    assert_eq!(causes, [Cause::CommitmentMismatch, unopenable, unopenable, unopenable]);
}

#[test]
fn a_record_copied_from_another_place_fails() {
    let city = Fixture::new();
    let copied = city.open(&[city.seal(record(105).to_string().as_bytes())]);
    assert_eq!(copied[0].failures[0].rule, "lodging.record.place");
}

#[test]
fn hostile_plaintexts_fail_and_the_worker_lives() {
    let city = Fixture::new();
    let deep = format!("{}1{}", "[".repeat(5000), "]".repeat(5000));
    let twice = br#"{"salt":"a","salt":"b"}"#.to_vec();
    let hostile =
        [b"\xff\xfe".to_vec(), deep.into_bytes(), twice, Vec::from("[]"), vec![b'x'; 9000]];
    let lines: Vec<String> = hostile.iter().map(|plaintext| city.seal(plaintext)).collect();
    let opened = city.open(&lines);
    assert!(opened.iter().all(|opened| opened.cause == Some(Cause::RecordFailed)), "{opened:?}");
}

#[test]
fn another_pack_than_the_logged_one_opens_nothing() {
    let city = Fixture::new();
    let mut block = city.block(&[city.seal(b"{}")]);
    block.records[0].digest = b64u::encode(&[0; 32]);
    assert!(matches!(open_records(&block, &city.packs), Err(BlockFault::Pack(_))));
}
