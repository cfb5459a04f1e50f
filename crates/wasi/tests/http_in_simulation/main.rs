//! HTTP guests over servers in memory: what reaches a guest, what leaves it, and what is never taken for whole.

mod p2;
mod world;

use std::future::poll_fn;
use std::pin::Pin;

use http::{HeaderValue, Request, Response};
use http_body_util::BodyExt;
use thalweg_wasi::NetworkPolicy;
use thalweg_wasi::http::{ErrorCode, HandleError, Service, empty_body, full_body};
use thalweg_wasi::sys::MonotonicClock;

use world::*;

/// What `http-fetch-p3` prints for these arguments.
fn fetch(world: World, args: &[&str]) -> String {
    command(world, "http-fetch-p3", "wasi:cli/run@0.3.0#run", args)
}

#[test]
fn a_guest_sends_a_body_and_trailers_and_reads_both() {
    let world = world();
    world.http.serve("there.test:8080", mirror);
    let args = ["post", "http", "user:secret@there.test:8080", "/p?q=1", "body=abc", "chunks=3", "trailer=x-sum:9"];
    let text = fetch(world, &args);
    assert_eq!(
        text,
        "status 200\nbody 49 bytes: post /p?q=1 transfer-encoding=chunked [abcabcabc]\n\
         trailers Ok(Some([\"x-sum: 9\"]))\nsent Ok(())\n"
    );
}

#[test]
fn a_request_that_cannot_be_sent_is_told_twice() {
    let cases: [(&[&str], &str); 9] = [
        (&["GET", "http", "nowhere.test", "/"], "ErrorCode::ConnectionRefused"),
        (&["GET", "gopher", "there.test", "/"], "ErrorCode::HttpProtocolError"),
        (&["CONNECT", "http", "there.test", "/"], "ErrorCode::HttpRequestMethodInvalid"),
        (&["GET", "http", "there.test", "a/b"], "ErrorCode::HttpRequestUriInvalid"),
        (&["GET", "http", "there.test:99999", "/"], "ErrorCode::HttpRequestUriInvalid"),
        (&["POST", "http", "there.test", "/", "body=abc", "length=4"], "ErrorCode::HttpRequestBodySize(Some(3))"),
        (&["POST", "http", "there.test", "/", "body=abc", "length=2"], "ErrorCode::HttpRequestBodySize(Some(3))"),
        (&["POST", "http", "there.test", "/", "length=2"], "ErrorCode::HttpRequestBodySize(Some(0))"),
        (
            &["POST", "http", "there.test", "/", "body=abc", "trailer-error"],
            "ErrorCode::InternalError(Some(\"no trailers\"))",
        ),
    ];
    for (args, code) in cases {
        let world = world();
        world.http.serve("there.test", mirror);
        world.http.serve("there.test:99999", mirror);
        assert_eq!(fetch(world, args), format!("no response: {code}\nsent Err({code})\n"), "{args:?}");
    }
}

#[test]
fn without_a_grant_nothing_is_sent() {
    for policy in [NetworkPolicy::deny(), NetworkPolicy::inherit().tcp(false)] {
        let mut world = world();
        world.http.serve("there.test", mirror);
        world.builder = world.builder.network(policy);
        let text = fetch(world, &["GET", "http", "there.test", "/"]);
        assert!(text.starts_with("no response: ErrorCode::HttpRequestDenied\n"), "{text}");
    }
}

#[test]
fn methods_and_paths_go_out_as_they_are() {
    let cases: [(&[&str], &str); 5] = [
        (&["GET", "http", "there.test", "-"], "GET /"),
        (&["OPTIONS", "http", "there.test", "-"], "OPTIONS *"),
        (&["get", "http", "there.test", "/a%2Fb?x=1&x=2"], "get /a%2Fb?x=1&x=2"),
        (&["GET", "http", "there.test", "?q"], "GET /?q"),
        (&["GET", "http", "there.test", "/", "body=", "header=X-A:b"], "GET / x-a=b"),
    ];
    for (args, line) in cases {
        let world = world();
        world.http.serve("there.test", mirror);
        let text = fetch(world, args);
        assert!(text.contains(&format!(": {line} []\n")), "{args:?}: {text}");
    }
}

