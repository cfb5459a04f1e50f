//! Prose in Markdown and in comments breaks its lines where an editor shows them whole; the formatter leaves it as it is.

use super::fault::Fault;

const COLUMNS_MAX: usize = 125;

/// What is wrong with a Markdown file.
pub fn check(path: &str, text: &str) -> Vec<Fault> {
    let mut in_code = false;
    let is_prose = |line: &str| {
        let words = line.trim_start();
        let is_fence = words.starts_with("```");
        in_code ^= is_fence;
        !is_fence && !in_code && !line.starts_with("    ") && !words.starts_with('|')
    };
    too_wide(path, text, is_prose)
}

/// What is wrong with the comments of a Rust file, those on lines of their own.
pub fn check_comments(path: &str, text: &str) -> Vec<Fault> {
    let mut in_code = false;
    let is_prose = |line: &str| {
        let Some(comment) = line.trim_start().strip_prefix("//") else {
            in_code = false;
            return false;
        };
        let words = comment.trim_start_matches(['/', '!']).trim_start();
        let is_fence = words.starts_with("```");
        in_code ^= is_fence;
        !is_fence && !in_code && !words.starts_with('|')
    };
    too_wide(path, text, is_prose)
}

fn too_wide(path: &str, text: &str, mut is_prose: impl FnMut(&str) -> bool) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let columns = line.chars().count();
        if is_prose(line) && columns > COLUMNS_MAX {
            let message = format!("{columns} columns, at most {COLUMNS_MAX}: break the line");
            faults.push(Fault::sized(path, at + 1, "prose-width", columns, message));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_and_code_are_as_wide_as_they_are() {
        let long = "a ".repeat(63);
        let faults = check("A.md", &format!("| {long}|\n    {long}\n```\n{long}\n```\n{long}\n{}\n", "ü".repeat(125)));
        assert_eq!(faults.iter().map(|fault| (fault.line, fault.size)).collect::<Vec<_>>(), [(6, 126)]);
    }

    #[test]
    fn comments_are_prose_and_code_is_not() {
        let long = "a ".repeat(62);
        let text = format!("/// {long}\n/// ```text\n/// {long}\n/// ```\n/// | {long}|\nlet {long};\n    // {long}\n");
        let faults = check_comments("a.rs", &text);
        assert_eq!(faults.iter().map(|fault| (fault.line, fault.size)).collect::<Vec<_>>(), [(1, 128), (7, 131)]);
    }
}
