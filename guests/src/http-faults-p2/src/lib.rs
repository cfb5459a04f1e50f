//! wasi:http/proxy@0.2 that does what a host must get right, and what it must survive. What it prints goes to stdout.
//!   /none            drops the outparam unset
//!   /leak            returns with the outparam neither set nor dropped
//!   /error           sets an error-code
//!   /trap            traps after the first bytes of a body
//!   /unfinished      drops the body after its first bytes
//!   /short           promises 10 bytes and writes 4
//!   /long            promises 3 bytes and writes 4
//!   /empty           a response whose body it never asked for, with another status
//!   /promise         the same, with a content-length of 5
//!   /trailers        a body and one trailer
//!   /before          writes and finishes the body before it sets the response
//!   /big             200000 bytes by permits, finished while the last are on their way
//!   /after           goes on when the response is there, and prints that
//!   /upper           the request's body in upper case, and its trailers
//!   /view            what the request is
//!   /fields          what can be done with fields
//!   /too-many        more fields than there may be
//!   /child           drops the request before its headers
use wasip2::http::types::{
    ErrorCode, Fields, IncomingBody, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam,
};
use wasip2::io::streams::{OutputStream, StreamError};

struct Faults;
wasip2::http::proxy::export!(Faults);

impl wasip2::exports::http::incoming_handler::Guest for Faults {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let path = request.path_with_query().unwrap_or_default();
        match path.split('?').next().unwrap_or_default() {
            "/none" => drop(out),
            "/leak" => std::mem::forget(out),
            "/error" => ResponseOutparam::set(out, Err(ErrorCode::LoopDetected)),
            "/trap" => {
                let (_body, stream) = begin(out, &[]);
                stream.blocking_write_and_flush(b"half").unwrap();
                panic!("asked to");
            }
            "/unfinished" => {
                let (body, stream) = begin(out, &[]);
                stream.blocking_write_and_flush(b"half").unwrap();
                drop(stream);
                drop(body);
            }
            "/short" => promise(out, "10"),
            "/long" => promise(out, "3"),
            "/empty" => {
                let response = response(&[]);
                let wrong = [response.set_status_code(99).is_err(), response.set_status_code(1000).is_err()];
                response.set_status_code(404).unwrap();
                say(&format!("wrong {wrong:?}, now {}", response.status_code()));
                ResponseOutparam::set(out, Ok(response));
            }
            "/promise" => ResponseOutparam::set(out, Ok(response(&[("content-length", "5")]))),
            "/trailers" => {
                let (body, stream) = begin(out, &[]);
                stream.blocking_write_and_flush(b"body").unwrap();
                drop(stream);
                let trailers = Fields::from_list(&[("x-sum".to_string(), b"7".to_vec())]).unwrap();
                OutgoingBody::finish(body, Some(trailers)).unwrap();
            }
            "/before" => {
                let response = response(&[]);
                say(&format!("immutable: {:?}", response.headers().append("x-b", b"c")));
                let body = response.body().unwrap();
                say(&format!("body again: {}", response.body().is_err()));
                let stream = body.write().unwrap();
                for _ in 0..10 {
                    stream.blocking_write_and_flush(&[b'x'; 4096]).unwrap();
                }
                drop(stream);
                OutgoingBody::finish(body, None).unwrap();
                ResponseOutparam::set(out, Ok(response));
            }
            "/big" => big(out),
            "/after" => {
                finish(begin(out, &[]), b"early");
                wasip2::clocks::monotonic_clock::subscribe_duration(1_000_000_000).block();
                say("and after");
            }
            "/upper" => upper(&request, out),
            "/view" => view(&request, out),
            "/fields" => finish(begin(out, &[]), fields().as_bytes()),
            "/too-many" => {
                let fields = Fields::new();
                loop {
                    fields.append("x-more", &[b'x'; 1000]).unwrap();
                }
            }
            "/child" => {
                let headers = request.headers();
                drop(request);
                drop(headers);
            }
            _ => finish(begin(out, &[]), b"hello"),
        }
    }
}

fn response(headers: &[(&str, &str)]) -> OutgoingResponse {
    let fields = Fields::new();
    for (name, value) in headers {
        fields.set(name, &[value.as_bytes().to_vec()]).unwrap();
    }
    OutgoingResponse::new(fields)
}

