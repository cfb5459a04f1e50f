//! Rewrites the expectations of a test file that a run did not meet, and leaves every other line as it is.

use super::fields::{self, Field};
use super::outcome::Exit;
use super::{CommandTest, Outcome, ParseError};
use crate::text_match;

/// The test file's text with `exit:`, `stdout:` and `stderr:` as the run had them. Expectations that hold keep
/// their wildcards. A run that a signal ended has no exit code, so its `exit:` stays.
pub(super) fn rewrite(text: &str, test: &CommandTest, outcome: &Outcome) -> Result<String, ParseError> {
    let mut new = Vec::new();
    if let (Exit::Code(code), false) = (outcome.exit, test.exit.has(outcome.exit)) {
        new.push(("exit", format!("exit: {code}\n")));
    }
    for (name, expected, actual) in
        [("stdout", &test.stdout, &outcome.stdout), ("stderr", &test.stderr, &outcome.stderr)]
    {
        if text_match::compare(expected, actual).is_some() {
            let section = if actual.is_empty() { String::new() } else { format!("{name}:\n{}", fields::block(actual)) };
            new.push((name, section));
        }
    }
    Ok(replace(text, &fields::split(text)?, &new))
}

fn replace(text: &str, fields: &[Field], new: &[(&str, String)]) -> String {
    let mut rewritten = String::new();
    for (at, line) in text.lines().enumerate() {
        let field = fields.iter().find(|field| field.lines.contains(&at));
        match field.and_then(|field| Some((field, new.iter().find(|(name, _)| *name == field.name)?))) {
            Some((field, (_, section))) if field.lines.start == at => rewritten += section,
            Some(_) => {}
            None => {
                rewritten += line;
                rewritten.push('\n');
            }
        }
    }
    for (name, section) in new {
        if !fields.iter().any(|field| field.name == *name) {
            rewritten += section;
        }
    }
    rewritten
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blessed(text: &str, exit: u8, stdout: &str, stderr: &str) -> String {
        let test = CommandTest::parse(text).expect("well formed");
        let outcome = Outcome {
            exit: Exit::Code(exit),
            stdout: stdout.into(),
            stderr: stderr.into(),
            responses: Vec::new(),
            file_faults: Vec::new(),
        };
        let new = rewrite(text, &test, &outcome).expect("well formed");
        assert_eq!(CommandTest::parse(&new).expect("well formed").check(&outcome), None, "{new}");
        new
    }

    #[test]
    fn what_holds_stays() {
        let text = "# story\nargs: x\nexit: 0\nstdout:\n| took [..] ms\n";
        assert_eq!(blessed(text, 0, "took 5 ms\n", ""), text);
    }

    #[test]
    fn what_differs_is_rewritten_in_its_place() {
        let text = "# story\nargs: x\nexit: 0\n# why\nstdout:\n| a\n| b\n\nstderr:\n| e\n";
        let expected = "# story\nargs: x\nexit: 3\n# why\nstdout:\n| a\n|\n|- c\n\n";
        assert_eq!(blessed(text, 3, "a\n\nc", ""), expected);
    }

    #[test]
    fn a_new_section_comes_last() {
        assert_eq!(blessed("args: x\nexit: 0", 0, "", "e\n"), "args: x\nexit: 0\nstderr:\n| e\n");
    }
}
