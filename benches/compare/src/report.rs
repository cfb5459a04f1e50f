//! What the figures of a row mean, and the file that keeps them.

use std::path::Path;

use serde_json::{Value, json};

use crate::figure::Rounds;
use crate::goal::Reached;
use crate::measure::Measured;
use crate::row::Row;

pub struct Report {
    /// How many times as much the peer took.
    pub times: Option<f64>,
    /// The same by the clock on the wall.
    pub times_wall: Option<f64>,
    /// Whether each goal is reached.
    pub goals: Vec<Option<bool>>,
}

impl Report {
    pub fn new(row: &Row, measured: &Measured) -> Report {
        let times = measured.peer.as_ref().map(|(_, peer)| measured.ours.times(peer, |figure| figure.value));
        let times_wall = measured.peer.as_ref().map(|(_, peer)| measured.ours.times(peer, |figure| figure.wall));
        let limit = measured.limit.as_ref().map(|(_, limit)| limit.median());
        let reached = Reached { ours: measured.ours.median(), times, limit };
        Report { times, times_wall, goals: row.goals.iter().map(|goal| goal.is_met(&reached)).collect() }
    }

    /// One word for all goals.
    pub fn verdict(&self) -> &'static str {
        match self.goals.as_slice() {
            [] => "-",
            goals if goals.contains(&Some(false)) => "MISSED",
            goals if goals.contains(&None) => "not known",
            _ => "yes",
        }
    }
}

/// One row for the file.
pub fn json(row: &Row, measured: &Measured) -> Value {
    let report = Report::new(row, measured);
    let side = |rounds: &Rounds| {
        json!({
            "median": rounds.median(),
            "best": rounds.best(),
            "spread": rounds.spread(),
            "median_wall_ns": rounds.median_wall(),
            "rounds": rounds.0.iter().map(|figure| figure.value).collect::<Vec<_>>(),
        })
    };
    let goals = row.goals.iter().zip(&report.goals);
    let goals: Vec<Value> = goals.map(|(goal, met)| json!({ "goal": goal.to_string(), "reached": met })).collect();
    json!({
        "row": row.name,
        "unit": row.unit,
        "thalweg": side(&measured.ours),
        "wasmtime": measured.peer.as_ref().map(|(_, rounds)| side(rounds)),
        "wasmtime_settings": measured.peer.as_ref().map(|(settings, _)| settings),
        "limit": measured.limit.as_ref().map(|(_, rounds)| side(rounds)),
        "limit_name": measured.limit.as_ref().map(|(name, _)| name),
        "ratio": report.times,
        "ratio_wall": report.times_wall,
        "goals": goals,
    })
}

/// Writes the file, and the folder it is in.
pub fn write(path: &Path, build: &str, rows: &[Value]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let file = json!({ "build": build, "rows": rows });
    std::fs::write(path, format!("{file:#}\n"))
}
