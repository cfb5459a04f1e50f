//! The command `thalweg`: reads the command line and hands it to the subcommand.
//!
//! Exit codes: the guest's own; 134 when the guest traps; 1 when the command fails; 2 when the command line is wrong.
#![forbid(unsafe_code)]

mod compile;
mod completion;
mod compose;
mod conformance;
mod http_names;
mod inspect;
mod invoke;
mod load;
mod module;
mod options;
mod report;
mod run;
mod serve;
mod verdict;
mod wast;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use options::Deferred;

/// An instance is a few hundred allocations, and a server makes and drops many in several threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const EXIT_CODES: &str = "Exit codes: the guest's own; 134 when the guest traps; 1 for every other failure; \
                          2 for a command line that is wrong.";

/// Runs WebAssembly components (WASI 0.3 and 0.2).
///
/// `thalweg FILE ARGS` is short for `thalweg run FILE ARGS`.
#[derive(Parser)]
#[command(name = "thalweg", version, after_help = EXIT_CODES)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(override_usage = "thalweg [OPTIONS] FILE [ARGS]...\n       thalweg COMMAND ...")]
struct CommandLine {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: run::RunArgs,
}

#[derive(Subcommand)]
enum Command {
    /// Runs a component (also without the word `run`)
    Run(Deferred<run::RunArgs>),
    /// Answers HTTP requests with a component
    Serve(Deferred<Box<serve::ServeArgs>>),
    /// Shows what a component imports, exports and is made of
    Inspect(Deferred<inspect::InspectArgs>),
    /// Compiles a component ahead of time
    Compile(Deferred<compile::CompileArgs>),
    /// Writes one component that links a component with plugs
    Compose(Deferred<compose::ComposeArgs>),
    /// Runs scripts of components and assertions (`.wast`)
    Wast(Deferred<wast::WastArgs>),
    /// Runs the test suites of WASI (`manifest.json` and `*.wasm`)
    Conformance(Deferred<conformance::ConformanceArgs>),
    /// Prints a completion script for a shell
    Completion(Deferred<completion::CompletionArgs>),
}

fn main() -> ExitCode {
    let done = match read_line() {
        Ok(line) => obey(line),
        Err(error) => match options::help_asked(&error) {
            Some(help) => report::out(help).map(|()| ExitCode::SUCCESS),
            None => error.exit(),
        },
    };
    done.unwrap_or_else(|failure| report::fail(&failure))
}

/// What the command line says.
fn read_line() -> Result<CommandLine, clap::Error> {
    let mut command = CommandLine::command();
    let matches = command.try_get_matches_from_mut(std::env::args_os());
    let line = matches.and_then(|mut matches| {
        CommandLine::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut command))
    });
    // It is as large as all that can be said, and made once: the process takes it along when it ends.
    std::mem::forget(command);
    line
}

fn obey(line: CommandLine) -> Result<ExitCode, report::Failure> {
    match line.command {
        None => run::run(&line.run),
        Some(Command::Run(Deferred(args))) => run::run(&args),
        Some(Command::Serve(Deferred(args))) => serve::serve(&args),
        Some(Command::Inspect(Deferred(args))) => inspect::inspect(&args),
        Some(Command::Compile(Deferred(args))) => compile::compile(&args),
        Some(Command::Compose(Deferred(args))) => compose::compose(&args),
        Some(Command::Wast(Deferred(args))) => wast::wast(&args),
        Some(Command::Conformance(Deferred(args))) => conformance::conformance(&args),
        Some(Command::Completion(Deferred(args))) => completion::completion(&args),
    }
}
