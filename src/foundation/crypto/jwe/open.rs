//! Opening: what the audit process does to a drawn record. One answer for every cause of failure.

use aes_gcm::Aes256Gcm;
use aes_gcm::aead::{Aead, Key, KeyInit, Nonce, Payload};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{ENC, header, split};
use crate::foundation::crypto::b64u;
use crate::foundation::crypto::sealing::{OpeningKey, SealingKey};

/// The record cannot be opened. The cause is not told: it would be an oracle.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the record cannot be opened")]
pub struct Unopenable;

/// The plaintext of a record line that was sealed to the public half of `key`.
///
/// The line must fit the profile in every point of [`super::Inspector`], except that its `kid` is
/// the caller's to compare. Whether the plaintext matches `pc` is the caller's finding to make.
///
/// # Errors
///
/// [`Unopenable`], for every cause.
pub fn open(line: &[u8], key: &OpeningKey) -> Result<Zeroizing<Vec<u8>>, Unopenable> {
    let header = header(line).ok_or(Unopenable)?;
    let [protected, _, iv, ciphertext, tag] = split(line).ok_or(Unopenable)?;
    let iv = b64u::decode_array(iv).ok_or(Unopenable)?;
    let mut sealed = b64u::decode(ciphertext).ok_or(Unopenable)?;
    sealed.extend(b64u::decode(tag).ok_or(Unopenable)?);
    let content_key = content_key(key, &header.epk).ok_or(Unopenable)?;
    match cipher(&content_key).decrypt(&nonce(iv), Payload { msg: &sealed, aad: protected }) {
        Ok(plaintext) => Ok(Zeroizing::new(plaintext)),
        Err(_) => Err(Unopenable),
    }
}

/// The single-use key of one record, from its own key pair and the other side's point.
pub(super) fn content_key(own: &OpeningKey, peer: &SealingKey) -> Option<Zeroizing<[u8; 32]>> {
    own.agree(peer, |shared| concat_kdf(shared, ENC.as_bytes(), b"", b"", 256))
}

/// The first 256 bits of the Concat KDF with SHA-256 (NIST SP 800-56A, RFC 7518, section 4.6.2).
///
/// `algorithm` is the `enc` value in direct agreement; `bits` is the length of the wanted key.
pub(super) fn concat_kdf(
    shared: &[u8],
    algorithm: &[u8],
    party_u: &[u8],
    party_v: &[u8],
    bits: u32,
) -> Zeroizing<[u8; 32]> {
    let mut digest = Sha256::new();
    digest.update(1u32.to_be_bytes());
    digest.update(shared);
    for member in [algorithm, party_u, party_v] {
        digest.update(u32::try_from(member.len()).unwrap_or(u32::MAX).to_be_bytes());
        digest.update(member);
    }
    digest.update(bits.to_be_bytes());
    Zeroizing::new(digest.finalize().into())
}

pub(super) fn cipher(key: &Zeroizing<[u8; 32]>) -> Aes256Gcm {
    Aes256Gcm::new(&Key::<Aes256Gcm>::from(**key))
}

pub(super) fn nonce(iv: [u8; 12]) -> Nonce<Aes256Gcm> {
    iv.into()
}
