//! What people read.

use crate::figure::Rounds;
use crate::measure::Measured;
use crate::report::Report;
use crate::row::Row;

pub fn head() {
    println!(
        "| row | unit | thalweg (best) | wasmtime (best) | ratio | by wall | limit | goal | reached | wasmtime's settings |"
    );
    println!("|---|---|--:|--:|--:|--:|--:|---|---|---|");
}

pub fn line(row: &Row, measured: &Measured) {
    let report = Report::new(row, measured);
    let side = |rounds: &Rounds| {
        format!("{} ({}) ±{:.0}%", figure(rounds.median()), figure(rounds.best()), rounds.spread() * 50.0)
    };
    let times = |times: Option<f64>| times.map_or("-".into(), |times| format!("{times:.2}x"));
    let peer = measured.peer.as_ref().map_or("-".into(), |(_, rounds)| side(rounds));
    let limit =
        measured.limit.as_ref().map_or("-".into(), |(name, rounds)| format!("{} {name}", figure(rounds.median())));
    let goals: Vec<String> = row.goals.iter().map(ToString::to_string).collect();
    println!(
        "| {} | {} | {} | {peer} | {} | {} | {limit} | {} | {} | {} |",
        row.name,
        row.unit,
        side(&measured.ours),
        times(report.times),
        times(report.times_wall.filter(|_| row.by_wall)),
        goals.join(", "),
        report.verdict(),
        measured.peer.as_ref().map_or("-", |(settings, _)| *settings),
    );
}

/// Three digits that count.
fn figure(value: f64) -> String {
    match value {
        v if v >= 100.0 => format!("{v:.0}"),
        v if v >= 10.0 => format!("{v:.1}"),
        v => format!("{v:.2}"),
    }
}
