//! The sealed record: the one JWE profile of the protocol (RFC 7516, RFC 7518, section 4.6).
//!
//! Compact serialization, `ECDH-ES` direct on P-256 with `A256GCM`, a closed header of six members:
//! `alg enc kid epk typ pc`. An [`Inspector`] judges the form of lines without any private key,
//! on the push path, where each line is looked at once. [`fn@seal`] is what businesses run, [`fn@open`] what the
//! audit process runs.
//!
//! A place within a line is a JSON pointer into the flattened JSON serialization that the line
//! stands for (RFC 7516, section 7.2.2), with the header unpacked: `/protected/epk/x`, `/iv`.

mod header;
mod inspect;
mod open;
mod seal;

pub use inspect::{Inspected, Inspector};
pub use open::{Unopenable, open};
pub use seal::{SealError, commitment, seal};

use header::RawHeader;

use crate::foundation::crypto::b64u;
use crate::foundation::crypto::sealing::SealingKey;

/// The media type of a sealed record, in its header's `typ`.
pub const TYP: &str = "chayan-record+jwe";
/// The only key agreement.
pub const ALG: &str = "ECDH-ES";
/// The only content encryption.
pub const ENC: &str = "A256GCM";
/// The longest line, in bytes.
pub const MAX_LINE: usize = 16 * 1024;
/// The longest decoded header, in bytes.
pub const MAX_HEADER: usize = 1024;
/// The longest key id, in characters.
pub const MAX_KID: usize = 64;

/// What is wrong with a line. The text of each is stable and part of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// Not five parts, or no ciphertext.
    Form,
    /// A part is not canonical unpadded base64url.
    Base64,
    /// The line is over 16 KiB, or its decoded header over 1 KiB.
    TooLong,
    /// The header is not one JSON object.
    HeaderJson,
    /// The header has a member that the profile does not know, or one twice.
    HeaderMember,
    /// `alg` is not `ECDH-ES`.
    Alg,
    /// `enc` is not `A256GCM`.
    Enc,
    /// `kid` is malformed or names no audit key of the competent department.
    Kid,
    /// `kid` names an audit key that is not open for sealing now.
    KidClosed,
    /// `epk` is not a public P-256 point with 32-byte coordinates, on the curve.
    Epk,
    /// The ephemeral key is that of an earlier line of the batch.
    EpkRepeated,
    /// `typ` is not `chayan-record+jwe`.
    Typ,
    /// `pc` is not a SHA-256 digest.
    Pc,
    /// The encrypted-key part is not empty.
    EncryptedKey,
    /// The IV is not 12 bytes.
    Iv,
    /// The tag is not 16 bytes.
    Tag,
    /// Not the base64url text of a SHA-256 digest; of attested records only.
    Commitment,
}

impl Code {
    /// The code's text in problems.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Code::Form => "form",
            Code::Base64 => "base64",
            Code::TooLong => "too-long",
            Code::HeaderJson => "header-json",
            Code::HeaderMember => "header-member",
            Code::Alg => "alg",
            Code::Enc => "enc",
            Code::Kid => "kid",
            Code::KidClosed => "kid-closed",
            Code::Epk => "epk",
            Code::EpkRepeated => "epk-repeated",
            Code::Typ => "typ",
            Code::Pc => "pc",
            Code::EncryptedKey => "encrypted-key",
            Code::Iv => "iv",
            Code::Tag => "tag",
            Code::Commitment => "commitment",
        }
    }
}

/// One thing that is wrong with a line, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong.
    pub code: Code,
    /// Where, as a JSON pointer into the line; empty for the whole line.
    pub pointer: String,
}

impl Fault {
    pub(super) fn at(code: Code, pointer: impl Into<String>) -> Fault {
        Fault { code, pointer: pointer.into() }
    }
}

