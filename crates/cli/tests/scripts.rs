//! Runs each `*.wast` file below `tests/wast`: once with the first choice, under many seeds, and
//! with every call asked to stop or abandoned.
//!
//! A name given to `cargo test` picks those whose path contains it. One more test: every trap that a guest can bring about
//! has a script.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::{fs, io};

use libtest_mimic::{Arguments, Failed, Trial};
use thalweg::Trap;

/// Traps that no script can bring about: bounds and failures of the host, and core wasm's threads.
const NOT_IN_SCRIPTS: [Trap; 5] = [Trap::Core, Trap::HeapMisaligned, Trap::Interrupt, Trap::OutOfFuel, Trap::Refused];

/// A table that is full sooner than by default.
const HANDLES: &str = "-Wmax-handles=1000";
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
    let mut text = String::new();
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "wast") {
            continue;
        }
        text += &fs::read_to_string(&path)?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let ways: [(&str, &[&str]); 4] = [
            ("first", &[]),
            ("seeds", &["--seeds", SEEDS]),
            ("cancelled", &["--seeds", SEEDS, "--disturb", "cancel"]),
            ("abandoned", &["--seeds", SEEDS, "--disturb", "abandon"]),
        ];
        for (way, options) in ways {
            let path = path.clone();
            trials.push(Trial::test(format!("{name} ({way})"), move || run(&path, options)));
        }
    }
    if trials.is_empty() {
        // An empty suite would pass for ever.
        return Err(io::Error::other(format!("no script below {}", folder.display())));
    }
    trials.push(Trial::test("every trap has a script", move || every_trap_has_a_script(&text)));
    trials.sort_by(|a, b| a.name().cmp(b.name()));
    Ok(trials)
}

fn run(script: &PathBuf, options: &[&str]) -> Result<(), Failed> {
    let output =
        Command::new(env!("CARGO_BIN_EXE_thalweg")).args(["wast", HANDLES]).args(options).arg(script).output()?;
    if output.status.success() {
        return Ok(());
    }
    let words = [output.stdout, output.stderr].concat();
    Err(Failed::from(String::from_utf8_lossy(&words).into_owned()))
}

/// The text that a script expects may be a part of the trap's.
fn every_trap_has_a_script(text: &str) -> Result<(), Failed> {
    let quoted = text.split('"').filter(|quoted| quoted.len() > 10 && !quoted.contains('\n'));
    // The index of a handle is no part of what is looked for.
    let without_index = |quoted: &str| quoted.replace(|c: char| c.is_ascii_digit(), "").replace("  ", " ");
    let expected: Vec<String> = quoted.map(without_index).collect();
    let missing = Trap::ALL.iter().filter(|trap| {
        let words = without_index(&trap.to_string());
        !NOT_IN_SCRIPTS.contains(trap) && !expected.iter().any(|part| words.contains(part) || part.contains(&words))
    });
    let missing: Vec<_> = missing.map(|trap| format!("{trap:?}: {trap}")).collect();
    if missing.is_empty() { Ok(()) } else { Err(Failed::from(missing.join("\n"))) }
}
