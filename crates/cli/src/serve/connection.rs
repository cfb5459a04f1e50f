//! One connection of a client: which protocol it speaks, how long it may be idle, how it ends.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, sleep_until, timeout};

use super::exchange;
use super::executor::Local;
use super::first::{First, first};
use super::pool::Pool;
use super::shared::{Phase, Shared};
use super::socket::Socket;
use super::stream::{Connected, Peer, Stream};
use super::tls::HTTP2;

/// What a client sends first when it knows that the server speaks HTTP/2; no method of HTTP/1 begins like it.
const PREFACE: &[u8] = b"PRI";
/// Bytes may come one by one, and looking at them does not say when there are more.
const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// Time for the end of a request that took too long to reach the client.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// hyper's own buffer has at least this size.
const MIN_BUFFER: usize = 8 << 10;
/// Requests at once on one connection of HTTP/2.
const MAX_STREAMS: u32 = 128;
/// Bytes of a body that wait for a client on one stream of HTTP/2.
const MAX_SEND_BUFFER: usize = 128 << 10;
/// Requests that a client of HTTP/2 may take back before they were looked at.
const MAX_RESETS: usize = 64;

/// What the requests of a connection share.
pub struct Client {
    /// The server.
    pub shared: Arc<Shared>,
    /// The instances.
    pub pool: Rc<Pool>,
    /// The client.
    pub peer: Peer,
    /// Whether it came by TLS.
    pub secure: bool,
    protocol: Protocol,
    broken: Rc<Cell<bool>>,
    requests: RefCell<BTreeSet<(Instant, u64)>>,
    begun: Cell<u64>,
    idle_since: Cell<Instant>,
}

/// A request of a connection that is not finished.
pub struct Unfinished {
    client: Rc<Client>,
    key: (Instant, u64),
}

impl Unfinished {
    /// A request that has to be finished by `deadline`.
    pub fn new(client: &Rc<Client>, deadline: Instant) -> Unfinished {
        let key = (deadline, client.begun.get());
        client.begun.set(key.1 + 1);
        client.requests.borrow_mut().insert(key);
        Unfinished { client: client.clone(), key }
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        self.client.requests.borrow_mut().remove(&self.key);
        self.client.idle_since.set(Instant::now());
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Protocol {
    Http1,
    Http2,
}

/// Answers the requests of a connection, until it ends.
pub async fn serve(stream: Stream, peer: Peer, shared: &Arc<Shared>, pool: &Rc<Pool>) {
    // A connection that is broken already has nobody to tell.
    let Ok(stream) = stream.connected() else { return };
    let broken = Rc::new(Cell::new(false));
    let client = |protocol| {
        Rc::new(Client {
            shared: shared.clone(),
            pool: pool.clone(),
            peer,
            secure: shared.tls.is_some(),
            protocol,
            broken: broken.clone(),
            requests: RefCell::default(),
            begun: Cell::new(0),
            idle_since: Cell::new(Instant::now()),
        })
    };
    let time = shared.limits.header_timeout;
    let socket = |stream| Socket::new(stream, shared.limits.request_timeout, broken.clone());
    // A client that says nothing in time is not waited for.
    if let Some(tls) = &shared.tls {
        let greeting = timeout(time, tls.accept(socket(stream)));
        let First::Left(Ok(Ok(stream))) = first(greeting, draining(shared)).await else { return };
        let agreed = stream.get_ref().1.alpn_protocol();
        let protocol = if agreed == Some(HTTP2) { Protocol::Http2 } else { Protocol::Http1 };
        converse(stream, client(protocol)).await;
    } else {
        let looking = timeout(time, protocol(&stream));
        let First::Left(Ok(Some(protocol))) = first(looking, draining(shared)).await else { return };
        converse(socket(stream), client(protocol)).await;
    }
}

async fn converse(io: impl AsyncRead + AsyncWrite + Unpin + 'static, client: Rc<Client>) {
    let io = TokioIo::new(io);
    let limits = &client.shared.limits;
    let answering = client.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let client = answering.clone();
        async move { Ok::<_, Infallible>(exchange::answer(request, client).await) }
    });
    match client.protocol {
        Protocol::Http1 => {
            let mut builder = http1::Builder::new();
            let header_bytes = limits.max_header_bytes as usize;
            builder.timer(TokioTimer::new()).header_read_timeout(limits.header_timeout);
            builder.max_header_size(header_bytes).max_buf_size(header_bytes.max(MIN_BUFFER));
            // Naming the limit that is there anyway would cost an allocation for each request.
            if limits.max_headers != 100 {
                builder.max_headers(limits.max_headers);
            }
            let conversation = builder.serve_connection(io, service);
            run(conversation, http1::Connection::graceful_shutdown, &client).await;
        }
        Protocol::Http2 => {
            let mut builder = http2::Builder::new(Local);
            builder.timer(TokioTimer::new()).max_header_list_size(limits.max_header_bytes);
            builder.max_concurrent_streams(MAX_STREAMS).max_send_buf_size(MAX_SEND_BUFFER);
            builder.max_pending_accept_reset_streams(MAX_RESETS);
            builder.keep_alive_interval(limits.header_timeout).keep_alive_timeout(limits.header_timeout);
            let conversation = builder.serve_connection(io, service);
            run(conversation, http2::Connection::graceful_shutdown, &client).await;
        }
    }
}

