//! ARCHITECTURE.md is a map: what it names exists, and what exists is on it. So is the table of guests.

use super::fault::Fault;
use super::tree::Tree;

const MAP: &str = "ARCHITECTURE.md";
/// Paths that begin so are checked; other words in backticks are names of code.
const MAPPED: [&str; 2] = ["crates/", "tests/"];
/// Each folder right below these must be named on the map.
const COVERED: [&str; 2] = ["crates/runtime/src", "crates/wasi/src"];
const GUESTS: &str = "guests/";
const GUESTS_TABLE: &str = "guests/README.md";

pub fn check(tree: &Tree) -> Vec<Fault> {
    let mut faults = guests(tree);
    let Some(text) = tree.text(MAP) else {
        faults.push(Fault::new(MAP, 0, "map", "the map of the code is missing"));
        return faults;
    };
    for (line, path) in named_paths(text) {
        if !tree.has(path) {
            faults.push(Fault::new(MAP, line, "map", format!("`{path}` does not exist")));
        }
    }
    for parent in COVERED {
        for folder in tree.folders(parent) {
            let path = format!("{parent}/{folder}");
            if !is_named(text, &path, &folder) {
                faults.push(Fault::new(MAP, 0, "map", format!("`{path}/` is not mentioned")));
            }
        }
    }
    faults
}

/// Each kept guest stands in the table that says what it prints.
fn guests(tree: &Tree) -> Vec<Fault> {
    let table = tree.text(GUESTS_TABLE).unwrap_or_default();
    let names = tree.files.iter().filter_map(|file| file.path.strip_prefix(GUESTS)?.strip_suffix(".wasm"));
    let missing = names.filter(|name| !name.contains('/') && !table.contains(&format!("`{name}`")));
    missing.map(|name| Fault::new(GUESTS_TABLE, 0, "map", format!("guest `{name}` is not in the table"))).collect()
}

/// A folder counts as named by its path or, as in a drawing of the tree, by its name with a slash.
fn is_named(text: &str, path: &str, folder: &str) -> bool {
    let short = format!("{folder}/");
    let is_part = |c: char| c == '_' || c == '-' || c.is_alphanumeric();
    text.contains(path) || text.match_indices(&short).any(|(at, _)| !text[..at].ends_with(is_part))
}

/// Paths in backticks with their lines. A path with a wildcard or a gap names no one file.
fn named_paths(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (at, line) in text.lines().enumerate() {
        for path in line.split('`').skip(1).step_by(2) {
            let plain = !path.contains(|c: char| c.is_whitespace() || "*<>{}[]".contains(c)) && !path.contains("..");
            if plain && MAPPED.iter().any(|prefix| path.starts_with(prefix)) {
                found.push((at + 1, path.split_once(':').map_or(path, |(path, _)| path)));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(map: &str) -> Vec<String> {
        let tree =
            Tree::of(&[(MAP, map), ("crates/runtime/src/task/task.rs", ""), ("crates/wasi/src/cli/exit.rs", "")]);
        check(&tree).into_iter().map(|fault| fault.message).collect()
    }

    #[test]
    fn a_good_map() {
        let map = "`crates/runtime/src/task/task.rs` `crates/wasi/src/cli` `crates/*/x` `a::b` `crates/wasi/src/cli/exit.rs:7`";
        assert!(messages(map).is_empty());
        assert!(messages("task/ and cli/").is_empty());
    }

    #[test]
    fn what_is_gone_and_what_is_new() {
        assert_eq!(messages("`crates/runtime/src/job.rs` task/ cli/"), ["`crates/runtime/src/job.rs` does not exist"]);
        assert_eq!(messages("subtask/ cli/"), ["`crates/runtime/src/task/` is not mentioned"]);
        assert_eq!(check(&Tree::of(&[]))[0].message, "the map of the code is missing");
    }

    #[test]
    fn guests_are_in_their_table() {
        let tree = Tree::of(&[("guests/a.wasm", ""), ("guests/b.wasm", ""), (GUESTS_TABLE, "| `a` |"), (MAP, "")]);
        assert_eq!(check(&tree)[0].message, "guest `b` is not in the table");
    }
}
