//! `thalweg conformance`: runs the test suites of WASI, as `wasi-testsuite` writes them down: folders with a
//! `manifest.json`, a `.wasm` file for each test, and a `.json` file for what it is given and what it must do.
//!
//! Each test is a process of its own, of this very program, with folders of its own.

mod config;
mod fixture;
mod http;
mod operation;
mod program;
mod session;
mod suite;
mod table;
mod validate;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use clap::Args;

use crate::options::duration;
use crate::report::{self, Failure};
use crate::verdict::ExpectedFailures;
use session::Surroundings;
use suite::{Case, Suite};
use table::Verdict;

/// Arguments of `conformance`.
#[derive(Args)]
#[command(override_usage = "thalweg conformance [OPTIONS] DIR... [-- RUN-OPTIONS...]")]
pub struct ConformanceArgs {
    /// Folders to look for suites in: each folder below them that has a `manifest.json`
    #[arg(value_name = "DIR", required = true)]
    folders: Vec<PathBuf>,
    /// Options for each run of a test, for example -Cadapters=n
    #[arg(value_name = "RUN-OPTIONS", last = true)]
    run_options: Vec<OsString>,
    /// A list of what is known to fail, one `path: reason` a line; what passes nevertheless is a failure
    #[arg(long, value_name = "FILE")]
    expect_fail: Option<PathBuf>,
    /// Runs only the tests whose path contains this
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// How many tests run at once (default: one for each core of the machine)
    #[arg(long, short, value_name = "COUNT")]
    jobs: Option<usize>,
    /// How long each step of a test may take
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration)]
    timeout: Duration,
    /// Prints only the tests that fail, and the totals
    #[arg(long, short)]
    quiet: bool,
}

/// Runs test suites.
pub fn conformance(args: &ConformanceArgs) -> Result<ExitCode, Failure> {
    let expected = match &args.expect_fail {
        Some(path) => ExpectedFailures::read(path)?,
        None => ExpectedFailures::default(),
    };
    let suites = suite::suites(&args.folders, args.filter.as_deref())?;
    let program = std::env::current_exe()
        .map_err(|error| Failure::new(format!("can't find the program that runs tests: {error}")))?;
    let surroundings = Surroundings { program, options: args.run_options.clone(), patience: args.timeout };
    let jobs = args.jobs.unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from));
    let verdicts = run(&suites, jobs, &surroundings, &expected);
    report::out(&table::table(&suites, &verdicts, args.quiet))?;
    let fine = verdicts.iter().flatten().all(Verdict::is_fine);
    Ok(if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The verdicts on each suite's tests, in their order; `jobs` tests run at once.
fn run(suites: &[Suite], jobs: usize, surroundings: &Surroundings, expected: &ExpectedFailures) -> Vec<Vec<Verdict>> {
    let cases: Vec<(&Suite, &Case)> =
        suites.iter().flat_map(|suite| suite.cases.iter().map(move |case| (suite, case))).collect();
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, cases.len().max(1)) {
            scope.spawn(|| {
                while let Some((at, (suite, case))) = {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    cases.get(at).map(|case| (at, case))
                } {
                    let verdict = Verdict::on(suite, case, surroundings, expected);
                    done.lock().unwrap_or_else(|poison| poison.into_inner()).push((at, verdict));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(|poison| poison.into_inner());
    done.sort_by_key(|(at, _)| *at);
    let mut verdicts = done.into_iter().map(|(_, verdict)| verdict);
    suites.iter().map(|suite| verdicts.by_ref().take(suite.cases.len()).collect()).collect()
}
