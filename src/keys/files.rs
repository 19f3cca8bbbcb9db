//! Key files: readable by their owner only, never overwritten.
//!
//! A key is 32 bytes, raw. A period key's file holds its wrapped blob instead. These functions
//! block; they are called at start, by hand, or from a database thread.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::opener::RootKey;
use crate::foundation::Random;
use crate::foundation::crypto::aead::WrappingKey;
use crate::foundation::crypto::jws::{Algorithm, SigningKey};
use crate::foundation::secret::Secret;

/// The only mode that a key file may have.
const MODE: u32 = 0o600;

/// The largest key file that is read, in bytes.
const LARGEST: u64 = 4096;

/// Why a key file is of no use.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// There is none.
    #[error("the key file {} is missing", .0.display())]
    Missing(PathBuf),
    /// There is one already; keys are not overwritten.
    #[error("the key file {} exists already and is not overwritten", .0.display())]
    Exists(PathBuf),
    /// Others may read or write it.
    #[error("the key file {} has mode {mode:04o} instead of 0600", path.display())]
    Mode {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// It does not hold a key of the kind that is expected.
    #[error("the key file {} holds no key of the expected kind", .0.display())]
    Content(PathBuf),
    /// The file system refused.
    #[error("the key file {}: {cause}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the file system says.
        cause: std::io::Error,
    },
}

/// Makes a key file of 32 random bytes, and the folders above it.
///
/// # Errors
///
/// [`KeyFileError::Exists`] or [`KeyFileError::Io`].
pub fn make(path: &Path, random: &Random) -> Result<Secret<[u8; 32]>, KeyFileError> {
    let key = Secret::new(random.bytes());
    key.expose(|bytes| write(path, bytes))?;
    Ok(key)
}

/// Reads a key file of 32 bytes.
///
/// # Errors
///
/// [`KeyFileError`], which names the file and what is wrong with it.
pub fn load(path: &Path) -> Result<Secret<[u8; 32]>, KeyFileError> {
    let content = read(path)?;
    let key = content.as_slice().try_into().ok();
    Ok(Secret::new(key.ok_or_else(|| KeyFileError::Content(path.to_owned()))?))
}

/// Makes the root key, which wraps period keys, evidence keys and nonces.
///
/// # Errors
///
/// Those of [`make`].
pub fn make_root(path: &Path, random: &Random) -> Result<RootKey, KeyFileError> {
    Ok(RootKey::new(&make(path, random)?))
}

/// Reads the root key.
///
/// # Errors
///
/// Those of [`load`].
pub fn load_root(path: &Path) -> Result<RootKey, KeyFileError> {
    Ok(RootKey::new(&load(path)?))
}

/// Makes the key that signs the list of published keys (Ed25519).
///
/// # Errors
///
/// Those of [`make`].
pub fn make_list_key(path: &Path, random: &Random) -> Result<SigningKey, KeyFileError> {
    signing_key(path, &make(path, random)?)
}

/// Reads the key that signs the list of published keys.
///
/// # Errors
///
/// Those of [`load`].
pub fn load_list_key(path: &Path) -> Result<SigningKey, KeyFileError> {
    signing_key(path, &load(path)?)
}

/// Makes the field key, which wraps contacts and authenticator secrets.
///
/// # Errors
///
/// Those of [`make`].
pub fn make_field(path: &Path, random: &Random) -> Result<WrappingKey, KeyFileError> {
    Ok(make(path, random)?.expose(|bytes| WrappingKey::from_bytes(*bytes)))
}

/// Reads the field key.
///
/// # Errors
///
/// Those of [`load`].
pub fn load_field(path: &Path) -> Result<WrappingKey, KeyFileError> {
    Ok(load(path)?.expose(|bytes| WrappingKey::from_bytes(*bytes)))
}

fn signing_key(path: &Path, seed: &Secret<[u8; 32]>) -> Result<SigningKey, KeyFileError> {
    let key = seed.expose(|seed| SigningKey::from_bytes(Algorithm::EdDsa, seed));
    key.ok_or_else(|| KeyFileError::Content(path.to_owned()))
}

/// Writes a new file that only its owner can read, durably.
pub(super) fn write(path: &Path, content: &[u8]) -> Result<(), KeyFileError> {
    let failed = |cause: std::io::Error| match cause.kind() {
        ErrorKind::AlreadyExists => KeyFileError::Exists(path.to_owned()),
        _ => KeyFileError::Io { path: path.to_owned(), cause },
    };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(failed)?;
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(MODE).open(path).map_err(failed)?;
    // The umask may have taken bits away from the mode, never added any.
    let written = file.write_all(content).and_then(|()| file.sync_all());
    written.and_then(|()| File::open(folder)?.sync_all()).map_err(failed)
}

/// Reads a file whose mode is 0600.
pub(super) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    let failed = |cause: std::io::Error| match cause.kind() {
        ErrorKind::NotFound => KeyFileError::Missing(path.to_owned()),
        _ => KeyFileError::Io { path: path.to_owned(), cause },
    };
    let file = File::open(path).map_err(failed)?;
    let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o7777;
    if mode != MODE {
        return Err(KeyFileError::Mode { path: path.to_owned(), mode });
    }
    let mut content = Zeroizing::new(Vec::with_capacity(256));
    file.take(LARGEST).read_to_end(&mut content).map_err(failed)?;
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_is_made_once_and_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/root.key");
        let made = make(&path, &Random::system()).unwrap();
        let read = load(&path).unwrap();
        made.expose(|made| read.expose(|read| assert_eq!(made, read)));
        assert!(matches!(make(&path, &Random::system()), Err(KeyFileError::Exists(_))));
    }

    #[test]
    fn a_key_file_that_others_can_read_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root.key");
        make(&path, &Random::system()).unwrap();
        for mode in [0o640, 0o604, 0o644, 0o400] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let refused = load(&path).unwrap_err();
            assert!(matches!(refused, KeyFileError::Mode { mode: found, .. } if found == mode));
            assert!(refused.to_string().contains("root.key"), "{refused}");
        }
    }

    #[test]
    fn a_missing_and_a_short_key_file_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root.key");
        assert!(matches!(load(&path), Err(KeyFileError::Missing(_))));
        write(&path, &[7; 31]).unwrap();
        assert!(matches!(load(&path), Err(KeyFileError::Content(_))));
    }

    #[test]
    fn the_list_key_signs_with_ed25519() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.key");
        let made = make_list_key(&path, &Random::system()).unwrap();
        assert_eq!(made.public(), load_list_key(&path).unwrap().public());
        assert_eq!(made.public().algorithm(), Algorithm::EdDsa);
    }
}
