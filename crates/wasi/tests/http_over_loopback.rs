//! HTTP guests over the OS's loopback: hyper on both sides, and servers that misbehave byte by byte.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use thalweg::{Instance, Linker, Store};
use thalweg_testkit::guest::compiled;
use thalweg_wasi::http::{ErrorCode, HttpBody, Service, ServiceHandle, empty_body, full_body};
use thalweg_wasi::native::OsHttpClient;
use thalweg_wasi::sim::captured_output;
use thalweg_wasi::sockets::NetworkGrant;
use thalweg_wasi::sys::{HttpClient, OutgoingRequest, Timeouts};
use thalweg_wasi::{NetworkPolicy, WasiBuilder, WasiContext};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

fn run<R>(future: impl Future<Output = R>) -> R {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(future)
}

async fn instantiate(builder: WasiBuilder, guest: &str) -> (Store<WasiContext>, Instance) {
    let (engine, component) = compiled(guest);
    let mut linker = Linker::<WasiContext>::new(&engine);
    thalweg_wasi::add_to_linker(&mut linker).expect("names are free");
    let mut store = Store::new(&engine, builder.build().expect("a context"));
    let instance = linker.instantiate(&mut store, &component).await.expect("it links");
    (store, instance)
}

/// What `http-fetch-p3` prints for these arguments.
async fn fetch(args: &[&str]) -> String {
    let (stdout, out) = captured_output();
    let builder = WasiBuilder::new().arg("fetch").args(args.iter().copied()).stdout(stdout);
    let (mut store, instance) = instantiate(builder.network(NetworkPolicy::inherit()), "http-fetch-p3").await;
    let run = instance.func::<(), Result<(), ()>>(&mut store, "wasi:cli/run@0.3.0#run").expect("a command");
    assert_eq!(run.call(&mut store, ()).await.expect("no trap"), Ok(()), "{}", out.text());
    out.text()
}

/// Serves `guest` over HTTP/1.1 at the address that it gives; connections are counted.
async fn serve(guest: &str) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let (address, count) = (listener.local_addr().expect("bound"), Arc::new(AtomicUsize::new(0)));
    let (store, instance) = instantiate(WasiBuilder::new().network(NetworkPolicy::inherit()), guest).await;
    let (service, handle) = Service::new(store, &instance).expect("it answers requests");
    tokio::spawn(service.run());
    let counter = count.clone();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.expect("a connection");
            counter.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(connection(stream, handle.clone()));
        }
    });
    (address, count)
}

async fn connection(stream: TcpStream, handle: ServiceHandle) {
    let answer = |request: Request<Incoming>| {
        let handle = handle.clone();
        async move {
            let failed = |error: hyper::Error| ErrorCode::InternalError(Some(error.to_string()));
            let request = request.map(|body| body.map_err(failed).boxed_unsync());
            Ok::<_, Infallible>(handle.handle(request, false).await.unwrap_or_else(|error| {
                let mut response = Response::new(full_body(error.to_string()));
                *response.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;
                response
            }))
        }
    };
    let serving = hyper::server::conn::http1::Builder::new();
    // A response that is not whole breaks the connection off, which is an error here.
    let _ = serving.serve_connection(TokioIo::new(stream), hyper::service::service_fn(answer)).await;
}

/// Sends a request with `client`, and gives the status and the whole body.
async fn send(client: &OsHttpClient, authority: &str, path: &str, body: HttpBody) -> Result<(u16, Bytes), ErrorCode> {
    let method = if http_body::Body::is_end_stream(&body) { "GET" } else { "POST" };
    let request = OutgoingRequest {
        message: Request::builder().method(method).uri(path).body(body).expect("a request"),
        tls: false,
        authority: authority.into(),
        timeouts: Timeouts::default(),
        network: NetworkGrant::new(thalweg_wasi::native::OsNetwork, NetworkPolicy::inherit()),
    };
    let response = client.send(request).await?;
    let status = response.status().as_u16();
    Ok((status, response.into_body().collect().await?.to_bytes()))
}

#[test]
fn a_service_answers_over_one_connection_that_is_kept() {
    run(async {
        let (address, count) = serve("http-hello-p3").await;
        let client = OsHttpClient::default();
        for _ in 0..5 {
            let answer = send(&client, &address.to_string(), "/", empty_body()).await.expect("an answer");
            assert_eq!(answer, (200, Bytes::from_static(b"hello, wasi:http 0.3\n")));
        }
        assert_eq!(count.load(Ordering::SeqCst), 1);
    });
}

#[test]
fn bodies_larger_than_every_buffer_come_back() {
    run(async {
        let (address, _) = serve("http-echo-p3").await;
        let client = OsHttpClient::default();
        let sent: Bytes = (0..3_000_001u32).map(|i| b'a' + (i % 23) as u8).collect();
        for (path, expected) in [("/splice", sent.clone()), ("/upper", sent.to_ascii_uppercase().into())] {
            let (status, got) = send(&client, &address.to_string(), path, full_body(sent.clone())).await.expect(path);
            assert!(status == 200 && got == expected, "{path}: {} bytes", got.len());
        }
    });
}

