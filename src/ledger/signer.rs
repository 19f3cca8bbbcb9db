//! The key that signs the log's checkpoints.

use crate::foundation::Random;
use crate::foundation::crypto::LibraryFailure;
use crate::foundation::crypto::ed25519::Ed25519Key;
use crate::foundation::secret::Secret;

use super::note::{NoteError, TreeHead, VerifierKey};

/// The log's name and its private key.
#[derive(Debug)]
pub struct LogSigner {
    verifier: VerifierKey,
    key: Ed25519Key,
}

/// The log's key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SignerError {
    /// The log's name is none.
    #[error(transparent)]
    Name(#[from] NoteError),
    /// The library refused the key.
    #[error(transparent)]
    Library(#[from] LibraryFailure),
}

impl LogSigner {
    /// A new seed, to be stored and given to [`LogSigner::from_seed`].
    #[must_use]
    pub fn generate(random: &Random) -> Secret<[u8; 32]> {
        Secret::new(random.bytes())
    }

    /// The signer of the log called `origin`, by convention a URL without scheme.
    ///
    /// # Errors
    ///
    /// [`SignerError`] if the origin cannot name a key, or the library fails.
    pub fn from_seed(origin: &str, seed: &Secret<[u8; 32]>) -> Result<Self, SignerError> {
        let key = seed.expose(Ed25519Key::from_seed)?;
        Ok(Self { verifier: VerifierKey::new(origin, key.public())?, key })
    }

    /// What others need to check this log's signatures.
    #[must_use]
    pub const fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// The log's name.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.verifier.name()
    }

    /// The signed note of `head`; the same head always gives the same note.
    #[must_use]
    pub fn sign(&self, head: &TreeHead) -> String {
        let text = head.text();
        let line = self.verifier.line(&self.key.sign(text.as_bytes()));
        format!("{text}\n{line}")
    }
}
