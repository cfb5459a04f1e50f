//! Words that have no place in the repository: promises instead of work, and paths of one machine.

use super::code::Parts;
use super::fault::Fault;

/// Macros that stand for code not written, or left from a search for a fault.
const MACROS: [&str; 3] = ["todo", "unimplemented", "dbg"];
/// Promises, found as whole words in code, comments and strings.
const PROMISES: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
/// Promises in any case.
const PHRASES: [&str; 2] = [concat!("for ", "now"), concat!("place", "holder")];
/// First folders of absolute paths that only hold on one machine.
const MACHINE_FOLDERS: [&str; 6] = ["work", "tmp", "root", "home", "farm", "Users"];
/// Written by cargo, which puts no path of the machine into it.
const LOCK_FILE: &str = "Cargo.lock";

/// Promises in Rust source.
pub fn check(path: &str, text: &str, parts: &Parts) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (at, line) in parts.code.lines().enumerate() {
        for name in MACROS.into_iter().filter(|name| has_word(line, name, "!")) {
            faults.push(Fault::new(path, at + 1, "macro", format!("`{name}!`: write the code, or a typed error")));
        }
    }
    for (at, line) in text.lines().enumerate() {
        let lower = line.to_ascii_lowercase();
        let promises = PROMISES.into_iter().filter(|word| has_word(line, word, ""));
        for word in promises.chain(PHRASES.into_iter().filter(|phrase| has_word(&lower, phrase, ""))) {
            faults.push(Fault::new(path, at + 1, "promise", format!("\"{word}\": do it, or say what holds and why")));
        }
    }
    faults
}

/// Absolute paths of a machine, in any text file.
pub fn machine_paths(path: &str, text: &str) -> Vec<Fault> {
    if path.ends_with(LOCK_FILE) {
        return Vec::new();
    }
    let mut faults = Vec::new();
    for (at, line) in text.lines().enumerate() {
        if let Some(folder) = MACHINE_FOLDERS.into_iter().find(|folder| has_machine_path(line, folder)) {
            let message = format!("a path below /{folder} holds on one machine only");
            faults.push(Fault::new(path, at + 1, "machine-path", message));
        }
    }
    faults
}

/// Whether a word occurs that is not part of a longer one, with `after` right behind it.
fn has_word(line: &str, word: &str, after: &str) -> bool {
    let is_part = |c: char| c == '_' || c.is_alphanumeric();
    line.match_indices(word).any(|(at, _)| {
        let rest = &line[at + word.len()..];
        !line[..at].ends_with(is_part) && !rest.starts_with(is_part) && rest.starts_with(after)
    })
}

fn has_machine_path(line: &str, folder: &str) -> bool {
    line.match_indices('/').any(|(at, _)| {
        let inside_path = line[..at].ends_with(|c: char| c.is_alphanumeric() || "_.-/$}\")*>".contains(c));
        let below = line[at + 1..].strip_prefix(folder).and_then(|rest| rest.strip_prefix('/'));
        !inside_path && below.is_some_and(|rest| rest.starts_with(|c: char| c.is_alphanumeric() || "_.-".contains(c)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(text: &str) -> Vec<&'static str> {
        check("a.rs", text, &Parts::of(text)).into_iter().map(|fault| fault.rule).collect()
    }

    #[test]
    fn promises() {
        assert_eq!(rules(&format!("{}!()", "todo")), ["macro"]);
        assert_eq!(rules(&format!("// {}: later", PROMISES[0])), ["promise"]);
        assert_eq!(rules(&format!("\"{}\"", PROMISES[2])), ["promise"]);
        assert_eq!(rules(&format!("// {} it stays", PHRASES[0].to_uppercase())), ["promise"]);
    }

    #[test]
    fn words_that_only_look_like_promises() {
        let longer = format!("{}XX {}s", PROMISES[2], PROMISES[0]);
        for text in ["let todo = 1;", "\"dbg!\"", "// before nowhere", longer.as_str(), "adbg!(x)"] {
            assert!(rules(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn paths_of_a_machine() {
        let found = |text: &str| machine_paths("a.md", text).len();
        for folder in MACHINE_FOLDERS {
            assert_eq!(found(&format!("see `/{folder}/x`")), 1, "{folder}");
            assert_eq!(
                found(&format!("a/{folder}/x, $G/{folder}/x, {folder}/x, /{folder}, //{folder}/x")),
                0,
                "{folder}"
            );
        }
    }
}
