//! Runs each `*.wast` file below `tests/wast`: once with the first choice, and under many seeds.
//!
//! A name given to `cargo test` picks those whose path contains it.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::{fs, io};

use libtest_mimic::{Arguments, Failed, Trial};

/// How many seeds each script is run with.
const SEEDS: &str = "50";

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    match trials() {
        Ok(trials) => libtest_mimic::run(&arguments, trials).exit_code(),
        Err(error) => {
            eprintln!("can't gather the scripts: {error}");
            ExitCode::FAILURE
        }
    }
}

fn trials() -> io::Result<Vec<Trial>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/wast").canonicalize()?;
    let mut trials = Vec::new();
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "wast") {
            continue;
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let seeded = path.clone();
        trials.push(Trial::test(format!("{name} (first)"), move || run(&path, &[])));
        trials.push(Trial::test(format!("{name} (seeds)"), move || run(&seeded, &["--seeds", SEEDS])));
    }
    if trials.is_empty() {
        // An empty suite would pass for ever.
        return Err(io::Error::other(format!("no script below {}", folder.display())));
    }
    trials.sort_by(|a, b| a.name().cmp(b.name()));
    Ok(trials)
}

fn run(script: &PathBuf, options: &[&str]) -> Result<(), Failed> {
    let output = Command::new(env!("CARGO_BIN_EXE_thalweg")).arg("wast").args(options).arg(script).output()?;
    if output.status.success() {
        return Ok(());
    }
    let words = [output.stdout, output.stderr].concat();
    Err(Failed::from(String::from_utf8_lossy(&words).into_owned()))
}
