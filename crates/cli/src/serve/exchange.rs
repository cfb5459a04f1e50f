//! One request, from its headers to the end of its response.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::Relaxed};

use http::header::HOST;
use http::{HeaderMap, Method, Request, Response, StatusCode, Version};
use http_body::Body;
use hyper::body::Incoming;
use thalweg_wasi::http::{HandleError, HttpBody};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout_at};

use super::access_log::{Answered, Asked};
use super::body::{ResponseBody, linger, request_body};
use super::connection::{Client, Unfinished};
use super::given::Given;
use super::lease::Lease;
use super::limits::Limits;
use super::refusal::{refusal, without_response};
use super::shared::Shared;
use crate::report;

/// What the log says of a client that went away before there was a response.
const CLIENT_CLOSED_REQUEST: StatusCode = match StatusCode::from_u16(499) {
    Ok(status) => status,
    Err(_) => StatusCode::BAD_REQUEST,
};

/// How a response ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The client has all of it.
    Whole,
    /// The component broke off.
    Broken,
    /// Its time was over.
    TimedOut,
    /// The client went away.
    Abandoned,
}

/// What a request holds until its response is at its end.
pub struct Exchange {
    client: Rc<Client>,
    /// When it has to be over.
    pub deadline: Instant,
    lease: Option<Lease>,
    permit: Option<OwnedSemaphorePermit>,
    unfinished: Option<Unfinished>,
    status: StatusCode,
    /// Whether the connection asks for no body whatever there is.
    unsent: bool,
    bytes: u64,
    begun: Instant,
    /// For the log, if there is one.
    asked: Option<Box<Asked>>,
    end: Option<End>,
}

impl Exchange {
    fn new(client: &Rc<Client>, request: &Request<Incoming>) -> Exchange {
        let begun = Instant::now();
        let deadline = begun + client.shared.limits.request_timeout;
        client.shared.metrics.requests_active.fetch_add(1, Relaxed);
        Exchange {
            client: client.clone(),
            deadline,
            lease: None,
            permit: None,
            unfinished: Some(Unfinished::new(client, deadline)),
            status: CLIENT_CLOSED_REQUEST,
            unsent: request.method() == Method::HEAD,
            bytes: 0,
            begun,
            asked: client.shared.access_log.asked(client.peer, request),
            end: None,
        }
    }

    /// Bytes of the body went to the connection.
    pub fn sent(&mut self, bytes: u64) {
        self.bytes += bytes;
    }

    /// It is over; the first word counts.
    pub fn end(&mut self, end: End) {
        if self.end.is_some() {
            return;
        }
        self.end = Some(end);
        match (&self.lease, end) {
            (Some(lease), End::TimedOut) => lease.retire(),
            (Some(lease), End::Abandoned) => lease.abandon(),
            _ => {}
        }
        if end != End::Whole {
            self.client.broke_off();
        }
        self.lease = None;
        self.permit = None;
        self.unfinished = None;
        self.count(end);
    }

    fn count(&mut self, end: End) {
        let Shared { metrics, access_log, .. } = &*self.client.shared;
        let took = self.begun.elapsed();
        metrics.requests_active.fetch_sub(1, Relaxed);
        metrics.ended(self.status, end, took);
        if let Some(asked) = self.asked.take() {
            let answered = Answered { status: self.status, bytes: self.bytes, end, took };
            if !access_log.answered(&asked, &answered) {
                metrics.log_lines_lost.fetch_add(1, Relaxed);
            }
        }
    }

