//! Sends one HTTP request by wasi:http 0.2 and prints what comes of it.
//! Arguments: METHOD SCHEME AUTHORITY PATH (- for none), then any of
//!   body=TEXT  chunks=N (the text, N times)  length=N (content-length)  header=NAME:VALUE  trailer=NAME:VALUE
//!   early (writes the body before it sends)  unfinished (drops the body)  connect=MS  first=MS  between=MS
//!   give-up (drops the future)  stop (drops the response's body)  twice (asks for everything again)
//!   parent (drops the request's body before its stream)
use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{
    Fields, IncomingBody, IncomingResponse, Method, OutgoingBody, OutgoingRequest, RequestOptions, Scheme,
    http_error_code,
};
use wasip2::io::streams::{OutputStream, StreamError};

struct Fetch;
wasip2::cli::command::export!(Fetch);

impl wasip2::exports::cli::run::Guest for Fetch {
    fn run() -> Result<(), ()> {
        let args = Args(wasip2::cli::environment::get_arguments());
        let request = request(&args);
        let body = args.value("body").map(|text| (request.body().unwrap(), text));
        if args.has("twice") {
            if body.is_none() {
                drop(request.body().unwrap());
            }
            say(&format!("body again: {:?}", request.body().is_err()));
        }
        let body = match body {
            Some((body, text)) if args.has("early") => {
                write(&args, body, &text);
                None
            }
            body => body,
        };
        let future = match handle(request, Some(options(&args))) {
            Ok(future) => future,
            Err(error) => {
                say(&format!("refused: {error:?}"));
                return Ok(());
            }
        };
        if let Some((body, text)) = body {
            write(&args, body, &text);
        }
        if args.has("give-up") {
            say(&format!("at first: {}", future.get().is_none()));
            drop(future);
            say("gave up");
            return Ok(());
        }
        future.subscribe().block();
        match future.get().unwrap().unwrap() {
            Ok(response) => receive(&args, response),
            Err(error) => say(&format!("no response: {error:?}")),
        }
        if args.has("twice") {
            say(&format!("response again: {:?}", matches!(future.get(), Some(Err(())))));
        }
        Ok(())
    }
}

struct Args(Vec<String>);

impl Args {
    fn has(&self, word: &str) -> bool {
        self.0.iter().any(|arg| arg == word)
    }

    fn value(&self, key: &str) -> Option<String> {
        self.0.iter().find_map(|arg| arg.strip_prefix(key)?.strip_prefix('=').map(str::to_string))
    }

    fn number(&self, key: &str) -> Option<u64> {
        self.value(key)?.parse().ok()
    }

    fn pair(&self, key: &str) -> Option<(String, Vec<u8>)> {
        let text = self.value(key)?;
        text.split_once(':').map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
    }
}

fn request(args: &Args) -> OutgoingRequest {
    let headers = Fields::new();
    if let Some(length) = args.number("length") {
        headers.append("content-length", length.to_string().as_bytes()).unwrap();
    }
    if let Some((name, value)) = args.pair("header") {
        headers.append(&name, &value).unwrap();
    }
    let request = OutgoingRequest::new(headers);
    request.set_method(&Method::Other(args.0[1].clone())).unwrap();
    request.set_scheme(Some(&Scheme::Other(args.0[2].clone()))).unwrap();
    request.set_authority(Some(&args.0[3])).unwrap();
    if args.0[4] != "-" {
        request.set_path_with_query(Some(&args.0[4])).unwrap();
    }
    if args.has("twice") {
        say(&format!(
            "{:?} {:?} {:?} {:?} {:?} {}",
            request.method(),
            request.scheme(),
            request.authority(),
            request.path_with_query(),
            request.headers().append("x", b"y"),
            request.headers().entries().len(),
        ));
        let wrong = [
            request.set_method(&Method::Other("a b".into())).is_err(),
            request.set_scheme(Some(&Scheme::Other("1:".into()))).is_err(),
            request.set_authority(Some("a b")).is_err(),
            request.set_path_with_query(Some("/a b")).is_err(),
        ];
        say(&format!("wrong: {wrong:?}"));
    }
    request
}

