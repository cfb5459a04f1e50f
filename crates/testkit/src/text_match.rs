//! Compares an expected text with wildcards to an actual one, line by line, and shows where they differ.
//!
//! `[..]` in an expected line stands for anything within that line; a line which is only `...` stands for any
//! number of lines. Whether the last line ends with a newline matters, unless `...` covers it.

use std::fmt;

/// Stands for anything within a line.
pub const ANY_TEXT: &str = "[..]";
/// As a whole line, stands for any number of lines, none included.
pub const ANY_LINES: &str = "...";

/// How an actual text departs from the expected one. Its `Display` is a diff: ` ` agrees, `-` expected, `+` actual.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    rows: Vec<Row>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Row {
    Same(String),
    AnyLines(usize),
    Missing(String),
    Unexpected(String),
}

/// Compares line by line; `None` when the actual text is as expected.
pub fn compare(expected: &str, actual: &str) -> Option<Difference> {
    let expected: Vec<&str> = expected.split_inclusive('\n').collect();
    let actual: Vec<&str> = actual.split_inclusive('\n').collect();
    let costs = Costs::new(&expected, &actual);
    (costs.at(0, 0) > 0).then(|| Difference { rows: costs.rows(&expected, &actual) })
}

/// Whether one actual line fits an expected one with [`ANY_TEXT`] in it. Both are without their newline.
pub fn line_matches(expected: &str, actual: &str) -> bool {
    let mut pieces = expected.split(ANY_TEXT);
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = actual.strip_prefix(first) else { return false };
    let mut middle: Vec<&str> = pieces.collect();
    let Some(last) = middle.pop() else { return rest.is_empty() };
    for piece in middle {
        // The leftmost place is always a right one: it leaves the most for the pieces after it.
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last)
}

fn is_any_lines(expected: &str) -> bool {
    expected.trim_end_matches('\n') == ANY_LINES
}

/// Two lines with their newlines: a line that ends the text without one differs from a line that has one.
fn same_line(expected: &str, actual: &str) -> bool {
    expected.ends_with('\n') == actual.ends_with('\n')
        && line_matches(expected.trim_end_matches('\n'), actual.trim_end_matches('\n'))
}

/// The edit distance of each pair of tails, so that the smallest diff can be read off; 0 is a match.
struct Costs {
    width: usize,
    cells: Vec<usize>,
}

impl Costs {
    fn new(expected: &[&str], actual: &[&str]) -> Costs {
        let width = actual.len() + 1;
        let mut costs = Costs { width, cells: vec![0; width * (expected.len() + 1)] };
        for e in (0..=expected.len()).rev() {
            for a in (0..=actual.len()).rev() {
                costs.cells[e * width + a] = costs.cell(expected, actual, e, a);
            }
        }
        costs
    }

    fn at(&self, e: usize, a: usize) -> usize {
        self.cells[e * self.width + a]
    }

    fn cell(&self, expected: &[&str], actual: &[&str], e: usize, a: usize) -> usize {
        let Some(line) = expected.get(e) else { return actual.len() - a };
        if is_any_lines(line) {
            let none = self.at(e + 1, a);
            return if a < actual.len() { none.min(self.at(e, a + 1)) } else { none };
        }
        let missing = 1 + self.at(e + 1, a);
        let Some(found) = actual.get(a) else { return missing };
        if same_line(line, found) {
            return self.at(e + 1, a + 1).min(missing);
        }
        missing.min(1 + self.at(e, a + 1))
    }

    fn is_missing(&self, e: usize, a: usize) -> bool {
        self.at(e, a) == 1 + self.at(e + 1, a)
    }

