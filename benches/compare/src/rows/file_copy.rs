//! A file to another: the stream of the one is given to the other, beside `cp`. Only with the peer's executable.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use super::Commands;
use crate::commands::{Code, Program};
use crate::figure::Figure;
use crate::goal::Goal;
use crate::row::{Batch, Failure, Row, Work};

/// Bytes of the file.
const SIZE: usize = 256 << 20;
const ROUNDS: usize = 7;

pub fn rows(commands: &Commands) -> Vec<Row> {
    let guest = commands.guests.join("file-copy-p3.wasm");
    let of = |program: &Program| {
        let (program, guest) = (program.clone(), guest.clone());
        move || copy(&program, &guest)
    };
    let folder = commands.ours.folder.clone();
    let row = Row::new("file/handed-over/256MiB", "ms", of(&commands.ours))
        .peer("command", of(&commands.peer))
        .limit("cp", move || cp(&folder))
        .batch(Batch::Single { rounds: ROUNDS })
        .goal(Goal::OfLimit(1.15));
    vec![row]
}

/// A folder with the file that is copied.
fn folder(of: &Path) -> Result<std::path::PathBuf, Failure> {
    let folder = of.join("files");
    fs::create_dir_all(&folder)?;
    let file = folder.join("source.bin");
    if !fs::metadata(&file).is_ok_and(|found| found.len() == SIZE as u64) {
        let bytes: Vec<u8> = (0..SIZE).map(|i| (i * 31 % 251) as u8).collect();
        fs::write(file, bytes)?;
    }
    Ok(folder)
}

/// The figure is the time that passed: most of the work is the system's, wherever it counts it.
fn copy(program: &Program, guest: &Path) -> Result<Work, Failure> {
    let folder = folder(&program.folder)?;
    let grant = format!("{}::/", folder.display());
    let run = program.run_with(&["--dir", &grant], guest, Code::Cached, &["source.bin", "copy.bin"])?;
    Ok(Box::new(move |_| {
        let _ = fs::remove_file(folder.join("copy.bin"));
        let figure = run()?;
        let size = fs::metadata(folder.join("copy.bin"))?.len();
        super::same(size, SIZE as u64)?;
        Ok(Figure { value: figure.wall / 1e6, wall: figure.wall / 1e6 })
    }))
}

fn cp(of: &Path) -> Result<Work, Failure> {
    let folder = folder(of)?;
    Ok(Box::new(move |_| {
        let (from, to) = (folder.join("source.bin"), folder.join("copied.bin"));
        let _ = fs::remove_file(&to);
        let begun = Instant::now();
        if !Command::new("cp").args([&from, &to]).status()?.success() {
            return Err("cp failed".into());
        }
        let wall = begun.elapsed().as_nanos() as f64 / 1e6;
        Ok(Figure { value: wall, wall })
    }))
}
