//! A single request.

use std::fmt::Write as _;
use std::io::{self, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::super::operation::Request;
use super::message::{Message, Without};

/// The address in a line that says where somebody serves.
pub fn address_in(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("http://")?;
    let end = rest.find(|c: char| c == '/' || c.is_whitespace()).unwrap_or(rest.len());
    rest.get(..end)?.parse().ok()
}

/// Makes `request`, and compares the answer with the expected one.
pub fn request(address: SocketAddr, request: &Request, patience: Duration) -> Result<(), String> {
    let answer = exchange(address, request, patience)
        .map_err(|error| format!("{} {}: {error}", request.method, request.path))?
        .ok_or_else(|| format!("{} {}: there is no answer", request.method, request.path))?;
    let expected = &request.response;
    let wrong = |what: &str, found: &str, expected: &str| {
        Err(format!("{} {}: {what} is {found} instead of {expected}", request.method, request.path))
    };
    let status = answer.start.split(' ').nth(1).unwrap_or_default();
    if status != expected.status.to_string() {
        return wrong("the status", status, &expected.status.to_string());
    }
    for (name, value) in &expected.headers {
        match answer.header(name) {
            Some(found) if found == value => {}
            found => return wrong(&format!("the header {name}"), found.unwrap_or("not there"), value),
        }
    }
    if answer.body == expected.body.as_bytes() {
        return Ok(());
    }
    wrong("the body", &format!("{:?}", String::from_utf8_lossy(&answer.body)), &format!("{:?}", expected.body))
}

fn exchange(address: SocketAddr, request: &Request, patience: Duration) -> io::Result<Option<Message>> {
    let mut stream = TcpStream::connect_timeout(&address, patience)?;
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(patience))?;
    stream.write_all(&bytes(address, request))?;
    stream.flush()?;
    Message::read(&mut BufReader::new(stream), Without::Close)
}

fn bytes(address: SocketAddr, request: &Request) -> Vec<u8> {
    let slash = if request.path.starts_with('/') { "" } else { "/" };
    let mut head =
        format!("{} {slash}{} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n", request.method, request.path);
    for (name, value) in &request.headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    if !request.body.is_empty() || ["POST", "PUT", "PATCH"].contains(&request.method.as_str()) {
        let _ = write!(head, "Content-Length: {}\r\n", request.body.len());
    }
    head.push_str("\r\n");
    let mut bytes = head.into_bytes();
    bytes.extend(request.body.as_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::super::{Servers, endpoint};
    use super::*;

    #[test]
    fn a_line_has_an_address() {
        let address = Some("127.0.0.1:8080".parse().expect("an address"));
        assert_eq!(address_in("Serving HTTP on http://127.0.0.1:8080/"), address);
        assert_eq!(address_in("at http://127.0.0.1:8080 now"), address);
        assert_eq!(address_in("Serving nothing"), None);
    }

    fn ask(servers: &Servers, text: &str) -> Result<(), String> {
        let address = servers.variables().next().expect("a server").1.parse().expect("an address");
        request(address, &serde_json::from_str(text).expect("a request"), Duration::from_secs(30))
    }

    #[test]
    fn servers_answer_as_they_are_told() {
        let server = r#"{"name": "main", "endpoints": [
            {"path": "/a?b=1", "response": {"status": 418, "body": "tea", "headers": {"x-pot": "yes"}}},
            {"path": "/chunks", "response": {"chunks": ["one", "two"], "trailers": {"x-sum": "6"}}},
            {"method": "POST", "path": "/echo", "mode": "echo-body"},
            {"method": "PUT", "path": "/headers", "mode": "echo-headers"}
        ]}"#;
        let server: endpoint::Server = serde_json::from_str(server).expect("a server");
        let servers = Servers::start(&[server]).expect("it starts");
        for text in [
            r#"{"path": "/a?b=1", "response": {"status": 418, "body": "tea", "headers": {"X-Pot": "yes"}}}"#,
            r#"{"path": "/chunks", "response": {"body": "onetwo"}}"#,
            r#"{"method": "POST", "path": "/echo", "body": "hey", "response": {"body": "hey"}}"#,
            r#"{"method": "PUT", "path": "/headers", "headers": {"X-A": "1"},
                "response": {"headers": {"x-echo-x-a": "1", "x-request-method": "PUT", "x-request-path": "/headers"}}}"#,
            r#"{"path": "/b", "response": {"status": 404}}"#,
        ] {
            assert_eq!(ask(&servers, text), Ok(()), "{text}");
        }
        for text in [
            r#"{"path": "/b"}"#,
            r#"{"path": "/chunks", "response": {"body": "one"}}"#,
            r#"{"path": "/a?b=1", "response": {"status": 418, "body": "tea", "headers": {"x-pot": "no"}}}"#,
        ] {
            assert!(ask(&servers, text).is_err(), "{text}");
        }
    }
}
