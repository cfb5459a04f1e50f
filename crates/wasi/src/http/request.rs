//! A request, before it leaves or after it came.

use http::uri::PathAndQuery;
use http::{HeaderValue, Uri};
use thalweg::Access;

use super::body::Body;
use super::content_length::content_length;
use super::outgoing_body::{Expected, Outgoing, outgoing_body};
use super::syntax::split_port;
use super::{ErrorCode, Fields, HttpBody, Method, RequestOptions, Scheme};
use crate::WasiView;
use crate::sockets::NetworkGrant;
use crate::sys::OutgoingRequest;

/// The host object behind `wasi:http/types.request`, and the requests of 0.2.
pub struct Request {
    /// Spec: `get-method`.
    pub method: Method,
    /// Spec: `get-scheme`.
    pub scheme: Option<Scheme>,
    /// Spec: `get-authority`.
    pub authority: Option<String>,
    /// Spec: `get-path-with-query`.
    pub path_with_query: Option<String>,
    /// Spec: `get-headers`.
    pub headers: Fields,
    /// Spec: `get-options`.
    pub options: Option<RequestOptions>,
    pub(crate) body: Body,
}

impl Request {
    /// A request that came over a connection, for a handler. Its body is read when the guest reads it.
    ///
    /// `secure` says whether it came through TLS; the authority is the URI's or else the one of the `host` field.
    ///
    /// # Errors
    ///
    /// `HTTP-request-header-section-size` when its fields have more than `max_fields_size` bytes, and
    /// `HTTP-request-URI-invalid` when its authority is none.
    pub fn received(
        message: http::Request<HttpBody>,
        secure: bool,
        max_fields_size: usize,
    ) -> Result<Request, ErrorCode> {
        let (parts, body) = message.into_parts();
        let headers = Fields::received(&parts.headers, max_fields_size)
            .map_err(|size| ErrorCode::HttpRequestHeaderSectionSize(u32::try_from(size).ok()))?;
        let host = parts.headers.get(http::header::HOST).map(HeaderValue::to_str);
        let authority = match (parts.uri.authority(), host) {
            (Some(authority), _) => Some(authority.as_str().to_string()),
            (None, Some(Ok(host))) if super::syntax::is_authority(host) => Some(host.to_string()),
            (None, Some(_)) => return Err(ErrorCode::HttpRequestUriInvalid),
            (None, None) => None,
        };
        Ok(Request {
            method: Method::from(&parts.method),
            scheme: Some(if secure { Scheme::Https } else { Scheme::Http }),
            authority,
            path_with_query: parts.uri.path_and_query().map(|path| path.as_str().to_string()),
            headers,
            options: None,
            body: Body::Received(body),
        })
    }

    /// Checks it, and makes of it what a connection sends.
    ///
    /// # Errors
    ///
    /// Why it cannot be sent; the guest's future of `new` is told the same.
    pub(crate) async fn into_outgoing<T: WasiView>(
        self,
        access: &Access<T>,
        network: NetworkGrant,
    ) -> Result<(OutgoingRequest, Option<Outgoing>), ErrorCode> {
        match self.check() {
            Ok(target) => finish(target, self, access, network).await,
            Err(error) => {
                if let Body::Guest(body) = self.body {
                    body.sent.complete(Err(error.clone()));
                }
                Err(error)
            }
        }
    }

    /// What of it can be wrong.
    pub(crate) fn check(&self) -> Result<Target, ErrorCode> {
        let method = self.method.to_http().ok_or(ErrorCode::HttpRequestMethodInvalid)?;
        // A tunnel is no exchange of messages.
        if method == http::Method::CONNECT {
            return Err(ErrorCode::HttpRequestMethodInvalid);
        }
        let tls = match &self.scheme {
            Some(Scheme::Http) => false,
            Some(Scheme::Https) | None => true,
            Some(Scheme::Other(_)) => return Err(ErrorCode::HttpProtocolError),
        };
        let authority = self.authority.as_deref().ok_or(ErrorCode::HttpRequestUriInvalid)?;
        let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host).to_string();
        let port = split_port(&authority).and_then(|(_, port)| port).filter(|port| !port.is_empty());
        if port.is_some_and(|port| port.parse::<u16>().is_err()) {
            return Err(ErrorCode::HttpRequestUriInvalid);
        }
        let path = match &self.path_with_query {
            Some(path) => path.as_str(),
            None if method == http::Method::OPTIONS => "*",
            None => "/",
        };
        if !path.starts_with(['/', '?']) && path != "*" {
            return Err(ErrorCode::HttpRequestUriInvalid);
        }
        let path = PathAndQuery::try_from(path).map_err(|_| ErrorCode::HttpRequestUriInvalid)?;
        let length = content_length(&self.headers).map_err(|()| ErrorCode::HttpProtocolError)?;
        Ok(Target { method, tls, authority, uri: Uri::from(path), length })
    }
}

/// What was checked of a request.
pub(crate) struct Target {
    method: http::Method,
    tls: bool,
    authority: String,
    uri: Uri,
    length: Option<u64>,
}

async fn finish<T: WasiView>(
    target: Target,
    request: Request,
    access: &Access<T>,
    network: NetworkGrant,
) -> Result<(OutgoingRequest, Option<Outgoing>), ErrorCode> {
    let Target { method, tls, authority, uri, length } = target;
    let mut headers = request.headers.to_headers();
    let (body, outgoing) = match request.body {
        Body::Received(body) => (body, None),
        Body::Guest(body) => {
            let length = if body.contents.is_none() { length.or(Some(0)) } else { length };
            let wrong_length = ErrorCode::HttpRequestBodySize;
            let expected = Expected { length, hold_last: false, wrong_length };
            let (body, outgoing) = outgoing_body(body, expected, false, access);
            (body, Some(outgoing))
        }
        Body::Written(body, outgoing) => (body, Some(outgoing)),
    };
    if let Some(outgoing) = &outgoing {
        // These rarely have a body; whether this one has decides how the message is framed.
        let rarely = method == http::Method::GET || method == http::Method::HEAD;
        let unknown = http_body::Body::size_hint(&body).exact().is_none();
        if rarely && unknown && !outgoing.begun().await {
            outgoing.ended().await?;
        }
    }
    if http_body::Body::size_hint(&body).exact().is_none() {
        // The connection takes it away where there are no chunks.
        headers.insert(http::header::TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    }
    let mut message = http::Request::new(body);
    *message.method_mut() = method;
    *message.uri_mut() = uri;
    *message.headers_mut() = headers;
    let timeouts = request.options.unwrap_or_default().timeouts();
    Ok((OutgoingRequest { message, tls, authority, timeouts, network }, outgoing))
}
