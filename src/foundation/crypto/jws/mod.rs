//! Strict compact JWS (RFC 7515): assertions, access tokens, manifests, day closes.
//!
//! The algorithm of a signature is a property of the registered key and never of the token; a
//! token only has to agree. The header is closed: `alg`, `kid`, `typ`. Claims are read by types
//! that name every claim, so that a wrong type is refused and nothing is ignored.
//!
//! A token passes through two types: [`Unverified`], whose claims may only be used to find the
//! key, and [`Verified`].

mod jwk;
mod signing;

pub use jwk::{JwkError, PublicJwk};
pub use signing::{SignError, SigningKey};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::foundation::crypto::b64u;
use crate::foundation::crypto::strict_json::{self, StrictJsonError};

/// The signature algorithms that a key may be registered for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256 (RFC 7518, section 3.4).
    Es256,
    /// Ed25519 (RFC 8037, section 3.1).
    EdDsa,
    /// RSASSA-PSS with SHA-256 and a modulus of at least 2048 bits (RFC 7518, section 3.5).
    Ps256,
}

impl Algorithm {
    /// The `alg` value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Algorithm::Es256 => "ES256",
            Algorithm::EdDsa => "EdDSA",
            Algorithm::Ps256 => "PS256",
        }
    }

    const fn of_library(self) -> jsonwebtoken::Algorithm {
        match self {
            Algorithm::Es256 => jsonwebtoken::Algorithm::ES256,
            Algorithm::EdDsa => jsonwebtoken::Algorithm::EdDSA,
            Algorithm::Ps256 => jsonwebtoken::Algorithm::PS256,
        }
    }
}

/// Which `typ` a token must have. It is compared byte by byte: kinds of tokens never mix.
#[derive(Clone, Copy, Debug)]
pub enum Typ<'a> {
    /// Exactly this one.
    Is(&'a str),
    /// This one, or no `typ` at all.
    IsOrAbsent(&'a str),
}

/// Why a token was refused.
#[derive(Debug, thiserror::Error)]
pub enum JwsError {
    /// Longer than the caller allows, not three parts, or not canonical base64url.
    #[error("not a compact JWS")]
    Form,
    /// The header is no strict JSON, or has other members than `alg`, `kid` and `typ`.
    #[error("the header is refused")]
    Header,
    /// `typ` is another kind of token.
    #[error("the token is of another type")]
    Typ,
    /// `kid` is not 1 to 64 characters of `[A-Za-z0-9_-]`.
    #[error("the key id is malformed")]
    Kid,
    /// `alg` is not the algorithm of the registered key.
    #[error("the algorithm is not that of the key")]
    Algorithm,
    /// The signature does not fit.
    #[error("the signature does not fit")]
    Signature,
    /// The payload is no strict JSON, or not of the expected claims and types.
    #[error("the claims are refused")]
    Claims(#[from] StrictJsonError),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    kid: String,
    typ: Option<String>,
}

/// A token of the right form, whose signature nobody has checked yet.
#[derive(Debug)]
pub struct Unverified<'a> {
    alg: String,
    kid: String,
    signing_input: &'a str,
    signature: &'a str,
    payload: Vec<u8>,
}

/// Reads a compact JWS of at most `limit` bytes and of the given type.
///
/// # Errors
///
/// [`JwsError::Form`], [`JwsError::Header`], [`JwsError::Typ`] or [`JwsError::Kid`].
pub fn parse<'a>(token: &'a [u8], typ: Typ<'_>, limit: usize) -> Result<Unverified<'a>, JwsError> {
    if token.len() > limit {
        return Err(JwsError::Form);
    }
    let token = std::str::from_utf8(token).ok().ok_or(JwsError::Form)?;
    let (signing_input, signature) = token.rsplit_once('.').ok_or(JwsError::Form)?;
    let (header, payload) = signing_input.split_once('.').ok_or(JwsError::Form)?;
    if signature.is_empty() || !b64u::is_canonical(signature.as_bytes()) {
        return Err(JwsError::Form);
    }
    let header = b64u::decode(header).ok_or(JwsError::Form)?;
    let payload = b64u::decode(payload).ok_or(JwsError::Form)?;
    let header: Header = strict_json::parse(&header).ok().ok_or(JwsError::Header)?;
    match (typ, header.typ.as_deref()) {
        (Typ::Is(expected) | Typ::IsOrAbsent(expected), Some(found)) if found == expected => {}
        (Typ::IsOrAbsent(_), None) => {}
        _ => return Err(JwsError::Typ),
    }
    if !is_kid(&header.kid) {
        return Err(JwsError::Kid);
    }
    Ok(Unverified { alg: header.alg, kid: header.kid, signing_input, signature, payload })
}

/// Whether `kid` has the form of a key id.
fn is_kid(kid: &str) -> bool {
    (1..=64).contains(&kid.len())
        && kid.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

impl Unverified<'_> {
    /// The id of the key that the token claims to be signed by.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The algorithm that the token claims; that of the registered key decides.
    #[must_use]
    pub fn alg(&self) -> &str {
        &self.alg
    }

    /// The claims, to find the key with and to answer a replay with; nothing else may rest on
    /// them.
    ///
    /// # Errors
    ///
    /// [`JwsError::Claims`] where they are not of the shape `T`.
    pub fn claims_unverified<T: DeserializeOwned>(&self) -> Result<T, JwsError> {
        Ok(strict_json::parse(&self.payload)?)
    }

    /// Checks the signature with the registered `key`, whose algorithm decides.
    ///
    /// # Errors
    ///
    /// [`JwsError::Algorithm`] or [`JwsError::Signature`].
    pub fn verify(self, key: &PublicJwk) -> Result<Verified, JwsError> {
        if self.alg != key.algorithm().as_str() {
            return Err(JwsError::Algorithm);
        }
        if !fits(self.signature, self.signing_input.as_bytes(), key) {
            return Err(JwsError::Signature);
        }
        Ok(Verified { kid: self.kid, payload: self.payload })
    }
}

/// Whether `signature`, a base64url text, over `message` was made by the owner of `key`.
fn fits(signature: &str, message: &[u8], key: &PublicJwk) -> bool {
    let algorithm = key.algorithm().of_library();
    let found = jsonwebtoken::crypto::verify(signature, message, key.decoding_key(), algorithm);
    matches!(found, Ok(true))
}

/// A token whose signature fits the registered key.
#[derive(Debug)]
pub struct Verified {
    kid: String,
    payload: Vec<u8>,
}

impl Verified {
    /// The id of the key that signed the token.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The claims.
    ///
    /// # Errors
    ///
    /// [`JwsError::Claims`] where they are not of the shape `T`.
    pub fn claims<T: DeserializeOwned>(&self) -> Result<T, JwsError> {
        Ok(strict_json::parse(&self.payload)?)
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors_tests;
