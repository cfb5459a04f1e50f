//! What a client may ask for at most, and how long anything may take.

use std::time::Duration;

use clap::Args;

use crate::options::{Settings, duration};
use crate::report::Failure;

/// The limits on the command line.
#[derive(Args, Debug, Clone)]
#[command(next_help_heading = "Limits")]
pub struct LimitArgs {
    /// Time for a request, from its headers to the end of its response (default: 30s, or -Wtimeout)
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    request_timeout: Option<Duration>,
    /// Time for a client to send the headers of a request, and for which a connection may be idle
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "10s")]
    header_timeout: Duration,
    /// Bytes of a request's line and headers together
    #[arg(long, value_name = "SIZE", value_parser = size, default_value = "64KiB")]
    max_header_bytes: u64,
    /// Headers of a request
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    max_headers: u16,
    /// Bytes of a request's body (default: no limit; bodies are never held whole)
    #[arg(long, value_name = "SIZE", value_parser = size)]
    max_body: Option<u64>,
    /// Requests that are answered at the same time; others wait
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    max_concurrent_requests: u32,
    /// Time for which a request waits until others are done; then it is answered with 503
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "5s")]
    queue_timeout: Duration,
    /// Connections that are open at the same time; others wait
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    max_concurrent_connections: u32,
    /// Time for requests to end after the first signal
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "30s")]
    shutdown_timeout: Duration,
}

/// The same, checked.
#[derive(Debug, Clone)]
pub struct Limits {
    /// From the headers of a request to the end of its response.
    pub request_timeout: Duration,
    /// For the headers of a request, a TLS handshake, and an idle connection.
    pub header_timeout: Duration,
    /// Bytes of a request's line and headers.
    pub max_header_bytes: u32,
    /// Headers of a request.
    pub max_headers: usize,
    /// Bytes of a request's body.
    pub max_body: Option<u64>,
    /// Requests at the same time.
    pub max_concurrent_requests: usize,
    /// How long a request waits for its turn.
    pub queue_timeout: Duration,
    /// Connections at the same time.
    pub max_concurrent_connections: usize,
    /// From the first signal to the end.
    pub shutdown_timeout: Duration,
}

const DEFAULT_REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// A request line that is sent by anybody fits in.
const MIN_HEADER_BYTES: u64 = 256;
const MAX_HEADER_BYTES: u64 = 16 << 20;

impl LimitArgs {
    /// Refuses what no server could live with.
    pub fn check(&self) -> Result<Limits, Failure> {
        let bytes = self.max_header_bytes;
        let max_header_bytes = match u32::try_from(bytes) {
            Ok(fits) if (MIN_HEADER_BYTES..=MAX_HEADER_BYTES).contains(&bytes) => fits,
            _ => {
                return Err(Failure::usage(format!("`--max-header-bytes` of {bytes} bytes"))
                    .with_have(format!("{MIN_HEADER_BYTES} to {MAX_HEADER_BYTES} bytes")));
            }
        };
        for (name, time) in [("request", self.request_timeout), ("header", Some(self.header_timeout))] {
            if time == Some(Duration::ZERO) {
                return Err(Failure::usage(format!("`--{name}-timeout` leaves no time for any request")));
            }
        }
        Ok(Limits {
            request_timeout: self.request_timeout.unwrap_or_default(),
            header_timeout: self.header_timeout,
            max_header_bytes,
            max_headers: self.max_headers.into(),
            max_body: self.max_body,
            max_concurrent_requests: self.max_concurrent_requests as usize,
            queue_timeout: self.queue_timeout,
            max_concurrent_connections: self.max_concurrent_connections as usize,
            shutdown_timeout: self.shutdown_timeout,
        })
    }
}

impl Limits {
    /// `-Wtimeout` is the time of a request unless that was given; either way guests are compiled so that they can be
    /// interrupted.
    pub fn with_timeout_of(mut self, settings: &mut Settings) -> Limits {
        if self.request_timeout.is_zero() {
            self.request_timeout = settings.timeout.filter(|time| !time.is_zero()).unwrap_or(DEFAULT_REQUEST_TIMEOUT);
        }
        settings.timeout = Some(self.request_timeout);
        self
    }
}

const UNITS: [(&str, u64); 7] = [
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("KB", 1000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("B", 1),
];

/// Reads `64KiB`, `10MB` or a bare number of bytes.
fn size(text: &str) -> Result<u64, String> {
    let (number, unit) = UNITS
        .iter()
        .find_map(|&(suffix, unit)| text.strip_suffix(suffix).map(|number| (number, unit)))
        .unwrap_or((text, 1));
    let number: Option<u64> = number.trim_end().parse().ok();
    number
        .and_then(|number| number.checked_mul(unit))
        .ok_or_else(|| "takes a size such as `64KiB` or `1000`".to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        assert_eq!(size("64KiB"), Ok(65536));
        assert_eq!(size("3 MB"), Ok(3_000_000));
        assert_eq!(size("7"), Ok(7));
        for text in ["", "KiB", "-1", "1.5KiB", "1XB", "99999999999999GiB"] {
            assert!(size(text).is_err(), "{text}");
        }
    }
}
