//! Sends one HTTP request and prints what comes of it.
//! Arguments: METHOD SCHEME AUTHORITY PATH (- for none), then any of
//!   body=TEXT  chunks=N (the text, N times)  length=N (content-length)  header=NAME:VALUE  trailer=NAME:VALUE
//!   trailer-error  connect=MS  first=MS  between=MS  give-up=MS (drops the call)  stop=BYTES (drops the response's body)
use futures::future::{Either, select};
use futures::join;
use std::fmt::Debug;
use std::future::IntoFuture;
use std::pin::pin;
use wasip3::cli::environment::get_arguments;
use wasip3::cli::stdout;
use wasip3::clocks::monotonic_clock::wait_for;
use wasip3::http::client;
use wasip3::http::types::{ErrorCode, Fields, Method, Request, RequestOptions, Response, Scheme};
use wasip3::wit_bindgen::StreamResult;
use wasip3::{wit_future, wit_stream};

struct Fetch;
wasip3::cli::command::export!(Fetch);

impl wasip3::exports::cli::run::Guest for Fetch {
    async fn run() -> Result<(), ()> {
        let args = get_arguments();
        let value = |key: &str| args.iter().find_map(|arg| arg.strip_prefix(key)?.strip_prefix('=').map(str::to_string));
        let number = |key: &str| value(key).and_then(|text| text.parse::<u64>().ok());
        let time = |key: &str| number(key).map(|ms| ms * 1_000_000);
        let pair = |text: String| text.split_once(':').map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()));

        let headers = Fields::new();
        if let Some(length) = number("length") {
            headers.append("content-length", length.to_string().as_bytes()).unwrap();
        }
        if let Some((name, value)) = value("header").and_then(pair) {
            headers.append(&name, &value).unwrap();
        }
        let options = RequestOptions::new();
        options.set_connect_timeout(time("connect")).unwrap();
        options.set_first_byte_timeout(time("first")).unwrap();
        options.set_between_bytes_timeout(time("between")).unwrap();

        let (trailers_tx, trailers_rx) = wit_future::new(|| Ok(None));
        let (contents, body) = match value("body") {
            Some(text) => {
                let (tx, rx) = wit_stream::new();
                (Some((tx, text)), Some(rx))
            }
            None => (None, None),
        };
        let (request, sent) = Request::new(headers, body, trailers_rx, Some(options));
        request.set_method(&Method::Other(args[1].clone())).unwrap();
        request.set_scheme(Some(&Scheme::Other(args[2].clone()))).unwrap();
        request.set_authority(Some(&args[3])).unwrap();
        if args[4] != "-" {
            request.set_path_with_query(Some(&args[4])).unwrap();
        }

        let chunks = number("chunks").unwrap_or(1);
        let trailers = value("trailer").and_then(pair).map(|pair| Fields::from_list(&[pair]).unwrap());
        let trailers = match args.iter().any(|arg| arg == "trailer-error") {
            true => Err(ErrorCode::InternalError(Some("no trailers".into()))),
            false => Ok(trailers),
        };
        let write = async move {
            if let Some((mut tx, text)) = contents {
                for _ in 0..chunks {
                    if !tx.write_all(text.clone().into_bytes()).await.is_empty() {
                        break;
                    }
                }
            }
            let _ = trailers_tx.write(trailers).await;
        };
        let give_up = time("give-up");
        let receive = async {
            let sending = pin!(client::send(request));
            match give_up {
                None => receive(sending.await, number("stop")).await,
                Some(time) => match select(sending, pin!(wait_for(time))).await {
                    Either::Left((answer, _)) => receive(answer, number("stop")).await,
                    Either::Right(_) => say("gave up").await,
                },
            }
        };
        let (_, (), sent) = join!(write, receive, sent.into_future());
        say(&format!("sent {sent:?}")).await;
        Ok(())
    }
}

async fn receive(answer: Result<Response, ErrorCode>, stop: Option<u64>) {
    let response = match answer {
        Ok(response) => response,
        Err(error) => return say(&format!("no response: {error:?}")).await,
    };
    say(&format!("status {}", response.get_status_code())).await;
    for (name, value) in response.get_headers().copy_all() {
        if name != "date" {
            say(&format!("{name}: {}", String::from_utf8_lossy(&value))).await;
        }
    }
    let (_, handled) = wit_future::new(|| Ok(()));
    let (mut stream, trailers) = Response::consume_body(response, handled);
    let (mut total, mut start) = (0, Vec::new());
    loop {
        let (status, got) = stream.read(Vec::with_capacity(16 << 10)).await;
        total += got.len();
        start.extend(got.iter().take(60usize.saturating_sub(start.len())));
        if !matches!(status, StreamResult::Complete(_)) {
            break;
        }
        if stop.is_some_and(|stop| total as u64 >= stop) {
            break;
        }
    }
    drop(stream);
    say(&format!("body {total} bytes: {}", String::from_utf8_lossy(&start))).await;
    let trailers = trailers.await.map(|fields| fields.map(|fields| printable(fields.copy_all())));
    say(&format!("trailers {trailers:?}")).await;
}

fn printable(fields: Vec<(String, Vec<u8>)>) -> impl Debug {
    fields.into_iter().map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(&value))).collect::<Vec<_>>()
}

async fn say(line: &str) {
    let (mut tx, rx) = wit_stream::new();
    let written = stdout::write_via_stream(rx);
    let text = format!("{line}\n").into_bytes();
    let write = async move {
        tx.write_all(text).await;
    };
    let _ = join!(write, written.into_future());
}
