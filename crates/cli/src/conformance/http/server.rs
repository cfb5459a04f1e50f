//! Servers with given answers.

use std::fmt::Write as _;
use std::io::{self, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::endpoint::{Endpoint, Mode, Server, ServerKind};
use super::message::{Message, Without};

/// How long a client may be silent.
const PATIENCE: Duration = Duration::from_secs(30);
/// The variable that tells the program a server's address begins with this.
const VARIABLE: &str = "HTTP_SERVER_";

/// The servers of a test, for as long as this lives.
#[derive(Debug)]
pub struct Servers(Vec<(String, SocketAddr, Option<Listening>)>);

/// Somebody listens.
#[derive(Debug)]
struct Listening {
    address: SocketAddr,
    is_over: Arc<AtomicBool>,
}

impl Servers {
    /// Starts each of them at an address of its own.
    pub fn start(servers: &[Server]) -> Result<Servers, String> {
        let started: io::Result<Vec<_>> = servers
            .iter()
            .map(|server| {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
                let address = listener.local_addr()?;
                // Of a closed one, only the address is left.
                let listening = match server.kind {
                    ServerKind::Closed => None,
                    ServerKind::Listening => Some(Listening::start(listener, address, server.endpoints.clone())),
                };
                Ok((server.name.to_uppercase(), address, listening))
            })
            .collect();
        started.map(Servers).map_err(|error| format!("can't start a server: {error}"))
    }

    /// The variables that tell the program their addresses.
    pub fn variables(&self) -> impl Iterator<Item = (String, String)> + '_ {
        self.0.iter().map(|(name, address, _)| (format!("{VARIABLE}{name}"), address.to_string()))
    }
}

impl Listening {
    fn start(listener: TcpListener, address: SocketAddr, endpoints: Vec<Endpoint>) -> Listening {
        let is_over = Arc::new(AtomicBool::new(false));
        let (endpoints, over) = (Arc::new(endpoints), is_over.clone());
        thread::spawn(move || {
            for client in listener.incoming() {
                if over.load(Ordering::Relaxed) {
                    break;
                }
                let endpoints = endpoints.clone();
                if let Ok(client) = client {
                    // A client that goes away in the middle is a matter of the test.
                    thread::spawn(move || drop(serve(&client, &endpoints)));
                }
            }
        });
        Listening { address, is_over }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        // Wakes the thread that waits for clients; if it is gone, nobody has to be woken.
        drop(TcpStream::connect(self.address));
    }
}

/// Answers one request.
fn serve(client: &TcpStream, endpoints: &[Endpoint]) -> io::Result<()> {
    client.set_read_timeout(Some(PATIENCE))?;
    client.set_write_timeout(Some(PATIENCE))?;
    let Some(request) = Message::read(&mut BufReader::new(client), Without::Nothing)? else { return Ok(()) };
    let mut words = request.start.split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let endpoint =
        endpoints.iter().find(|endpoint| endpoint.method.eq_ignore_ascii_case(method) && endpoint.path == path);
    let mut output = client;
    output.write_all(&answer(&request, method, path, endpoint))?;
    output.flush()
}

/// The answer as it goes over the wire.
fn answer(request: &Message, method: &str, path: &str, endpoint: Option<&Endpoint>) -> Vec<u8> {
    let Some(endpoint) = endpoint else { return whole(404, &[], b"", method) };
    match endpoint.mode {
        Mode::EchoBody => whole(200, &[], &request.body, method),
        Mode::EchoHeaders => whole(200, &echoed(request, method, path), b"", method),
        Mode::Static => {
            let response = &endpoint.response;
            let headers: Vec<_> = response.headers.clone().into_iter().collect();
            match &response.chunks {
                None => whole(response.status, &headers, response.body.as_bytes(), method),
                Some(chunks) => {
                    let trailers: Vec<_> = response.trailers.clone().into_iter().collect();
                    in_chunks(response.status, &headers, chunks, &trailers, method)
                }
            }
        }
    }
}

/// What came with the request, as headers of the answer.
fn echoed(request: &Message, method: &str, path: &str) -> Vec<(String, String)> {
    let mut echoed =
        vec![("x-request-method".to_string(), method.to_string()), ("x-request-path".to_string(), path.to_string())];
    let under = |prefix: &'static str| {
        move |(name, value): &(String, String)| (format!("{prefix}{}", name.to_ascii_lowercase()), value.clone())
    };
    echoed.extend(request.headers.iter().map(under("x-echo-")));
    echoed.extend(request.trailers.iter().map(under("x-trailer-")));
    echoed
}

fn whole(status: u16, headers: &[(String, String)], body: &[u8], method: &str) -> Vec<u8> {
    let mut bytes = head(status, headers, &format!("Content-Length: {}\r\n", body.len()));
    if method != "HEAD" {
        bytes.extend(body);
    }
    bytes
}

fn in_chunks(
    status: u16,
    headers: &[(String, String)],
    chunks: &[String],
    trailers: &[(String, String)],
    method: &str,
) -> Vec<u8> {
    let mut framing = "Transfer-Encoding: chunked\r\n".to_string();
    if !trailers.is_empty() {
        let names: Vec<_> = trailers.iter().map(|(name, _)| name.as_str()).collect();
        let _ = write!(framing, "Trailer: {}\r\n", names.join(", "));
    }
    let mut bytes = head(status, headers, &framing);
    if method != "HEAD" {
        for chunk in chunks {
            bytes.extend(format!("{:x}\r\n{chunk}\r\n", chunk.len()).as_bytes());
        }
        bytes.extend(b"0\r\n");
        bytes.extend(trailers.iter().flat_map(|(name, value)| format!("{name}: {value}\r\n").into_bytes()));
        bytes.extend(b"\r\n");
    }
    bytes
}

fn head(status: u16, headers: &[(String, String)], framing: &str) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status} \r\n");
    for (name, value) in headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    // One connection for each request keeps it simple.
    let _ = write!(head, "{framing}Connection: close\r\n\r\n");
    head.into_bytes()
}
