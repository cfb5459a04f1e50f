//! `thalweg serve`: answers HTTP requests with a component.
//!
//! The main thread accepts connections and hears signals ([`accept`], [`supervise`]). Each worker thread has a reactor, its
//! connections ([`connection`]) and its instances ([`pool`]); what happens to one request is in [`exchange`].

mod accept;
mod access_log;
mod admin;
mod app;
mod args;
mod bell;
mod body;
mod chain;
mod connection;
mod epochs;
mod exchange;
mod executor;
mod first;
mod generation;
mod given;
mod lease;
mod limits;
mod listen;
mod metrics;
mod next;
mod pool;
mod refusal;
mod request_headers;
mod shared;
mod socket;
mod stream;
mod supervise;
mod tls;
mod turns;
mod watch;
mod worker;

use std::process::ExitCode;

pub use args::ServeArgs;

use crate::report::{self, Failure};

/// Serves a component until a signal ends it.
pub fn serve(args: &ServeArgs) -> Result<ExitCode, Failure> {
    let limits = args.limits.check()?;
    // Whoever starts a server reads its first line for the address.
    let notes = report::hold_notes();
    let mut settings = args.groups.settings()?;
    let limits = limits.with_timeout_of(&mut settings);
    // Every worker has an HTTP client of its own: its connections belong to the worker's reactor.
    let grants = (0..args.workers()).map(|_| args.grants(&settings)).collect::<Result<Vec<_>, _>>()?;
    let tls = args.tls.acceptor()?;
    let loader = app::Loader::new(args, settings)?;
    let app = loader.load()?;
    supervise::supervise(args, shared::Shared::new(args, limits, tls, app), loader, grants, notes)
}
