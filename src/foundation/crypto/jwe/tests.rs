use serde_json::{Value, json};

use super::open::concat_kdf;
use super::*;
use crate::foundation::Random;
use crate::foundation::crypto::sealing::OpeningKey;

fn any_kid(_: &str) -> Result<(), Code> {
    Ok(())
}

fn inspect(line: &[u8], kid: impl Fn(&str) -> Result<(), Code>) -> Result<Inspected, Vec<Fault>> {
    Inspector::new(kid).inspect(line)
}

fn key() -> OpeningKey {
    OpeningKey::generate(&Random::system()).unwrap()
}

fn sealed(key: &OpeningKey) -> String {
    seal(b"{\"seq\":1}", "ak-2026-03", key.sealing_key(), &Random::system()).unwrap()
}

/// The line with its header rewritten; no longer opens, but its form can be judged.
fn with_header(line: &str, change: impl FnOnce(&mut Value)) -> String {
    let (protected, rest) = line.split_once('.').unwrap();
    let mut header = serde_json::from_slice(&b64u::decode(protected).unwrap()).unwrap();
    change(&mut header);
    format!("{}.{rest}", b64u::encode(header.to_string().as_bytes()))
}

fn with_header_text(line: &str, change: impl FnOnce(String) -> String) -> String {
    let (protected, rest) = line.split_once('.').unwrap();
    let text = String::from_utf8(b64u::decode(protected).unwrap()).unwrap();
    format!("{}.{rest}", b64u::encode(change(text).as_bytes()))
}

fn with_part(line: &str, part: usize, text: &str) -> String {
    let mut parts: Vec<&str> = line.split('.').collect();
    parts[part] = text;
    parts.join(".")
}

fn faults(line: &str) -> Vec<(&'static str, String)> {
    let faults = inspect(line.as_bytes(), any_kid).unwrap_err();
    assert!(header(line.as_bytes()).is_none());
    assert_eq!(open(line.as_bytes(), &key()).unwrap_err(), Unopenable);
    faults.into_iter().map(|fault| (fault.code.as_str(), fault.pointer)).collect()
}

fn one(code: &'static str, pointer: &str) -> Vec<(&'static str, String)> {
    vec![(code, pointer.to_owned())]
}

#[test]
fn the_vector_of_rfc_7518_appendix_c_holds() {
    let shared = [
        158, 86, 217, 29, 129, 113, 53, 211, 114, 131, 66, 131, 191, 132, 38, 156, 251, 49, 110,
        163, 218, 128, 106, 72, 246, 218, 167, 121, 140, 254, 144, 196,
    ];
    let key = concat_kdf(&shared, b"A128GCM", b"Alice", b"Bob", 128);
    assert_eq!(b64u::encode(&key[..16]), "VqqN6vgjbSBcIijNcacQGg");
}

#[test]
fn the_agreement_of_rfc_7520_section_5_5_gives_its_key() {
    let coordinate = |text: &str| b64u::decode_array::<32>(text).unwrap();
    let scalar = coordinate("r_kHyZ-a06rmxM3yESK84r1otSg-aQcVStkRhA-iCM8");
    let own = OpeningKey::from_bytes(&scalar).unwrap();
    assert_eq!(own.sealing_key().x(), "Ze2loSV3wrroKUN_4zhwGhCqo3Xhu1td4QjeQ5wIVR0");
    let ephemeral = SealingKey::from_coordinates(
        &coordinate("mPUKT_bAWGHIhg0TpjjqVsP1rXWQu_vwVOHHtNkdYoA"),
        &coordinate("8BQAsImGeAS46fyWw5MhYfGTT0IjBpFw2SS34Dv4Irs"),
    );
    let derive = |shared: &[u8]| concat_kdf(shared, b"A128CBC-HS256", b"", b"", 256);
    let key = own.agree(&ephemeral.unwrap(), derive).unwrap();
    assert_eq!(b64u::encode(key.as_slice()), "hzHdlfQIAEehb8Hrd_mFRhKsKLEzPfshfXs9l6areCc");
}

#[test]
fn what_is_sealed_opens_and_passes_inspection() {
    let key = key();
    for length in [1, 2, 3, 1000, 11_000] {
        let plaintext = vec![b'x'; length];
        let line = seal(&plaintext, "ak_1-a", key.sealing_key(), &Random::system()).unwrap();
        let seen = inspect(line.as_bytes(), |kid| {
            assert_eq!(kid, "ak_1-a");
            Ok(())
        });
        assert_eq!(b64u::encode(&seen.unwrap().pc), commitment(&plaintext));
        assert_eq!(header(line.as_bytes()).unwrap().kid, "ak_1-a");
        assert_eq!(open(line.as_bytes(), &key).unwrap().as_slice(), plaintext);
    }
    assert!(matches!(
        seal(&[b'x'; 12_200], "ak", key.sealing_key(), &Random::system()),
        Err(SealError::TooLong)
    ));
}

