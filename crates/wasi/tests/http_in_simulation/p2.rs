//! Guests of WASI 0.2.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::{HeaderValue, Method, Request, Response};
use http_body_util::BodyExt;
use thalweg_testkit::polling::yield_once;
use thalweg_wasi::http::{ErrorCode, HandleError, HttpBody, ServiceHandle, empty_body};
use thalweg_wasi::sim::captured_output;
use thalweg_wasi::sys::MonotonicClock;

use crate::world::*;

/// What `http-fetch-p2` prints for these arguments.
fn fetch(world: World, args: &[&str]) -> String {
    command(world, "http-fetch-p2", "wasi:cli/run@0.2.0#run", args)
}

/// What comes of one request to `http-faults-p2`: the answer, what it printed, and how its instance ended.
struct Told<R> {
    answer: R,
    printed: String,
    trap: Option<String>,
}

fn told<R>(client: impl AsyncFnOnce(ServiceHandle) -> R) -> Told<R> {
    let mut world = world();
    let (stdout, out) = captured_output();
    world.builder = world.builder.stdout(stdout);
    let (answer, trap) = serve(world, "http-faults-p2", client);
    Told { answer, printed: out.text(), trap }
}

/// Status, text and the trailer `x-sum`.
type Whole = (u16, String, Option<String>);

/// The answer to `request` and its body, or why there is none or it is not whole.
async fn answer(handle: ServiceHandle, request: Request<HttpBody>) -> Result<Whole, String> {
    let response = handle.handle(request, false).await.map_err(|error| error.to_string())?;
    let status = response.status().as_u16();
    let (text, trailers) = whole(response.into_body()).await.map_err(|error| format!("broken: {error}"))?;
    Ok((status, text, trailers.map(|trailers| trailers["x-sum"].to_str().expect("text").to_string())))
}

fn asked(path: &'static str) -> Told<Result<Whole, String>> {
    told(async move |handle| answer(handle, get(path)).await)
}

#[test]
fn a_guest_answers_and_echoes() {
    let (outcome, ended) = serve(world(), "http-hello-p2", async |handle| {
        let echo = get("/echo").map(|_| frames(vec![data("one "), data("two")]));
        [answer(handle.clone(), get("/")).await, answer(handle, echo).await]
    });
    let [hello, echo] = outcome;
    assert_eq!(hello, Ok((200, "hello, wasi:http 0.2\n".into(), None)));
    assert_eq!((echo, ended), (Ok((200, "one two".into(), None)), None));
}

#[test]
fn a_request_without_an_answer_is_told() {
    for (path, words) in [
        ("/none", "the component answered with an error: the component set no response"),
        ("/leak", "the component answered with an error: the component set no response"),
        ("/error", "the component answered with an error: LoopDetected"),
        ("/promise", "the component answered with an error: HttpResponseBodySize(Some(0))"),
    ] {
        let told = asked(path);
        assert_eq!((told.answer, told.trap), (Err(words.into()), None), "{path}");
    }
}

#[test]
fn a_body_that_is_not_finished_is_never_whole() {
    let told = asked("/unfinished");
    assert_eq!(
        told.answer,
        Err("the component answered with an error: the body was dropped before it was finished".into())
    );
    assert_eq!(told.trap, None);
    let told = asked("/trap");
    let why = told.trap.expect("it traps");
    assert_eq!(told.answer, Err(format!("the component trapped: {why}")));
}

#[test]
fn a_body_has_the_length_that_was_promised() {
    let code = "HttpResponseBodySize(Some(4))";
    let told = asked("/short");
    assert_eq!(told.answer, Err(format!("the component answered with an error: {code}")));
    assert_eq!(told.printed, format!("written true, Err(ErrorCode::{code})\n"));
    let told = asked("/long");
    assert_eq!(told.answer, Err(format!("the component answered with an error: {code}")));
    assert_eq!(told.printed, format!("written false, Err(ErrorCode::{code})\n"));
}