fn options(args: &Args) -> RequestOptions {
    let time = |key: &str| args.number(key).map(|ms| ms * 1_000_000);
    let options = RequestOptions::new();
    options.set_connect_timeout(time("connect")).unwrap();
    options.set_first_byte_timeout(time("first")).unwrap();
    options.set_between_bytes_timeout(time("between")).unwrap();
    if args.has("twice") {
        let all = (options.connect_timeout(), options.first_byte_timeout(), options.between_bytes_timeout());
        say(&format!("timeouts: {all:?}"));
    }
    options
}

/// Writes the body by permits, as far as it is taken.
fn write(args: &Args, body: OutgoingBody, text: &str) {
    let stream = body.write().unwrap();
    if args.has("twice") {
        say(&format!("write again: {:?}", body.write().is_err()));
    }
    if args.has("parent") {
        drop(body);
        unreachable!("the stream is there");
    }
    let mut outcome = Ok(());
    for _ in 0..args.number("chunks").unwrap_or(1) {
        outcome = put(&stream, text.as_bytes());
        if outcome.is_err() {
            break;
        }
    }
    if let Err(error) = outcome {
        say(&format!("not written: {}", told(&error)));
    }
    drop(stream);
    if args.has("unfinished") {
        return;
    }
    let trailers = args.pair("trailer").map(|pair| Fields::from_list(&[pair]).unwrap());
    say(&format!("finished: {:?}", OutgoingBody::finish(body, trailers)));
}

fn put(stream: &OutputStream, mut bytes: &[u8]) -> Result<(), StreamError> {
    let pollable = stream.subscribe();
    while !bytes.is_empty() {
        let permit = stream.check_write()? as usize;
        if permit == 0 {
            pollable.block();
            continue;
        }
        let (now, later) = bytes.split_at(permit.min(bytes.len()));
        stream.write(now)?;
        bytes = later;
    }
    Ok(())
}

fn told(error: &StreamError) -> String {
    match error {
        StreamError::Closed => "closed".into(),
        StreamError::LastOperationFailed(error) => format!("{:?}", http_error_code(error)),
    }
}

fn receive(args: &Args, response: IncomingResponse) {
    say(&format!("status {}", response.status()));
    for (name, value) in response.headers().entries() {
        if name != "date" {
            say(&format!("{name}: {}", String::from_utf8_lossy(&value)));
        }
    }
    let body = response.consume().unwrap();
    if args.has("twice") {
        say(&format!("consume again: {:?}", response.consume().is_err()));
    }
    drop(response);
    if args.has("stop") {
        drop(body);
        return say("stopped");
    }
    let stream = body.stream().unwrap();
    if args.has("twice") {
        say(&format!("stream again: {:?}", body.stream().is_err()));
    }
    let (mut total, mut start) = (0, Vec::new());
    let end = loop {
        match stream.blocking_read(16 << 10) {
            Ok(bytes) => {
                total += bytes.len();
                start.extend(bytes.iter().take(60usize.saturating_sub(start.len())));
            }
            Err(error) => break told(&error),
        }
    };
    drop(stream);
    say(&format!("body {total} bytes: {}, {end}", String::from_utf8_lossy(&start)));
    let trailers = IncomingBody::finish(body);
    trailers.subscribe().block();
    let text = match trailers.get().unwrap().unwrap() {
        Ok(Some(fields)) => format!("{:?}", printable(fields.entries())),
        Ok(None) => "none".to_string(),
        Err(error) => format!("{error:?}"),
    };
    say(&format!("trailers {text}"));
    if args.has("twice") {
        say(&format!("trailers again: {:?}", matches!(trailers.get(), Some(Err(())))));
    }
}

fn printable(fields: Vec<(String, Vec<u8>)>) -> Vec<String> {
    fields.into_iter().map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(&value))).collect()
}

fn say(line: &str) {
    let out = wasip2::cli::stdout::get_stdout();
    out.blocking_write_and_flush(format!("{line}\n").as_bytes()).unwrap();
}
