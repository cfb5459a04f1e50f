//! HTTPS: the certificate and the key on the command line.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};

use crate::load::io_text;
use crate::report::Failure;

/// What ALPN calls HTTP/2.
pub const HTTP2: &[u8] = b"h2";
const HTTP1: &[u8] = b"http/1.1";

/// TLS on the command line.
#[derive(Args, Debug, Clone)]
#[command(next_help_heading = "HTTPS")]
pub struct TlsArgs {
    /// Serves HTTPS with this certificate and those that vouch for it (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The private key of the certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
}

impl TlsArgs {
    /// What accepts connections, if TLS is wanted.
    pub fn acceptor(&self) -> Result<Option<TlsAcceptor>, Failure> {
        let (Some(cert), Some(key)) = (&self.tls_cert, &self.tls_key) else { return Ok(None) };
        let unusable = |what: &Path, error: String| Failure::new(format!("can't use {}: {error}", what.display()));
        let chain = CertificateDer::pem_slice_iter(&read(cert)?).collect::<Result<Vec<_>, pem::Error>>();
        let chain = chain.map_err(|error| unusable(cert, error.to_string()))?;
        if chain.is_empty() {
            return Err(
                unusable(cert, "there is no certificate in it".into()).with_help("--tls-cert takes a file in PEM form")
            );
        }
        let secret = PrivateKeyDer::from_pem_slice(&read(key)?).map_err(|error| match error {
            pem::Error::NoItemsFound => unusable(key, "there is no private key in it".into()),
            error => unusable(key, error.to_string()),
        })?;
        let config = config(chain, secret)
            .map_err(|error| Failure::new(format!("can't use {} with {}: {error}", cert.display(), key.display())))?;
        Ok(Some(TlsAcceptor::from(Arc::new(config))))
    }
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(file).map_err(|error| Failure::new(format!("can't read {}: {}", file.display(), io_text(&error))))
}

fn config(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<ServerConfig, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![HTTP2.to_vec(), HTTP1.to_vec()];
    Ok(config)
}
