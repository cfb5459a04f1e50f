//! The rules of this repository as a test. Each rule looks at one file, or at the whole tree; a fault that is
//! accepted stands in `xtask/tidy-exceptions.txt` with its size, which may only fall.

mod code;
mod exceptions;
mod fault;
mod fence;
mod functions;
mod map;
mod names;
mod prose;
mod same_command;
mod size;
mod tree;
mod words;

use std::io;
use std::path::Path;

pub use fault::Fault;
use tree::{File, Tree};

/// Where accepted faults are listed.
const EXCEPTIONS: &str = "xtask/tidy-exceptions.txt";

/// All faults of the repository that are not accepted, sorted by path.
pub fn run(root: &Path) -> io::Result<Vec<Fault>> {
    let tree = Tree::read(root)?;
    let accepted = tree.text(EXCEPTIONS).unwrap_or_default();
    Ok(check(&tree, accepted))
}

fn check(tree: &Tree, accepted: &str) -> Vec<Fault> {
    let mut faults: Vec<Fault> = tree.files.iter().flat_map(of_file).collect();
    faults.extend(map::check(tree));
    faults.extend(same_command::check(tree));
    let mut faults = exceptions::apply(faults, accepted);
    faults.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
    faults
}

fn of_file(file: &File) -> Vec<Fault> {
    let mut faults = names::check(&file.path);
    let Some(text) = &file.text else { return faults };
    faults.extend(words::machine_paths(&file.path, text));
    if file.path.ends_with(".md") {
        faults.extend(prose::check(&file.path, text));
    }
    if file.path.ends_with(".rs") {
        let parts = code::Parts::of(text);
        faults.extend(size::check(&file.path, text));
        faults.extend(functions::check(&file.path, &parts));
        faults.extend(words::check(&file.path, text, &parts));
        faults.extend(fence::check(&file.path, text, &parts));
        faults.extend(prose::check_comments(&file.path, text));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_is_tidy() {
        let faults = run(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).expect("a readable repository");
        let lines: Vec<String> = faults.iter().map(Fault::to_string).collect();
        assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), lines.join("\n"));
    }

    #[test]
    fn each_rule_is_asked() {
        let tree = Tree::of(&[
            ("crates/wasi/src/lib.rs", "fn f() { unsafe {} }\n"),
            ("crates/wasi/src/helpers.rs", "//! .\n"),
            ("README.md", &format!("no test command {}\n", "and more ".repeat(20))),
        ]);
        let rules: Vec<&str> = check(&tree, "").iter().map(|fault| fault.rule).collect();
        for rule in ["header", "unsafe", "forbid-unsafe", "name", "map", "same-command", "prose-width"] {
            assert!(rules.contains(&rule), "{rule} is not among {rules:?}");
        }
    }
}