#[test]
fn a_late_response_is_an_error_by_the_clock() {
    let world = world();
    let clock = world.clock.clone();
    world.http.serve("there.test", |_| std::future::pending());
    let text = fetch(world, &["GET", "http", "there.test", "/", "first=30000"]);
    assert!(text.starts_with("no response: ErrorCode::ConnectionReadTimeout\n"), "{text}");
    assert_eq!(MonotonicClock::now(&clock), 30_000_000_000);
}

#[test]
fn a_response_that_breaks_off_is_no_whole_one() {
    let world = world();
    world.http.serve("there.test", |_| async {
        Ok(Response::new(frames(vec![data("half"), Err(ErrorCode::HttpResponseIncomplete)])))
    });
    let text = fetch(world, &["GET", "http", "there.test", "/"]);
    assert!(text.contains("body 4 bytes: half\ntrailers Err(ErrorCode::HttpResponseIncomplete)\n"), "{text}");
}

#[test]
fn fields_have_a_limit() {
    let mut world = world();
    world.builder = world.builder.max_http_fields_size(1000);
    world.http.serve("there.test", |_| async {
        let mut response = Response::new(empty_body());
        let value = HeaderValue::from_str(&"x".repeat(1000)).expect("a value");
        response.headers_mut().insert("x-long", value);
        Ok(response)
    });
    let text = fetch(world, &["GET", "http", "there.test", "/"]);
    assert!(text.starts_with("no response: ErrorCode::HttpResponseHeaderSectionSize(Some(1038))\n"), "{text}");
}

#[test]
fn a_service_answers_many_requests_at_once() {
    let ((), ended) = serve(world(), "http-echo-p3", async |handle| {
        let bodies = ["", "one", "two", "three"];
        let mut waiting: Vec<_> = bodies
            .iter()
            .map(|&body| {
                let body = frames(vec![data(body), trailers("x-sum", "7")]);
                let path = if bodies.len().is_multiple_of(2) { "/slow" } else { "/upper" };
                Box::pin(handle.handle(Request::post(path).body(body).expect("a request"), false))
            })
            .collect();
        for (waiting, body) in waiting.iter_mut().zip(bodies) {
            let response = waiting.await.expect("a response");
            let (text, trailers) = whole(response.into_body()).await.expect("a whole one");
            assert_eq!(text, body.to_uppercase());
            assert_eq!(trailers.expect("trailers")["x-sum"], "7");
        }
    });
    assert_eq!(ended, None);
}

#[test]
fn a_service_sees_the_request_as_it_came() {
    let (text, ended) = serve(world(), "http-echo-p3", async |handle| {
        let mut request = get("/a?b");
        request.headers_mut().insert("connection", HeaderValue::from_static("keep-alive"));
        request.headers_mut().insert("x-a", HeaderValue::from_static("b"));
        whole(handle.handle(request, true).await.expect("a response").into_body()).await.expect("a whole one").0
    });
    assert_eq!((text.as_str(), ended), ("Method::Get /a?b\nx-a: b\n", None));
    let (refused, _) = serve(world(), "http-echo-p3", async |handle| {
        let mut request = get("/");
        request.headers_mut().insert("host", HeaderValue::from_static("a b"));
        handle.handle(request, true).await.err()
    });
    assert_eq!(refused, Some(HandleError::Request(ErrorCode::HttpRequestUriInvalid)));
}

/// What comes through the middleware when the server behind it answers with `headers` and `body`.
fn through(path: &'static str, length: &'static str, body: Vec<&'static str>) -> Result<String, ErrorCode> {
    let world = world();
    world.http.serve("here.test", move |_| {
        let mut response = Response::new(frames(body.iter().map(|&text| data(text)).collect()));
        if !length.is_empty() {
            response.headers_mut().insert("content-length", HeaderValue::from_static(length));
        }
        std::future::ready(Ok(response))
    });
    let (outcome, ended) = serve(world, "http-middleware-p3", async |handle| {
        let response = handle.handle(get(path), false).await.expect("a response");
        whole(response.into_body()).await.map(|(text, _)| text)
    });
    assert_eq!(ended, None);
    outcome
}

