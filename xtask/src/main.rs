//! Developer commands: `cargo xtask tidy` checks the rules of this repository that no compiler checks, `cargo xtask
//! audit` prints what of WASI's interfaces the hosts serve, `cargo xtask bench` measures.

#![forbid(unsafe_code)]

mod bench;
mod tidy;

use std::path::Path;
use std::process::{Command, ExitCode};

const USAGE: &str = "usage: cargo xtask tidy | audit | bench [--shipped] [NAME…] [OPTION…]";
/// The test that does the audit, and prints the table.
const AUDIT: [&str; 7] =
    ["test", "--quiet", "--package=thalweg-wasi", "--test=interface_audit", "every", "--", "--nocapture"];

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["tidy"] => tidy(),
        ["audit"] => audit(),
        ["bench", words @ ..] => bench::run(&repository(), words),
        _ => {
            eprintln!("{USAGE}");
            ExitCode::FAILURE
        }
    }
}

fn tidy() -> ExitCode {
    match tidy::run(&repository()) {
        Ok(faults) if faults.is_empty() => ExitCode::SUCCESS,
        Ok(faults) => {
            for fault in &faults {
                eprintln!("{fault}");
            }
            eprintln!("tidy: {} faults", faults.len());
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("tidy: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The audit needs the hosts, which this crate does not depend on.
fn audit() -> ExitCode {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    match Command::new(cargo).args(AUDIT).current_dir(repository()).status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("audit: can't start cargo: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The folder above this crate's.
fn repository() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