/// Polls a conversation to its end; `end` asks it to come to one.
async fn run<C: Future<Output = hyper::Result<()>>>(conversation: C, end: impl Fn(Pin<&mut C>), client: &Client) {
    let mut conversation = pin!(conversation);
    let mut draining = pin!(draining(&client.shared));
    let mut cut_off = pin!(client.shared.reaches(Phase::Ending));
    let mut timer = pin!(sleep_until(client.next_look()));
    let mut ending = false;
    poll_fn(|cx| {
        if !ending && draining.as_mut().poll(cx).is_ready() {
            ending = true;
            end(conversation.as_mut());
        }
        if cut_off.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        // What went wrong with a client is of no interest: whoever waited for it has been told.
        if conversation.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        while timer.as_mut().poll(cx).is_ready() {
            if client.is_stuck() {
                return Poll::Ready(());
            }
            if client.protocol == Protocol::Http2 && client.is_idle() && !ending {
                ending = true;
                end(conversation.as_mut());
                cx.waker().wake_by_ref();
            }
            timer.as_mut().reset(client.next_look());
        }
        Poll::Pending
    })
    .await;
    if !client.requests.borrow().is_empty() {
        // The socket goes with the conversation, before the bodies are asked.
        client.broke_off();
    }
}

impl Client {
    /// A response could not be finished. With HTTP/2 its stream says so, with HTTP/1 only the connection can.
    pub fn broke_off(&self) {
        if self.protocol == Protocol::Http1 {
            self.broken.set(true);
        }
    }

    /// Whether a request should be over, and the client does not even take notice.
    fn is_stuck(&self) -> bool {
        let earliest = self.requests.borrow().first().map(|(deadline, _)| *deadline);
        earliest.is_some_and(|deadline| deadline + LAST_WORDS <= Instant::now())
    }

    fn is_idle(&self) -> bool {
        self.requests.borrow().is_empty() && self.idle_since.get().elapsed() >= self.shared.limits.header_timeout
    }

    /// When something may be due. Most requests are over before, so that no timer is set for each.
    fn next_look(&self) -> Instant {
        let idle = Instant::now() + self.shared.limits.header_timeout;
        let earliest = self.requests.borrow().first().map(|(deadline, _)| *deadline + LAST_WORDS);
        earliest.map_or(idle, |stuck| stuck.min(idle))
    }
}

/// Looks at the first bytes, and leaves them there. None when there are none.
async fn protocol(stream: &Connected) -> Option<Protocol> {
    let mut bytes = [0; PREFACE.len()];
    loop {
        let count = stream.peek(&mut bytes).await.ok()?;
        let bytes = bytes.get(..count).filter(|bytes| !bytes.is_empty())?;
        if !PREFACE.starts_with(bytes) {
            return Some(Protocol::Http1);
        }
        if bytes.len() == PREFACE.len() {
            return Some(Protocol::Http2);
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// Waits until no new work is taken.
async fn draining(shared: &Shared) {
    shared.reaches(Phase::Draining).await;
}
