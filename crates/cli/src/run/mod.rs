//! `thalweg run`, which is also what happens without a subcommand.

mod allow_host;
mod entry;
mod execute;
pub mod grants;
mod guest_flag;
mod time_limit;

use std::ffi::{OsStr, OsString};
use std::process::ExitCode;

use clap::Args;

use self::grants::{GrantArgs, Grants};
use crate::load::{self, Plugs, Precompiled, Source};
use crate::options::OptionGroups;
use crate::report::Failure;

/// Arguments of `run`.
#[derive(Args)]
#[command(override_usage = "thalweg run [OPTIONS] FILE [ARGS]...")]
pub struct RunArgs {
    #[command(flatten)]
    grants: GrantArgs,
    /// Calls this exported function with these WAVE values, and prints what it returns
    #[arg(long, value_name = "FUNCTION(VALUES)")]
    invoke: Option<String>,
    /// Runs a file that `thalweg compile` made; it is trusted like a native program
    #[arg(long)]
    allow_precompiled: bool,
    /// The component, binary or text (`-` is standard input), and the guest's arguments
    #[arg(value_name = "FILE [ARGS]", required = true, trailing_var_arg = true, num_args = 1..)]
    file_and_args: Vec<OsString>,
    #[command(flatten)]
    plugs: Plugs,
    #[command(flatten)]
    groups: OptionGroups,
}

/// Runs a component; the exit code is the guest's.
pub fn run(args: &RunArgs) -> Result<ExitCode, Failure> {
    let Some((file, guest_args)) = args.file_and_args.split_first() else {
        return Err(Failure::usage("no file is given").with_help("thalweg run [OPTIONS] FILE [ARGS]..."));
    };
    guest_flag::hint(file, guest_args);
    run_file(args, file, guest_args).map_err(|failure| guest_flag::explain(failure, file, guest_args))
}

fn run_file(args: &RunArgs, file: &OsStr, guest_args: &[OsString]) -> Result<ExitCode, Failure> {
    let settings = args.groups.settings()?;
    let grants = Grants::parse(&args.grants, &settings, file, guest_args)?;
    let mut source = Source::open(file)?;
    let (plugs, definitions) = (args.plugs.read()?, args.plugs.read_definitions()?);
    let loaded =
        load::load_taken(&mut source, &plugs, &definitions, &settings, Precompiled::from_flag(args.allow_precompiled))?;
    let entry = match &args.invoke {
        Some(call) => entry::Entry::invoke(&loaded, call)?,
        None => entry::Entry::command(&loaded).map_err(|failure| failure.at(&source.name))?,
    };
    drop(source);
    let code = execute::execute(&loaded.engine, &loaded.component, &settings, grants, entry);
    // The process ends, which takes its memory as a whole; to give back code and plan by parts only takes time.
    std::mem::forget(loaded);
    code
}
