//! The results as a table: one line a script, the reasons below it, the totals at the end.

use std::fmt::Write;

use crate::verdict::Outcome;

/// The table; `quiet` leaves out what is as it should be.
pub fn table(outcomes: &[Outcome], quiet: bool) -> String {
    let mut text = String::new();
    let width = outcomes.iter().map(|outcome| outcome.path.display().to_string().len()).max().unwrap_or(0);
    for outcome in outcomes.iter().filter(|outcome| !quiet || !outcome.is_fine()) {
        let path = outcome.path.display().to_string();
        let counts = counts(outcome.passed, outcome.known, outcome.failed.len());
        let schedules =
            if outcome.schedules > 1 { format!("  {} schedules", outcome.schedules) } else { String::new() };
        let _ = writeln!(text, "{path:width$}  {counts}{schedules}");
        for failed in &outcome.failed {
            let line = failed.line.unwrap_or(1);
            let _ = writeln!(text, "    {path}:{line}: {}", failed.reason.replace('\n', "\n      "));
        }
    }
    let sum = |count: fn(&Outcome) -> usize| outcomes.iter().map(count).sum();
    let counts =
        counts(sum(|outcome| outcome.passed), sum(|outcome| outcome.known), sum(|outcome| outcome.failed.len()));
    let bad = outcomes.iter().filter(|outcome| !outcome.is_fine()).count();
    let _ =
        writeln!(text, "{} scripts, {bad} not as they should be; directives: {}", outcomes.len(), counts.trim_start());
    text
}

fn counts(passed: usize, known: usize, failed: usize) -> String {
    match known {
        0 => format!("{passed:5} passed {failed:4} failed"),
        _ => format!("{passed:5} passed {failed:4} failed {known:4} failed as known"),
    }
}
