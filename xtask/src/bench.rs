//! `cargo xtask bench`: runs `benches/compare`, a workspace of its own, with the arguments given.

use std::path::Path;
use std::process::{Command, ExitCode};

/// `--shipped` chooses the build; everything else goes to the program.
pub fn run(repository: &Path, words: &[&str]) -> ExitCode {
    let profile = if words.contains(&"--shipped") { "shipped" } else { "release" };
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["run", "--quiet", "--profile", profile, "--manifest-path"])
        .arg(repository.join("benches/compare/Cargo.toml"))
        .arg("--")
        .args(words.iter().filter(|word| **word != "--shipped"))
        // With it the peer takes a backtrace whenever a task ends, which is not what is to be measured.
        .env_remove("RUST_BACKTRACE")
        .status();
    match status {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("bench: cargo does not start: {error}");
            ExitCode::FAILURE
        }
    }
}
