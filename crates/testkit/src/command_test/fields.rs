//! The outer shape of a test file: fields `name: value`, each with an optional block of lines below it.

use std::fmt;
use std::ops::Range;

/// A field as written, before anything is known about its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    pub name: String,
    pub value: String,
    /// The text of the lines below that begin with a bar; `None` without such a line.
    pub block: Option<String>,
    /// Which lines of the file the field covers, counted from 0.
    pub lines: Range<usize>,
}

/// What is wrong with a test file, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong and what to write instead.
    pub message: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

impl std::error::Error for ParseError {}

impl Field {
    pub fn error(&self, message: impl Into<String>) -> ParseError {
        ParseError { line: self.lines.start + 1, message: message.into() }
    }
}

/// Splits a file into its fields; blank lines and lines that begin with `#` are comments.
pub(super) fn split(text: &str) -> Result<Vec<Field>, ParseError> {
    let mut fields: Vec<Field> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let error = |message: &str| ParseError { line: at + 1, message: message.to_string() };
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(rest) = line.strip_prefix('|') {
            let field = fields.last_mut().ok_or_else(|| error("a block line before the first field"))?;
            let block = field.block.get_or_insert_default();
            if !block.is_empty() && !block.ends_with('\n') {
                return Err(error("a line after `|-`, which is the last line of a text without a newline"));
            }
            block.push_str(&block_line(rest).ok_or_else(|| error("write `| text`, `|` or `|- text`"))?);
            field.lines.end = at + 1;
            continue;
        }
        let (name, value) =
            line.split_once(':').ok_or_else(|| error("neither `field:` nor `| text` nor `# comment`"))?;
        let (name, value) = (name.to_string(), value.trim().to_string());
        fields.push(Field { name, value, block: None, lines: at..at + 1 });
    }
    Ok(fields)
}

/// The text of a block line, given what follows the bar.
fn block_line(rest: &str) -> Option<String> {
    if rest.is_empty() {
        return Some("\n".to_string());
    }
    if let Some(last) = rest.strip_prefix("- ") {
        return Some(last.to_string());
    }
    rest.strip_prefix(' ').map(|line| format!("{line}\n"))
}

/// Writes a text as block lines: the inverse of [`split`].
pub(super) fn block(text: &str) -> String {
    text.split_inclusive('\n')
        .map(|line| match line.strip_suffix('\n') {
            Some("") => "|\n".to_string(),
            Some(line) => format!("| {line}\n"),
            None => format!("|- {line}\n"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_blocks() {
        let fields = split("# about\n\nargs: run x:y\nstdout:\n| a\n|\n|  b\n\nexit: 0\n").expect("well formed");
        let shapes: Vec<_> =
            fields.iter().map(|f| (f.name.as_str(), f.value.as_str(), f.block.as_deref(), f.lines.clone())).collect();
        assert_eq!(
            shapes,
            [("args", "run x:y", None, 2..3), ("stdout", "", Some("a\n\n b\n"), 3..7), ("exit", "0", None, 8..9),]
        );
    }

    #[test]
    fn a_block_is_written_as_it_was_read() {
        for text in ["a\n", "\n", "a\n\nb\n", "- a\n", "a", "a\n b"] {
            let fields = split(&format!("stdout:\n{}", block(text))).expect("well formed");
            assert_eq!(fields[0].block.as_deref(), Some(text));
        }
    }

    #[test]
    fn faults_are_placed() {
        for (text, line) in
            [("| a\n", 1), ("exit: 0\nnonsense\n", 2), ("stdout:\n|a\n", 2), ("stdout:\n|- a\n| b\n", 3)]
        {
            assert_eq!(split(text).expect_err(text).line, line, "{text:?}");
        }
    }
}
