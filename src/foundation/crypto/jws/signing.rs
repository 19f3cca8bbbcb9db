//! Signing: what businesses do to manifests and assertions, and the token endpoint to tokens.

use crate::foundation::Random;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
};
use serde::Serialize;
use serde_json::json;
use zeroize::Zeroizing;

use super::{Algorithm, PublicJwk};
use crate::foundation::crypto::sealing::OpeningKey;
use crate::foundation::crypto::{LibraryFailure, b64u};
use crate::foundation::secret::Secret;

/// Why nothing was signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The claims have no JSON form.
    #[error("the claims have no JSON form")]
    Claims(#[from] serde_json::Error),
    /// See [`LibraryFailure`].
    #[error(transparent)]
    Library(#[from] LibraryFailure),
}

/// A private key that signs tokens, stored as the 32 bytes of its scalar or seed.
pub struct SigningKey {
    bytes: Secret<[u8; 32]>,
    pair: Pair,
    public: PublicJwk,
}

enum Pair {
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[{} signing key]", self.public.algorithm().as_str())
    }
}

impl SigningKey {
    /// A new key for `ES256` or `EdDSA`.
    ///
    /// # Errors
    ///
    /// [`LibraryFailure`], also for `PS256`: we verify RSA signatures but make none.
    pub fn generate(algorithm: Algorithm, random: &Random) -> Result<SigningKey, LibraryFailure> {
        let mut bytes = Zeroizing::new([0; 32]);
        // A random scalar is out of range once in 2^32 draws; three misses are a broken source.
        for _ in 0..3 {
            random.fill(bytes.as_mut_slice());
            if let Some(key) = SigningKey::from_bytes(algorithm, &bytes) {
                return Ok(key);
            }
        }
        Err(LibraryFailure)
    }

    /// The key of a stored scalar (`ES256`, big-endian) or seed (`EdDSA`); `None` where the bytes
    /// are no key of that algorithm.
    #[must_use]
    pub fn from_bytes(algorithm: Algorithm, bytes: &[u8; 32]) -> Option<SigningKey> {
        let (pair, jwk) = match algorithm {
            Algorithm::Es256 => {
                let point = *OpeningKey::from_bytes(bytes)?.sealing_key();
                let pair = EcdsaKeyPair::from_private_key_and_public_key(
                    &ECDSA_P256_SHA256_FIXED_SIGNING,
                    bytes,
                    point.sec1(),
                );
                let jwk = json!({ "kty": "EC", "crv": "P-256", "x": point.x(), "y": point.y() });
                (Pair::Es256(pair.ok()?), jwk)
            }
            Algorithm::EdDsa => {
                let pair = Ed25519KeyPair::from_seed_unchecked(bytes).ok()?;
                let x = b64u::encode(pair.public_key().as_ref());
                (Pair::EdDsa(pair), json!({ "kty": "OKP", "crv": "Ed25519", "x": x }))
            }
            Algorithm::Ps256 => return None,
        };
        let public = PublicJwk::parse(jwk.to_string().as_bytes()).ok()?;
        Some(SigningKey { bytes: Secret::new(*bytes), pair, public })
    }

    /// The scalar or seed, to be wrapped and stored.
    #[must_use]
    pub const fn bytes(&self) -> &Secret<[u8; 32]> {
        &self.bytes
    }

    /// The public key, to be registered or published.
    #[must_use]
    pub const fn public(&self) -> &PublicJwk {
        &self.public
    }

    /// A compact JWS over `claims`, with the header `alg`, `kid` and `typ`.
    ///
    /// `ES256` signatures differ each time: whoever must send the same bytes again keeps them.
    ///
    /// # Errors
    ///
    /// [`SignError`].
    pub fn sign(&self, typ: &str, kid: &str, claims: &impl Serialize) -> Result<String, SignError> {
        let alg = self.public.algorithm().as_str();
        let header = json!({ "alg": alg, "kid": kid, "typ": typ });
        let header = b64u::encode(header.to_string().as_bytes());
        let payload = b64u::encode(&serde_json::to_vec(claims)?);
        let mut token = format!("{header}.{payload}");
        let signature = match &self.pair {
            Pair::Es256(pair) => pair
                .sign(&SystemRandom::new(), token.as_bytes())
                .map_err(LibraryFailure::from)?
                .as_ref()
                .to_vec(),
            Pair::EdDsa(pair) => pair.sign(token.as_bytes()).as_ref().to_vec(),
        };
        token.push('.');
        token.push_str(&b64u::encode(&signature));
        Ok(token)
    }
}
