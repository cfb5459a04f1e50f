//! Answers every request with what it sent, or with a line: what HTTP alone costs, beside `thalweg serve`.
//!
//! Threads, accepting and connections are as in `serve`, but there is no guest and no limit.
#![forbid(unsafe_code)]

use std::convert::Infallible;
use std::io;
use std::net::TcpListener;
use std::thread;

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::{LocalSet, spawn_local};

type Body = Either<Incoming, Full<Bytes>>;

async fn answer(request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    let hello = Full::new(Bytes::from_static(b"hello, wasi:http 0.3\n"));
    let body = if request.method() == Method::POST { Either::Left(request.into_body()) } else { Either::Right(hello) };
    Ok(Response::new(body))
}

async fn work(mut connections: UnboundedReceiver<std::net::TcpStream>) {
    while let Some(stream) = connections.recv().await {
        spawn_local(async move {
            let Ok(stream) = TcpStream::from_std(stream) else { return };
            // What went wrong with a client is of no interest.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)).await;
        });
    }
}

fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    eprintln!("Serving HTTP on http://{}/", listener.local_addr()?);
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let workers: Vec<_> = (0..workers)
        .map(|_| {
            let (connections, taken) = unbounded_channel();
            thread::spawn(move || -> io::Result<()> {
                let reactor = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                LocalSet::new().block_on(&reactor, work(taken));
                Ok(())
            });
            connections
        })
        .collect();
    for (stream, worker) in listener.incoming().zip(workers.iter().cycle()) {
        let stream = stream?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        // A worker that is gone takes its connections with it.
        let _ = worker.send(stream);
    }
    Ok(())
}