#[test]
fn another_key_or_a_changed_byte_does_not_open() {
    let key = key();
    let line = sealed(&key);
    assert_eq!(open(line.as_bytes(), &super::tests::key()).unwrap_err(), Unopenable);
    for at in 0..line.len() {
        let mut changed = line.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        assert_eq!(open(&changed, &key).unwrap_err(), Unopenable, "byte {at}");
    }
}

#[test]
fn every_foreign_algorithm_is_refused() {
    let line = sealed(&key());
    let algs = [
        "none",
        "dir",
        "RSA1_5",
        "RSA-OAEP",
        "RSA-OAEP-256",
        "A128KW",
        "A256KW",
        "A128GCMKW",
        "A256GCMKW",
        "ECDH-ES+A128KW",
        "ECDH-ES+A192KW",
        "ECDH-ES+A256KW",
        "PBES2-HS256+A128KW",
        "PBES2-HS512+A256KW",
        "ecdh-es",
        "ECDH-ES ",
        "",
    ];
    for alg in algs {
        let changed = with_header(&line, |header| header["alg"] = alg.into());
        assert_eq!(faults(&changed), one("alg", "/protected/alg"), "{alg}");
    }
    for enc in ["A128GCM", "A192GCM", "A128CBC-HS256", "A256CBC-HS512", "a256gcm", ""] {
        let changed = with_header(&line, |header| header["enc"] = enc.into());
        assert_eq!(faults(&changed), one("enc", "/protected/enc"), "{enc}");
    }
}

#[test]
fn a_foreign_ephemeral_key_is_refused() {
    let line = sealed(&key());
    let epk = |change: &dyn Fn(&mut Value)| with_header(&line, |header| change(&mut header["epk"]));
    let text = |bytes: &[u8]| Value::from(b64u::encode(bytes));
    let x = |value: Value| epk(&|epk| epk["x"] = value.clone());
    let cases = [
        ("off the curve", x(text(&[1; 32])), "/protected/epk"),
        ("beyond the field", x(text(&[0xff; 32])), "/protected/epk"),
        (
            "identity",
            epk(&|epk| (epk["x"], epk["y"]) = (text(&[0; 32]), text(&[0; 32]))),
            "/protected/epk",
        ),
        ("short", x(text(&[1; 31])), "/protected/epk/x"),
        ("long", x(text(&[0; 33])), "/protected/epk/x"),
        ("padded", x("AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=".into()), "/protected/epk/x"),
        ("not a text", x(json!(7)), "/protected/epk/x"),
        (
            "compressed",
            epk(&|epk| {
                epk.as_object_mut().unwrap().remove("y");
            }),
            "/protected/epk/y",
        ),
        ("wrong curve", epk(&|epk| epk["crv"] = "P-384".into()), "/protected/epk/crv"),
        ("X25519", epk(&|epk| epk["kty"] = "OKP".into()), "/protected/epk/kty"),
        ("private", epk(&|epk| epk["d"] = text(&[1; 32])), "/protected/epk/d"),
        ("array", with_header(&line, |header| header["epk"] = json!([1])), "/protected/epk"),
        (
            "absent",
            with_header(&line, |header| {
                header.as_object_mut().unwrap().remove("epk");
            }),
            "/protected/epk",
        ),
    ];
    for (name, changed, pointer) in cases {
        assert_eq!(faults(&changed), one("epk", pointer), "{name}");
    }
}

#[test]
fn an_extra_or_duplicate_member_is_refused() {
    let line = sealed(&key());
    for name in ["zip", "crit", "cty", "p2c", "apu", "apv", "jku", "jwk", "extra"] {
        let changed = with_header(&line, |header| header[name] = "x".into());
        assert_eq!(faults(&changed), one("header-member", &format!("/protected/{name}")));
    }
    let changed = with_header(&line, |header| header["李雷 410699"] = json!({ "a": [1] }));
    assert_eq!(faults(&changed), one("header-member", "/protected"));
    for twice in [r#""alg":"ECDH-ES","#, r#""alg":"none","#, r#""\u0061lg":"ECDH-ES","#] {
        let changed = with_header_text(&line, |text| text.replacen('{', &format!("{{{twice}"), 1));
        let found = faults(&changed);
        assert!(found.contains(&("header-member", "/protected/alg".to_owned())), "{found:?}");
    }
}

#[test]
fn a_missing_or_mistyped_member_is_named() {
    let line = sealed(&key());
    for name in ["alg", "enc", "kid", "typ", "pc"] {
        for value in [None, Some(json!(1)), Some(json!(null)), Some(json!(["x"])), Some(json!({}))]
        {
            let changed = with_header(&line, |header| match value.clone() {
                None => drop(header.as_object_mut().unwrap().remove(name)),
                Some(value) => header[name] = value,
            });
            assert_eq!(faults(&changed), one(name, &format!("/protected/{name}")));
        }
    }
    for kid in ["", "../../etc", "a b", "'; DROP", &"k".repeat(65), "k\0"] {
        let changed = with_header(&line, |header| header["kid"] = kid.into());
        assert_eq!(faults(&changed), one("kid", "/protected/kid"), "{kid:?}");
    }
    for pc in ["", "abc", &"A".repeat(44)] {
        let changed = with_header(&line, |header| header["pc"] = pc.into());
        assert_eq!(faults(&changed), one("pc", "/protected/pc"), "{pc:?}");
    }
    let changed = with_header(&line, |header| header["typ"] = "JWE".into());
    assert_eq!(faults(&changed), one("typ", "/protected/typ"));
}