#[test]
fn a_guest_fetches_from_a_guest() {
    run(async {
        let (address, _) = serve("http-echo-p3").await;
        let authority = address.to_string();
        let args = ["POST", "http", &authority, "/upper", "body=abc", "chunks=1000", "trailer=x-sum:9"];
        let text = fetch(&args).await;
        assert!(text.starts_with("status 200\n") && text.contains("\nbody 3000 bytes: ABCABC"), "{text}");
        assert!(text.ends_with("\nsent Ok(())\n"), "{text}");
        let text = fetch(&["GET", "http", &authority, "/x"]).await;
        assert!(text.contains("Method::Get /x\n") && text.ends_with("trailers Ok(None)\nsent Ok(())\n"), "{text}");
        let text = fetch(&["POST", "http", &authority, "/splice", "body=abc", "trailer-error"]).await;
        assert!(text.starts_with("no response: ErrorCode::InternalError(Some(\"no trailers\"))\nsent Err("), "{text}");
    });
}

#[test]
fn middleware_hands_on_over_the_network() {
    run(async {
        let (behind, _) = serve("http-echo-p3").await;
        let (address, _) = serve("http-middleware-p3").await;
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        let request =
            format!("POST /splice HTTP/1.1\r\nhost: {behind}\r\nconnection: close\r\ncontent-length: 4\r\n\r\nbody");
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut text = String::new();
        stream.read_to_string(&mut text).await.expect("an answer");
        assert!(text.starts_with("HTTP/1.1 200 OK\r\n") && text.contains("x-way: back\r\n"), "{text}");
        assert!(text.ends_with("\r\n\r\n4\r\nbody\r\n0\r\n\r\n"), "{text}");
    });
}

/// A server that reads a request's head, says `answer`, and then waits for the end of the connection, which it gives.
async fn scripted(answer: &'static str, close: bool) -> (String, impl Future<Output = ()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let authority = listener.local_addr().expect("bound").to_string();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let (mut head, mut buf) = (Vec::new(), [0; 1024]);
        while !head.windows(4).any(|end| end == b"\r\n\r\n") {
            let n = stream.read(&mut buf).await.expect("a request");
            assert!(n > 0, "a request ended early");
            head.extend_from_slice(&buf[..n]);
        }
        stream.write_all(answer.as_bytes()).await.expect("sent");
        while !close && matches!(stream.read(&mut buf).await, Ok(n) if n > 0) {}
    });
    (authority, async { server.await.expect("the server ends") })
}

#[test]
fn what_servers_do_wrong_has_its_error() {
    let cases = [
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf",
            "body 4 bytes: half\ntrailers Err(ErrorCode::HttpResponseIncomplete)",
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n",
            "trailers Err(ErrorCode::HttpResponseIncomplete)",
        ),
        ("HTTP/1.1 200 OK\r\n", "no response: ErrorCode::HttpResponseIncomplete"),
        ("", "no response: ErrorCode::HttpResponseIncomplete"),
        ("nonsense\r\n\r\n", "no response: ErrorCode::HttpProtocolError"),
        (
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
            "status 204\nbody 0 bytes: \ntrailers Ok(None)",
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-sum\r\n\r\n2\r\nab\r\n0\r\nx-sum: 4\r\n\r\n",
            "body 2 bytes: ab\ntrailers Ok(Some([\"x-sum: 4\"]))",
        ),
    ];
    for (answer, expected) in cases {
        let text = run(async {
            let (authority, server) = scripted(answer, true).await;
            let text = fetch(&["GET", "http", &authority, "/"]).await;
            server.await;
            text
        });
        assert!(text.contains(expected), "{answer:?}: {text}");
    }
}

#[test]
fn timeouts_and_dropped_calls_end_the_connection() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n";
    let cases: [(&str, &[&str], &str); 5] = [
        ("", &["first=20"], "no response: ErrorCode::ConnectionReadTimeout"),
        (head, &["first=20"], "body 0 bytes: \ntrailers Err(ErrorCode::ConnectionReadTimeout)"),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf",
            &["between=20"],
            "trailers Err(ErrorCode::ConnectionReadTimeout)",
        ),
        ("", &["give-up=20"], "gave up"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf", &["stop=4"], "body 4 bytes: half\ntrailers Err("),
    ];
    for (answer, options, expected) in cases {
        run(async {
            let (authority, server) = scripted(answer, false).await;
            let mut args = vec!["GET", "http", &authority, "/"];
            args.extend(options);
            let text = fetch(&args).await;
            assert!(text.contains(expected), "{answer:?} {options:?}: {text}");
            // It ends only when the client closes the connection.
            server.await;
        });
    }
}

#[test]
fn nobody_there_and_nothing_granted_have_their_errors() {
    run(async {
        let free = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("bound").to_string();
        let text = fetch(&["GET", "http", &free, "/"]).await;
        assert_eq!(text, "no response: ErrorCode::ConnectionRefused\nsent Err(ErrorCode::ConnectionRefused)\n");
        let text = fetch(&["GET", "http", "nonexistent.invalid", "/"]).await;
        assert!(text.starts_with("no response: ErrorCode::DnsError("), "{text}");
        let only = thalweg_wasi::sockets::Range { address: [192, 0, 2, 1].into(), prefix: 32, ports: 0..=u16::MAX };
        let request = OutgoingRequest {
            message: Request::new(empty_body()),
            tls: false,
            authority: free,
            timeouts: Timeouts::default(),
            network: NetworkGrant::new(thalweg_wasi::native::OsNetwork, NetworkPolicy::deny().allow(only)),
        };
        let denied = OsHttpClient::default().send(request).await.err();
        assert_eq!(denied, Some(ErrorCode::DestinationIpProhibited));
    });
}
