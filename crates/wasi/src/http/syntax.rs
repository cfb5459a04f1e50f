//! What a method, scheme, authority and path may look like.

use http::uri::{Authority, PathAndQuery};

thalweg::wit_variant! {
    /// Spec: `wasi:http/types.method`.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub enum Method {
        Get as "get",
        Head as "head",
        Post as "post",
        Put as "put",
        Delete as "delete",
        Connect as "connect",
        Options as "options",
        Trace as "trace",
        Patch as "patch",
        Other(String) as "other",
    }
}

thalweg::wit_variant! {
    /// Spec: `wasi:http/types.scheme`.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub enum Scheme {
        Http as "HTTP",
        Https as "HTTPS",
        Other(String) as "other",
    }
}

/// The longest part of a request line that is taken from a guest, in bytes.
const MAX_LENGTH: usize = 64 << 10;

impl From<&http::Method> for Method {
    fn from(method: &http::Method) -> Self {
        match method.as_str() {
            "GET" => Method::Get,
            "HEAD" => Method::Head,
            "POST" => Method::Post,
            "PUT" => Method::Put,
            "DELETE" => Method::Delete,
            "CONNECT" => Method::Connect,
            "OPTIONS" => Method::Options,
            "TRACE" => Method::Trace,
            "PATCH" => Method::Patch,
            other => Method::Other(other.to_string()),
        }
    }
}

impl Method {
    /// The method of the wire; nothing when it is none.
    #[must_use]
    pub fn to_http(&self) -> Option<http::Method> {
        Some(match self {
            Method::Get => http::Method::GET,
            Method::Head => http::Method::HEAD,
            Method::Post => http::Method::POST,
            Method::Put => http::Method::PUT,
            Method::Delete => http::Method::DELETE,
            Method::Connect => http::Method::CONNECT,
            Method::Options => http::Method::OPTIONS,
            Method::Trace => http::Method::TRACE,
            Method::Patch => http::Method::PATCH,
            Method::Other(name) if name.len() > MAX_LENGTH => return None,
            Method::Other(name) => http::Method::from_bytes(name.as_bytes()).ok()?,
        })
    }
}

impl Scheme {
    /// The scheme that `text` names; nothing when it is none. Spec: RFC 3986, 3.1.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let rest = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
        if text.len() > MAX_LENGTH || !text.starts_with(|c: char| c.is_ascii_alphabetic()) || !text.chars().all(rest) {
            return None;
        }
        Some(if text.eq_ignore_ascii_case("http") {
            Scheme::Http
        } else if text.eq_ignore_ascii_case("https") {
            Scheme::Https
        } else {
            Scheme::Other(text.to_string())
        })
    }

    /// Its name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Scheme::Http => "http",
            Scheme::Https => "https",
            Scheme::Other(name) => name,
        }
    }
}

/// The path and query that `text` is; nothing when it is none. An empty one is `/`.
#[must_use]
pub fn parse_path_with_query(text: &str) -> Option<String> {
    if text.is_empty() {
        return Some("/".into());
    }
    // The `http` crate takes a fragment and forgets it.
    if text.len() > MAX_LENGTH || text.contains('#') {
        return None;
    }
    // It wants a path that is absolute; what a guest asks a server for may be anything.
    let absolute = if text.starts_with('/') { text.to_string() } else { format!("/{text}") };
    PathAndQuery::try_from(absolute).ok().map(|_| text.to_string())
}

/// Whether `text` is an authority. Spec: RFC 3986, 3.2.
#[must_use]
pub fn is_authority(text: &str) -> bool {
    is_plain_authority(text) || is_any_authority(text)
}

/// Whether it is a name or an address of letters, digits, points and hyphens, and a port: what nearly all are.
fn is_plain_authority(text: &str) -> bool {
    let (host, port) = text.split_once(':').unwrap_or((text, ""));
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    !host.is_empty() && text.len() <= MAX_LENGTH && host.bytes().all(is_plain) && is_port(port)
}

