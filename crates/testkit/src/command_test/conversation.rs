//! Talks to a command that serves HTTP: raw requests out, whatever comes back in, a signal at the end.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Child;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rustix::process::{Pid, kill_process};

use super::fields::{Field, ParseError};
use super::process::{OUTPUT_BYTES_MAX, POLL_INTERVAL, RUN_TIME_MAX};
use super::{Failure, Variables};

/// What the first line of standard error begins with.
const SERVING: &str = "Serving HTTP on http://";
/// What the line about the second address begins with.
const ADMINISTRATION: &str = "Administration on http://";
/// Stands in a response for a connection that was reset instead of ended.
const RESET: &str = "(reset)\n";

/// One request over a connection of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Whether it goes to `--admin-addr`.
    pub admin: bool,
    /// What is sent, with `\n` at the end of each line.
    pub text: String,
    /// What is expected until the server ends the connection, with wildcards.
    pub response: String,
}

/// The signal that ends a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Signal {
    /// `SIGTERM`.
    #[default]
    Terminate,
    /// `SIGINT`.
    Interrupt,
}

impl Request {
    pub(super) fn parse(field: &Field) -> Result<Request, ParseError> {
        let admin = match field.value.as_str() {
            "" => false,
            "admin" => true,
            _ => return Err(field.error("write `request:` or `request: admin`, with what is sent as `| text` lines")),
        };
        let text = field.block.clone().ok_or_else(|| field.error("`request:` takes `| text` lines below"))?;
        Ok(Request { admin, text, response: String::new() })
    }
}

impl Signal {
    pub(super) fn parse(field: &Field) -> Result<Signal, ParseError> {
        match field.value.as_str() {
            "TERM" => Ok(Signal::Terminate),
            "INT" => Ok(Signal::Interrupt),
            _ => Err(field.error("write `signal: TERM` or `signal: INT`")),
        }
    }
}

/// What a command has written so far, for one that reads it meanwhile.
#[derive(Clone, Default)]
pub(super) struct Written(Arc<Mutex<(Vec<u8>, bool)>>);

impl Written {
    /// Keeps what comes out of `pipe`, to its end.
    pub fn follow(&self, mut pipe: impl Read) -> io::Result<()> {
        let mut chunk = [0; 4096];
        let result = loop {
            match pipe.read(&mut chunk) {
                Ok(0) => break Ok(()),
                Ok(count) => {
                    let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                    if kept.0.len() as u64 <= OUTPUT_BYTES_MAX {
                        kept.0.extend_from_slice(&chunk[..count]);
                    }
                }
                Err(error) => break Err(error),
            }
        };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1 = true;
        result
    }

    /// All of it so far, and whether there can be no more.
    pub fn text(&self) -> (String, bool) {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (String::from_utf8_lossy(&kept.0).into_owned(), kept.1)
    }

    /// Waits for the line that begins with `start`, and gives the address in it; none when the command ends without.
    fn address(&self, start: &str) -> Option<SocketAddr> {
        let begun = std::time::Instant::now();
        loop {
            let (text, ended) = self.text();
            let lines = text.split_inclusive('\n').filter_map(|line| line.strip_suffix("/\n"));
            if let Some(address) = lines.filter_map(|line| line.strip_prefix(start)).next() {
                return address.parse().ok();
            }
            if ended || begun.elapsed() > RUN_TIME_MAX {
                return None;
            }
            thread::sleep(POLL_INTERVAL);
        }
    }
}

/// Sends each request when the one before has its response, then the signal. The responses of a server that did not start
/// are none. `variables` hide its addresses afterwards.
pub(super) fn converse(
    child: &Child,
    stderr: &Written,
    requests: &[Request],
    signal: Signal,
    variables: &mut Variables,
) -> Result<Vec<String>, Failure> {
    let mut responses = Vec::new();
    let Some(serving) = stderr.address(SERVING) else { return Ok(responses) };
    variables.add_text("ADDR", serving.to_string());
    for request in requests {
        let address = if request.admin { stderr.address(ADMINISTRATION) } else { Some(serving) };
        let Some(address) = address else { return Ok(responses) };
        if request.admin {
            variables.add_text("ADMIN", address.to_string());
        }
        let response = exchange(address, &request.text).map_err(Failure::io(format!("talk to {address}")))?;
        responses.push(response);
    }
    let signal = match signal {
        Signal::Terminate => rustix::process::Signal::TERM,
        Signal::Interrupt => rustix::process::Signal::INT,
    };
    // One that has ended already is noticed by its exit code.
    let _ = i32::try_from(child.id()).ok().and_then(Pid::from_raw).map(|pid| kill_process(pid, signal));
    Ok(responses)
}

/// What the server says to `request` until it ends the connection; lines end with `\n`.
fn exchange(address: SocketAddr, request: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(RUN_TIME_MAX))?;
    // A server may refuse what it has not read yet.
    let _ = stream.write_all(request.replace('\n', "\r\n").as_bytes());
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
    let reset = loop {
        match stream.read(&mut chunk) {
            Ok(0) => break false,
            Ok(count) if bytes.len() as u64 <= OUTPUT_BYTES_MAX => bytes.extend_from_slice(&chunk[..count]),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => break true,
            Err(error) => return Err(error),
        }
    };
    let mut text = String::from_utf8_lossy(&bytes).replace("\r\n", "\n");
    if reset {
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text.push_str(RESET);
    }
    Ok(text)
}