fn begin(out: ResponseOutparam, headers: &[(&str, &str)]) -> (OutgoingBody, OutputStream) {
    let response = response(headers);
    let body = response.body().unwrap();
    ResponseOutparam::set(out, Ok(response));
    let stream = body.write().unwrap();
    (body, stream)
}

fn finish((body, stream): (OutgoingBody, OutputStream), bytes: &[u8]) {
    stream.blocking_write_and_flush(bytes).unwrap();
    drop(stream);
    OutgoingBody::finish(body, None).unwrap();
}

fn promise(out: ResponseOutparam, length: &str) {
    let (body, stream) = begin(out, &[("content-length", length)]);
    let written = stream.blocking_write_and_flush(b"four").is_ok();
    drop(stream);
    say(&format!("written {written}, {:?}", OutgoingBody::finish(body, None)));
}

fn big(out: ResponseOutparam) {
    let (body, stream) = begin(out, &[("content-length", "200000")]);
    let pollable = stream.subscribe();
    let mut left = 200_000;
    while left > 0 {
        let permit = stream.check_write().unwrap().min(left);
        if permit == 0 {
            pollable.block();
        }
        stream.write_zeroes(permit).unwrap();
        left -= permit;
    }
    drop(pollable);
    drop(stream);
    OutgoingBody::finish(body, None).unwrap();
}

fn upper(request: &IncomingRequest, out: ResponseOutparam) {
    let (body, sink) = begin(out, &[]);
    let incoming = request.consume().unwrap();
    say(&format!("consume again: {}", request.consume().is_err()));
    let source = incoming.stream().unwrap();
    say(&format!("stream again: {}", incoming.stream().is_err()));
    loop {
        match source.blocking_read(4096) {
            Ok(bytes) => sink.blocking_write_and_flush(&bytes.to_ascii_uppercase()).unwrap(),
            Err(StreamError::Closed) => break,
            Err(error) => panic!("{error:?}"),
        }
    }
    drop((source, sink));
    let future = IncomingBody::finish(incoming);
    future.subscribe().block();
    let trailers = future.get().unwrap().unwrap().unwrap();
    say(&format!("trailers again: {}", matches!(future.get(), Some(Err(())))));
    let copy = trailers.as_ref().map(Fields::clone);
    drop(trailers);
    OutgoingBody::finish(body, copy).unwrap();
}

fn view(request: &IncomingRequest, out: ResponseOutparam) {
    let headers = request.headers();
    let mut text = format!(
        "{:?} {:?} {:?} {:?} {:?}",
        request.method(),
        request.path_with_query(),
        request.scheme(),
        request.authority(),
        headers.set("x", &[]),
    );
    for (name, value) in headers.entries() {
        text += &format!(" {name}={}", String::from_utf8_lossy(&value));
    }
    finish(begin(out, &[]), text.as_bytes());
}

fn fields() -> String {
    let fields = Fields::new();
    let results = [
        fields.append("X-Two", b"1"),
        fields.append("x-two", b"2"),
        fields.set("x-one", &[b"3".to_vec()]),
        fields.append("a b", b""),
        fields.append("x", b"\n"),
        fields.set("connection", &[b"close".to_vec()]),
        fields.delete("a b"),
        fields.delete("x-none"),
    ];
    let copy = fields.clone();
    copy.delete("X-TWO").unwrap();
    let lists = [
        Fields::from_list(&[("a b".to_string(), vec![])]).err(),
        Fields::from_list(&[("host".to_string(), vec![])]).err(),
        Fields::from_list(&[("x".to_string(), vec![b'y'])]).err(),
    ];
    let has = [fields.has("x-tWo"), copy.has("x-two"), fields.has("a b")];
    format!("{results:?} {lists:?} {has:?} {:?} {:?}", fields.get("x-two").concat(), printable(&fields))
}

fn printable(fields: &Fields) -> Vec<String> {
    fields.entries().iter().map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value))).collect()
}

fn say(line: &str) {
    let out = wasip2::cli::stdout::get_stdout();
    out.blocking_write_and_flush(format!("{line}\n").as_bytes()).unwrap();
}
