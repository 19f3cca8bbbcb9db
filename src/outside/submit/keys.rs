//! The two private keys of a business: one proves who calls, the other signs what is sent.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use serde_json::Value;
use zeroize::Zeroizing;

use crate::foundation::Random;
use crate::foundation::crypto::jws::{Algorithm, SigningKey};
use crate::foundation::crypto::{LibraryFailure, b64u, strict_json};

const AUTHENTICATION: &str = "authentication.jwk";
const MANIFEST: &str = "manifest.jwk";

/// The private keys of a business. Each is known by its RFC 7638 thumbprint.
#[derive(Debug)]
pub struct BusinessKeys {
    authentication: SigningKey,
    manifest: SigningKey,
}

/// Why key files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// A file cannot be read or written.
    #[error("{0}: {1}")]
    Io(PathBuf, io::Error),
    /// A file may be read by others than its owner.
    #[error("{0}: others may read this key; run chmod 600")]
    Open(PathBuf),
    /// A file holds no private JWK of P-256 or Ed25519.
    #[error("{0}: not a private JWK of P-256 or Ed25519")]
    Form(PathBuf),
}

impl BusinessKeys {
    /// Two new keys: `ES256` for authentication, `EdDSA` for manifests.
    ///
    /// # Errors
    ///
    /// [`LibraryFailure`].
    pub fn generate(random: &Random) -> Result<BusinessKeys, LibraryFailure> {
        Ok(BusinessKeys {
            authentication: SigningKey::generate(Algorithm::Es256, random)?,
            manifest: SigningKey::generate(Algorithm::EdDsa, random)?,
        })
    }

    /// Writes `authentication.jwk` and `manifest.jwk` (RFC 7517) into `folder`, readable for their
    /// owner only. Existing files are never overwritten.
    ///
    /// # Errors
    ///
    /// [`KeyFileError::Io`].
    pub fn save(&self, folder: &Path) -> Result<(), KeyFileError> {
        let io = |path: &Path, cause| KeyFileError::Io(path.to_owned(), cause);
        fs::create_dir_all(folder).map_err(|cause| io(folder, cause))?;
        for (name, key) in [(AUTHENTICATION, &self.authentication), (MANIFEST, &self.manifest)] {
            let path = folder.join(name);
            let mut options = fs::OpenOptions::new();
            let file = options.write(true).create_new(true).mode(0o600).open(&path);
            let written = file.and_then(|mut file| {
                file.write_all(private_jwk(key).as_bytes())?;
                file.sync_all()
            });
            written.map_err(|cause| io(&path, cause))?;
        }
        Ok(())
    }

    /// Reads the files that [`BusinessKeys::save`] writes.
    ///
    /// # Errors
    ///
    /// [`KeyFileError`], also where others than the owner may read a file.
    pub fn load(folder: &Path) -> Result<BusinessKeys, KeyFileError> {
        Ok(BusinessKeys {
            authentication: load(&folder.join(AUTHENTICATION))?,
            manifest: load(&folder.join(MANIFEST))?,
        })
    }

    /// The key that signs client assertions.
    #[must_use]
    pub const fn authentication(&self) -> &SigningKey {
        &self.authentication
    }

    /// The key that signs manifests and day closes.
    #[must_use]
    pub const fn manifest(&self) -> &SigningKey {
        &self.manifest
    }
}

/// The public JWK of `key` with its thumbprint as `kid`, to be registered.
#[must_use]
pub fn public_jwk(key: &SigningKey) -> Value {
    let canonical = key.public().canonical().as_bytes();
    let mut jwk = strict_json::value(canonical).unwrap_or_default();
    jwk["kid"] = key.public().thumbprint().into();
    jwk["alg"] = key.public().algorithm().as_str().into();
    jwk["use"] = "sig".into();
    jwk
}

fn private_jwk(key: &SigningKey) -> Zeroizing<String> {
    let mut jwk = public_jwk(key);
    jwk["d"] = key.bytes().expose(|bytes| b64u::encode(bytes)).into();
    Zeroizing::new(jwk.to_string())
}

fn load(path: &Path) -> Result<SigningKey, KeyFileError> {
    let io = |cause| KeyFileError::Io(path.to_owned(), cause);
    let mode = fs::metadata(path).map_err(io)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(KeyFileError::Open(path.to_owned()));
    }
    let text = Zeroizing::new(fs::read(path).map_err(io)?);
    read(&text).ok_or_else(|| KeyFileError::Form(path.to_owned()))
}

fn read(text: &[u8]) -> Option<SigningKey> {
    let jwk = strict_json::value(text).ok()?;
    let algorithm = match jwk.get("crv")?.as_str()? {
        "P-256" => Algorithm::Es256,
        "Ed25519" => Algorithm::EdDsa,
        _ => return None,
    };
    let bytes = Zeroizing::new(b64u::decode_array::<32>(jwk.get("d")?.as_str()?)?);
    let key = SigningKey::from_bytes(algorithm, &bytes)?;
    let stated = strict_json::value(key.public().canonical().as_bytes()).ok()?;
    let agrees = ["x", "y"].iter().all(|name| stated.get(name) == jwk.get(name));
    agrees.then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn saved_keys_come_back_and_are_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let keys = BusinessKeys::generate(&Random::seeded(1)).unwrap();
        keys.save(folder.path()).unwrap();
        let again = BusinessKeys::load(folder.path()).unwrap();
        assert_eq!(again.authentication().public(), keys.authentication().public());
        assert_eq!(again.manifest().public(), keys.manifest().public());
        let other = BusinessKeys::generate(&Random::seeded(2)).unwrap();
        assert!(matches!(other.save(folder.path()), Err(KeyFileError::Io(..))));
    }

    #[test]
    fn a_key_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        BusinessKeys::generate(&Random::seeded(1)).unwrap().save(folder.path()).unwrap();
        let path = folder.path().join(MANIFEST);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(BusinessKeys::load(folder.path()), Err(KeyFileError::Open(_))));
    }

    #[test]
    fn a_public_half_that_does_not_belong_to_the_private_one_is_refused() {
        let key = SigningKey::generate(Algorithm::Es256, &Random::seeded(3)).unwrap();
        let other = SigningKey::generate(Algorithm::Es256, &Random::seeded(4)).unwrap();
        let text = private_jwk(&key);
        assert!(read(text.as_bytes()).is_some());
        let mut mixed: Value = serde_json::from_str(&text).unwrap();
        mixed["x"] = public_jwk(&other)["x"].clone();
        assert!(read(mixed.to_string().as_bytes()).is_none());
    }
}