#[test]
fn a_head_has_no_body_and_breaks_no_promise() {
    for path in ["/promise", "/", "/trailers", "/empty"] {
        let told = told(async |handle| {
            let mut request = get(path);
            *request.method_mut() = Method::HEAD;
            let response = handle.handle(request, false).await.expect("a response");
            response.headers().get("content-length").cloned()
        });
        assert_eq!(told.trap, None, "{path}");
        assert_eq!(told.answer.is_some(), path == "/promise");
    }
}

#[test]
fn bodies_come_whole_however_they_are_written() {
    let told = asked("/trailers");
    assert_eq!(told.answer, Ok((200, "body".into(), Some("7".into()))));
    let told = asked("/empty");
    assert_eq!(told.answer, Ok((404, String::new(), None)));
    assert_eq!(told.printed, "wrong [true, true], now 404\n");
    let told = asked("/before");
    assert_eq!(told.answer, Ok((200, "x".repeat(40960), None)));
    assert_eq!(told.printed, "immutable: Err(HeaderError::Immutable)\nbody again: true\n");
    let told = asked("/big");
    assert_eq!((told.answer, told.trap), (Ok((200, "\0".repeat(200_000), None)), None));
}

#[test]
fn a_guest_goes_on_after_its_answer() {
    let world = world();
    let clock = world.clock.clone();
    let (stdout, out) = captured_output();
    let world = World { builder: world.builder.stdout(stdout), ..world };
    let (outcome, ended) = serve(world, "http-faults-p2", async |handle| {
        let answer = answer(handle, get("/after")).await;
        (answer, MonotonicClock::now(&clock), out.text())
    });
    assert_eq!(outcome, (Ok((200, "early".into(), None)), 0, String::new()));
    assert_eq!((ended, out.text().as_str()), (None, "and after\n"));
}

#[test]
fn an_instance_is_idle_when_its_answers_need_it_no_more() {
    // One whose body is with the host, one whose guest goes on, and one with more to write than the host keeps.
    for (path, idle, length) in [("/trailers", true, 4), ("/after", false, 5), ("/big", false, 200_000)] {
        let world = world();
        let clock = world.clock.clone();
        let (seen, ended) = serve(world, "http-faults-p2", async |handle| {
            assert!(handle.is_idle(), "nothing was asked yet");
            let response = handle.handle(get(path), false).await.expect("an answer");
            yield_once().await;
            let unread = handle.is_idle();
            let read = whole(response.into_body()).await.map(|(text, _)| text.len());
            clock.sleep_until(2_000_000_000).await;
            (unread, read, handle.is_idle())
        });
        assert_eq!((seen, ended), ((idle, Ok(length), true), None), "{path}");
    }
}

#[test]
fn a_guest_reads_a_body_and_its_trailers() {
    let told = told(async |handle| {
        let body = frames(vec![data("one "), data(""), data("two"), trailers("x-sum", "9")]);
        answer(handle, get("/upper").map(|_| body)).await
    });
    assert_eq!(told.answer, Ok((200, "ONE TWO".into(), Some("9".into()))));
    assert_eq!(told.printed, "consume again: true\nstream again: true\ntrailers again: true\n");
    let told = asked("/upper");
    assert_eq!(told.answer, Ok((200, String::new(), None)));
}

#[test]
fn a_request_that_breaks_off_is_no_whole_one() {
    let told = told(async |handle| {
        let body = frames(vec![data("half"), Err(ErrorCode::HttpRequestBodySize(None))]);
        answer(handle, get("/upper").map(|_| body)).await
    });
    let why = told.trap.expect("the guest takes it for fatal");
    assert_eq!(told.answer, Err(format!("the component trapped: {why}")));
}

#[test]
fn a_guest_sees_the_request_as_it_came() {
    let told = told(async |handle| {
        let mut request = get("/view?a=b");
        request.headers_mut().insert("x-a", HeaderValue::from_static("b"));
        request.headers_mut().insert("connection", HeaderValue::from_static("close"));
        answer(handle, request).await
    });
    let text =
        "Method::Get Some(\"/view?a=b\") Some(Scheme::Http) Some(\"here.test\") Err(HeaderError::Immutable) x-a=b";
    assert_eq!(told.answer, Ok((200, text.into(), None)));
}

