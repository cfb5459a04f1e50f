//! HTTPS: the certificate and the key on the command line.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::server::danger::ClientCertVerifier;
use tokio_rustls::rustls::{self, RootCertStore, ServerConfig};

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
    /// Takes only clients with a certificate that one of these vouches for (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_client_ca: Option<PathBuf>,
}

impl TlsArgs {
    /// What accepts connections, if TLS is wanted.
    pub fn acceptor(&self) -> Result<Option<TlsAcceptor>, Failure> {
        let (Some(cert), Some(key)) = (&self.tls_cert, &self.tls_key) else { return Ok(None) };
        let chain = certificates(cert, "--tls-cert")?;
        let secret = PrivateKeyDer::from_pem_slice(&read(key)?).map_err(|error| match error {
            pem::Error::NoItemsFound => unusable(key, "there is no private key in it"),
            error => unusable(key, error.to_string()),
        })?;
        let clients = self.tls_client_ca.as_deref().map(verifier).transpose()?;
        let config = config(chain, secret, clients)
            .map_err(|error| Failure::new(format!("can't use {} with {}: {error}", cert.display(), key.display())))?;
        Ok(Some(TlsAcceptor::from(Arc::new(config))))
    }
}

fn unusable(what: &Path, error: impl Into<String>) -> Failure {
    Failure::new(format!("can't use {}: {}", what.display(), error.into()))
}

/// The certificates in `file`, at least one.
fn certificates(file: &Path, option: &str) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let chain = CertificateDer::pem_slice_iter(&read(file)?).collect::<Result<Vec<_>, pem::Error>>();
    let chain = chain.map_err(|error| unusable(file, error.to_string()))?;
    if chain.is_empty() {
        let help = format!("{option} takes a file in PEM form");
        return Err(unusable(file, "there is no certificate in it").with_help(help));
    }
    Ok(chain)
}

/// Who asks clients for a certificate that one of those in `file` vouches for.
fn verifier(file: &Path) -> Result<Arc<dyn ClientCertVerifier>, Failure> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(file, "--tls-client-ca")? {
        roots.add(certificate).map_err(|error| unusable(file, error.to_string()))?;
    }
    let provider = Arc::new(ring::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
    verifier.map_err(|error| unusable(file, error.to_string()))
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(file).map_err(|error| Failure::new(format!("can't read {}: {}", file.display(), io_text(&error))))
}

fn config(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    clients: Option<Arc<dyn ClientCertVerifier>>,
) -> Result<ServerConfig, rustls::Error> {
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?;
    let builder = match clients {
        Some(clients) => builder.with_client_cert_verifier(clients),
        None => builder.with_no_client_auth(),
    };
    let mut config = builder.with_single_cert(chain, key)?;
    config.alpn_protocols = vec![HTTP2.to_vec(), HTTP1.to_vec()];
    Ok(config)
}