fn is_any_authority(text: &str) -> bool {
    if text.len() > MAX_LENGTH || Authority::try_from(text).is_err() {
        return false;
    }
    let (user, rest) = match text.rsplit_once('@') {
        Some((user, rest)) => (user, rest),
        None => ("", text),
    };
    let Some((host, port)) = split_port(rest) else { return false };
    let named = !host.starts_with('[') && !host.contains(':') && part(host, "");
    let literal = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).is_some_and(is_literal);
    !host.is_empty() && (named || literal) && part(user, ":") && port.is_none_or(is_port)
}

/// Host and port of an authority, without the user's name; the port as it is written. Nothing when it is no authority.
#[must_use]
pub fn split_port(authority: &str) -> Option<(&str, Option<&str>)> {
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let end_of_literal = host.rfind(']').map_or(0, |at| at + 1);
    match host.get(end_of_literal..)?.split_once(':') {
        None => Some((host, None)),
        Some((rest, port)) => Some((host.get(..end_of_literal + rest.len())?, Some(port))),
    }
}

fn is_port(port: &str) -> bool {
    port.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_literal(address: &str) -> bool {
    address.parse::<std::net::Ipv6Addr>().is_ok()
}

/// Unreserved characters, percent-encoded ones, sub-delimiters, and those of `more`.
fn part(text: &str, more: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || "-._~%!$&'()*+,;=".contains(c) || more.contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authorities_are_told_from_the_rest() {
        for text in ["a", "1.2.3.4:80", "u@h", "u:p%20@h:1", "[::1]", "[::1]:443", "!", "h:"] {
            assert!(is_authority(text), "{text}");
        }
        for text in ["", "::", ":@", "@@", "@:", ":80", "a b", "#", "h:what", "[::1", "[x]:1", "a/b", "é", "::1", "[]"]
        {
            assert!(!is_authority(text), "{text}");
        }
        assert_eq!(split_port("u@[::1]:4"), Some(("[::1]", Some("4"))));
        assert_eq!(split_port("[::1]"), Some(("[::1]", None)));
        assert_eq!(split_port("h:80"), Some(("h", Some("80"))));
    }

    #[test]
    fn plain_authorities_are_authorities() {
        let letters = ["a", "Z", "0", ".", "-", ":", "_", "@", "[", "]", "/", "%", " ", "é"];
        let mut texts = vec![String::new()];
        for _ in 0..4 {
            let longer = texts.iter().flat_map(|text| letters.iter().map(move |letter| format!("{text}{letter}")));
            texts = longer.chain([String::new()]).collect();
            for text in &texts {
                assert!(is_any_authority(text) || !is_plain_authority(text), "{text}");
            }
        }
        for length in [MAX_LENGTH, MAX_LENGTH + 1] {
            let text = "a".repeat(length);
            assert_eq!(is_plain_authority(&text), is_any_authority(&text), "{length}");
        }
        assert!(is_plain_authority("127.0.0.1:8080") && is_plain_authority("example-1.com"));
    }

    #[test]
    fn paths_may_be_relative_and_raw() {
        for text in ["/", "/a?b=c&d", "a/b", "../..", "?foo", "*", "/é", "/%2F"] {
            assert_eq!(parse_path_with_query(text).as_deref(), Some(text));
        }
        assert_eq!(parse_path_with_query("").as_deref(), Some("/"));
        for text in ["/a b", "/#x", "/\n", "/\u{0}"] {
            assert_eq!(parse_path_with_query(text), None, "{text:?}");
        }
    }

    #[test]
    fn known_names_have_cases_of_their_own() {
        assert_eq!(Scheme::parse("HTTPS"), Some(Scheme::Https));
        assert_eq!(Scheme::parse("ws+x"), Some(Scheme::Other("ws+x".into())));
        assert!(["", "1a", "a:", "é"].iter().all(|text| Scheme::parse(text).is_none()));
        let method = |name: &str| Method::Other(name.into()).to_http().as_ref().map(Method::from);
        assert_eq!(method("PATCH"), Some(Method::Patch));
        assert_eq!(method("patch"), Some(Method::Other("patch".into())));
        assert_eq!(method("a b"), None);
        assert_eq!(method(""), None);
    }
}
