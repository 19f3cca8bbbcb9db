//! Passwords: Argon2id with 19 MiB, two passes, one lane (OWASP's floor), as PHC strings.
//!
//! Each call works for tens of milliseconds; callers run it off the event loop.

use crate::foundation::Random;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};

use crate::foundation::crypto::LibraryFailure;

/// A hash of our parameters that no password has: an unknown name costs as much as a known one.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA\
                      $AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// The PHC string to store for `password`, under a fresh salt of 16 random bytes.
///
/// # Errors
///
/// [`LibraryFailure`] if there is no memory for the hash.
pub fn hash(password: &str, random: &Random) -> Result<String, LibraryFailure> {
    let mut salt = [0; 16];
    random.fill(&mut salt);
    match argon2()?.hash_password_with_salt(password.as_bytes(), &salt) {
        Ok(hash) => Ok(hash.to_string()),
        Err(_) => Err(LibraryFailure),
    }
}

/// Whether `password` belongs to the stored PHC string.
///
/// Give `None` where the name is unknown or has no password: the answer is then `false`, after the
/// same work.
#[must_use]
pub fn verify(password: &str, stored: Option<&str>) -> bool {
    let (Ok(argon2), Ok(hash)) = (argon2(), PasswordHash::new(stored.unwrap_or(NOBODY))) else {
        return false;
    };
    argon2.verify_password(password.as_bytes(), &hash).is_ok() && stored.is_some()
}

fn argon2() -> Result<Argon2<'static>, LibraryFailure> {
    match Params::new(19 * 1024, 2, 1, None) {
        Ok(params) => Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params)),
        Err(_) => Err(LibraryFailure),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_password_is_accepted() {
        let stored = hash("correct horse 马", &Random::system()).unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(verify("correct horse 马", Some(&stored)));
        assert!(!verify("correct horse", Some(&stored)));
        assert!(!verify("", Some(&stored)));
    }

    #[test]
    fn the_same_password_has_another_hash_each_time() {
        let random = Random::system();
        assert_ne!(hash("x", &random).unwrap(), hash("x", &random).unwrap());
    }

    #[test]
    fn an_unknown_name_costs_a_whole_hash_and_is_refused() {
        let nobody = PasswordHash::new(NOBODY).unwrap();
        assert_eq!(nobody.hash.map(|hash| hash.len()), Some(32));
        assert!(!verify("anything", None));
        assert!(!verify("anything", Some("not a hash")));
    }
}
