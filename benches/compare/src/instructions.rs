//! Instructions of an operation, counted by valgrind: the same on a busy machine as on an idle one.
//!
//! A process does the work `OPERATIONS` times and another one three times as often; the difference is the work's alone.

use std::path::Path;
use std::process::Command;

use crate::row::{Batch, Failure, Row, Work};

/// The argument that makes this program do a row's work so many times: side, row, times.
pub const ARGUMENT: &str = "--once";

/// Enough that a stack or a table that grows once does not show.
const OPERATIONS: u64 = 1000;

/// What such a process does.
pub fn process(rows: &[Row], words: &[String]) -> Result<(), Failure> {
    let [side, name, times] = words else { return Err("side, row and number are wanted".into()) };
    let row = rows.iter().find(|row| row.name == *name).ok_or("there is no such row")?;
    prepare(row, side)?(times.parse()?)?;
    Ok(())
}

fn prepare(row: &Row, side: &str) -> Result<Work, Failure> {
    match side {
        "ours" => (row.ours)(),
        // The last settings are those without a pool, whose mappings are too large for valgrind.
        _ => (row.peers.last().ok_or("nothing to compare with")?.prepare)(),
    }
}

/// Prints a table of the rows; the profiles for `callgrind_annotate` stay in `folder`.
pub fn count(rows: &[Row], folder: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(folder)?;
    println!("| row | thalweg | wasmtime | ratio |\n|---|--:|--:|--:|");
    for row in rows.iter().filter(|row| matches!(row.batch, Batch::UpTo(_))) {
        let ours = of_one(row, "ours", folder)?;
        let peer = of_one(row, "peer", folder)?;
        println!("| {} | {ours:.0} | {peer:.0} | {:.2}x |", row.name, peer / ours);
    }
    println!("\ninstructions of one operation; profiles in {}", folder.display());
    Ok(())
}

fn of_one(row: &Row, side: &str, folder: &Path) -> Result<f64, Failure> {
    let few = collected(row, side, OPERATIONS, folder)?;
    let many = collected(row, side, 3 * OPERATIONS, folder)?;
    Ok((many - few) / (2 * OPERATIONS) as f64)
}

fn collected(row: &Row, side: &str, times: u64, folder: &Path) -> Result<f64, Failure> {
    let profile = folder.join(format!("callgrind-{side}-{}.out", row.name.replace('/', "-")));
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--max-stackframe=65536"])
        .arg(format!("--callgrind-out-file={}", profile.display()))
        .arg(std::env::current_exe()?)
        .args([ARGUMENT, side, &row.name, &times.to_string()])
        .output()
        .map_err(|error| format!("valgrind does not start: {error}"))?;
    let told = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(format!("{} with {side}: {told}", row.name).into());
    }
    let line = told.lines().find_map(|line| line.split_once("Collected : "));
    let number = line.and_then(|(_, number)| number.trim().parse().ok());
    number.ok_or_else(|| format!("valgrind collected nothing: {told}").into())
}
