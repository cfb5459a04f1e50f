//! HTTP servers in memory.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use super::SimClock;
use crate::http::{ErrorCode, HttpBody};
use crate::sys::{BoxFuture, HttpClient, MonotonicClock, OutgoingRequest};

type Answer = Result<http::Response<HttpBody>, ErrorCode>;
type Server = Arc<dyn Fn(http::Request<HttpBody>) -> BoxFuture<Answer> + Send + Sync>;

/// Servers by authority; nothing is at any other. Clones share them. Of the timeouts only that of the response's headers
/// can pass, by the clock: there are no connections.
#[derive(Clone)]
pub struct SimHttp {
    clock: SimClock,
    servers: Arc<Mutex<BTreeMap<String, Server>>>,
}

impl SimHttp {
    /// A world without servers, whose time is `clock`'s.
    #[must_use]
    pub fn new(clock: SimClock) -> Self {
        SimHttp { clock, servers: Arc::default() }
    }

    /// Puts a server at `authority`.
    pub fn serve<F>(&self, authority: &str, server: impl Fn(http::Request<HttpBody>) -> F + Send + Sync + 'static)
    where
        F: Future<Output = Answer> + Send + 'static,
    {
        let server: Server = Arc::new(move |request| Box::pin(server(request)));
        self.servers.lock().unwrap_or_else(PoisonError::into_inner).insert(authority.to_string(), server);
    }
}

impl HttpClient for SimHttp {
    fn send(&self, request: OutgoingRequest) -> BoxFuture<Answer> {
        let server = self.servers.lock().unwrap_or_else(PoisonError::into_inner).get(&request.authority).cloned();
        let Some(server) = server else { return Box::pin(std::future::ready(Err(ErrorCode::ConnectionRefused))) };
        let mut answer = server(request.message);
        let limit = u64::try_from(request.timeouts.first_byte.as_nanos()).unwrap_or(u64::MAX);
        let mut late = self.clock.sleep_until(self.clock.now().saturating_add(limit));
        Box::pin(std::future::poll_fn(move |cx| match Pin::new(&mut answer).poll(cx) {
            Poll::Ready(answer) => Poll::Ready(answer),
            Poll::Pending => Pin::new(&mut late).poll(cx).map(|()| Err(ErrorCode::ConnectionReadTimeout)),
        }))
    }
}
