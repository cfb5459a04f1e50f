//! Accepted faults, each with a number that may only fall: a fault that shrinks must shrink its number too.

use super::EXCEPTIONS;
use super::fault::Fault;

/// Takes out what is accepted and adds what is wrong with the list itself.
///
/// A line is `PATH RULE NUMBER`; `#` begins a comment. The number is that of lines for rules about length (of the
/// longest one in the file), and the number of faults for the others.
pub fn apply(faults: Vec<Fault>, list: &str) -> Vec<Fault> {
    let mut left = faults;
    let mut wrong = Vec::new();
    for (at, line) in list.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        let fault = |message: String| Fault::new(EXCEPTIONS, at + 1, "exception", message);
        let words: Vec<&str> = line.split_whitespace().collect();
        let (&[path, rule, number], Some(Ok(accepted))) = (words.as_slice(), words.get(2).map(|n| n.parse::<usize>()))
        else {
            wrong.push(fault("write `PATH RULE NUMBER`".to_string()));
            continue;
        };
        let (these, others): (Vec<_>, Vec<_>) = left.into_iter().partition(|f| f.path == path && f.rule == rule);
        left = others;
        let found = size(rule, &these);
        match found.cmp(&accepted) {
            std::cmp::Ordering::Greater => left.extend(these),
            std::cmp::Ordering::Equal if found > 0 => {}
            _ if found == 0 => wrong.push(fault(format!("{path} has no fault of rule {rule}: remove the line"))),
            _ => wrong.push(fault(format!("{path} is at {found} for rule {rule}: lower {number} to it"))),
        }
    }
    left.extend(wrong);
    left
}

fn size(rule: &str, faults: &[Fault]) -> usize {
    let sizes = faults.iter().map(|fault| fault.size);
    if rule.ends_with("-length") { sizes.max().unwrap_or(0) } else { sizes.sum() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long(path: &str, lines: usize) -> Fault {
        Fault::sized(path, 0, "file-length", lines, "long")
    }

    fn messages(faults: Vec<Fault>, list: &str) -> Vec<String> {
        apply(faults, list).into_iter().map(|fault| fault.message).collect()
    }

    #[test]
    fn what_is_listed_is_accepted() {
        assert!(messages(vec![long("a", 700)], "# why\na file-length 700 # one day\n").is_empty());
        let words = vec![Fault::new("a", 1, "promise", "x"), Fault::new("a", 2, "promise", "y")];
        assert!(messages(words, "a promise 2").is_empty());
    }

    #[test]
    fn numbers_only_fall() {
        assert_eq!(messages(vec![long("a", 701)], "a file-length 700"), ["long"]);
        assert_eq!(
            messages(vec![long("a", 699)], "a file-length 700"),
            ["a is at 699 for rule file-length: lower 700 to it"]
        );
        assert_eq!(messages(vec![], "a file-length 700"), ["a has no fault of rule file-length: remove the line"]);
        assert_eq!(messages(vec![], "a file-length 0"), ["a has no fault of rule file-length: remove the line"]);
    }

    #[test]
    fn others_stay() {
        assert_eq!(messages(vec![long("a", 700), long("b", 800)], "a file-length 700"), ["long"]);
        assert_eq!(messages(vec![], "a file-length many"), ["write `PATH RULE NUMBER`"]);
        assert_eq!(messages(vec![], "a file-length"), ["write `PATH RULE NUMBER`"]);
    }
}
