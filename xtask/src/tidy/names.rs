//! Names of files and folders say what is inside, in ASCII.

use super::fault::Fault;

/// Names under which anything could be put, and so everything is.
const EMPTY_NAMES: [&str; 5] = ["utils", "common", "manager", "helpers", "v2"];

pub fn check(path: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    if !path.is_ascii() {
        faults.push(Fault::new(path, 0, "ascii-name", "name it in ASCII"));
    }
    for part in path.split('/') {
        let stem = part.split('.').next().unwrap_or(part).to_ascii_lowercase();
        if EMPTY_NAMES.contains(&stem.as_str()) {
            let message = format!("`{part}` says nothing: name it after the one thing it is about");
            faults.push(Fault::new(path, 0, "name", message));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let rules = |path| check(path).into_iter().map(|fault| fault.rule).collect::<Vec<_>>();
        assert!(rules("crates/wasi/src/p2/streams.rs").is_empty());
        assert!(rules("a/commonly.rs").is_empty());
        assert_eq!(rules("a/utils.rs"), ["name"]);
        assert_eq!(rules("a/v2/Helpers.rs"), ["name", "name"]);
        assert_eq!(rules("a/caf\u{e9}.md"), ["ascii-name"]);
    }
}
