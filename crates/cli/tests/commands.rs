//! Runs each `*.test` file below `tests/cli` against the command; `BLESS=1` rewrites what they expect.
//!
//! `tests/cli/README.md` describes the files. A name given to `cargo test` picks those whose path contains it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, io};

use libtest_mimic::{Arguments, Failed, Trial};
use thalweg_testkit::command_test::{self, Place};

/// Says that expectations which differ are rewritten instead of reported.
const BLESS: &str = "BLESS";

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    match trials() {
        Ok(trials) => libtest_mimic::run(&arguments, trials).exit_code(),
        Err(error) => {
            eprintln!("can't gather the command tests: {error}");
            ExitCode::FAILURE
        }
    }
}

fn trials() -> Result<Vec<Trial>, Box<dyn std::error::Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
    let folder = root.join("tests/cli");
    let files = command_test::discover(&folder)?;
    if files.is_empty() {
        // An empty suite would pass for ever.
        return Err(Box::new(io::Error::other(format!("no test file below {}", folder.display()))));
    }
    let place = Place { program: env!("CARGO_BIN_EXE_thalweg").into(), guests: root.join("guests"), root };
    Ok(files.into_iter().map(|file| trial(&folder, file, place.clone())).collect())
}

fn trial(folder: &Path, file: PathBuf, place: Place) -> Trial {
    let name = file.strip_prefix(folder).unwrap_or(&file).with_extension("").display().to_string();
    // A file that can't be read or parsed is not ignored: running it reports why.
    let ignored = command_test::load(&file).is_ok_and(|test| test.required_folder().is_err());
    let bless = env::var_os(BLESS).is_some_and(|value| value == "1");
    let run = move || command_test::run_file(&file, &place, bless).map_err(|error| failed(&file, &place, &error));
    Trial::test(name, run).with_ignored_flag(ignored)
}

fn failed(file: &Path, place: &Place, error: &command_test::Failure) -> Failed {
    let shown = file.strip_prefix(&place.root).unwrap_or(file).display();
    Failed::from(format!("{shown}: {error}"))
}
