//! Files are at most 600 lines long and begin by saying what they are.

use super::fault::Fault;

const LINES_MAX: usize = 600;

pub fn check(path: &str, text: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    let lines = text.lines().count();
    if lines > LINES_MAX {
        let message = format!("{lines} lines, at most {LINES_MAX}: one concept a file");
        faults.push(Fault::sized(path, 0, "file-length", lines, message));
    }
    if !text.starts_with("//!") {
        faults.push(Fault::new(path, 1, "header", "begin the file with `//!` and what it is about"));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_and_header() {
        assert_eq!(check("a.rs", &format!("//! a\n{}", "\n".repeat(599))), []);
        let faults = check("a.rs", &"\n".repeat(601));
        assert_eq!(faults.iter().map(|f| (f.rule, f.size)).collect::<Vec<_>>(), [("file-length", 601), ("header", 1)]);
    }
}
