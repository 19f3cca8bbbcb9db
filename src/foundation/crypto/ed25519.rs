//! Ed25519 signatures over raw bytes (RFC 8032), for checkpoints and cosignatures.

use crate::foundation::Random;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use zeroize::Zeroizing;

use crate::foundation::crypto::LibraryFailure;
use crate::foundation::secret::Secret;

/// A private Ed25519 key. Its seed is what gets stored.
pub struct Ed25519Key {
    seed: Secret<[u8; 32]>,
    pair: Ed25519KeyPair,
}

impl std::fmt::Debug for Ed25519Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[Ed25519 key]")
    }
}

impl Ed25519Key {
    /// A new key from 32 random bytes.
    ///
    /// # Errors
    ///
    /// [`LibraryFailure`] if the library cannot take the seed.
    pub fn generate(random: &Random) -> Result<Ed25519Key, LibraryFailure> {
        let mut seed = Zeroizing::new([0; 32]);
        random.fill(seed.as_mut_slice());
        Ed25519Key::from_seed(&seed)
    }

    /// The key of a stored seed.
    ///
    /// # Errors
    ///
    /// [`LibraryFailure`] if the library cannot take the seed.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Ed25519Key, LibraryFailure> {
        let Ok(pair) = Ed25519KeyPair::from_seed_unchecked(seed) else {
            return Err(LibraryFailure);
        };
        Ok(Ed25519Key { seed: Secret::new(*seed), pair })
    }

    /// The seed, to be wrapped and stored.
    #[must_use]
    pub const fn seed(&self) -> &Secret<[u8; 32]> {
        &self.seed
    }

    /// The public key.
    #[must_use]
    pub fn public(&self) -> [u8; 32] {
        let mut public = [0; 32];
        public.copy_from_slice(self.pair.public_key().as_ref());
        public
    }

    /// The signature over `message`; the same message always gives the same signature.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        let mut signature = [0; 64];
        signature.copy_from_slice(self.pair.sign(message).as_ref());
        signature
    }
}

/// Whether `signature` over `message` was made by the owner of `public`.
#[must_use]
pub fn verify(public: &[u8; 32], message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ED25519, public).verify(message, signature).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foundation::crypto::tests::hex;

    #[test]
    fn the_vector_of_rfc_8032_holds() {
        // Section 7.1, test 2.
        let seed = hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
        let key = Ed25519Key::from_seed(&seed.try_into().unwrap()).unwrap();
        let public = hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
        assert_eq!(key.public().as_slice(), public);
        let signature = hex("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
                             085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
        assert_eq!(key.sign(&[0x72]).as_slice(), signature);
        assert!(verify(&key.public(), &[0x72], &signature));
    }

    #[test]
    fn another_message_key_or_signature_is_refused() {
        let key = Ed25519Key::generate(&Random::system()).unwrap();
        let other = Ed25519Key::generate(&Random::system()).unwrap();
        let signature = key.sign(b"tree head");
        assert!(!verify(&key.public(), b"tree heads", &signature));
        assert!(!verify(&other.public(), b"tree head", &signature));
        assert!(!verify(&key.public(), b"tree head", &[0; 64]));
        assert!(!verify(&key.public(), b"tree head", &signature[..63]));
    }
}
