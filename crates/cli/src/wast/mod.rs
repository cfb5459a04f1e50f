//! `thalweg wast`: runs scripts of components and assertions (`.wast`), as the standard's own test suite is written.

mod argument;
mod cancellable;
mod compare;
mod components;
mod disturb;
mod files;
mod registered;
mod schedules;
mod script;
mod session;
mod table;
mod text;
mod threads;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use thalweg::{Config, Engine, Features, Gate};

use crate::options::OptionGroups;
use crate::report::{self, Failure};
use crate::verdict::{ExpectedFailures, Outcome};
use schedules::{Exhaustive, Schedules};
use script::Script;

/// Arguments of `wast`.
#[derive(Args)]
pub struct WastArgs {
    /// Scripts, or folders to look for scripts in
    #[arg(value_name = "FILE|DIR", required = true)]
    paths: Vec<OsString>,
    /// A list of what is known to fail, one `path: reason` or `path:line: reason` a line; what passes nevertheless is a
    /// failure
    #[arg(long, value_name = "FILE")]
    expect_fail: Option<PathBuf>,
    /// Accepts any text where an assertion names the text of an error
    #[arg(long)]
    ignore_error_messages: bool,
    /// Leaves what the standard leaves open to a generator that starts at this number
    #[arg(long, value_name = "N", group = "schedule")]
    seed: Option<u64>,
    /// Runs every script under each of the numbers below this one
    #[arg(long, value_name = "COUNT", group = "schedule")]
    seeds: Option<u64>,
    /// Runs every script under every schedule: each way of choosing what the standard leaves open; `:MAX` (10000) is how
    /// many a script may have
    #[arg(long, value_name = "exhaustive[:MAX]", group = "schedule")]
    schedules: Option<Exhaustive>,
    /// Repeats one schedule: which of what there is to choose from is taken, one after the other, and the first after them
    #[arg(long, value_name = "N,N,...", value_delimiter = ',', num_args = 0.., require_equals = true, group = "schedule")]
    choices: Option<Vec<usize>>,
    /// Disturbs every call, and looks for faults of the runtime instead of results
    #[arg(long, value_name = "HOW", value_enum)]
    disturb: Option<disturb::Disturb>,
    /// Prints only the scripts that fail, and the totals
    #[arg(long, short)]
    quiet: bool,
    #[command(flatten)]
    groups: OptionGroups,
}

/// What scripts may use beyond what is always on. The other gates change which names are right.
const GATES: [Gate; 7] = [
    Gate::MoreAsyncBuiltins,
    Gate::AsyncStackful,
    Gate::Threading,
    Gate::FixedLengthLists,
    Gate::ErrorContext,
    Gate::Forward,
    Gate::Memory64,
];

/// Runs scripts.
pub fn wast(args: &WastArgs) -> Result<ExitCode, Failure> {
    let expected = match &args.expect_fail {
        Some(path) => ExpectedFailures::read(path)?,
        None => ExpectedFailures::default(),
    };
    let settings = args.groups.settings()?;
    let mut features = settings.features()?;
    for gate in GATES {
        features.open(gate)?;
    }
    let config = Config::new().features(features).limits(settings.limits).adapters(settings.adapters).optimize(false);
    let engine = Engine::new(config)?;
    let mut outcomes = Vec::new();
    for path in files::scripts(&args.paths)? {
        let script = Script::read(path, args.attitude(features))?;
        outcomes.push(script.run(&engine, &args.schedules(), &expected));
    }
    report::out(&table::table(&outcomes, args.quiet))?;
    Ok(if outcomes.iter().all(Outcome::is_fine) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// How a script is judged.
#[derive(Debug, Clone, Copy)]
struct Attitude {
    /// The texts of errors do not matter.
    ignore_error_messages: bool,
    /// Built-ins can be `cancellable`.
    cancellable: bool,
    /// Results do not matter: calls are disturbed, after so many turns.
    disturb: Option<(disturb::Disturb, usize)>,
}

impl WastArgs {
    fn attitude(&self, features: Features) -> Attitude {
        Attitude {
            ignore_error_messages: self.ignore_error_messages,
            cancellable: features.async_rules().are_of_august_2026(),
            disturb: self.disturb.map(|how| (how, 0)),
        }
    }

    /// The schedules that each script is run under.
    fn schedules(&self) -> Schedules {
        match (self.seed, self.seeds, self.schedules, &self.choices) {
            (Some(seed), ..) => Schedules::Seeds(seed..seed.saturating_add(1)),
            (_, Some(count), ..) => Schedules::Seeds(0..count),
            (_, _, Some(Exhaustive(max)), _) => Schedules::Exhaustive(max),
            (_, _, _, Some(choices)) => Schedules::Choices(choices.clone()),
            _ => Schedules::First,
        }
    }
}
