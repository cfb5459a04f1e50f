//! Verdicts on tests, and the table of them.

use std::fmt::Write;

use super::config::{COMMAND, Config, SERVICE};
use super::session::{Session, Surroundings};
use super::suite::{Case, Suite};
use crate::verdict::{ExpectedFailures, Failed, Outcome};

/// Versions of WASI whose tests are run.
const VERSIONS: [&str; 3] = ["wasm32-wasip1", "wasm32-wasip2", "wasm32-wasip3"];

/// What came of a test.
#[derive(Debug)]
pub enum Verdict {
    /// It was run.
    Run(Outcome),
    /// It was not run: why.
    Skipped(String),
}

impl Verdict {
    /// Runs a test and judges it.
    pub fn on(suite: &Suite, case: &Case, surroundings: &Surroundings, expected: &ExpectedFailures) -> Verdict {
        if !VERSIONS.contains(&suite.version.as_str()) {
            return Verdict::Skipped(format!("{} is not known", suite.version));
        }
        let config = Config::beside(&case.wasm);
        if let Ok(Config { world, .. }) = &config
            && world != COMMAND
            && world != SERVICE
        {
            return Verdict::Skipped(format!("the world {world} is not known"));
        }
        let result = config.and_then(|config| Session::new(surroundings, &config, &case.wasm).run());
        let mut outcome = Outcome::of(case.wasm.clone());
        match result {
            Ok(()) => outcome.passed = 1,
            Err(reason) => outcome.failed.push(Failed { line: None, reason }),
        }
        expected.apply(&mut outcome);
        Verdict::Run(outcome)
    }

    /// Whether nothing failed that is not known to.
    pub fn is_fine(&self) -> bool {
        match self {
            Verdict::Run(outcome) => outcome.is_fine(),
            Verdict::Skipped(_) => true,
        }
    }

    /// One word for it.
    fn word(&self) -> &'static str {
        match self {
            Verdict::Run(outcome) if !outcome.is_fine() => "FAILED",
            Verdict::Run(outcome) if outcome.known > 0 => "failed as known",
            Verdict::Run(_) => "passed",
            Verdict::Skipped(_) => "skipped",
        }
    }
}

/// Each test on a line, the reasons below it, and a line for each suite at the end; `quiet` leaves out the tests that are
/// as they should be.
pub fn table(suites: &[Suite], verdicts: &[Vec<Verdict>], quiet: bool) -> String {
    let mut text = String::new();
    for (suite, verdicts) in suites.iter().zip(verdicts) {
        for (case, verdict) in suite.cases.iter().zip(verdicts).filter(|(_, verdict)| !quiet || !verdict.is_fine()) {
            let _ = writeln!(text, "{}  {}/{}", verdict.word(), suite.version, case.name());
            match verdict {
                Verdict::Run(outcome) => {
                    for failed in &outcome.failed {
                        let _ = writeln!(text, "    {}", failed.reason.replace('\n', "\n      "));
                    }
                }
                Verdict::Skipped(why) => {
                    let _ = writeln!(text, "    {why}");
                }
            }
        }
    }
    if !text.is_empty() {
        text.push('\n');
    }
    totals(&mut text, suites, verdicts);
    text
}

fn totals(text: &mut String, suites: &[Suite], verdicts: &[Vec<Verdict>]) {
    const ALL: &str = "all";
    let width = suites.iter().map(|suite| suite.name.chars().count()).max().unwrap_or(0).max(ALL.len());
    let _ = writeln!(text, "{:width$}  {:>6} {:>6} {:>8} {:>7}", "suite", "passed", "failed", "as known", "skipped");
    let mut line = |name: &str, verdicts: &[&Verdict]| {
        let count = |word: &str| verdicts.iter().filter(|verdict| verdict.word() == word).count();
        let (passed, failed) = (count("passed"), count("FAILED"));
        let (known, skipped) = (count("failed as known"), count("skipped"));
        let _ = writeln!(text, "{name:width$}  {passed:6} {failed:6} {known:8} {skipped:7}");
    };
    for (suite, verdicts) in suites.iter().zip(verdicts) {
        line(&suite.name, &verdicts.iter().collect::<Vec<_>>());
    }
    if suites.len() > 1 {
        line(ALL, &verdicts.iter().flatten().collect::<Vec<_>>());
    }
}
