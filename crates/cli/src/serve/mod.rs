//! `thalweg serve`: answers HTTP requests with a component.
//!
//! The main thread accepts connections and hears signals ([`accept`], [`supervise`]). Each worker thread has a reactor, its
//! connections ([`connection`]) and its instances ([`pool`]); what happens to one request is in [`exchange`].

mod accept;
mod app;
mod args;
mod body;
mod connection;
mod epochs;
mod exchange;
mod executor;
mod first;
mod generation;
mod limits;
mod pool;
mod refusal;
mod shared;
mod socket;
mod supervise;
mod worker;

use std::process::ExitCode;

pub use args::ServeArgs;

use crate::load::{Precompiled, Source};
use crate::report::Failure;

/// Serves a component until a signal ends it.
pub fn serve(args: &ServeArgs) -> Result<ExitCode, Failure> {
    let limits = args.limits.check()?;
    let mut settings = args.groups.settings()?;
    let limits = limits.with_timeout_of(&mut settings);
    // Every worker has an HTTP client of its own: its connections belong to the worker's reactor.
    let grants = (0..args.workers()).map(|_| args.grants(&settings)).collect::<Result<Vec<_>, _>>()?;
    let source = Source::read(&args.file)?;
    let app = app::App::load(&source, &args.plugs, &settings, Precompiled::from_flag(args.allow_precompiled))?;
    drop(source);
    supervise::supervise(args, limits, app, grants)
}
