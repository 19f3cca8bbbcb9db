//! Opening and judging one record, as the audit process does it, against the bare ECDH and AES-GCM
//! of the same libraries on the same record: what the form, the commitment and the rule pack cost
//! on top. The two take turns in one process and their medians are compared.
//!
//! `--json` adds one JSON object as the last line.
#![expect(clippy::print_stdout, reason = "a benchmark reports on standard output")]

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use aes_gcm::Aes256Gcm;
use aes_gcm::aead::{Aead as _, Key, KeyInit as _, Nonce, Payload};
use aws_lc_rs::agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey, agree};
use chayan::audits::{Outcome, judge_line};
use chayan::foundation::Random;
use chayan::foundation::crypto::jwe;
use chayan::foundation::crypto::sealing::OpeningKey;
use chayan::rules::{Packs, Place};

const SAMPLES: usize = 4_001;
const STREAM: &str = "01960a00-5a00-7000-8000-0000000000a1";
const RECORD: &str =
    include_str!("../rule-packs/lodging/2026.1/examples/pass/check-in-resident.json");

/// The same record under the bare shared secret: no header, no key derivation, no commitment.
struct Bare {
    private: PrivateKey,
    epk: [u8; 65],
    sealed: Vec<u8>,
    aad: String,
}

impl Bare {
    fn of(line: &str, key: &OpeningKey) -> Option<Self> {
        let private = key.bytes().ok()?;
        let private = private.expose(|s| PrivateKey::from_private_key(&ECDH_P256, s)).ok()?;
        let epk = *jwe::header(line.as_bytes())?.epk.sec1();
        let aad = line.split('.').next()?.to_owned();
        let mut bare = Self { private, epk, sealed: Vec::new(), aad };
        bare.sealed = bare.with_secret(|cipher| {
            let payload = Payload { msg: RECORD.as_bytes(), aad: bare.aad.as_bytes() };
            cipher.encrypt(&Nonce::<Aes256Gcm>::default(), payload).ok()
        })?;
        Some(bare)
    }

    fn with_secret<T>(&self, f: impl FnOnce(&Aes256Gcm) -> Option<T>) -> Option<T> {
        let peer = UnparsedPublicKey::new(&ECDH_P256, self.epk.as_slice());
        let run = |shared: &[u8]| {
            let key = <&Key<Aes256Gcm>>::try_from(shared).ok().ok_or(())?;
            f(&Aes256Gcm::new(key)).ok_or(())
        };
        agree(&self.private, peer, (), run).ok()
    }

    /// One ECDH and one AES-256-GCM.
    fn open(&self) -> Option<Vec<u8>> {
        self.with_secret(|cipher| {
            let payload = Payload { msg: &self.sealed, aad: self.aad.as_bytes() };
            cipher.decrypt(&Nonce::<Aes256Gcm>::default(), payload).ok()
        })
    }
}

fn median(mut nanoseconds: Vec<u128>) -> u128 {
    nanoseconds.sort_unstable();
    nanoseconds[nanoseconds.len() / 2]
}

fn main() -> Result<(), Box<dyn Error>> {
    let random = Random::system();
    let key = OpeningKey::generate(&random)?;
    let line = jwe::seal(RECORD.as_bytes(), "ak-1", key.sealing_key(), &random)?;
    let packs = Packs::embedded();
    let pack = packs.pack("lodging/2026.1").ok_or("the pack is not there")?;
    let place = Place { stream: STREAM, seq: 101, day: "2026-03-02", subtype: None, amends: None };
    let open = || judge_line(black_box(line.as_bytes()), |_kid| Some(&key), pack, &place);
    let bare = Bare::of(&line, &key).ok_or("the record does not decode")?;
    if open().outcome != Outcome::Pass || bare.open().is_none() {
        return Err("the record does not pass".into());
    }
    let (mut ours, mut against) = (Vec::new(), Vec::new());
    for _ in 0..SAMPLES {
        let start = Instant::now();
        black_box(open());
        ours.push(start.elapsed().as_nanos());
        let start = Instant::now();
        black_box(bare.open());
        against.push(start.elapsed().as_nanos());
    }
    let (ours, against) = (median(ours), median(against));
    let thousandths = (ours * 1_000).div_ceil(against.max(1));
    let ratio = format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000);
    println!("open and judge: {ours} ns / bare ECDH and AES-GCM: {against} ns = {ratio}");
    if std::env::args().any(|argument| argument == "--json") {
        println!(r#"{{"ours":{ours},"against":{against},"ratio":{ratio}}}"#);
    }
    Ok(())
}
