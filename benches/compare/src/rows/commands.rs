//! Real guests through both commands. Only with the peer's executable.

use std::path::{Path, PathBuf};

use crate::commands::{Code, Program};
use crate::goal::Goal;
use crate::row::{Batch, Row};

/// Both commands and where the guests are.
pub struct Commands {
    pub ours: Program,
    pub peer: Program,
    /// A server without guests.
    pub bare: Option<PathBuf>,
    pub guests: PathBuf,
}

const ROUNDS: usize = 9;

pub fn rows(commands: &Commands) -> Vec<Row> {
    let mut rows = ping(commands);
    rows.extend(pipe(commands));
    rows.push(cpu(commands, "command/tasks".into(), "tasks-p3", Code::Cached, &["10000", "3"], 30_000, "ns/wait"));
    for guest in ["hello-p2", "hello-p3"] {
        rows.extend(start(commands, guest, ROUNDS));
    }
    // Those that are too large to be kept here; compiling them takes seconds to minutes.
    if let Some(folder) = std::env::var_os("THALWEG_BIG_GUESTS") {
        let (ours, peer) = (commands.ours.clone(), commands.peer.clone());
        let commands = Commands { ours, peer, guests: folder.into() };
        rows.extend(["js-hello-p3", "py-hello-p3"].into_iter().flat_map(|guest| start(&commands, guest, 1)));
    }
    rows
}

/// A whole run of a guest that says hello. With code that is compiled in this run, there are `cold` rounds.
fn start(commands: &Commands, guest: &'static str, cold: usize) -> Vec<Row> {
    let codes =
        [("cold", Code::Cold, cold), ("cached", Code::Cached, ROUNDS), ("precompiled", Code::Precompiled, ROUNDS)];
    let row = |(name, code, rounds)| {
        let name = format!("command/start/{guest}/{name}");
        let row = cpu(commands, name, guest, code, &[], 1_000, "us").by_wall().goal(Goal::Faster(2.0));
        row.batch(Batch::Single { rounds })
    };
    codes.into_iter().map(row).collect()
}

/// Calls between two components: the figures are the guest's own.
fn ping(commands: &Commands) -> Vec<Row> {
    let row = |line: &'static str, goal| {
        let name = format!("command/ping/{}", line.trim_end_matches(':'));
        printed(commands, name, "ping-composed-p3", &["20000"], (line, "ns/call", 1.0), "ns/call").goal(goal)
    };
    vec![
        row("sync:", Goal::NotSlower),
        row("async-immediate:", Goal::Faster(6.0)),
        row("async-string:", Goal::Faster(6.0)),
    ]
}

/// Streams between two components, in chunks of one byte and of 64 KiB: the figures are the guest's own.
fn pipe(commands: &Commands) -> Vec<Row> {
    let mut rows = Vec::new();
    for (chunk, total, chunks) in [("1", "30000", 30_000.0), ("65536", "16777216", 256.0)] {
        for line in ["digest", "produce", "transform", "counted"] {
            let goal = if chunk == "1" { Goal::Faster(2.5) } else { Goal::NotSlower };
            let name = format!("command/pipe/{line}/{chunk}");
            let figure = (line, "us", 1e3 / chunks);
            rows.push(printed(commands, name, "pipe-composed-p3", &[total, chunk], figure, "ns/chunk").goal(goal));
        }
    }
    rows
}

fn printed(
    commands: &Commands,
    name: String,
    guest: &str,
    args: &[&'static str],
    (line, unit, scale): (&'static str, &'static str, f64),
    shown: &'static str,
) -> Row {
    let file = file(&commands.guests, guest);
    let of = |program: &Program| {
        let (program, file, args) = (program.clone(), file.clone(), args.to_vec());
        move || program.printed(&file, &args, line, unit, scale)
    };
    Row::new(name, shown, of(&commands.ours))
        .peer("command", of(&commands.peer))
        .batch(Batch::Single { rounds: ROUNDS })
}

fn cpu(
    commands: &Commands,
    name: String,
    guest: &str,
    code: Code,
    args: &[&'static str],
    per: u64,
    unit: &'static str,
) -> Row {
    let file = file(&commands.guests, guest);
    let of = |program: &Program| {
        let (program, file, args) = (program.clone(), file.clone(), args.to_vec());
        move || program.cpu(&file, code, &args, per)
    };
    Row::new(name, unit, of(&commands.ours)).peer("command", of(&commands.peer)).batch(Batch::Single { rounds: ROUNDS })
}

fn file(guests: &Path, name: &str) -> PathBuf {
    guests.join(name).with_extension("wasm")
}
