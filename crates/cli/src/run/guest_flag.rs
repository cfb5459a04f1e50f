//! A hint for an option of ours that comes after the file, where it is the guest's.

use std::ffi::{OsStr, OsString};

use clap::CommandFactory;

use crate::report;

/// Prints one line to a person whose first guest argument looks like one of our options.
pub fn hint(file: &OsStr, guest_args: &[OsString]) {
    if let Some(first) = guest_args.first().and_then(|arg| arg.to_str())
        && is_ours(first)
        && report::stderr_is_terminal()
    {
        let file = file.display();
        report::note(&format!("`{first}` goes to the guest; an option of thalweg comes before `{file}`"));
    }
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
