//! The certificates of a demonstration: a root that exists only in its folder, and one for this
//! machine that the API, the console and the mail sink use.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

/// Where the files are.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// PEM of the root: what clients trust.
    pub root: PathBuf,
    /// PEM chain of the servers.
    pub chain: PathBuf,
    /// PEM key of the servers, mode 0600.
    pub key: PathBuf,
}

/// Why there are no certificates.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file cannot be written.
    #[error("{0}: {1}")]
    Io(PathBuf, io::Error),
    /// The library refuses.
    #[error("cannot make a certificate: {0}")]
    Library(#[from] rcgen::Error),
}

/// The certificates in `folder`, made if they are not there: `root.pem`, `cert.pem`, `key.pem`. The
/// root's key is used once and never written.
///
/// # Errors
///
/// [`CertificateError`].
pub fn ensure(folder: &Path) -> Result<Certificate, CertificateError> {
    let path = |name: &str| folder.join(name);
    let files =
        Certificate { root: path("root.pem"), chain: path("cert.pem"), key: path("key.pem") };
    if files.key.exists() && files.chain.exists() && files.root.exists() {
        return Ok(files);
    }
    fs::create_dir_all(folder).map_err(|cause| CertificateError::Io(folder.to_owned(), cause))?;
    let mut root = CertificateParams::new(Vec::new())?;
    root.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    root.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    root.distinguished_name.push(DnType::CommonName, "Chayan demonstration root");
    let root_key = KeyPair::generate()?;
    let root_pem = root.self_signed(&root_key)?.pem();
    let mut own = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()])?;
    own.distinguished_name.push(DnType::CommonName, "localhost");
    own.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    own.use_authority_key_identifier_extension = true;
    let own_key = KeyPair::generate()?;
    let own_pem = own.signed_by(&own_key, &Issuer::new(root, root_key))?.pem();
    write(&files.root, &root_pem, 0o644)?;
    write(&files.chain, &own_pem, 0o644)?;
    write(&files.key, &own_key.serialize_pem(), 0o600)?;
    Ok(files)
}

fn write(path: &Path, text: &str, mode: u32) -> Result<(), CertificateError> {
    let mut options = fs::OpenOptions::new();
    let file = options.write(true).create(true).truncate(true).mode(mode).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|cause| CertificateError::Io(path.to_owned(), cause))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_are_made_once_and_fit_together() {
        crate::foundation::crypto::install_providers();
        let folder = tempfile::tempdir().unwrap();
        let files = ensure(folder.path()).unwrap();
        let before = fs::read(&files.root).unwrap();
        crate::foundation::web::server_config(&files.chain, &files.key).unwrap();
        ensure(folder.path()).unwrap();
        assert_eq!(fs::read(&files.root).unwrap(), before);
    }
}