    /// The response, with the exchange in its body.
    fn respond(mut self, response: Response<HttpBody>) -> Response<ResponseBody> {
        self.status = response.status();
        self.unsent |= matches!(self.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        response.map(|body| ResponseBody::new(body, self))
    }

    fn refuse(mut self, status: StatusCode, why: &str) -> Response<ResponseBody> {
        self.lease = None;
        self.respond(refusal(status, why))
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.end(if self.unsent { End::Whole } else { End::Abandoned });
    }
}

/// The answer to a request.
pub async fn answer(request: Request<Incoming>, client: Rc<Client>) -> Response<ResponseBody> {
    let mut exchange = Exchange::new(&client, &request);
    if let Err((status, why)) = check(&request, &client.shared.limits) {
        linger(request.into_body());
        return exchange.refuse(status, why);
    }
    let Some(permit) = turn(&client, exchange.deadline).await else {
        linger(request.into_body());
        return exchange.refuse(StatusCode::SERVICE_UNAVAILABLE, "too many requests at once");
    };
    exchange.permit = Some(permit);
    let exceeded = Arc::new(AtomicBool::new(false));
    let mut request = request.map(|incoming| request_body(incoming, client.shared.limits.max_body, &exceeded));
    client.shared.headers.put_into(request.headers_mut());
    let handling = match client.pool.give(request, client.secure).await {
        Ok(Given { lease, handling }) => {
            exchange.lease = lease;
            handling
        }
        Err(failure) => {
            report::fail(&failure);
            return exchange.refuse(StatusCode::INTERNAL_SERVER_ERROR, "the component failed");
        }
    };
    let answered = timeout_at(exchange.deadline, handling).await;
    let late = || Instant::now() >= exchange.deadline;
    match answered {
        _ if exceeded.load(Relaxed) => exchange.refuse(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large"),
        Ok(Ok(response)) => exchange.respond(response),
        Ok(Err(HandleError::Trapped(_))) | Err(_) if late() => {
            if let Some(lease) = &exchange.lease {
                lease.retire();
            }
            exchange.refuse(StatusCode::GATEWAY_TIMEOUT, "the component took too long")
        }
        Ok(Err(error)) => {
            exchange.lease = None;
            exchange.respond(without_response(&error))
        }
        // A timer is never early.
        Err(_) => exchange.refuse(StatusCode::GATEWAY_TIMEOUT, "the component took too long"),
    }
}

/// Waits for a request's turn; none when that takes too long.
async fn turn(client: &Client, deadline: Instant) -> Option<OwnedSemaphorePermit> {
    let requests = &client.shared.requests;
    if let Ok(permit) = requests.clone().try_acquire_owned() {
        return Some(permit);
    }
    let queued = &client.shared.metrics.requests_queued;
    queued.fetch_add(1, Relaxed);
    // Also when the client goes away meanwhile.
    let _waits = Waits(queued);
    let patience = deadline.min(Instant::now() + client.shared.limits.queue_timeout);
    timeout_at(patience, requests.clone().acquire_owned()).await.ok()?.ok()
}

struct Waits<'a>(&'a AtomicI64);

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

/// What the server refuses by itself.
fn check(request: &Request<Incoming>, limits: &Limits) -> Result<(), (StatusCode, &'static str)> {
    if request.method() == Method::CONNECT {
        return Err((StatusCode::NOT_IMPLEMENTED, "this is no proxy"));
    }
    let headers = request.headers();
    // Who is in front of this server may have taken another host than the guest would. RFC 9112, 3.2.
    let hosts = headers.get_all(HOST).iter().count();
    if hosts > 1 || (hosts == 0 && request.version() == Version::HTTP_11) {
        return Err((StatusCode::BAD_REQUEST, "the request must name one host"));
    }
    if headers.len() > limits.max_headers {
        return Err((StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "there are too many headers"));
    }
    if header_bytes(headers) > u64::from(limits.max_header_bytes) {
        return Err((StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "the headers are too large"));
    }
    if limits.max_body.is_some_and(|limit| request.body().size_hint().lower() > limit) {
        return Err((StatusCode::PAYLOAD_TOO_LARGE, "the body is too large"));
    }
    Ok(())
}

fn header_bytes(headers: &HeaderMap) -> u64 {
    headers.iter().map(|(name, value)| (name.as_str().len() + value.len()) as u64).sum()
}