/// The header of a well-formed line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The id of the audit key that the record is sealed to.
    pub kid: String,
    /// The ephemeral public key.
    pub epk: SealingKey,
    /// The commitment to the plaintext: its SHA-256 digest.
    pub pc: [u8; 32],
}

/// The header of one record line, or `None` where the line does not fit the profile.
#[must_use]
pub fn header(line: &[u8]) -> Option<Header> {
    let mut buffer = [0; MAX_HEADER];
    let (text, faults) = dissect(line, &mut buffer).ok()?;
    let (raw, faults) = read(text, faults).ok()?;
    if !faults.is_empty() {
        return None;
    }
    let (x, y) = raw.point()?;
    let epk = SealingKey::from_coordinates(&x, &y)?;
    let pc = raw.pc()?;
    Some(Header { kid: raw.kid?.into_owned(), epk, pc })
}

/// The five parts of a line: header, encrypted key, IV, ciphertext, tag; `None` where there are
/// fewer. A part too many leaves a dot in the ciphertext, which is long and is not searched here.
fn split(line: &[u8]) -> Option<[&[u8]; 5]> {
    let (protected, rest) = cut(line)?;
    let (encrypted_key, rest) = cut(rest)?;
    let (iv, rest) = cut(rest)?;
    let dot = rest.iter().rposition(|&byte| byte == b'.')?;
    Some([protected, encrypted_key, iv, &rest[..dot], &rest[dot + 1..]])
}

/// What stands before and after the first dot.
fn cut(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let dot = text.iter().position(|&byte| byte == b'.')?;
    Some((&text[..dot], &text[dot + 1..]))
}

/// The decoded header of a line, in `buffer`, and what is wrong with the other parts.
///
/// Fails with what makes the header unreadable.
fn dissect<'a>(
    line: &[u8],
    buffer: &'a mut [u8; MAX_HEADER],
) -> Result<(&'a [u8], Vec<Fault>), Vec<Fault>> {
    const PARTS: [&str; 5] = ["/protected", "/encrypted_key", "/iv", "/ciphertext", "/tag"];
    if line.len() > MAX_LINE {
        return Err(vec![Fault::at(Code::TooLong, "")]);
    }
    let Some(parts) = split(line) else { return Err(vec![Fault::at(Code::Form, "")]) };
    let mut faults = Vec::new();
    for (part, pointer) in parts.iter().zip(PARTS) {
        if !b64u::is_canonical(part) {
            faults.push(Fault::at(Code::Base64, pointer));
        }
    }
    if !faults.is_empty() {
        let six = parts[3].contains(&b'.');
        return Err(if six { vec![Fault::at(Code::Form, "")] } else { faults });
    }
    let [protected, encrypted_key, iv, ciphertext, tag] = parts;
    let lengths = [
        (encrypted_key.is_empty(), Code::EncryptedKey, "/encrypted_key"),
        (b64u::decoded_len(iv.len()) == Some(12), Code::Iv, "/iv"),
        (!ciphertext.is_empty(), Code::Form, "/ciphertext"),
        (b64u::decoded_len(tag.len()) == Some(16), Code::Tag, "/tag"),
    ];
    for (right, code, pointer) in lengths {
        if !right {
            faults.push(Fault::at(code, pointer));
        }
    }
    match b64u::decode_public(protected, buffer) {
        Some(text) => Ok((text, faults)),
        None => {
            faults.push(Fault::at(Code::TooLong, "/protected"));
            Err(faults)
        }
    }
}

/// The members of the decoded header `text`, as far as they can be read; what is wrong with them
/// joins `faults`.
fn read<'a>(
    text: &'a [u8],
    mut faults: Vec<Fault>,
) -> Result<(RawHeader<'a>, Vec<Fault>), Vec<Fault>> {
    match RawHeader::parse(text, &mut faults) {
        Some(raw) => Ok((raw, faults)),
        None => {
            faults.push(Fault::at(Code::HeaderJson, "/protected"));
            Err(faults)
        }
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors_tests;
