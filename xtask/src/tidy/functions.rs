//! Functions are at most 70 lines long.

use super::code::Parts;
use super::fault::Fault;

/// From the line of `fn` to the one of the closing brace.
const LINES_MAX: usize = 70;

pub fn check(path: &str, parts: &Parts) -> Vec<Fault> {
    let too_long = functions(&parts.code).into_iter().filter(|function| function.lines > LINES_MAX);
    too_long
        .map(|Function { name, line, lines }| {
            let message = format!("`{name}` has {lines} lines, at most {LINES_MAX}: give a part of it a name");
            Fault::sized(path, line, "function-length", lines, message)
        })
        .collect()
}

#[derive(Debug, PartialEq)]
struct Function {
    name: String,
    line: usize,
    lines: usize,
}

/// All functions with a body. Source that does not parse gives some answer, never a panic.
fn functions(code: &str) -> Vec<Function> {
    let mut found = Vec::new();
    for (start, _) in code.match_indices("fn ") {
        let before = code[..start].chars().next_back();
        let rest = &code[start + 3..];
        let name: String = rest.trim_start().chars().take_while(|c| *c == '_' || c.is_alphanumeric()).collect();
        // `fn(` is a type; a word that ends in "fn" is a name.
        if name.is_empty() || before.is_some_and(|c| c == '_' || c.is_alphanumeric()) {
            continue;
        }
        if let Some(end) = body_end(rest) {
            let line = code[..start].matches('\n').count() + 1;
            found.push(Function { name, line, lines: rest[..end].matches('\n').count() + 1 });
        }
    }
    found
}

/// Where the body of a function ends, from its name on; `None` for a declaration without one.
fn body_end(rest: &str) -> Option<usize> {
    let (mut braces, mut nested) = (0_usize, 0_usize);
    for (at, c) in rest.char_indices() {
        match c {
            // The `;` of an array type stands inside brackets.
            '(' | '[' => nested += 1,
            ')' | ']' => nested = nested.saturating_sub(1),
            ';' if braces == 0 && nested == 0 => return None,
            '{' => braces += 1,
            '}' => {
                braces = braces.checked_sub(1)?;
                if braces == 0 && nested == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths(code: &str) -> Vec<(String, usize, usize)> {
        functions(&Parts::of(code).code).into_iter().map(|f| (f.name, f.line, f.lines)).collect()
    }

    #[test]
    fn bodies_are_counted() {
        assert_eq!(lengths("\nfn a() {\n    \"}\"\n}\n"), [("a".into(), 2, 3)]);
        assert_eq!(lengths("fn a(x: [u8; 2]) -> [u8; 2] where X: Y {\n x }"), [("a".into(), 1, 2)]);
        assert_eq!(lengths("fn a(f: fn(u8)) {}\nfn b() { if x { y } }"), [("a".into(), 1, 1), ("b".into(), 2, 1)]);
        assert_eq!(lengths("fn a() {\n fn b() {\n }\n}"), [("a".into(), 1, 4), ("b".into(), 2, 2)]);
    }

    #[test]
    fn declarations_types_and_broken_source_have_none() {
        for code in ["trait T { fn a(&self); }", "type F = fn (u8);", "fn a() {", "fn a() }", "my_fn x {}"] {
            assert!(lengths(code).is_empty(), "{code}");
        }
    }

    #[test]
    fn seventy_lines_fit_and_seventy_one_do_not() {
        let function = |lines: usize| format!("fn a() {{\n{}}}\n", "x;\n".repeat(lines - 2));
        let faults = |lines| check("a.rs", &Parts::of(&function(lines)));
        assert_eq!(faults(70), []);
        assert_eq!(faults(71)[0].size, 71);
    }
}
