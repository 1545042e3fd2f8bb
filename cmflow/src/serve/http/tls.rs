//! Certificate and key, from the files that the user names.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{Error, InconsistentKeys, ServerConfig};

/// What TLS is spoken with.
///
/// # Errors
/// Where a file cannot be read, or the two do not belong together.
pub(super) fn configuration(certificate: &Path, key: &Path) -> anyhow::Result<Arc<ServerConfig>> {
    let (certificates, private) = (certificate.display(), key.display());
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .with_context(|| format!("reading --tls-cert {certificates}"))?;
    ensure!(
        !chain.is_empty(),
        "--tls-cert {certificates} holds no certificate; give a PEM file, the server's own certificate first"
    );
    let secret = PrivateKeyDer::from_pem_file(key)
        .with_context(|| format!("reading --tls-key {private}: a PEM file with one private key is wanted"))?;
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .context("choosing versions of TLS")?
        .with_no_client_auth();
    let made = builder
        .with_single_cert(chain, secret)
        .map_err(|error| match error {
            Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                anyhow::anyhow!("--tls-key {private} is not the key of the certificate in {certificates}")
            }
            other => anyhow::Error::new(other).context(format!("using {certificates} with {private}")),
        });
    let mut configuration = made?;
    configuration.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(configuration))
}
