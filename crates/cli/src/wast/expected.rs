//! Scripts that are known to fail, and why: data, so that a fixed one cannot go unnoticed.
//!
//! One script a line, `path: reason`; the path is the end of the script's path. Empty lines and `#` lines say nothing.

use std::fs;
use std::path::Path;

use crate::load::io_text;
use crate::report::Failure;

/// The scripts that are known to fail.
#[derive(Debug, Default)]
pub struct ExpectedFailures(Vec<(String, String)>);

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
            match line.split_once(": ") {
                Some((path, reason)) => all.push((path.trim().to_string(), reason.trim().to_string())),
                None => {
                    return Err(Failure::new(format!("line {} is not `path: reason`", number + 1)));
                }
            }
        }
        Ok(ExpectedFailures(all))
    }

    /// Why the script at `path` is known to fail.
    pub fn reason(&self, path: &Path) -> Option<&str> {
        self.0.iter().find(|(known, _)| path.ends_with(known)).map(|(_, reason)| reason.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_the_end_of_a_path() {
        let known = ExpectedFailures::parse("# why\n\nasync/a.wast: not yet: really\n").expect("a list");
        assert_eq!(known.reason(Path::new("/suite/async/a.wast")), Some("not yet: really"));
        assert_eq!(known.reason(Path::new("/suite/async/ba.wast")), None);
        assert!(ExpectedFailures::parse("a.wast").is_err());
    }
}
