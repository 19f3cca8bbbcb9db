//! Sealing: what a business does to each record.

use crate::foundation::Random;
use aes_gcm::aead::Payload;

use super::open::{cipher, content_key, nonce};
use super::{ALG, ENC, MAX_LINE, TYP};
use crate::foundation::crypto::sealing::{OpeningKey, SealingKey};
use crate::foundation::crypto::{LibraryFailure, b64u, sha256};
use aes_gcm::aead::Aead;

/// Why a record cannot be sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The record would not fit into a line.
    #[error("the sealed record would be longer than {MAX_LINE} bytes")]
    TooLong,
    /// See [`LibraryFailure`].
    #[error(transparent)]
    Library(#[from] LibraryFailure),
}

/// The commitment of a record: the text of `pc` in its header, and its line in the attested mode.
#[must_use]
pub fn commitment(plaintext: &[u8]) -> String {
    b64u::encode(&sha256(plaintext))
}

/// The line of one record: `plaintext` sealed to the audit key `to`, published under `kid`.
///
/// Every call draws its own ephemeral key, so the same record never has the same line twice.
///
/// # Errors
///
/// [`SealError::TooLong`] if the line would be over 16 KiB.
pub fn seal(
    plaintext: &[u8],
    kid: &str,
    to: &SealingKey,
    random: &Random,
) -> Result<String, SealError> {
    let ephemeral = OpeningKey::generate(random)?;
    let epk = ephemeral.sealing_key();
    let header = serde_json::json!({
        "alg": ALG, "enc": ENC, "kid": kid, "typ": TYP, "pc": commitment(plaintext),
        "epk": { "kty": "EC", "crv": "P-256", "x": epk.x(), "y": epk.y() },
    });
    let protected = b64u::encode(header.to_string().as_bytes());
    let mut iv = [0; 12];
    random.fill(&mut iv);
    let key = content_key(&ephemeral, to).ok_or(LibraryFailure)?;
    let payload = Payload { msg: plaintext, aad: protected.as_bytes() };
    let Ok(sealed) = cipher(&key).encrypt(&nonce(iv), payload) else {
        return Err(LibraryFailure.into());
    };
    let (ciphertext, tag) = sealed.split_at(plaintext.len());
    let (iv, ciphertext, tag) = (b64u::encode(&iv), b64u::encode(ciphertext), b64u::encode(tag));
    let line = format!("{protected}..{iv}.{ciphertext}.{tag}");
    if line.len() > MAX_LINE {
        return Err(SealError::TooLong);
    }
    Ok(line)
}
