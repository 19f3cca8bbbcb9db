//! What a business sends before anybody knows it: a pushed line, the header inside one, a compact
//! JWS, the statement inside one, a body of lines, a receipt, a signed note.

#![no_main]

use chayan::foundation::crypto::{b64u, jwe, jws, strict_json};
use chayan::intake::{self, Close, Closure, Manifest, Receipt};
use chayan::ledger::note::{Note, TreeHead, VerifierKey};
use chayan::ledger::proof::Proof;
use libfuzzer_sys::fuzz_target;

/// A line is opened by its header alone if intake took it, and refused with a reason if not.
fn line(line: &[u8]) {
    let seen = jwe::inspect(line, |_| Ok(()));
    let header = jwe::header(line);
    assert_eq!(seen.is_ok(), header.is_some());
    match (seen, header) {
        (Ok(seen), Some(header)) => {
            assert_eq!(seen.pc, header.pc);
            assert_eq!(b64u::encode(&seen.epk_x), header.epk.x());
        }
        (Err(faults), _) => assert!(!faults.is_empty()),
        _ => {}
    }
}

fuzz_target!(|input: &[u8]| {
    line(input);
    let (iv, tag) = (b64u::encode(&[0; 12]), b64u::encode(&[0; 16]));
    line(format!("{}..{iv}.QQ.{tag}", b64u::encode(input)).as_bytes());

    let typ = jws::Typ::IsOrAbsent("client-authentication+jwt");
    if let Ok(token) = jws::parse(input, typ, 4096) {
        assert!(!token.kid().is_empty());
    }
    if let Ok(value) = strict_json::value(input) {
        let text = strict_json::canonical(&value);
        assert_eq!(strict_json::value(&text).expect("what was written is read"), value);
        // A statement that is refused is refused with a reason; one that is taken says who.
        drop((Manifest::read(value.clone()), Close::read(value.clone()), Closure::read(value)));
    }
    drop(Receipt::parse(input));

    let tried = (intake::look(input, 100, |_| Ok(())), intake::look_attested(input, 100));
    for lines in [tried.0, tried.1].into_iter().flatten() {
        assert!(lines.faults.iter().all(|fault| fault.position < 100));
    }

    if let Ok(text) = std::str::from_utf8(input) {
        let key = VerifierKey::new("log.test/fuzz", [7; 32]).expect("a name");
        assert!(TreeHead::open(text, &key).is_err(), "nobody has signed this");
        drop((text.parse::<Note>(), text.parse::<Proof>()));
    }
});
