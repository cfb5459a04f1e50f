//! TLS: who is trusted, and which version of HTTP is agreed on.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use thalweg_wasi::NetworkPolicy;
use thalweg_wasi::http::{ErrorCode, HttpBody, full_body};
use thalweg_wasi::native::{OsHttpClient, OsNetwork, TlsRoots};
use thalweg_wasi::sockets::NetworkGrant;
use thalweg_wasi::sys::{HttpClient, OutgoingRequest, Timeouts};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};

/// A server with a certificate of its own, which is given as PEM; it counts its connections.
struct Server {
    authority: String,
    pem: String,
    connections: Arc<AtomicUsize>,
}

/// Answers with the version, the authority, and the body and its trailers.
async fn answer(request: Request<Incoming>) -> Result<Response<HttpBody>, Infallible> {
    let host = request.uri().authority().map(|authority| authority.as_str().to_string());
    let host = host.or_else(|| Some(request.headers().get("host")?.to_str().ok()?.to_string()));
    let head = format!("{:?} {} {} ", request.version(), host.is_some(), request.uri().path());
    let body = request.into_body().collect().await.expect("a body");
    let trailers = body.trailers().cloned();
    let text = [head.as_bytes(), &body.to_bytes()].concat();
    let body = Full::new(Bytes::from(text)).map_err(|never| match never {});
    Ok(Response::new(match trailers {
        Some(trailers) => body.with_trailers(async { Some(Ok(trailers)) }).boxed_unsync(),
        None => body.boxed_unsync(),
    }))
}

async fn serve(protocols: &[&str]) -> Server {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".into()]).expect("a certificate");
    let (pem, key) = (made.cert.pem(), PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from(made.cert)], key.into())
        .expect("a configuration");
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let authority = listener.local_addr().expect("bound").to_string();
    let (acceptor, connections) = (TlsAcceptor::from(Arc::new(config)), Arc::new(AtomicUsize::new(0)));
    let count = connections.clone();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.expect("a connection");
            let Ok(stream) = acceptor.accept(stream).await else { continue };
            count.fetch_add(1, Ordering::SeqCst);
            let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
            let stream = TokioIo::new(stream);
            tokio::spawn(async move {
                use hyper::server::conn::{http1, http2};
                // Clients may go at any time.
                let _ = match http2 {
                    true => {
                        http2::Builder::new(TokioExecutor::new()).serve_connection(stream, service_fn(answer)).await
                    }
                    false => http1::Builder::new().serve_connection(stream, service_fn(answer)).await,
                };
            });
        }
    });
    Server { authority, pem, connections }
}

async fn post(client: &OsHttpClient, authority: &str) -> Result<(String, Option<HeaderMap>), ErrorCode> {
    let mut trailers = HeaderMap::new();
    trailers.insert("x-sum", HeaderValue::from_static("1"));
    let mut message = Request::post("/p").body(full_body("body")).expect("a request");
    message.headers_mut().insert("transfer-encoding", HeaderValue::from_static("chunked"));
    let body = message.body_mut();
    *body = std::mem::take(body).with_trailers(async { Some(Ok(trailers)) }).boxed_unsync();
    let network = NetworkGrant::new(OsNetwork, NetworkPolicy::inherit());
    let timeouts = Timeouts::default();
    let request = OutgoingRequest { message, tls: true, authority: authority.into(), timeouts, network };
    let body = client.send(request).await?.into_body().collect().await?;
    let trailers = body.trailers().cloned();
    Ok((String::from_utf8_lossy(&body.to_bytes()).into_owned(), trailers))
}

fn run<R>(future: impl Future<Output = R>) -> R {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(future)
}

#[test]
fn the_best_version_that_both_know_is_spoken() {
    for (protocols, version) in [(&["h2", "http/1.1"][..], "HTTP/2.0"), (&["http/1.1"], "HTTP/1.1"), (&[], "HTTP/1.1")]
    {
        run(async {
            let server = serve(protocols).await;
            let folder = tempfile::tempdir().expect("a folder");
            let file = folder.path().join("ca.pem");
            std::fs::write(&file, &server.pem).expect("written");
            let client = OsHttpClient::new(TlsRoots::default().add_pem_file(&file).expect("a certificate"));
            for _ in 0..3 {
                let (text, trailers) = post(&client, &server.authority).await.expect("an answer");
                assert_eq!(text, format!("{version} true /p body"));
                let expected = if version == "HTTP/2.0" { Some("1") } else { None };
                let sum = trailers.as_ref().and_then(|trailers| trailers["x-sum"].to_str().ok());
                // The server of HTTP/1.1 sends them only to clients that ask for them.
                assert_eq!(sum, expected);
            }
            assert_eq!(server.connections.load(Ordering::SeqCst), 1);
        });
    }
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused() {
    run(async {
        let server = serve(&["h2"]).await;
        let refused = post(&OsHttpClient::default(), &server.authority).await.err();
        assert_eq!(refused, Some(ErrorCode::TlsCertificateError));
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("empty.pem");
        std::fs::write(&file, "nothing").expect("written");
        assert!(TlsRoots::default().add_pem_file(&file).is_err());
        assert!(TlsRoots::default().add_pem_file(folder.path().join("missing.pem")).is_err());
    });
}
