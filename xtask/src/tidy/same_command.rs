//! The command README gives for testing is the one `.ci/run` runs.

use super::fault::Fault;
use super::tree::Tree;

const README: &str = "README.md";
const SCRIPT: &str = ".ci/run";
/// The fenced block after these words holds the command.
const MARK: &str = "passes the tests";

pub fn check(tree: &Tree) -> Vec<Fault> {
    let fault = |path, message: String| vec![Fault::new(path, 0, "same-command", message)];
    let Some(command) = tree.text(README).and_then(test_command) else {
        return fault(README, format!("no fenced block with a command after \"{MARK}\""));
    };
    let script = tree.text(SCRIPT).unwrap_or_default();
    if script.lines().any(|line| line.trim() == command) {
        return Vec::new();
    }
    fault(SCRIPT, format!("{README} tests by `{command}`, which is no line here"))
}

/// The first line of the first fenced block after the mark.
fn test_command(readme: &str) -> Option<&str> {
    let after = &readme[readme.find(MARK)?..];
    let mut lines = after.lines().skip_while(|line| !line.trim_start().starts_with("```")).skip(1);
    let command = lines.next()?.trim().trim_start_matches("$ ");
    (!command.is_empty() && !command.starts_with("```")).then_some(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOLD: &str = "# X\n```\ncargo run\n```\nWhat passes the tests:\n\n```sh\ncargo test\n```\n";

    fn faults(readme: &str, script: &str) -> Vec<String> {
        check(&Tree::of(&[(README, readme), (SCRIPT, script)])).into_iter().map(|fault| fault.path).collect()
    }

    #[test]
    fn the_two_agree() {
        assert_eq!(faults(TOLD, "set -e\n  cargo test\n"), [""; 0]);
    }

    #[test]
    fn each_can_be_wrong() {
        assert_eq!(faults(TOLD, "cargo test --release\n# cargo test\n"), [SCRIPT]);
        assert_eq!(faults("# X\n", "cargo test\n"), [README]);
        assert_eq!(faults("passes the tests\n```\n```\n", "cargo test\n"), [README]);
    }
}
