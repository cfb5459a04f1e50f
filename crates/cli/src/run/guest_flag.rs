//! A hint for an option of ours that comes after the file, where it is the guest's.

use std::ffi::{OsStr, OsString};

use clap::CommandFactory;

use crate::report::{self, Failure};

/// Prints one line to a person whose first guest argument looks like one of our options.
pub fn hint(file: &OsStr, guest_args: &[OsString]) {
    if report::stderr_is_terminal()
        && let Some(text) = misplaced(file, guest_args)
    {
        report::note(&text);
    }
}

/// Says the same where nothing could be run: the option was perhaps meant to help there.
pub fn explain(failure: Failure, file: &OsStr, guest_args: &[OsString]) -> Failure {
    match misplaced(file, guest_args) {
        Some(text) if !failure.is_trap() => failure.with_more_help(&text),
        _ => failure,
    }
}

fn misplaced(file: &OsStr, guest_args: &[OsString]) -> Option<String> {
    let first = guest_args.first()?.to_str().filter(|first| is_ours(first))?;
    Some(format!("`{first}` goes to the guest; an option of thalweg comes before `{}`", file.display()))
}

/// Whether `arg` is a long option of `run`.
fn is_ours(arg: &str) -> bool {
    let Some(name) = arg.strip_prefix("--") else { return false };
    let name = name.split_once('=').map_or(name, |(name, _)| name);
    crate::CommandLine::command().get_arguments().any(|known| known.get_long() == Some(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_long_options_are_known() {
        for arg in ["--dir", "--dir=.", "--env=A=b", "--strict-flags"] {
            assert!(is_ours(arg), "{arg}");
        }
        for arg in ["dir", "-W", "--", "--verbose", ""] {
            assert!(!is_ours(arg), "{arg}");
        }
    }
}
