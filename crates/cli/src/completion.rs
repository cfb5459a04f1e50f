//! `thalweg completion SHELL`.

use std::process::ExitCode;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::report::{self, Failure};

/// Arguments of `completion`.
#[derive(Args)]
pub struct CompletionArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// Prints the script that makes `shell` complete our command lines.
pub fn completion(args: &CompletionArgs) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut crate::CommandLine::command(), "thalweg", &mut script);
    report::out(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::SUCCESS)
}
