//! Servers under load: a guest that says hello, and one that sends the body back. Only with the peer's executable, and wrk.

use super::Commands;
use crate::goal::Goal;
use crate::row::{Batch, Row};
use crate::serve::{Count, Load, Serving};

const ROUNDS: usize = 5;
/// Bytes of a body that is sent back.
const BODY: usize = 16 << 10;

/// What a server is told, beside where to listen.
type Words = &'static [&'static str];

/// What is served: the guest, what is asked for, and what makes the peer's server run it.
const GUESTS: [(&str, &str, usize, Words); 3] = [
    ("http-hello-p2", "/", 0, &[]),
    ("http-hello-p3", "/", 0, &["-Wcomponent-model-async", "-Sp3,cli"]),
    ("http-echo-p3", "/splice", BODY, &["-Wcomponent-model-async", "-Sp3,cli"]),
];

/// How instances are used, in the words of both. The peer keeps those of 0.2 for one request if nothing is said.
const USES: [(&str, Words); 2] =
    [("reuse", &["--max-instance-reuse-count", "128"]), ("fresh", &["--max-instance-reuse-count", "1"])];

/// Ours: memories from a pool, which has a place for each core module of 128 instances and more.
const POOLED: Words = &["-Opooling-total-core-instances=4000"];

/// The peer's settings: which one is faster depends on the guest.
const SETTINGS: [(&str, Words); 2] = [("pooling", &["-Opooling-allocator"]), ("on demand", &[])];

pub fn rows(commands: &Commands) -> Vec<Row> {
    let mut rows = Vec::new();
    for (guest, path, body, switches) in GUESTS {
        for (use_name, uses) in USES {
            for connections in [1, 16, 128] {
                let load = Load { path, body, connections };
                for (what, count, unit) in [("request", Count::Request, "ns"), ("p99", Count::Slowest, "us")] {
                    let name = format!("serve/{guest}/{use_name}/{connections}/{what}");
                    rows.push(row(commands, name, guest, (uses, switches), &load, (count, unit)));
                }
            }
        }
    }
    rows
}

fn row(
    commands: &Commands,
    name: String,
    guest: &str,
    (uses, switches): (Words, Words),
    load: &Load,
    (count, unit): (Count, &'static str),
) -> Row {
    let file = commands.guests.join(guest).with_extension("wasm").display().to_string();
    let serving = |program: &crate::commands::Program, words: &[Words]| Serving {
        program: program.path.clone(),
        args: ["serve", "--addr", "127.0.0.1:0"]
            .iter()
            .chain(words.iter().copied().flatten())
            .map(ToString::to_string)
            .chain([file.clone()])
            .collect(),
        folder: program.folder.clone(),
    };
    let prepare = |serving: Serving| {
        let load = load.clone();
        move || serving.under(&load, count)
    };
    let mut row = Row::new(name, unit, prepare(serving(&commands.ours, &[uses, POOLED])));
    for (settings, words) in SETTINGS {
        row = row.peer(settings, prepare(serving(&commands.peer, &[uses, switches, words])));
    }
    if let Some(bare) = &commands.bare {
        let bare = Serving { program: bare.clone(), args: Vec::new(), folder: commands.ours.folder.clone() };
        row = row.limit("without a guest", prepare(bare));
    }
    let goal = match count {
        Count::Request => Goal::Faster(1.5),
        Count::Slowest => Goal::NotSlower,
    };
    row.batch(Batch::Single { rounds: ROUNDS }).by_wall().goal(goal)
}
