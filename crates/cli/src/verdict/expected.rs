//! What is known to fail, and why: data, so that a fixed one cannot go unnoticed.
//!
//! One entry a line: `path: reason` for a whole script or test, `path:line: reason` for the directive that begins there, and
//! `path:line?: reason` for one that fails under some schedules only. The path is the end of the file's path. Empty lines
//! and `#` lines say nothing.

use std::fs;
use std::path::Path;

use super::outcome::{Failed, Outcome};
use crate::load::io_text;
use crate::report::Failure;

/// What is known to fail.
#[derive(Debug, Default)]
pub struct ExpectedFailures(Vec<Known>);

#[derive(Debug)]
struct Known {
    path: String,
    /// The directive; none for the whole.
    line: Option<usize>,
    /// It may pass.
    sometimes: bool,
    reason: String,
}

impl ExpectedFailures {
    /// Reads the list.
    pub fn read(path: &Path) -> Result<ExpectedFailures, Failure> {
        let text = fs::read_to_string(path).map_err(|error| Failure::new(io_text(&error)).at(path.display()))?;
        ExpectedFailures::parse(&text).map_err(|failure| failure.at(path.display()))
    }

    fn parse(text: &str) -> Result<ExpectedFailures, Failure> {
        let mut all = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let Some((place, reason)) = line.split_once(": ") else {
                return Err(Failure::new(format!("line {} is not `path: reason`", number + 1)));
            };
            let (place, sometimes) = place.strip_suffix('?').map_or((place, false), |place| (place, true));
            let (path, line) = match place.rsplit_once(':').and_then(|(path, line)| Some((path, line.parse().ok()?))) {
                Some((path, line)) => (path, Some(line)),
                None => (place, None),
            };
            all.push(Known { path: path.to_string(), line, sometimes, reason: reason.trim().to_string() });
        }
        Ok(ExpectedFailures(all))
    }

    /// Takes what is known out of the failures of `outcome`, and adds what passed though it is known to fail.
    pub fn apply(&self, outcome: &mut Outcome) {
        for known in self.0.iter().filter(|known| outcome.path.ends_with(&known.path)) {
            let before = outcome.failed.len();
            outcome.failed.retain(|failed| known.line.is_some() && known.line != failed.line);
            outcome.known += before - outcome.failed.len();
            if before == outcome.failed.len() && !known.sometimes {
                let reason = format!("it passes, but is listed as known to fail: {}", known.reason);
                outcome.failed.push(Failed { line: known.line, reason });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(path: &str, lines: &[usize]) -> Outcome {
        let failed = lines.iter().map(|&line| Failed { line: Some(line), reason: "no".into() }).collect();
        Outcome { failed, ..Outcome::of(path.into()) }
    }

    #[test]
    fn a_line_names_the_end_of_a_path() {
        let known = ExpectedFailures::parse("# why\n\nasync/a.wast: not yet: really\n").expect("a list");
        let mut outcome = failed("/suite/async/a.wast", &[3, 5]);
        known.apply(&mut outcome);
        assert!(outcome.is_fine() && outcome.known == 2);
        let mut outcome = failed("/suite/async/ba.wast", &[3]);
        known.apply(&mut outcome);
        assert_eq!(outcome.failed.len(), 1);
        assert!(ExpectedFailures::parse("a.wast").is_err());
    }

    #[test]
    fn what_passes_though_it_is_known_to_fail_is_a_failure() {
        let known = ExpectedFailures::parse("a.wast:3: a\na.wast:7: b\n").expect("a list");
        let mut outcome = failed("a.wast", &[3]);
        known.apply(&mut outcome);
        assert_eq!((outcome.known, outcome.failed.len()), (1, 1));
        assert_eq!(outcome.failed[0].line, Some(7));
    }
}
