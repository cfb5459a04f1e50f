//! Thalweg and wasmtime on the same work, in turn, in one run.

#![forbid(unsafe_code)]

mod block_on;
mod commands;
mod counted;
mod figure;
mod gate;
mod goal;
mod instantiated;
mod instructions;
mod limits;
mod measure;
mod options;
mod ours;
mod peer;
mod pending_once;
mod report;
mod row;
mod rows;
mod serve;
mod table;
mod tasks;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use commands::Program;
use measure::{Effort, measure};
use options::Options;
use row::{Failure, Row};
use rows::Commands;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let done = match words.split_first() {
        Some((word, words)) if word == instructions::ARGUMENT => {
            instructions::process(&rows::all(None), words).map(|()| ExitCode::SUCCESS)
        }
        Some((word, words)) if word == tasks::ARGUMENT => tasks::process(words).map(|()| ExitCode::SUCCESS),
        _ => Options::parse(words.into_iter()).map_err(Failure::from).and_then(run),
    };
    match done {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: Options) -> Result<ExitCode, Failure> {
    let rows: Vec<Row> =
        rows::all(commands(&options).as_ref()).into_iter().filter(|row| options.chooses(&row.name)).collect();
    if rows.is_empty() {
        return Err("no row has such a name; --list names them".into());
    }
    if options.list {
        rows.iter().for_each(|row| println!("{}", row.name));
        return Ok(ExitCode::SUCCESS);
    }
    if std::env::var_os("RUST_BACKTRACE").is_some() {
        return Err("unset RUST_BACKTRACE: with it wasmtime takes a backtrace whenever a task ends".into());
    }
    if options.instructions {
        instructions::count(&rows, &repository().join("target/bench"))?;
        return Ok(ExitCode::SUCCESS);
    }
    compare(&rows, &options)
}

fn compare(rows: &[Row], options: &Options) -> Result<ExitCode, Failure> {
    let effort = if options.quick { Effort::QUICK } else { Effort::USUAL };
    let build = build();
    println!("thalweg and wasmtime 48.0.8, {build}; {} rounds in turn; thread CPU time\n", effort.rounds);
    table::head();
    let (mut lines, mut failed) = (Vec::new(), false);
    for row in rows {
        match measure(row, effort) {
            Ok(measured) => {
                table::line(row, &measured);
                lines.push(report::Line::new(row, &measured));
            }
            Err(failure) => {
                failed = true;
                println!("| {} | FAILED: {} |", row.name, told(&*failure));
            }
        }
    }
    let path = options.json.clone().unwrap_or_else(|| repository().join("target/bench/compare.json"));
    report::write(&path, &build, &lines)?;
    println!("\nwritten to {}", path.display());
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// An error and what caused it, on one line.
fn told(failure: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(failure), |failure| failure.source());
    causes.map(|failure| failure.to_string().replace('\n', " ")).collect::<Vec<_>>().join(": ")
}

/// The rows of both commands, if the peer's is there.
fn commands(options: &Options) -> Option<Commands> {
    let peer = options.peer.clone()?;
    let ours = options.ours.clone().unwrap_or_else(|| repository().join("target/release/thalweg"));
    let folder = repository().join("target/bench");
    Some(Commands {
        ours: Program::thalweg(ours, &folder),
        peer: Program::wasmtime(peer, &folder),
        bare: options.bare.clone(),
        guests: repository().join("guests"),
    })
}

/// The profile this was built with: the name of the folder that cargo puts the program into.
fn build() -> String {
    let program = std::env::current_exe().unwrap_or_default();
    let profile = program.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
    match &*profile {
        "shipped" => "profile `shipped` (opt-level 3, thin LTO, 4 codegen units)".into(),
        "release" => "profile `release` (opt-level 3, no LTO, 16 codegen units)".into(),
        other => format!("profile `{other}`"),
    }
}

/// The folder above `benches`.
fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
