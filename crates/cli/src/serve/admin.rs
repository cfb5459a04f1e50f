//! `--admin-addr`: whether the server lives, whether it takes requests, and its figures.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::spawn_local;
use tokio::time::{sleep, timeout};

use super::accept::NO_ROOM;
use super::shared::{Phase, Shared};

/// Connections at the same time; whoever looks after a server needs few.
const CONNECTIONS: usize = 64;
const PROMETHEUS: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

/// Answers until it is dropped.
pub async fn administer(listener: TcpListener, shared: Arc<Shared>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            sleep(NO_ROOM).await;
            continue;
        };
        let shared = shared.clone();
        spawn_local(async move {
            let limits = shared.limits.clone();
            let service = service_fn(|request| {
                let response = answer(&request, &shared);
                async { Ok::<_, Infallible>(response) }
            });
            let mut builder = http1::Builder::new();
            builder.timer(TokioTimer::new()).header_read_timeout(limits.header_timeout).keep_alive(false);
            let conversation = builder.serve_connection(TokioIo::new(stream), service);
            // What goes wrong is the client's affair.
            let _ = timeout(limits.request_timeout, conversation).await;
            drop(place);
        });
    }
}

fn answer(request: &Request<Incoming>, shared: &Shared) -> Response<Full<Bytes>> {
    let reads = request.method() == Method::GET || request.method() == Method::HEAD;
    let (status, text) = match request.uri().path() {
        _ if !reads => (StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n".into()),
        "/health" => (StatusCode::OK, "alive\n".into()),
        "/ready" => match *shared.phase.borrow() {
            Phase::Starting => (StatusCode::SERVICE_UNAVAILABLE, "starting\n".into()),
            Phase::Serving => (StatusCode::OK, "ready\n".into()),
            Phase::Draining => (StatusCode::SERVICE_UNAVAILABLE, "draining\n".into()),
        },
        "/metrics" => (StatusCode::OK, shared.metrics.text()),
        _ => (StatusCode::NOT_FOUND, "there are /health, /ready and /metrics\n".into()),
    };
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, PROMETHEUS);
    response
}
