//! Public keys as businesses register them (RFC 7517): read strictly, compared by thumbprint.

use jsonwebtoken::DecodingKey;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Algorithm;
use crate::foundation::crypto::sealing::SealingKey;
use crate::foundation::crypto::strict_json;
use crate::foundation::crypto::{b64u, sha256};

/// Why a JWK was refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum JwkError {
    /// No strict JSON, a member of a private key, or a member that is not known.
    #[error("not a public JWK with the known members only")]
    Form,
    /// Not EC P-256, OKP Ed25519 or RSA.
    #[error("the key is of another kind than P-256, Ed25519 and RSA")]
    Kind,
    /// `alg`, `use` or `kid` is not what a signing key has.
    #[error("alg, use or kid is not that of a signing key")]
    Use,
    /// A coordinate or modulus is malformed, not on the curve or too short.
    #[error("the key is malformed or too weak")]
    Weak,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Members {
    kty: String,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
}

/// A public key that signs tokens or manifests, with the one algorithm it may be used for.
#[derive(Clone, Debug)]
pub struct PublicJwk {
    algorithm: Algorithm,
    kid: Option<String>,
    /// The required members only, in the order of RFC 7638.
    canonical: String,
    key: DecodingKey,
}

impl PublicJwk {
    /// Reads a JWK. Members of a private key and unknown members are refused.
    ///
    /// # Errors
    ///
    /// [`JwkError`].
    pub fn parse(text: &[u8]) -> Result<PublicJwk, JwkError> {
        let members: Members = strict_json::parse(text).ok().ok_or(JwkError::Form)?;
        let kid = members.kid.clone();
        let usage = (members.alg.clone(), members.usage.clone());
        let jwk = match (members.kty.as_str(), members.crv.as_deref()) {
            ("EC", Some("P-256")) => PublicJwk::p256(members),
            ("OKP", Some("Ed25519")) => PublicJwk::ed25519(members),
            ("RSA", None) => PublicJwk::rsa(members),
            _ => Err(JwkError::Kind),
        }?;
        let fits = usage.0.is_none_or(|alg| alg == jwk.algorithm.as_str())
            && usage.1.is_none_or(|usage| usage == "sig")
            && kid.as_deref().is_none_or(super::is_kid);
        if !fits {
            return Err(JwkError::Use);
        }
        Ok(PublicJwk { kid, ..jwk })
    }

    fn p256(members: Members) -> Result<PublicJwk, JwkError> {
        let Members { x: Some(x), y: Some(y), n: None, e: None, .. } = members else {
            return Err(JwkError::Form);
        };
        let point = b64u::decode_array(&x).zip(b64u::decode_array(&y));
        let point = point.and_then(|(x, y)| SealingKey::from_coordinates(&x, &y));
        let point = point.ok_or(JwkError::Weak)?;
        Ok(PublicJwk {
            algorithm: Algorithm::Es256,
            kid: None,
            canonical: canonical(&json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y })),
            key: DecodingKey::from_ec_der(point.sec1()),
        })
    }

    fn ed25519(members: Members) -> Result<PublicJwk, JwkError> {
        let Members { x: Some(x), y: None, n: None, e: None, .. } = members else {
            return Err(JwkError::Form);
        };
        let public = b64u::decode_array::<32>(&x).ok_or(JwkError::Weak)?;
        Ok(PublicJwk {
            algorithm: Algorithm::EdDsa,
            kid: None,
            canonical: canonical(&json!({ "kty": "OKP", "crv": "Ed25519", "x": x })),
            key: DecodingKey::from_ed_der(&public),
        })
    }

    fn rsa(members: Members) -> Result<PublicJwk, JwkError> {
        let Members { n: Some(n), e: Some(e), x: None, y: None, .. } = members else {
            return Err(JwkError::Form);
        };
        let (modulus, exponent) = b64u::decode(&n).zip(b64u::decode(&e)).ok_or(JwkError::Weak)?;
        let odd = |number: &[u8]| number.last().is_some_and(|last| last & 1 == 1);
        let long_enough = (256..=1024).contains(&modulus.len()) && modulus[0] >= 0x80;
        // 65537 or more, in at most four bytes, without a leading zero.
        let sound = (3..=4).contains(&exponent.len()) && exponent[0] != 0 && odd(&exponent);
        if !(long_enough && odd(&modulus) && sound) {
            return Err(JwkError::Weak);
        }
        Ok(PublicJwk {
            algorithm: Algorithm::Ps256,
            kid: None,
            canonical: canonical(&json!({ "kty": "RSA", "n": n, "e": e })),
            key: DecodingKey::from_rsa_raw_components(&modulus, &exponent),
        })
    }

    /// The one algorithm that this key is used with.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The `kid` that the JWK came with.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The required members only: what is stored and hashed. The `kid` is not among them.
    #[must_use]
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// The thumbprint as base64url text: the same key has the same one under any `kid` (RFC 7638).
    #[must_use]
    pub fn thumbprint(&self) -> String {
        b64u::encode(&sha256(self.canonical.as_bytes()))
    }

    pub(super) const fn decoding_key(&self) -> &DecodingKey {
        &self.key
    }
}

impl PartialEq for PublicJwk {
    fn eq(&self, other: &PublicJwk) -> bool {
        self.canonical == other.canonical
    }
}

impl Eq for PublicJwk {}

fn canonical(members: &Value) -> String {
    String::from_utf8_lossy(&strict_json::canonical(members)).into_owned()
}