#[test]
fn fields_are_kept_and_refused() {
    let expected = "[Ok(()), Ok(()), Ok(()), Err(HeaderError::InvalidSyntax), Err(HeaderError::InvalidSyntax), \
                    Err(HeaderError::Forbidden), Err(HeaderError::InvalidSyntax), Ok(())] \
                    [Some(HeaderError::InvalidSyntax), Some(HeaderError::Forbidden), None] [true, false, false] \
                    [49, 50] [\"X-Two: 1\", \"X-Two: 2\", \"x-one: 3\"]";
    assert_eq!(asked("/fields").answer, Ok((200, expected.into(), None)));
}

#[test]
fn what_the_standard_forbids_ends_the_guest() {
    for (path, words) in [
        ("/child", "has children that must be dropped before it"),
        ("/too-many", "more bytes than the fields of one message may have"),
    ] {
        let trap = asked(path).trap.unwrap_or_default();
        assert!(trap.contains(words), "{path}: {trap}");
    }
}

#[test]
fn who_does_not_wait_ends_nothing_else() {
    let told = told(async |handle| {
        drop(handle.handle(get("/after"), false));
        let response = handle.handle(get("/big"), false).await.expect("a response");
        drop(response);
        answer(handle, get("/")).await
    });
    // The guest that wrote the big body saw that nobody reads it, and made a trap of that.
    let error = HandleError::Trapped(told.trap.clone().unwrap_or_default());
    assert_eq!(told.answer, Err(error.to_string()));
}

#[test]
fn a_guest_sends_a_body_and_trailers_and_reads_both() {
    let there = "there.test:8080";
    for early in ["", "early"] {
        let world = world();
        world.http.serve(there, mirror);
        let args = ["post", "http", "user@there.test:8080", "/p?q=1", "body=abc", "chunks=3", "trailer=x-sum:9", early];
        assert_eq!(
            fetch(world, &args),
            "finished: Ok(())\nstatus 200\nbody 49 bytes: post /p?q=1 transfer-encoding=chunked [abcabcabc], closed\n\
             trailers [\"x-sum: 9\"]\n"
        );
    }
    let world = world();
    world.http.serve(there, mirror);
    let text = fetch(world, &["POST", "http", there, "/", "body=abcdefghij", "chunks=30000", "length=300000"]);
    assert!(
        text.contains("finished: Ok(())\nstatus 200\nbody 300031 bytes: POST / content-length=300000 [abc"),
        "{text}"
    );
}

#[test]
fn everything_is_given_once() {
    let world = world();
    world.http.serve("there.test", mirror);
    let args = ["GET", "http", "there.test", "/", "body=", "header=X-A:b", "twice", "connect=1", "first=2"];
    let text = fetch(world, &args);
    assert_eq!(
        text,
        "Method::Get Some(Scheme::Http) Some(\"there.test\") Some(\"/\") Err(HeaderError::Immutable) 1\n\
         wrong: [true, true, true, true]\n\
         body again: true\ntimeouts: (Some(1000000), Some(2000000), None)\nwrite again: true\nfinished: Ok(())\n\
         status 200\nconsume again: true\nstream again: true\nbody 14 bytes: GET / x-a=b [], closed\ntrailers none\n\
         trailers again: true\nresponse again: true\n"
    );
}

#[test]
fn a_request_that_cannot_be_sent_is_refused() {
    let cases: [(&[&str], &str); 5] = [
        (&["GET", "gopher", "there.test", "/"], "refused: ErrorCode::HttpProtocolError\n"),
        (&["CONNECT", "http", "there.test", "/"], "refused: ErrorCode::HttpRequestMethodInvalid\n"),
        (&["GET", "http", "there.test", "a/b"], "refused: ErrorCode::HttpRequestUriInvalid\n"),
        (&["GET", "http", "nowhere.test", "/"], "no response: ErrorCode::ConnectionRefused\n"),
        (&["POST", "http", "there.test", "/", "length=2"], "no response: ErrorCode::HttpRequestBodySize(Some(0))\n"),
    ];
    for (args, expected) in cases {
        let world = world();
        world.http.serve("there.test", mirror);
        assert_eq!(fetch(world, args), expected, "{args:?}");
    }
    let mut denied = world();
    denied.http.serve("there.test", mirror);
    denied.builder = denied.builder.network(thalweg_wasi::NetworkPolicy::deny());
    let text = fetch(denied, &["GET", "http", "there.test", "/"]);
    assert_eq!(text, "no response: ErrorCode::HttpRequestDenied\n");
}

