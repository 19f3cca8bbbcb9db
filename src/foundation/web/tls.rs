//! TLS: certificates from PEM files, TLS 1.3 and 1.2, `http/1.1` only.

use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Why TLS cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum TlsFault {
    /// A PEM file cannot be read.
    #[error("cannot read {0}: {1}")]
    File(String, String),
    /// The certificate and the key do not go together, or the key is of an unknown kind.
    #[error("unusable certificate: {0}")]
    Unusable(#[from] rustls::Error),
}

/// The one cryptographic provider of the house.
pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// A server configuration from a certificate chain and its key, both PEM files.
///
/// # Errors
///
/// [`TlsFault`], which names the file.
pub fn server_config(chain: &Path, key: &Path) -> Result<ServerConfig, TlsFault> {
    let fault = |path: &Path, cause: String| TlsFault::File(path.display().to_string(), cause);
    let certificates: Vec<_> = CertificateDer::pem_file_iter(chain)
        .and_then(Iterator::collect)
        .map_err(|cause| fault(chain, cause.to_string()))?;
    let private =
        PrivateKeyDer::from_pem_file(key).map_err(|cause| fault(key, cause.to_string()))?;
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(certificates, private)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
