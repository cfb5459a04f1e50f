//! What came out of a run, and how it differs from what was expected.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use super::{CommandTest, Failure, Variables};
use crate::text_match;

/// What came out of a run, the variables' folders written as `$NAME`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub(super) exit: Exit,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// What a server said to each request.
    pub responses: Vec<String>,
    pub(super) file_faults: Vec<String>,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    Code(u8),
    /// Killed by a signal; its number where the system tells it.
    Signal(Option<i32>),
}

/// Exit codes any of which is right; more than one only where the guest's own verdict depends on time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExitCodes(pub Vec<u8>);

impl Exit {
    pub fn of(status: ExitStatus) -> Exit {
        match status.code().and_then(|code| u8::try_from(code).ok()) {
            Some(code) => Exit::Code(code),
            None => Exit::Signal(signal(status)),
        }
    }

    pub fn is_success(self) -> bool {
        matches!(self, Exit::Code(0))
    }
}

#[cfg(unix)]
fn signal(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(not(unix))]
fn signal(_status: ExitStatus) -> Option<i32> {
    None
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Exit::Code(code) => write!(f, "{code}"),
            Exit::Signal(Some(signal)) => write!(f, "killed by signal {signal}"),
            Exit::Signal(None) => f.write_str("killed by a signal"),
        }
    }
}

impl fmt::Display for ExitCodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, code) in self.0.iter().enumerate() {
            write!(f, "{}{code}", if at == 0 { "" } else { " or " })?;
        }
        Ok(())
    }
}

impl ExitCodes {
    pub(super) fn has(&self, exit: Exit) -> bool {
        matches!(exit, Exit::Code(code) if self.0.contains(&code))
    }
}

impl CommandTest {
    /// Compares with the expectations; a readable report where they differ.
    pub fn check(&self, outcome: &Outcome) -> Option<String> {
        let mut faulty = !self.exit.has(outcome.exit);
        let mut report = String::new();
        if faulty {
            report += &format!("exit: expected {}, found {}\n", self.exit, outcome.exit);
        }
        for (name, expected, actual) in
            [("stdout", &self.stdout, &outcome.stdout), ("stderr", &self.stderr, &outcome.stderr)]
        {
            match text_match::compare(expected, actual) {
                Some(difference) => {
                    faulty = true;
                    report += &format!("{name} (- expected, + found):\n{difference}");
                }
                // What the other output says is often the reason.
                None if !actual.is_empty() => report += &format!("{name} is as expected:\n{}", indented(actual)),
                None => {}
            }
        }
        for (at, request) in self.requests.iter().enumerate() {
            let actual = outcome.responses.get(at).map_or("", String::as_str);
            if let Some(difference) = text_match::compare(&request.response, actual) {
                faulty = true;
                report += &format!("response {} (- expected, + found):\n{difference}", at + 1);
            }
        }
        for fault in &outcome.file_faults {
            faulty = true;
            report += &format!("{fault}\n");
        }
        faulty.then_some(report)
    }

    /// Looks at the files the command left behind, while they are there.
    pub(super) fn file_faults(&self, variables: &Variables, folder: &Path) -> Result<Vec<String>, Failure> {
        let path = |name: &str| -> Result<PathBuf, Failure> { Ok(folder.join(variables.expand(name)?)) };
        let mut faults = Vec::new();
        for (a, b) in &self.files_equal {
            faults.extend(difference(a, &path(a)?, b, &path(b)?));
        }
        for name in &self.files_absent {
            if path(name)?.symlink_metadata().is_ok() {
                faults.push(format!("files-absent: {name} is there"));
            }
        }
        Ok(faults)
    }
}

fn difference(a_name: &str, a: &Path, b_name: &str, b: &Path) -> Option<String> {
    let (a, b) = match (fs::read(a), fs::read(b)) {
        (Ok(a), Ok(b)) => (a, b),
        (Err(error), _) => return Some(format!("files-equal: can't read {a_name}: {error}")),
        (_, Err(error)) => return Some(format!("files-equal: can't read {b_name}: {error}")),
    };
    if a == b {
        return None;
    }
    let at = a.iter().zip(&b).position(|(a, b)| a != b).unwrap_or(a.len().min(b.len()));
    Some(format!("files-equal: {a_name} ({} bytes) and {b_name} ({} bytes) differ from byte {at} on", a.len(), b.len()))
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEST: &str = "args: x\nexit: 0\nstdout:\n| took [..] ms\n";

    fn outcome(exit: Exit, stdout: &str, stderr: &str) -> Outcome {
        Outcome { exit, stdout: stdout.into(), stderr: stderr.into(), responses: Vec::new(), file_faults: Vec::new() }
    }

    #[test]
    fn every_expectation_can_fail() {
        let test = CommandTest::parse(TEST).expect("well formed");
        let good = outcome(Exit::Code(0), "took 1 ms\n", "");
        assert_eq!(test.check(&good), None);
        let bad_file = Outcome { file_faults: vec!["files-absent: x is there".into()], ..good };
        for (bad, named) in [
            (outcome(Exit::Code(1), "took 1 ms\n", ""), "exit: expected 0, found 1"),
            (outcome(Exit::Signal(Some(6)), "took 1 ms\n", ""), "exit: expected 0, found killed by signal 6"),
            (outcome(Exit::Code(0), "took 1 s\n", ""), "  + took 1 s"),
            (outcome(Exit::Code(0), "took 1 ms\n", "warning\n"), "  + warning"),
            (bad_file, "files-absent: x is there"),
        ] {
            let report = test.check(&bad).expect(named);
            assert!(report.contains(named), "{report}");
        }
    }

    #[test]
    fn files_that_differ_are_placed() {
        let folder = super::super::setup::TemporaryFolders::new().expect("a temporary folder");
        for (name, bytes) in [("a", "same"), ("b", "same"), ("c", "sane"), ("d", "same and more")] {
            fs::write(folder.files.join(name), bytes).expect(name);
        }
        let place = super::super::Place { program: "t".into(), root: "r".into(), guests: "g".into() };
        let variables = Variables::new(&place, &folder.files);
        let faults = |lines: &str| {
            let test = CommandTest::parse(&format!("args: x\nexit: 0\n{lines}")).expect("well formed");
            test.file_faults(&variables, &folder.files).expect("known variables")
        };
        assert!(faults("files-equal: a b\nfiles-equal: $TMP/a b\nfiles-absent: e\n").is_empty());
        assert_eq!(faults("files-equal: a c\n"), ["files-equal: a (4 bytes) and c (4 bytes) differ from byte 2 on"]);
        assert_eq!(faults("files-equal: a d\n"), ["files-equal: a (4 bytes) and d (13 bytes) differ from byte 4 on"]);
        assert!(faults("files-equal: a e\n")[0].starts_with("files-equal: can't read e: "));
        assert_eq!(faults("files-absent: a\n"), ["files-absent: a is there"]);
    }
}
