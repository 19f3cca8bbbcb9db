//! Client assertions: signed statements by which a business system proves who it is.
//!
//! Pure: no store, no clock. [`claimed`] says which key to look up; [`check`] decides.
//!
//! Source: RFC 7523 as updated by RFC 10070; `security.md` 3.3.

use std::time::Duration;

use serde::Deserialize;

use crate::foundation::crypto::jws::{self, JwsError, PublicJwk, Typ, Unverified};
use crate::foundation::crypto::sha256;
use crate::foundation::time::Timestamp;

/// The one `typ` that an assertion may have; it may also have none.
pub const TYP: &str = "client-authentication+jwt";

/// The longest assertion, in bytes.
const LONGEST: usize = 4096;

/// Longest time between `iat` and `exp`, and greatest age of `iat`, in seconds.
const LIFETIME: i64 = 300;

/// How far the client's clock may be ahead of ours, in seconds (FAPI: 10 to 60).
const AHEAD: i64 = 30;

/// How long after `exp` an assertion is still taken, in seconds.
const LEEWAY: i64 = 10;

/// The claims; a wrong type is refused, others are of no interest.
#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: String,
    exp: i64,
    iat: i64,
    nbf: Option<i64>,
    jti: String,
}

/// Whom an assertion claims to come from.
pub(super) struct Claimed {
    pub(super) client_id: String,
    pub(super) kid: String,
}

/// An assertion that holds, and that must not have been used before.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Accepted {
    pub(super) client_id: String,
    pub(super) kid: String,
    /// SHA-256 of client, zero byte and `jti`.
    pub(super) hash: [u8; 32],
    /// How long the hash must be kept.
    pub(super) keep_until: Timestamp,
}

/// Why an assertion does not hold. For our logs and tests; the client is not told.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    #[error("malformed or wrongly signed: {0}")]
    Jws(#[from] JwsError),
    #[error("no such client or key")]
    Unknown,
    #[error("iss and sub are not both the client")]
    Subject,
    #[error("aud is not the issuer")]
    Audience,
    #[error("outside its time")]
    Time,
    #[error("jti is not 16 to 128 URL-safe characters")]
    Jti,
}

/// Whom `assertion` claims to come from; `None` where it is too malformed to say.
pub(super) fn claimed(assertion: &str) -> Option<Claimed> {
    let unverified = parse(assertion).ok()?;
    let claims: Claims = unverified.claims_unverified().ok()?;
    Some(Claimed { client_id: claims.sub, kid: unverified.kid().to_owned() })
}

/// Whether `assertion` proves its client at `now` to the server called `issuer`.
///
/// `key` is the active authentication key that client and `kid` name. Without it the assertion is
/// refused after the same work.
pub(super) fn check(
    assertion: &str,
    key: Option<&PublicJwk>,
    issuer: &str,
    now: Timestamp,
) -> Result<Accepted, Refused> {
    let unverified = parse(assertion)?;
    let verified = match key {
        Some(key) if key.algorithm().as_str() == unverified.alg() => unverified.verify(key)?,
        Some(_) => return Err(in_vain(unverified, JwsError::Algorithm.into())),
        None => return Err(in_vain(unverified, Refused::Unknown)),
    };
    let claims: Claims = verified.claims()?;
    if claims.iss != claims.sub {
        return Err(Refused::Subject);
    }
    if claims.aud != issuer {
        return Err(Refused::Audience);
    }
    if !in_time(&claims, now.seconds()) {
        return Err(Refused::Time);
    }
    if !(16..=128).contains(&claims.jti.len()) || !claims.jti.bytes().all(url_safe) {
        return Err(Refused::Jti);
    }
    let spent = [claims.sub.as_bytes(), &[0], claims.jti.as_bytes()].concat();
    Ok(Accepted {
        kid: verified.kid().to_owned(),
        hash: sha256(&spent),
        keep_until: Timestamp::from_seconds(claims.exp).plus(Duration::from_secs(60)),
        client_id: claims.sub,
    })
}

fn parse(assertion: &str) -> Result<Unverified<'_>, JwsError> {
    jws::parse(assertion.as_bytes(), Typ::IsOrAbsent(TYP), LONGEST)
}

fn in_time(claims: &Claims, now: i64) -> bool {
    let begun = |at: i64| at <= now + AHEAD && at >= now - LIFETIME;
    let length = claims.exp.checked_sub(claims.iat);
    begun(claims.iat)
        && claims.nbf.is_none_or(begun)
        && length.is_some_and(|length| (0..=LIFETIME).contains(&length))
        && now < claims.exp + LEEWAY
}

fn url_safe(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~')
}

/// Public keys that nobody signs with, one for each algorithm: from RFC 7515 A.3, RFC 8037 A.2
/// and RFC 7638 3.1.
const NOBODY: [(&str, &str); 3] = [
    (
        "ES256",
        r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#,
    ),
    ("EdDSA", r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#),
    (
        "PS256",
        r#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB"}"#,
    ),
];

/// Reads a key and checks a signature of the algorithm that the assertion names, so that unknown
/// clients take as long as known ones (`security.md` A12).
fn in_vain(unverified: Unverified<'_>, refused: Refused) -> Refused {
    let nobody = NOBODY.iter().find(|(alg, _)| *alg == unverified.alg());
    let key = nobody.and_then(|(_, jwk)| PublicJwk::parse(jwk.as_bytes()).ok());
    if key.is_some_and(|key| unverified.verify(&key).is_ok()) {
        tracing::warn!("an assertion is signed with a published example key");
    }
    refused
}

#[cfg(test)]
#[path = "assertion_tests.rs"]
mod tests;
