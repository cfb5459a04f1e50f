//! A line for each request, on standard output.

mod date;

use std::io::{self, BufWriter, Write};
use std::sync::mpsc::{self, Receiver, SyncSender, TrySendError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

use clap::ValueEnum;
use http::{Request, StatusCode, Version};
use serde::Serialize;

use super::exchange::End;
use super::stream::Peer;
use date::Date;

/// Lines that wait for whoever reads them. Requests do not: what does not fit is counted and lost.
const WAITING: usize = 8192;

/// How a line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// There is none.
    Off,
    /// The Common Log Format of web servers.
    Common,
    /// An object of JSON.
    Json,
}

/// What is known of a request when it begins.
pub struct Asked {
    peer: Peer,
    method: String,
    target: String,
    version: Version,
    time: SystemTime,
}

/// What is known of it at its end.
pub struct Answered {
    /// What the client was told.
    pub status: StatusCode,
    /// Bytes of the body that went to the connection.
    pub bytes: u64,
    /// How it ended.
    pub end: End,
    /// From its headers to its end.
    pub took: Duration,
}

/// Writes lines, in a thread of its own.
pub struct AccessLog {
    format: Format,
    lines: Option<(SyncSender<String>, JoinHandle<()>)>,
}

impl AccessLog {
    /// A log in this format.
    pub fn start(format: Format) -> AccessLog {
        let lines = (format != Format::Off).then(|| {
            let (lines, taken) = mpsc::sync_channel(WAITING);
            (lines, thread::spawn(move || write(&taken)))
        });
        AccessLog { format, lines }
    }

    /// Notes what a line needs; nothing when there is no log.
    pub fn asked<B>(&self, peer: Peer, request: &Request<B>) -> Option<Box<Asked>> {
        self.lines.as_ref()?;
        let target = request.uri().path_and_query().map_or("*", |path| path.as_str()).to_string();
        let method = request.method().to_string();
        Some(Box::new(Asked { peer, method, target, version: request.version(), time: SystemTime::now() }))
    }

    /// Writes the line of a request; says whether there was room for it.
    pub fn answered(&self, asked: &Asked, answered: &Answered) -> bool {
        let Some((lines, _)) = &self.lines else { return true };
        let line = match self.format {
            Format::Json => json(asked, answered),
            Format::Off | Format::Common => common(asked, answered),
        };
        !matches!(lines.try_send(line), Err(TrySendError::Full(_)))
    }
}

impl Drop for AccessLog {
    fn drop(&mut self) {
        if let Some((lines, thread)) = self.lines.take() {
            drop(lines);
            // What could be written is written then.
            let _ = thread.join();
        }
    }
}

/// Writes until there are no more lines, or nobody reads.
fn write(lines: &Receiver<String>) {
    let mut out = BufWriter::new(io::stdout());
    while let Ok(line) = lines.recv() {
        let mut written = out.write_all(line.as_bytes());
        while let (Ok(()), Ok(line)) = (&written, lines.try_recv()) {
            written = out.write_all(line.as_bytes());
        }
        if written.and_then(|()| out.flush()).is_err() {
            return;
        }
    }
}

fn common(asked: &Asked, answered: &Answered) -> String {
    let date = Date::of(asked.time);
    let target = asked.target.replace('"', "%22");
    let (peer, method, version) = (asked.peer.host(), &asked.method, asked.version);
    let (status, bytes) = (answered.status.as_u16(), answered.bytes);
    format!("{peer} - - [{}] \"{method} {target} {version:?}\" {status} {bytes}\n", date.common())
}

#[derive(Serialize)]
struct Line<'a> {
    time: String,
    peer: String,
    method: &'a str,
    target: &'a str,
    version: String,
    status: u16,
    bytes: u64,
    duration_ms: f64,
    end: &'a str,
}

fn json(asked: &Asked, answered: &Answered) -> String {
    let line = Line {
        time: Date::of(asked.time).rfc3339(),
        peer: asked.peer.to_string(),
        method: &asked.method,
        target: &asked.target,
        version: format!("{:?}", asked.version),
        status: answered.status.as_u16(),
        bytes: answered.bytes,
        duration_ms: answered.took.as_micros() as f64 / 1000.0,
        end: match answered.end {
            End::Whole => "whole",
            End::Broken => "broken",
            End::TimedOut => "timed-out",
            End::Abandoned => "abandoned",
        },
    };
    // Text and numbers can always be written.
    serde_json::to_string(&line).unwrap_or_default() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_each_format() {
        let asked = Asked {
            peer: Peer::Address(([192, 0, 2, 1], 4711).into()),
            method: "GET".into(),
            target: "/a\"b?c".into(),
            version: Version::HTTP_11,
            time: SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_255_821_007),
        };
        let answered =
            Answered { status: StatusCode::OK, bytes: 12, end: End::Whole, took: Duration::from_micros(1500) };
        assert_eq!(
            common(&asked, &answered),
            "192.0.2.1 - - [21/Nov/2026:10:10:21 +0000] \"GET /a%22b?c HTTP/1.1\" 200 12\n"
        );
        assert_eq!(
            json(&asked, &answered),
            "{\"time\":\"2026-11-21T10:10:21.007Z\",\"peer\":\"192.0.2.1:4711\",\"method\":\"GET\",\
             \"target\":\"/a\\\"b?c\",\"version\":\"HTTP/1.1\",\"status\":200,\"bytes\":12,\"duration_ms\":1.5,\
             \"end\":\"whole\"}\n"
        );
    }
}
