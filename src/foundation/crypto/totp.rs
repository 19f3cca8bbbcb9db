//! One-time codes (RFC 6238): SHA-1, six digits, thirty seconds, one step either side.

use crate::foundation::Random;
use totp_rs::{Algorithm, Builder, Totp, TotpError};
use zeroize::Zeroizing;

use crate::foundation::secret::Secret;

/// Seconds per step.
pub const STEP_SECONDS: u64 = 30;

/// The shared secret of one person's authenticator.
#[derive(Debug)]
pub struct TotpSecret(Secret<Vec<u8>>);

impl TotpSecret {
    /// A new secret of 20 random bytes (RFC 4226, section 4).
    #[must_use]
    pub fn generate(random: &Random) -> TotpSecret {
        let mut bytes = Zeroizing::new(vec![0; 20]);
        random.fill(&mut bytes);
        TotpSecret::from_bytes(&bytes)
    }

    /// The secret with these stored bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> TotpSecret {
        TotpSecret(Secret::new(bytes.to_vec()))
    }

    /// The bytes, to be wrapped and stored.
    #[must_use]
    pub const fn bytes(&self) -> &Secret<Vec<u8>> {
        &self.0
    }

    /// The `otpauth://` address that an authenticator reads from a QR code. It holds the secret.
    ///
    /// # Errors
    ///
    /// [`TotpError`] where the secret is shorter than 16 bytes or a name holds a colon.
    pub fn uri(&self, issuer: &str, account: &str) -> Result<Zeroizing<String>, TotpError> {
        Ok(Zeroizing::new(self.totp(issuer, account)?.to_url()?))
    }

    /// The code at `now`, in seconds since 1970.
    ///
    /// # Errors
    ///
    /// [`TotpError`] where the secret is shorter than 16 bytes.
    pub fn code(&self, now: u64) -> Result<String, TotpError> {
        Ok(self.totp("chayan", "code")?.generate(now).to_string())
    }

    /// The step that `code` belongs to, if it is the step of `now`, the one before or the next.
    ///
    /// `now` is in seconds since 1970. The caller stores the step and refuses it, and every lower
    /// one, from then on.
    #[must_use]
    pub fn check(&self, code: &str, now: u64) -> Option<u64> {
        self.totp("chayan", "code").ok()?.check(code, now)
    }

    fn totp(&self, issuer: &str, account: &str) -> Result<Totp, TotpError> {
        let secret = self.0.expose(Clone::clone);
        Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(6)
            .with_skew(1)
            .with_step_duration(STEP_SECONDS)
            .with_secret(secret)
            .with_account_name(account)
            .with_issuer(Some(issuer))
            .build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_rfc_6238_hold_in_their_last_six_digits() {
        let secret = TotpSecret::from_bytes(b"12345678901234567890");
        for (at, code) in [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")] {
            assert_eq!(secret.code(at).unwrap(), code);
            assert_eq!(secret.check(code, at), Some(at / 30));
        }
    }

    #[test]
    fn a_code_is_good_one_step_either_side_and_no_further() {
        let secret = TotpSecret::generate(&Random::system());
        let now = 1_800_000_000;
        let code = secret.code(now).unwrap();
        for (seconds, expected) in
            [(-60, None), (-30, Some(0)), (0, Some(0)), (30, Some(0)), (60, None)]
        {
            let found = secret.check(&code, now.checked_add_signed(seconds).unwrap());
            // Two steps may share a code by chance; the step itself decides.
            assert_eq!(found.filter(|step| *step == now / 30).map(|_| 0), expected);
        }
        for wrong in ["", "12345", "1234567", "abcdef", "12 456"] {
            assert_eq!(secret.check(wrong, now), None);
        }
    }

    #[test]
    fn the_address_names_issuer_and_account() {
        let secret = TotpSecret::from_bytes(b"12345678901234567890");
        let uri = secret.uri("Chayan", "officer-7").unwrap();
        assert!(uri.starts_with(
            "otpauth://totp/Chayan:officer-7?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
        ));
        assert!(secret.uri("Chayan", "a:b").is_err());
    }
}