    /// Walks along the smallest costs.
    fn rows(&self, expected: &[&str], actual: &[&str]) -> Vec<Row> {
        let (mut e, mut a, mut rows) = (0, 0, Vec::new());
        loop {
            match (expected.get(e), actual.get(a)) {
                (None, None) => return rows,
                (Some(line), _) if is_any_lines(line) => {
                    let start = a;
                    while a < actual.len() && self.at(e, a) == self.at(e, a + 1) && self.at(e, a) != self.at(e + 1, a) {
                        a += 1;
                    }
                    rows.push(Row::AnyLines(a - start));
                    e += 1;
                }
                (Some(line), Some(found)) if same_line(line, found) && self.at(e, a) == self.at(e + 1, a + 1) => {
                    rows.push(Row::Same(shown(found)));
                    (e, a) = (e + 1, a + 1);
                }
                // Of two diffs of the same size, the one that finds an expected line further down reads better.
                (Some(line), _) if self.is_missing(e, a) && !actual[a..].iter().any(|found| same_line(line, found)) => {
                    rows.push(Row::Missing(shown(line)));
                    e += 1;
                }
                (_, Some(found)) if self.at(e, a) == 1 + self.at(e, a + 1) => {
                    rows.push(Row::Unexpected(shown(found)));
                    a += 1;
                }
                (Some(line), _) => {
                    rows.push(Row::Missing(shown(line)));
                    e += 1;
                }
                // With no expected line left, each actual line costs one, which an arm above takes.
                (None, Some(_)) => return rows,
            }
        }
    }
}

fn shown(line: &str) -> String {
    match line.strip_suffix('\n') {
        Some(text) => text.to_string(),
        None => format!("{line} (no newline at the end)"),
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for row in &self.rows {
            match row {
                Row::Same(line) => writeln!(f, "    {line}")?,
                Row::AnyLines(count) => writeln!(f, "    {ANY_LINES} ({count} lines)")?,
                Row::Missing(line) => writeln!(f, "  - {line}")?,
                Row::Unexpected(line) => writeln!(f, "  + {line}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_within_a_line() {
        for (expected, actual) in [
            ("", ""),
            ("[..]", ""),
            ("[..]", "anything"),
            ("took [..] ms", "took 12 ms"),
            ("[..] ms", "12 ms"),
            ("a[..]b[..]c", "a1b2b3c"),
            ("[..]ab[..]", "aab"),
        ] {
            assert!(line_matches(expected, actual), "{expected:?} should fit {actual:?}");
        }
        for (expected, actual) in
            [("a", "ab"), ("took [..] ms", "took 12 s"), ("a[..]b", "ba"), ("[..]ab[..]b", "ab"), ("aa[..]aa", "aaa")]
        {
            assert!(!line_matches(expected, actual), "{expected:?} should not fit {actual:?}");
        }
    }

    #[test]
    fn any_number_of_lines() {
        for (expected, actual) in [
            ("...\n", ""),
            ("...\n", "one\ntwo\n"),
            ("...\n", "no newline"),
            ("a\n...\nz\n", "a\nz\n"),
            ("a\n...\nz\n", "a\nz\nb\nz\n"),
            ("...\nm\n...\n", "a\nm\nz\n"),
            ("...\na[..]\n...\nb\n", "x\na1\na2\nb\n"),
        ] {
            assert_eq!(compare(expected, actual), None, "{expected:?} should fit {actual:?}");
        }
        for (expected, actual) in [("a\n...\n", "b\n"), ("...\nz\n", "z\na\n"), ("...\nm\n...\n", "a\nz\n")] {
            assert!(compare(expected, actual).is_some(), "{expected:?} should not fit {actual:?}");
        }
    }

    #[test]
    fn the_last_newline_matters() {
        assert_eq!(compare("a", "a"), None);
        let difference = compare("a\n", "a").expect("a newline is missing");
        assert_eq!(difference.to_string(), "  - a\n  + a (no newline at the end)\n");
    }

    #[test]
    fn a_difference_shows_what_agrees() {
        let difference = compare("a\nb\n...\nc [..]\nd\n", "a\nx\nb\ny\nz\nc 7\n").expect("x and d");
        assert_eq!(difference.to_string(), "    a\n  + x\n    b\n    ... (2 lines)\n    c 7\n  - d\n");
    }
}
