//! HTTPS: both versions of HTTP by agreement, and responses that break off.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Version};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::WantsClientCert;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ConfigBuilder, RootCertStore};

use super::http2::run;
use super::server::{Server, get};

/// A server with a certificate for `localhost`, and what trusts it.
struct Secured {
    server: Server,
    certificate: CertificateDer<'static>,
    _folder: tempfile::TempDir,
}

fn serve(options: &[&str]) -> Secured {
    let made = rcgen::generate_simple_self_signed(["localhost".to_string()]).expect("a certificate");
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: String| -> PathBuf {
        let path = folder.path().join(name);
        std::fs::File::create(&path).and_then(|mut file| file.write_all(text.as_bytes())).expect("it is written");
        path
    };
    let (cert, key) = (file("cert.pem", made.cert.pem()), file("key.pem", made.signing_key.serialize_pem()));
    let (cert, key) = (cert.to_str().expect("text"), key.to_str().expect("text"));
    let server = Server::of_faults(&[&["--tls-cert", cert, "--tls-key", key], options].concat());
    Secured { server, certificate: made.cert.der().clone(), _folder: folder }
}

type Builder = ConfigBuilder<ClientConfig, WantsClientCert>;

/// A client that trusts the server.
fn trusting(secured: &Secured) -> Builder {
    let mut roots = RootCertStore::empty();
    roots.add(secured.certificate.clone()).expect("a certificate");
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
}

async fn connect(secured: &Secured, protocols: &[&[u8]]) -> TlsStream<TcpStream> {
    let mut config = trusting(secured).with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    connect_as(secured, config).await
}

async fn connect_as(secured: &Secured, config: ClientConfig) -> TlsStream<TcpStream> {
    let stream = TcpStream::connect(secured.server.addr).await.expect("it listens");
    let name = ServerName::try_from("localhost").expect("a name");
    TlsConnector::from(Arc::new(config)).connect(name, stream).await.expect("it speaks TLS")
}

#[test]
fn clients_show_a_certificate_that_is_vouched_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let made = || rcgen::generate_simple_self_signed(["client".to_string()]).expect("a certificate");
    let (known, other) = (made(), made());
    let file = folder.path().join("clients.pem");
    std::fs::write(&file, known.cert.pem()).expect("it is written");
    let secured = serve(&["--tls-client-ca", file.to_str().expect("text")]);
    run(async {
        let shown = |made: &rcgen::CertifiedKey<rcgen::KeyPair>| {
            let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("a key");
            trusting(&secured).with_client_auth_cert(vec![made.cert.der().clone()], key).expect("a client")
        };
        let none = trusting(&secured).with_no_client_auth();
        for (config, answered) in [(shown(&known), true), (shown(&other), false), (none, false)] {
            let mut stream = connect_as(&secured, config).await;
            let mut answer = String::new();
            // With TLS 1.3 a client hears at its first read that it is refused.
            let sent = stream.write_all(get("/counts").as_bytes()).await;
            let whole = sent.is_ok() && stream.read_to_string(&mut answer).await.is_ok();
            assert_eq!(whole && answer.starts_with("HTTP/1.1 200 OK\r\n"), answered, "{answer}");
        }
    });
}

fn request(path: &str) -> Request<Empty<Bytes>> {
    let request = Request::get(format!("https://localhost{path}")).header("host", "localhost");
    request.body(Empty::new()).expect("a request")
}

#[test]
fn the_version_is_agreed_on() {
    let secured = serve(&[]);
    run(async {
        let stream = connect(&secured, &[b"h2", b"http/1.1"]).await;
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        let (mut client, conversation) =
            http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("it speaks HTTP/2");
        let _conversation = tokio::spawn(conversation);
        let response = client.send_request(request("/counts")).await.expect("an answer");
        assert_eq!(response.version(), Version::HTTP_2);
        assert!(response.into_body().collect().await.expect("whole").to_bytes().starts_with(b"instance"));

        let stream = connect(&secured, &[]).await;
        let (mut client, conversation) = http1::handshake(TokioIo::new(stream)).await.expect("it speaks HTTP/1.1");
        let _conversation = tokio::spawn(conversation);
        let response = client.send_request(request("/counts")).await.expect("an answer");
        assert_eq!(response.version(), Version::HTTP_11);
        assert!(response.into_body().collect().await.expect("whole").to_bytes().starts_with(b"instance"));
    });
}

#[test]
fn a_response_that_breaks_off_does_not_look_whole() {
    let secured = serve(&[]);
    run(async {
        // Without chunks and length, only the end of TLS says that a body is whole.
        let mut stream = connect(&secured, &[]).await;
        stream.write_all(b"GET /trap-halfway?ms=50 HTTP/1.0\r\n\r\n").await.expect("it reads");
        let mut got = Vec::new();
        assert!(stream.read_to_end(&mut got).await.is_err(), "{}", String::from_utf8_lossy(&got));

        let mut stream = connect(&secured, &[]).await;
        stream.write_all(get("/counts").as_bytes()).await.expect("it reads");
        stream.read_to_end(&mut got).await.expect("an end in order");
    });
}

#[test]
fn a_client_that_does_not_speak_tls_is_cut_off() {
    let secured = serve(&["--header-timeout", "200ms"]);
    for text in ["", "GET / HTTP/1.1\r\n\r\n"] {
        let stream = secured.server.send(text);
        let answer = super::server::read(stream);
        assert!(!answer.is_ok_and(|answer| answer.contains("HTTP/1.1")));
    }
}
