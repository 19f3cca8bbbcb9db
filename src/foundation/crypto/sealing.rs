//! The P-256 key pair of a department and month: businesses seal to its public half, the audit
//! process opens with its private half.

use crate::foundation::Random;
use aws_lc_rs::agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey, agree};
use aws_lc_rs::encoding::{AsBigEndian, EcPrivateKeyBin};
use p256::elliptic_curve::point::AffineCoordinates;
use zeroize::Zeroizing;

use crate::foundation::crypto::{LibraryFailure, b64u};
use crate::foundation::secret::Secret;

/// Whether `x`, `y` are the coordinates of a point of P-256 other than the identity.
///
/// Field arithmetic only, no scalar multiplication: the push path asks this of every record. The
/// group has prime order, so a point of the curve is a point of the group; the identity has no
/// affine coordinates, and `(0, 0)` is not on the curve.
#[must_use]
pub fn on_curve(x: &[u8; 32], y: &[u8; 32]) -> bool {
    p256::AffinePoint::from_coordinates(&(*x).into(), &(*y).into()).is_some().into()
}

/// The public half of an audit key, or of one record's ephemeral key: a point of P-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SealingKey {
    sec1: [u8; 65],
}

impl SealingKey {
    /// The point with these coordinates; `None` where it is not on the curve.
    #[must_use]
    pub fn from_coordinates(x: &[u8; 32], y: &[u8; 32]) -> Option<SealingKey> {
        on_curve(x, y).then(|| {
            let mut sec1 = [4; 65];
            sec1[1..33].copy_from_slice(x);
            sec1[33..].copy_from_slice(y);
            SealingKey { sec1 }
        })
    }

    /// The point of a stored uncompressed SEC 1 encoding; `None` where it is another form or not
    /// on the curve.
    #[must_use]
    pub fn from_sec1(sec1: &[u8]) -> Option<SealingKey> {
        let sec1: [u8; 65] = sec1.try_into().ok()?;
        let (x, y) = (sec1[1..33].try_into().ok()?, sec1[33..].try_into().ok()?);
        (sec1[0] == 4).then(|| SealingKey::from_coordinates(x, y)).flatten()
    }

    /// The uncompressed SEC 1 encoding: `04 ‖ x ‖ y`.
    #[must_use]
    pub const fn sec1(&self) -> &[u8; 65] {
        &self.sec1
    }

    /// The `x` member of its JWK.
    #[must_use]
    pub fn x(&self) -> String {
        b64u::encode(&self.sec1[1..33])
    }

    /// The `y` member of its JWK.
    #[must_use]
    pub fn y(&self) -> String {
        b64u::encode(&self.sec1[33..])
    }

    /// The public JWK under which the key is published (RFC 7517).
    #[must_use]
    pub fn jwk(&self, kid: &str) -> serde_json::Value {
        serde_json::json!({
            "kty": "EC", "crv": "P-256", "x": self.x(), "y": self.y(),
            "kid": kid, "use": "enc", "alg": "ECDH-ES",
        })
    }
}

/// The private half of an audit key. Only the audit process holds one.
pub struct OpeningKey {
    private: PrivateKey,
    public: SealingKey,
}

impl std::fmt::Debug for OpeningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[opening key]")
    }
}

impl OpeningKey {
    /// A new key from random bytes.
    ///
    /// # Errors
    ///
    /// [`LibraryFailure`] if the library cannot compute the public half.
    pub fn generate(random: &Random) -> Result<OpeningKey, LibraryFailure> {
        let mut scalar = Zeroizing::new([0; 32]);
        // A random scalar is out of range once in 2^32 draws; three misses are a broken source.
        for _ in 0..3 {
            random.fill(scalar.as_mut_slice());
            if let Some(key) = OpeningKey::from_bytes(&scalar) {
                return Ok(key);
            }
        }
        Err(LibraryFailure)
    }

    /// The key of a stored scalar, 32 bytes big-endian; `None` where it is zero or out of range.
    #[must_use]
    pub fn from_bytes(scalar: &[u8; 32]) -> Option<OpeningKey> {
        let private = PrivateKey::from_private_key(&ECDH_P256, scalar).ok()?;
        let public = SealingKey::from_sec1(private.compute_public_key().ok()?.as_ref())?;
        Some(OpeningKey { private, public })
    }

    /// The scalar, to be wrapped and stored.
    ///
    /// # Errors
    ///
    /// [`LibraryFailure`] if the library does not give it out.
    pub fn bytes(&self) -> Result<Secret<[u8; 32]>, LibraryFailure> {
        let encoded: EcPrivateKeyBin<'_> = self.private.as_be_bytes()?;
        let mut scalar = [0; 32];
        scalar.copy_from_slice(encoded.as_ref());
        Ok(Secret::new(scalar))
    }

    /// The public half.
    #[must_use]
    pub const fn sealing_key(&self) -> &SealingKey {
        &self.public
    }

    /// Lends the shared secret with `peer` to `derive`; `None` where there is none.
    pub(super) fn agree<R>(&self, peer: &SealingKey, derive: impl FnOnce(&[u8]) -> R) -> Option<R> {
        let peer = UnparsedPublicKey::new(&ECDH_P256, peer.sec1.as_slice());
        agree(&self.private, peer, (), |shared| Ok(derive(shared))).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foundation::crypto::tests::hex;

    fn coordinate(text: &str) -> [u8; 32] {
        hex(text).try_into().unwrap()
    }

    #[test]
    fn the_generator_is_on_the_curve_and_its_neighbours_are_not() {
        let x = coordinate("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296");
        let y = coordinate("4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5");
        assert!(on_curve(&x, &y));
        assert!(!on_curve(&y, &x));
        assert!(!on_curve(&[0; 32], &[0; 32]));
        assert!(!on_curve(&[0xff; 32], &y));
        let mut near = y;
        near[31] ^= 1;
        assert!(!on_curve(&x, &near));
    }

    #[test]
    fn a_stored_key_comes_back_with_the_same_public_half() {
        let key = OpeningKey::generate(&Random::system()).unwrap();
        let again = key.bytes().unwrap().expose(OpeningKey::from_bytes).unwrap();
        assert_eq!(key.sealing_key(), again.sealing_key());
        assert!(OpeningKey::from_bytes(&[0; 32]).is_none());
        assert!(OpeningKey::from_bytes(&[0xff; 32]).is_none());
    }

    #[test]
    fn only_an_uncompressed_point_is_a_sealing_key() {
        let key = OpeningKey::generate(&Random::system()).unwrap();
        let sec1 = key.sealing_key().sec1();
        assert!(SealingKey::from_sec1(sec1).is_some());
        let mut compressed = sec1[..33].to_vec();
        compressed[0] = 2;
        assert!(SealingKey::from_sec1(&compressed).is_none());
        assert!(SealingKey::from_sec1(&[0]).is_none());
        let mut hybrid = *sec1;
        hybrid[0] = 6;
        assert!(SealingKey::from_sec1(&hybrid).is_none());
    }
}