#[test]
fn parts_of_another_length_or_spelling_are_refused() {
    let line = sealed(&key());
    assert_eq!(faults(&with_part(&line, 1, "AAAA")), one("encrypted-key", "/encrypted_key"));
    for iv in ["", "AAAA", "AAAAAAAAAAAAAAAAAAAA"] {
        assert_eq!(faults(&with_part(&line, 2, iv)), one("iv", "/iv"));
    }
    for tag in ["", "AAAA", "AAAAAAAAAAAAAAAAAAAAAAAA"] {
        assert_eq!(faults(&with_part(&line, 4, tag)), one("tag", "/tag"));
    }
    assert_eq!(faults(&with_part(&line, 3, "")), one("form", "/ciphertext"));
    for text in ["QQ==", "QR", "A", "QQ\r", "+/+/", "Q Q"] {
        assert_eq!(faults(&with_part(&line, 3, text)), one("base64", "/ciphertext"), "{text:?}");
    }
    for text in ["", "a", "a.b.c.d", "a.b.c.d.e.f", "{}"] {
        assert_eq!(faults(text), one("form", ""), "{text:?}");
    }
}

#[test]
fn a_header_that_is_not_one_object_is_refused() {
    let line = sealed(&key());
    for text in ["", "[]", "null", "{", "{}x", "\u{feff}{}", "{\"alg\":\"\\ud800\"}", "\"a\""] {
        let changed = with_part(&line, 0, &b64u::encode(text.as_bytes()));
        assert!(faults(&changed).contains(&("header-json", "/protected".to_owned())), "{text:?}");
    }
}

#[test]
fn length_is_limited_before_anything_is_read() {
    assert_eq!(faults(&"A".repeat(MAX_LINE + 1)), one("too-long", ""));
    let line = sealed(&key());
    let changed = with_header(&line, |header| header["kid"] = "k".repeat(1024).into());
    assert_eq!(faults(&changed), one("too-long", "/protected"));
}

#[test]
fn every_fault_of_a_line_is_named_at_once() {
    let line = sealed(&key());
    let changed = with_header(&line, |header| {
        header["alg"] = "dir".into();
        header["zip"] = "DEF".into();
    });
    let found = inspect(with_part(&changed, 2, "").as_bytes(), |_| Err(Code::KidClosed));
    let codes: Vec<Code> = found.unwrap_err().into_iter().map(|fault| fault.code).collect();
    assert_eq!(codes.len(), 4);
    for code in [Code::Iv, Code::Alg, Code::HeaderMember, Code::KidClosed] {
        assert!(codes.contains(&code), "{code:?}");
    }
}

#[test]
fn a_line_like_the_last_is_judged_as_if_it_stood_alone() {
    let key = key();
    let known = |kid: &str| if kid == "ak-2026-03" { Ok(()) } else { Err(Code::Kid) };
    let mut inspector = Inspector::new(known);
    let mut both = |line: &str| {
        let alone = inspect(line.as_bytes(), known);
        let shared = inspector.inspect(line.as_bytes());
        assert_eq!(shared, alone, "{line}");
        shared.is_ok()
    };
    let (first, second) = (sealed(&key), sealed(&key));
    assert!(both(&first) && both(&second) && both(&sealed(&key)));
    // Every byte of the header changed in several ways, each after a sound line.
    let (protected, rest) = first.split_once('.').unwrap();
    let header = b64u::decode(protected).unwrap();
    let mut sound = 0;
    for at in 0..header.len() {
        for change in [0x01, 0x20, b'"' ^ header[at], b'\\' ^ header[at], b'A' ^ header[at]] {
            let mut changed = header.clone();
            changed[at] ^= change;
            sound += usize::from(both(&format!("{}.{rest}", b64u::encode(&changed))));
            assert!(both(&second));
        }
    }
    // Only where nothing was changed in truth, and in `pc`, which may be any digest.
    assert!(sound > 43 && sound < 260, "{sound}");
    // Other faults of a line whose header is like the last one are still named.
    for part in [1, 2, 4] {
        assert!(!both(&with_part(&second, part, "AAAA")));
    }
    // The same members in another order, and with a longer key id, are read anew.
    let text = String::from_utf8(header).unwrap();
    let (start, pc) = text.strip_suffix('}').unwrap().split_once(",\"pc\"").unwrap();
    let turned = format!("{{\"pc\"{pc},{}}}", &start[1..]);
    assert!(both(&format!("{}.{rest}", b64u::encode(turned.as_bytes()))) && both(&second));
    let longer = with_header(&second, |header| header["kid"] = "ak-2026-030".into());
    assert!(!both(&longer) && both(&second));
}
