//! What the figures of a row mean, and the file that keeps them.

use std::path::Path;

use serde::Serialize;

use crate::figure::Rounds;
use crate::goal::Reached;
use crate::measure::Measured;
use crate::row::{Failure, Row};

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

/// One row in the file.
#[derive(Serialize)]
pub struct Line {
    row: String,
    unit: &'static str,
    thalweg: Figures,
    wasmtime: Option<Figures>,
    wasmtime_settings: Option<&'static str>,
    limit: Option<Figures>,
    limit_name: Option<&'static str>,
    ratio: Option<f64>,
    ratio_wall: Option<f64>,
    goals: Vec<(String, Option<bool>)>,
}

#[derive(Serialize)]
struct Figures {
    median: f64,
    best: f64,
    spread: f64,
    median_wall: f64,
    rounds: Vec<f64>,
}

impl Figures {
    fn of(rounds: &Rounds) -> Figures {
        Figures {
            median: rounds.median(),
            best: rounds.best(),
            spread: rounds.spread(),
            median_wall: rounds.median_wall(),
            rounds: rounds.0.iter().map(|figure| figure.value).collect(),
        }
    }
}

impl Line {
    pub fn new(row: &Row, measured: &Measured) -> Line {
        let report = Report::new(row, measured);
        let (settings, peer) = measured.peer.as_ref().map(|(name, rounds)| (*name, Figures::of(rounds))).unzip();
        let (limit_name, limit) = measured.limit.as_ref().map(|(name, rounds)| (*name, Figures::of(rounds))).unzip();
        Line {
            row: row.name.clone(),
            unit: row.unit,
            thalweg: Figures::of(&measured.ours),
            wasmtime: peer,
            wasmtime_settings: settings,
            limit,
            limit_name,
            ratio: report.times,
            ratio_wall: report.times_wall,
            goals: row.goals.iter().map(ToString::to_string).zip(report.goals).collect(),
        }
    }
}

/// Writes the file, and the folder it is in.
pub fn write(path: &Path, build: &str, rows: &[Line]) -> Result<(), Failure> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let file = serde_json::json!({ "build": build, "rows": rows });
    Ok(std::fs::write(path, format!("{file:#}\n"))?)
}
