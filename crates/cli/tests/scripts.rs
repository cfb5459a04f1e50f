//! Runs each `*.wast` file below `tests/wast`: once with the first choice, once without compiled adapters, under many
//! seeds, and with every call cancelled or abandoned after each of its turns. Those in `schedules` are small: they run
//! under every schedule there is. Those below `tests/wast-2026-08` run with the rules of August 2026.
//!
//! A name given to `cargo test` picks those whose path contains it; `THALWEG_SEEDS` says how many seeds (50). One more test:
//! every trap that a guest can bring about has a script.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::{env, fs, io};

use libtest_mimic::{Arguments, Failed, Trial};
use thalweg::Trap;

/// Traps that no script can bring about: bounds and failures of the host, and core wasm's threads.
const NOT_IN_SCRIPTS: [Trap; 5] = [Trap::Core, Trap::HeapMisaligned, Trap::Interrupt, Trap::OutOfFuel, Trap::Refused];

/// The rules that the scripts of `tests/wast-2026-08` are about.
const OLDER_RULES: &str = "-Wcomponent-model-async-2026-08";
/// Calls between components that cannot wait go through the runtime, as all others do.
const PLAIN: &str = "-Cadapters=n";
/// A table that is full sooner than by default.
const HANDLES: &str = "-Wmax-handles=1000";
/// How many seeds each script is run with, unless `THALWEG_SEEDS` says otherwise.
const SEEDS: &str = "50";
/// How many seeds the sweeps are run with: they run each script once for every turn.
const SWEEP_SEEDS: &str = "3";

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
    let seeds = env::var("THALWEG_SEEDS").unwrap_or_else(|_| SEEDS.into());
    for path in scripts(&folder)? {
        text += &fs::read_to_string(&path)?;
        trials.extend(trials_of(&path, &["first"], &seeds, &[]));
    }
    for path in scripts(&folder.with_file_name("wast-2026-08"))? {
        trials.extend(trials_of(&path, &["first"], &seeds, &[OLDER_RULES]));
    }
    for path in scripts(&folder.join("schedules"))? {
        let this = path.clone();
        trials.push(Trial::test(format!("schedules/{} (all)", stem(&path)), move || every_schedule(&this)));
        trials.extend(trials_of(&path, &[], &seeds, &[]));
    }
    if trials.is_empty() {
        // An empty suite would pass for ever.
        return Err(io::Error::other(format!("no script below {}", folder.display())));
    }
    trials.push(Trial::test("every trap has a script", move || every_trap_has_a_script(&text)));
    trials.sort_by(|a, b| a.name().cmp(b.name()));
    Ok(trials)
}

fn scripts(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let paths = fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>()?;
    Ok(paths.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "wast")).collect())
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn trials_of(path: &Path, first: &[&str], seeds: &str, rules: &[&str]) -> Vec<Trial> {
    let ways: [(&str, &[&str]); 4] = [
        ("without adapters", &[PLAIN]),
        ("seeds", &["--seeds", seeds]),
        ("cancelled", &["--seeds", SWEEP_SEEDS, "--disturb", "cancel"]),
        ("abandoned", &["--seeds", SWEEP_SEEDS, "--disturb", "abandon"]),
    ];
    let first = first.iter().map(|way| (*way, &[] as &[&str]));
    let trial = |(way, options): (&str, &[&str])| {
        let path = path.to_path_buf();
        let options: Vec<_> = options.iter().chain(rules).map(ToString::to_string).collect();
        let folder = if rules.is_empty() { "" } else { "2026-08/" };
        Trial::test(format!("{folder}{} ({way})", stem(&path)), move || run(&path, &options).map(drop))
    };
    first.chain(ways).map(trial).collect()
}

fn run(script: &Path, options: &[String]) -> Result<String, Failed> {
    let output =
        Command::new(env!("CARGO_BIN_EXE_thalweg")).args(["wast", HANDLES]).args(options).arg(script).output()?;
    let words = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    if output.status.success() { Ok(words) } else { Err(Failed::from(words)) }
}

/// A script of one schedule tests nothing here.
fn every_schedule(script: &Path) -> Result<(), Failed> {
    let words = run(script, &["--schedules".into(), "exhaustive".into()])?;
    if words.contains(" schedules\n") {
        Ok(())
    } else {
        Err(Failed::from(format!("it has one schedule only: {words}")))
    }
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
