//! The results as a table: one line a script, the reasons below it, the totals at the end.

use std::fmt::Write;

use super::outcome::Outcome;

/// The table; `quiet` leaves out what is as it should be.
pub fn table(outcomes: &[Outcome], quiet: bool) -> String {
    let mut text = String::new();
    let width = outcomes.iter().map(|outcome| outcome.path.display().to_string().len()).max().unwrap_or(0);
    for outcome in outcomes.iter().filter(|outcome| !quiet || !outcome.is_fine()) {
        let path = outcome.path.display().to_string();
        let _ = write!(text, "{path:width$}  {:4} passed  {:3} failed", outcome.passed, outcome.failed.len());
        match (&outcome.expected, outcome.failed.is_empty()) {
            (Some(reason), false) => {
                let _ = writeln!(text, "  (known: {reason})");
                continue;
            }
            (Some(reason), true) => {
                let _ = writeln!(text, "\n    it passes, but is listed as known to fail: {reason}");
            }
            (None, _) => text.push('\n'),
        }
        for failed in &outcome.failed {
            let _ = writeln!(text, "    {path}:{}: {}", failed.line, failed.reason.replace('\n', "\n      "));
        }
    }
    let passed: usize = outcomes.iter().map(|outcome| outcome.passed).sum();
    let failed: usize = outcomes.iter().map(|outcome| outcome.failed.len()).sum();
    let bad = outcomes.iter().filter(|outcome| !outcome.is_fine()).count();
    let _ = writeln!(
        text,
        "{} scripts, {bad} not as they should be; {passed} directives passed, {failed} failed",
        outcomes.len()
    );
    text
}
