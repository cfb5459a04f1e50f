//! wasi:http/service@0.3.0 that does what a server must survive.
//!   /trap-before     traps before there is a response
//!   /trap-halfway    traps after the first bytes of a body
//!   /short           promises 100 bytes and writes 10
//!   /hang            never answers
//!   /spin            never answers and never yields
//!   /sleep?ms=N      answers after a while
//!   /slow-body?ms=N&chunks=K   a chunk of 8 bytes each N ms
//!   /big?bytes=N     N bytes, promised in the headers
//!   /read            reads the request's body and says how long it is
//!   /trailers        a body and one trailer
//!   /after?ms=N      answers at once and goes on
//!   /error           answers with an error-code
//!   /counts          `instance I requests N cancelled C finished F`
use std::cell::Cell;

use wasip3::clocks::monotonic_clock::wait_for;
use wasip3::http::types::{ErrorCode, Fields, Request, Response};
use wasip3::wit_bindgen::{StreamResult, StreamWriter, spawn_local};
use wasip3::{wit_future, wit_stream};

thread_local! {
    static INSTANCE: Cell<u64> = const { Cell::new(0) };
    static REQUESTS: Cell<u32> = const { Cell::new(0) };
    static CANCELLED: Cell<u32> = const { Cell::new(0) };
    static FINISHED: Cell<u32> = const { Cell::new(0) };
}

struct Faults;
wasip3::http::service::export!(Faults);

/// Counts when it is dropped before it was told that all is well.
struct Watch(bool);

impl Watch {
    fn done(mut self) {
        self.0 = true;
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let counter = if self.0 { &FINISHED } else { &CANCELLED };
        counter.with(|count| count.set(count.get() + 1));
    }
}

impl wasip3::exports::http::handler::Guest for Faults {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        REQUESTS.with(|count| count.set(count.get() + 1));
        let path = request.get_path_with_query().unwrap_or_default();
        let (path, query) = path.split_once('?').unwrap_or((&path, ""));
        let number = |name: &str, otherwise: u64| {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.filter(|(key, _)| *key == name).find_map(|(_, value)| value.parse().ok()).unwrap_or(otherwise)
        };
        let ms = number("ms", 10);
        match path {
            "/trap-before" => panic!("asked to"),
            "/trap-halfway" => Ok(body(None, async move |mut tx| {
                tx.write_all(b"half of ".to_vec()).await;
                wait_for(ms * 1_000_000).await;
                panic!("asked to");
            })),
            "/short" => Ok(body(Some(100), async |mut tx| {
                tx.write_all(b"ten bytes\n".to_vec()).await;
            })),
            "/hang" => {
                let watch = Watch(false);
                wait_for(u64::MAX / 4).await;
                watch.done();
                Ok(text("never\n"))
            }
            "/spin" => loop {
                std::hint::black_box(());
            },
            "/sleep" => {
                let watch = Watch(false);
                wait_for(ms * 1_000_000).await;
                watch.done();
                Ok(text("slept\n"))
            }
            "/slow-body" => {
                let chunks = number("chunks", 3);
                Ok(body(None, async move |mut tx| {
                    let watch = Watch(false);
                    for _ in 0..chunks {
                        if !tx.write_all(b"a chunk\n".to_vec()).await.is_empty() {
                            return;
                        }
                        wait_for(ms * 1_000_000).await;
                    }
                    watch.done();
                }))
            }
            "/big" => {
                let bytes = number("bytes", 1 << 20);
                Ok(body(Some(bytes), async move |mut tx| {
                    let watch = Watch(false);
                    let mut left = bytes;
                    while left > 0 {
                        let size = left.min(64 << 10);
                        if !tx.write_all(vec![b'x'; size as usize]).await.is_empty() {
                            return;
                        }
                        left -= size;
                    }
                    watch.done();
                }))
            }
            "/read" => read(request).await,
            "/trailers" => Ok(trailers()),
            "/after" => {
                spawn_local(async move {
                    wait_for(ms * 1_000_000).await;
                    FINISHED.with(|count| count.set(count.get() + 1));
                });
                Ok(text("at once\n"))
            }
            "/error" => Err(ErrorCode::InternalError(Some("asked to".into()))),
            _ => Ok(text(&counts())),
        }
    }
}

fn counts() -> String {
    if INSTANCE.get() == 0 {
        INSTANCE.set(wasip3::random::random::get_random_u64() | 1);
    }
    let (instance, requests) = (INSTANCE.get(), REQUESTS.get());
    format!("instance {instance:016x} requests {requests} cancelled {} finished {}\n", CANCELLED.get(), FINISHED.get())
}

fn text(text: &str) -> Response {
    let bytes = text.as_bytes().to_vec();
    body(Some(bytes.len() as u64), async |mut tx| {
        tx.write_all(bytes).await;
    })
}

/// A response whose body is what `write` writes.
fn body(length: Option<u64>, write: impl AsyncFnOnce(StreamWriter<u8>) + 'static) -> Response {
    let headers = Fields::new();
    if let Some(length) = length {
        headers.set("content-length", &[length.to_string().into_bytes()]).unwrap();
    }
    let (tx, rx) = wit_stream::new();
    let (trailers_tx, trailers_rx) = wit_future::new(|| Ok(None));
    let (response, _sent) = Response::new(headers, Some(rx), trailers_rx);
    drop(trailers_tx);
    spawn_local(write(tx));
    response
}

fn trailers() -> Response {
    let (mut tx, rx) = wit_stream::new();
    let (trailers_tx, trailers_rx) = wit_future::new(|| Ok(None));
    let (response, _sent) = Response::new(Fields::new(), Some(rx), trailers_rx);
    spawn_local(async move {
        tx.write_all(b"a body\n".to_vec()).await;
        drop(tx);
        let fields = Fields::new();
        fields.set("x-sum", &[b"7".to_vec()]).unwrap();
        let _ = trailers_tx.write(Ok(Some(fields))).await;
    });
    response
}

async fn read(request: Request) -> Result<Response, ErrorCode> {
    let watch = Watch(false);
    let (_consumed_tx, consumed_rx) = wit_future::new(|| Ok(()));
    let (mut contents, trailers) = Request::consume_body(request, consumed_rx);
    let (mut buffer, mut total) = (Vec::with_capacity(64 << 10), 0);
    loop {
        let (status, mut got) = contents.read(buffer).await;
        total += got.len();
        if !matches!(status, StreamResult::Complete(_)) {
            break;
        }
        got.clear();
        buffer = got;
    }
    watch.done();
    match trailers.await {
        Ok(_) => Ok(text(&format!("read {total} bytes\n"))),
        Err(error) => Err(error),
    }
}
