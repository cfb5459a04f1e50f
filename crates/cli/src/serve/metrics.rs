//! What a server counts, as Prometheus reads it.

use std::fmt::{self, Write};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use http::StatusCode;

use super::exchange::End;

/// Upper bounds of the classes of durations, in milliseconds.
const CLASSES: [u64; 10] = [1, 5, 10, 50, 100, 500, 1000, 5000, 10_000, 30_000];
/// First digits of status codes.
const STATUSES: usize = 5;

/// Counters of a server since it started, and figures of this moment.
#[derive(Default)]
pub struct Metrics {
    /// Connections that were accepted.
    pub connections: AtomicU64,
    /// Connections that are open.
    pub connections_open: AtomicI64,
    /// Requests that are being answered, or wait for their turn.
    pub requests_active: AtomicI64,
    /// Requests that wait for their turn.
    pub requests_queued: AtomicI64,
    /// Instances that were made.
    pub instances: AtomicU64,
    /// Instances that are there.
    pub instances_alive: AtomicI64,
    /// Instances that trapped.
    pub traps: AtomicU64,
    /// Lines of the access log that nobody took in time.
    pub log_lines_lost: AtomicU64,
    responses: [AtomicU64; STATUSES],
    broken: AtomicU64,
    timed_out: AtomicU64,
    abandoned: AtomicU64,
    durations: [AtomicU64; CLASSES.len()],
    duration_count: AtomicU64,
    duration_sum_us: AtomicU64,
}

impl Metrics {
    /// A request is over.
    pub fn ended(&self, status: StatusCode, end: End, took: Duration) {
        let digit = usize::from(status.as_u16() / 100);
        if let Some(counter) = digit.checked_sub(1).and_then(|at| self.responses.get(at)) {
            counter.fetch_add(1, Relaxed);
        }
        match end {
            End::Whole => {}
            End::Broken => drop(self.broken.fetch_add(1, Relaxed)),
            End::TimedOut => drop(self.timed_out.fetch_add(1, Relaxed)),
            End::Abandoned => drop(self.abandoned.fetch_add(1, Relaxed)),
        }
        let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let class = CLASSES.iter().position(|&bound| took_us <= bound * 1000);
        if let Some(counter) = class.and_then(|class| self.durations.get(class)) {
            counter.fetch_add(1, Relaxed);
        }
        self.duration_count.fetch_add(1, Relaxed);
        self.duration_sum_us.fetch_add(took_us, Relaxed);
    }

    /// The text format of Prometheus.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // A `String` takes everything.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) -> fmt::Result {
        let gauges: [(&str, &str, &AtomicI64); 4] = [
            ("connections_open", "Connections that are open.", &self.connections_open),
            ("requests_active", "Requests that are being answered or wait for their turn.", &self.requests_active),
            ("requests_queued", "Requests that wait for their turn.", &self.requests_queued),
            ("instances_alive", "Instances that are there.", &self.instances_alive),
        ];
        for (name, help, value) in gauges {
            head(text, name, help, "gauge")?;
            writeln!(text, "thalweg_{name} {}", value.load(Relaxed))?;
        }
        let counters: [(&str, &str, &AtomicU64); 4] = [
            ("connections_total", "Connections that were accepted.", &self.connections),
            ("instances_total", "Instances that were made.", &self.instances),
            ("traps_total", "Instances that trapped.", &self.traps),
            ("log_lines_lost_total", "Lines of the access log that nobody took in time.", &self.log_lines_lost),
        ];
        for (name, help, value) in counters {
            head(text, name, help, "counter")?;
            writeln!(text, "thalweg_{name} {}", value.load(Relaxed))?;
        }
        head(text, "responses_total", "Responses by the first digit of their status.", "counter")?;
        for (digit, value) in (1..).zip(&self.responses) {
            writeln!(text, "thalweg_responses_total{{status=\"{digit}xx\"}} {}", value.load(Relaxed))?;
        }
        head(text, "unfinished_total", "Requests without a whole response, by who broke off.", "counter")?;
        let reasons = [("component", &self.broken), ("timeout", &self.timed_out), ("client", &self.abandoned)];
        for (reason, value) in reasons {
            writeln!(text, "thalweg_unfinished_total{{by=\"{reason}\"}} {}", value.load(Relaxed))?;
        }
        self.write_durations(text)
    }

    fn write_durations(&self, text: &mut String) -> fmt::Result {
        let name = "request_duration_seconds";
        head(text, name, "From the headers of a request to the end of its response.", "histogram")?;
        let mut sum = 0;
        for (bound, value) in CLASSES.iter().zip(&self.durations) {
            sum += value.load(Relaxed);
            let bound = Duration::from_millis(*bound).as_secs_f64();
            writeln!(text, "thalweg_{name}_bucket{{le=\"{bound}\"}} {sum}")?;
        }
        let count = self.duration_count.load(Relaxed);
        writeln!(text, "thalweg_{name}_bucket{{le=\"+Inf\"}} {count}")?;
        let seconds = Duration::from_micros(self.duration_sum_us.load(Relaxed)).as_secs_f64();
        writeln!(text, "thalweg_{name}_sum {seconds}")?;
        writeln!(text, "thalweg_{name}_count {count}")
    }
}

fn head(text: &mut String, name: &str, help: &str, kind: &str) -> fmt::Result {
    writeln!(text, "# HELP thalweg_{name} {help}\n# TYPE thalweg_{name} {kind}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_in_classes() {
        let metrics = Metrics::default();
        metrics.ended(StatusCode::OK, End::Whole, Duration::from_micros(900));
        metrics.ended(StatusCode::OK, End::TimedOut, Duration::from_millis(7));
        metrics.ended(StatusCode::NOT_FOUND, End::Whole, Duration::from_secs(100));
        let text = metrics.text();
        for line in [
            "thalweg_responses_total{status=\"2xx\"} 2",
            "thalweg_responses_total{status=\"4xx\"} 1",
            "thalweg_unfinished_total{by=\"timeout\"} 1",
            "thalweg_request_duration_seconds_bucket{le=\"0.001\"} 1",
            "thalweg_request_duration_seconds_bucket{le=\"0.01\"} 2",
            "thalweg_request_duration_seconds_bucket{le=\"30\"} 2",
            "thalweg_request_duration_seconds_bucket{le=\"+Inf\"} 3",
            "thalweg_request_duration_seconds_count 3",
        ] {
            assert!(text.lines().any(|there| there == line), "{line} is not in\n{text}");
        }
    }
}
