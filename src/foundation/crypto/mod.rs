//! Cryptography of the house: bytes in, bytes out.
//!
//! Every primitive comes from a library (aws-lc-rs, RustCrypto, jsonwebtoken, argon2, totp-rs);
//! what stands here is how Chayan uses them: the one JWE profile of a record, strict compact JWS,
//! wrapping of stored secrets, passwords and one-time codes. Nothing here reads a clock, a file or
//! the network, and randomness is always an argument.

pub mod aead;
pub mod b64u;
pub mod ed25519;
pub mod jwe;
pub mod jws;
pub mod password;
pub mod sealing;
pub mod strict_json;
pub mod totp;

use sha2::{Digest, Sha256};

/// The SHA-256 digest of `bytes`.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// The library refused an operation with sound arguments: out of memory or a failed self-test.
#[derive(Debug, thiserror::Error)]
#[error("the cryptographic library failed")]
pub struct LibraryFailure;

impl From<aws_lc_rs::error::Unspecified> for LibraryFailure {
    fn from(_: aws_lc_rs::error::Unspecified) -> LibraryFailure {
        LibraryFailure
    }
}

/// Makes aws-lc the provider of TLS and of token signatures for this process.
///
/// Called first thing in `main` and in tests; calling it again changes nothing.
pub fn install_providers() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let tokens = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default().is_ok();
        let tls = rustls::crypto::aws_lc_rs::default_provider().install_default().is_ok();
        tracing::debug!(tokens, tls, "cryptographic providers installed");
    });
}

#[cfg(test)]
pub(crate) mod tests {
    /// The bytes of a hexadecimal text, for published vectors.
    pub(crate) fn hex(text: &str) -> Vec<u8> {
        (0..text.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
            .collect()
    }

    #[test]
    fn the_digest_of_nothing_is_the_published_one() {
        let empty = hex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_eq!(super::sha256(b"").as_slice(), empty);
    }
}