#[test]
fn a_body_of_another_length_than_promised_is_never_whole() {
    assert_eq!(through("/", "6", vec!["one", "two"]), Ok("onetwo".into()));
    assert_eq!(through("/", "", vec!["one", "two"]), Ok("onetwo".into()));
    assert_eq!(through("/", "7", vec!["one", "two"]), Err(ErrorCode::HttpResponseBodySize(Some(6))));
    assert_eq!(through("/", "5", vec!["one", "two"]), Err(ErrorCode::HttpResponseBodySize(Some(6))));
    assert_eq!(through("/", "3", vec!["one", "two"]), Err(ErrorCode::HttpResponseBodySize(Some(6))));
    assert_eq!(through("/", "0", vec!["one"]), Err(ErrorCode::HttpResponseBodySize(Some(3))));
}

#[test]
fn middleware_hands_messages_on() {
    for (path, expected) in [
        ("/onward", "POST /onward x-way=there transfer-encoding=chunked [body]"),
        ("/direct", "POST /direct transfer-encoding=chunked [body]"),
    ] {
        let world = world();
        world.http.serve("here.test", mirror);
        let (outcome, ended) = serve(world, "http-middleware-p3", async |handle| {
            let mut request = get(path).map(|_| frames(vec![data("bo"), data("dy"), trailers("x-sum", "3")]));
            *request.method_mut() = http::Method::POST;
            let response = handle.handle(request, false).await.expect("a response");
            let way = response.headers().get("x-way").cloned();
            (way, whole(response.into_body()).await)
        });
        let (way, body) = outcome;
        let (text, trailers) = body.expect("a whole one");
        assert_eq!((text.as_str(), ended), (expected, None));
        assert_eq!(trailers.expect("trailers")["x-sum"], "3");
        assert_eq!(way.is_some(), path == "/onward");
    }
}

#[test]
fn a_service_that_is_dropped_leaves_no_whole_body() {
    let world = world();
    let outcome = drive(&world.clock, async {
        let (store, instance) = instantiate(world.builder, "http-echo-p3").await;
        let (service, handle) = Service::new(store, &instance).expect("it answers requests");
        let mut running = Some(Box::pin(service.run()));
        let request = Request::post("/upper").body(Endless.boxed_unsync()).expect("a request");
        let mut handling = Box::pin(handle.handle(request, false));
        let response = poll_fn(|cx| {
            let _ = running.as_mut().expect("not dropped").as_mut().poll(cx);
            handling.as_mut().poll(cx)
        })
        .await;
        let mut body = response.expect("a response").into_body();
        let first = poll_fn(|cx| {
            let _ = running.as_mut().expect("not dropped").as_mut().poll(cx);
            Pin::new(&mut body).poll_frame(cx)
        });
        use http_body::Body;
        assert!(first.await.expect("a frame").expect("data").is_data());
        let waiting = handle.handle(get("/"), false);
        drop(running.take());
        assert_eq!(waiting.await.err(), Some(HandleError::Cancelled));
        assert_eq!(handle.handle(get("/"), false).await.err(), Some(HandleError::Cancelled));
        body.collect().await.err()
    });
    assert!(matches!(outcome, Some(ErrorCode::InternalError(_))), "{outcome:?}");
}

#[test]
fn a_call_that_nobody_waits_for_ends() {
    let ((), ended) = serve(world(), "http-echo-p3", async |handle| {
        let response = handle.handle(Request::post("/slow").body(Endless.boxed_unsync()).expect("a request"), false);
        drop(response.await.expect("a response"));
        drop(handle.handle(Request::post("/upper").body(full_body("x")).expect("a request"), false));
    });
    assert_eq!(ended, None, "the guests saw that their readers are gone");
}