#[test]
fn a_request_that_is_not_whole_never_looks_it() {
    let wrong = "ErrorCode::HttpRequestBodySize(Some(3))";
    for (args, expected) in [
        (
            &["body=abc", "unfinished"][..],
            "no response: ErrorCode::InternalError(Some(\"the body was dropped before it was finished\"))\n"
                .to_string(),
        ),
        (&["body=abc", "length=4"], format!("finished: Err({wrong})\nno response: {wrong}\n")),
        (
            &["body=abc", "length=2"],
            format!("not written: Some({wrong})\nfinished: Err({wrong})\nno response: {wrong}\n"),
        ),
    ] {
        let world = world();
        world.http.serve("there.test", mirror);
        let args = [&["POST", "http", "there.test", "/"], args].concat();
        assert_eq!(fetch(world, &args), expected, "{args:?}");
    }
}

#[test]
fn a_response_that_breaks_off_is_an_error_with_its_code() {
    let world = world();
    world.http.serve("there.test", |_| async {
        Ok(Response::new(frames(vec![data("half"), Err(ErrorCode::HttpResponseIncomplete)])))
    });
    let code = "ErrorCode::HttpResponseIncomplete";
    let text = fetch(world, &["GET", "http", "there.test", "/"]);
    assert_eq!(text, format!("status 200\nbody 4 bytes: half, Some({code})\ntrailers {code}\n"));
}

#[test]
fn a_late_response_is_an_error_by_the_clock() {
    let world = world();
    let clock = world.clock.clone();
    world.http.serve("there.test", |_| std::future::pending());
    let text = fetch(world, &["GET", "http", "there.test", "/", "first=30000"]);
    assert_eq!(text, "no response: ErrorCode::ConnectionReadTimeout\n");
    assert_eq!(MonotonicClock::now(&clock), 30_000_000_000);
}

#[test]
fn a_future_that_is_dropped_ends_the_exchange() {
    struct Noted(Arc<AtomicBool>);
    impl Drop for Noted {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }
    let world = world();
    let clock = world.clock.clone();
    let (began, ended) = (Arc::<AtomicBool>::default(), Arc::<AtomicBool>::default());
    let (noted_began, noted) = (Arc::clone(&began), Arc::clone(&ended));
    world.http.serve("there.test", move |_| {
        noted_began.store(true, Ordering::SeqCst);
        let noted = Noted(noted.clone());
        async move {
            let _noted = noted;
            std::future::pending().await
        }
    });
    let text = fetch(world, &["GET", "http", "there.test", "/", "give-up"]);
    assert_eq!(text, "at first: true\ngave up\n");
    // Whether it got as far as the server before the guest gave up is the scheduler's choice.
    assert_eq!(began.load(Ordering::SeqCst), ended.load(Ordering::SeqCst));
    assert_eq!(MonotonicClock::now(&clock), 0, "nobody waited for a time");
}

#[test]
fn a_response_need_not_be_read() {
    let world = world();
    world.http.serve("there.test", |_| async { Ok(Response::new(Endless.boxed_unsync())) });
    assert_eq!(fetch(world, &["GET", "http", "there.test", "/", "stop"]), "status 200\nstopped\n");
}

#[test]
fn fields_that_came_have_a_limit() {
    let mut world = world();
    world.builder = world.builder.max_http_fields_size(1000);
    world.http.serve("there.test", |_| async {
        let mut response = Response::new(empty_body());
        response.headers_mut().insert("x-long", HeaderValue::from_str(&"x".repeat(1000)).expect("a value"));
        Ok(response)
    });
    let text = fetch(world, &["GET", "http", "there.test", "/"]);
    assert_eq!(text, "no response: ErrorCode::HttpResponseHeaderSectionSize(Some(1038))\n");
}

#[test]
#[should_panic(expected = "has children that must be dropped before it")]
fn a_body_outlives_its_stream() {
    fetch(world(), &["POST", "http", "there.test", "/", "body=abc", "early", "parent"]);
}
