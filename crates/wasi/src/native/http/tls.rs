//! TLS to servers, and who vouches for them.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::failure::from_stream;
use crate::http::ErrorCode;

/// Whose word on a server's certificate counts: Mozilla's list, as it was when this was built, and what is added.
#[derive(Clone)]
pub struct TlsRoots(RootCertStore);

/// Why certificates were not added.
#[derive(Debug)]
pub struct TlsRootsError(String);

impl fmt::Display for TlsRootsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TlsRootsError {}

impl Default for TlsRoots {
    fn default() -> Self {
        TlsRoots(RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()))
    }
}

impl TlsRoots {
    /// Adds the certificates of a PEM file.
    ///
    /// # Errors
    ///
    /// When it cannot be read, holds no certificate, or one that is none.
    pub fn add_pem_file(mut self, path: impl AsRef<Path>) -> Result<Self, TlsRootsError> {
        let path = path.as_ref();
        let failed = |why: String| TlsRootsError(format!("{}: {why}", path.display()));
        let certificates = CertificateDer::pem_file_iter(path).map_err(|error| failed(error.to_string()))?;
        let before = self.0.len();
        for certificate in certificates {
            let certificate = certificate.map_err(|error| failed(error.to_string()))?;
            self.0.add(certificate).map_err(|error| failed(error.to_string()))?;
        }
        if self.0.len() == before { Err(failed("there is no certificate in it".into())) } else { Ok(self) }
    }
}

/// Makes TLS of connections. What it needs is made with the first.
#[derive(Clone, Default)]
pub(super) struct Tls {
    roots: Option<Arc<TlsRoots>>,
    config: Arc<OnceLock<Arc<ClientConfig>>>,
}

impl Tls {
    pub(super) fn new(roots: TlsRoots) -> Self {
        Tls { roots: Some(Arc::new(roots)), config: Arc::default() }
    }

    fn config(&self) -> Result<Arc<ClientConfig>, ErrorCode> {
        if let Some(config) = self.config.get() {
            return Ok(config.clone());
        }
        let roots = self.roots.as_deref().cloned().unwrap_or_default();
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|_| ErrorCode::ConfigurationError)?
            .with_root_certificates(roots.0)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(self.config.get_or_init(|| Arc::new(config)).clone())
    }

    /// Agrees with `host` on TLS; says whether also on HTTP/2.
    pub(super) async fn connect(
        &self,
        stream: TcpStream,
        host: &str,
    ) -> Result<(TlsStream<TcpStream>, bool), ErrorCode> {
        let name = ServerName::try_from(host.to_string()).map_err(|_| ErrorCode::DestinationNotFound)?;
        let connector = TlsConnector::from(self.config()?);
        let stream = connector.connect(name, stream).await.map_err(|failed| from_stream(&failed))?;
        let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        Ok((stream, http2))
    }
}
