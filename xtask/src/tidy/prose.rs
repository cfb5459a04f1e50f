//! Prose in Markdown breaks its lines where an editor shows them whole.

use super::fault::Fault;

const COLUMNS_MAX: usize = 125;

pub fn check(path: &str, text: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut in_code = false;
    for (at, line) in text.lines().enumerate() {
        let words = line.trim_start();
        let columns = line.chars().count();
        if words.starts_with("```") {
            in_code = !in_code;
        } else if !in_code && !line.starts_with("    ") && !words.starts_with('|') && columns > COLUMNS_MAX {
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
}
