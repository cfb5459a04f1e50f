//! HTTP/2 without TLS, by a client that knows.

use std::future::Future;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Incoming;
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use super::server::{Server, count};

pub fn run<R>(future: impl Future<Output = R>) -> R {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(future)
}

type Client = SendRequest<Full<Bytes>>;

async fn connect(server: &Server) -> (Client, JoinHandle<hyper::Result<()>>) {
    let stream = TcpStream::connect(server.addr).await.expect("it listens");
    let (client, conversation) =
        http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("it speaks HTTP/2");
    (client, tokio::spawn(conversation))
}

fn get(path: &str) -> Request<Full<Bytes>> {
    let uri = format!("http://example.com{path}");
    Request::get(uri).body(Full::default()).expect("a request")
}

async fn text(response: Response<Incoming>) -> Result<String, hyper::Error> {
    let bytes = response.into_body().collect().await?.to_bytes();
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

async fn answer(client: &mut Client, path: &str) -> String {
    let response = client.send_request(get(path)).await.expect("an answer");
    assert_eq!(response.status(), StatusCode::OK);
    text(response).await.expect("a whole answer")
}

#[test]
fn streams_do_not_wait_for_each_other() {
    let server = Server::of_faults(&[]);
    run(async {
        let (mut client, _conversation) = connect(&server).await;
        let hanging: Vec<_> = (0..5).map(|_| client.clone().send_request(get("/hang"))).map(tokio::spawn).collect();
        let slow: Vec<_> = (0..20)
            .map(|_| {
                let mut client = client.clone();
                tokio::spawn(async move { answer(&mut client, "/slow-body?ms=20").await })
            })
            .collect();
        for slow in slow {
            assert_eq!(slow.await.expect("no panic"), "a chunk\n".repeat(3));
        }
        for hanging in &hanging {
            hanging.abort();
        }
        assert!(answer(&mut client, "/counts").await.starts_with("instance"));
    });
}

#[test]
fn a_stream_that_breaks_off_leaves_the_others() {
    let server = Server::of_faults(&["--max-instance-concurrent-reuse-count", "1"]);
    run(async {
        let (mut client, _conversation) = connect(&server).await;
        let mut other = client.clone();
        let other = tokio::spawn(async move { answer(&mut other, "/slow-body?ms=50&chunks=10").await });
        for path in ["/trap-halfway", "/short"] {
            let broken = match client.send_request(get(path)).await {
                Ok(response) => text(response).await.map(drop),
                Err(error) => Err(error),
            };
            assert!(broken.is_err(), "{path} looks whole");
        }
        let refused = client.send_request(get("/trap-before")).await.expect("an answer");
        assert_eq!(refused.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(other.await.expect("no panic"), "a chunk\n".repeat(10));
    });
}

#[test]
fn a_stream_that_is_taken_back_cancels_its_task() {
    let server = Server::of_faults(&["--admin-addr", "127.0.0.1:0"]);
    run(async {
        let (mut client, _conversation) = connect(&server).await;
        let hanging = tokio::spawn(client.send_request(get("/hang")));
        while count(&answer(&mut client, "/counts").await, "requests") == "1" {
            tokio::task::yield_now().await;
        }
        hanging.abort();
        while count(&answer(&mut client, "/counts").await, "cancelled") == "0" {
            tokio::task::yield_now().await;
        }
    });
}

#[test]
fn time_is_up_for_a_stream_and_not_for_its_connection() {
    let server = Server::of_faults(&["--request-timeout", "300ms"]);
    run(async {
        let (mut client, _conversation) = connect(&server).await;
        let response = client.send_request(get("/hang")).await.expect("an answer");
        assert_eq!(response.status(), StatusCode::GATEWAY_TIMEOUT);
        let response = client.send_request(get("/slow-body?ms=100&chunks=100000")).await.expect("an answer");
        text(response).await.expect_err("it is not whole");
        assert!(answer(&mut client, "/counts").await.starts_with("instance"));
    });
}

#[test]
fn trailers_reach_the_client() {
    let server = Server::of_faults(&[]);
    run(async {
        let (mut client, _conversation) = connect(&server).await;
        let response = client.send_request(get("/trailers")).await.expect("an answer");
        let collected = response.into_body().collect().await.expect("whole");
        assert_eq!(collected.trailers().and_then(|trailers| trailers.get("x-sum")).expect("a trailer"), "7");
    });
}

#[test]
fn limits_hold_for_streams() {
    let server = Server::of_faults(&["--max-header-bytes", "1000", "--max-headers", "5", "--max-body", "10"]);
    run(async {
        let (mut client, _conversation) = connect(&server).await;
        let mut many = get("/counts");
        for at in 0..6 {
            many.headers_mut()
                .insert(format!("x-{at}").parse::<http::HeaderName>().expect("a name"), "1".parse().expect("a value"));
        }
        let response = client.send_request(many).await.expect("an answer");
        assert_eq!(response.status(), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
        let mut large = get("/counts");
        large.headers_mut().insert("x-large", "x".repeat(2000).parse().expect("a value"));
        // h2 refuses these before hyper sees them.
        if let Ok(response) = client.send_request(large).await {
            assert_eq!(response.status(), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
        }
        let mut body = get("/read");
        *body.body_mut() = Full::from("12345678901");
        let response = client.send_request(body).await.expect("an answer");
        assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
        assert!(answer(&mut client, "/counts").await.starts_with("instance"));
    });
}

#[test]
fn an_idle_connection_is_ended() {
    let server = Server::of_faults(&["--header-timeout", "200ms"]);
    run(async {
        let (mut client, conversation) = connect(&server).await;
        answer(&mut client, "/counts").await;
        conversation.await.expect("no panic").expect("an end in order");
    });
}

#[test]
fn a_server_that_ends_finishes_its_streams() {
    let server = Server::of_faults(&["--admin-addr", "127.0.0.1:0"]);
    run(async {
        let (mut client, conversation) = connect(&server).await;
        let mut other = client.clone();
        let sleeping = tokio::spawn(async move { answer(&mut other, "/sleep?ms=300").await });
        while count(&answer(&mut client, "/counts").await, "requests") == "1" {
            tokio::task::yield_now().await;
        }
        server.signal("TERM");
        assert_eq!(sleeping.await.expect("no panic"), "slept\n");
        conversation.await.expect("no panic").expect("an end in order");
    });
    let (status, rest) = server.end();
    assert!(status.success(), "{rest}");
}

#[test]
fn empty_requests_have_no_body() {
    let server = Server::of_faults(&[]);
    run(async {
        let stream = TcpStream::connect(server.addr).await.expect("it listens");
        let (mut client, conversation) =
            http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("it speaks HTTP/2");
        let _conversation = tokio::spawn(conversation);
        let request = Request::get("http://example.com/read").body(Empty::<Bytes>::new()).expect("a request");
        let response = client.send_request(request).await.expect("an answer");
        assert_eq!(text(response).await.expect("whole"), "read 0 bytes\n");
    });
}
