//! Splits Rust source into code, comments and strings, so that a rule sees only what it is about.

/// The same text three times, each with the other parts blanked out; lines keep their numbers and columns.
pub struct Parts {
    /// Without comments, and without what is inside strings and character literals.
    pub code: String,
    /// Comments alone, documentation included.
    pub comments: String,
}

/// What a character belongs to.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    Code,
    Comment,
    Literal,
}

impl Parts {
    pub fn of(text: &str) -> Parts {
        let chars: Vec<char> = text.chars().collect();
        let mut parts = vec![Part::Code; chars.len()];
        let mut at = 0;
        while at < chars.len() {
            let (part, end) = piece(&chars, at);
            parts[at..end].fill(part);
            at = end;
        }
        let only = |wanted: Part| -> String {
            let keep = |(c, part): (&char, &Part)| if *part == wanted || *c == '\n' { *c } else { ' ' };
            chars.iter().zip(&parts).map(keep).collect()
        };
        Parts { code: only(Part::Code), comments: only(Part::Comment) }
    }
}

/// The part that begins at a place, and where it ends.
fn piece(chars: &[char], at: usize) -> (Part, usize) {
    let next = |n: usize| chars.get(at + n).copied();
    match chars[at] {
        '/' if next(1) == Some('/') => (Part::Comment, find(chars, at, '\n')),
        '/' if next(1) == Some('*') => (Part::Comment, block_comment_end(chars, at)),
        '"' => (Part::Literal, quoted_end(chars, at + 1, '"')),
        '\'' if is_character(chars, at) => (Part::Literal, quoted_end(chars, at + 1, '\'')),
        c if is_word(c) && !(at > 0 && is_word(chars[at - 1])) => word(chars, at),
        _ => (Part::Code, at + 1),
    }
}

/// A word is code, unless it is the prefix of a raw string. Other prefixed strings (`b"`, `c"`) begin at their quote.
fn word(chars: &[char], at: usize) -> (Part, usize) {
    let end = at + chars[at..].iter().take_while(|c| is_word(**c)).count();
    let prefix: String = chars[at..end].iter().collect();
    if matches!(prefix.as_str(), "r" | "br" | "cr") {
        let hashes = chars[end..].iter().take_while(|c| **c == '#').count();
        if chars.get(end + hashes) == Some(&'"') {
            return (Part::Literal, raw_end(chars, end + hashes + 1, hashes));
        }
    }
    (Part::Code, end)
}

fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

fn find(chars: &[char], from: usize, wanted: char) -> usize {
    chars[from..].iter().position(|c| *c == wanted).map_or(chars.len(), |n| from + n)
}

/// Block comments nest in Rust.
fn block_comment_end(chars: &[char], start: usize) -> usize {
    let (mut at, mut depth) = (start, 0);
    while at + 1 < chars.len() {
        match (chars[at], chars[at + 1]) {
            ('/', '*') => (at, depth) = (at + 2, depth + 1),
            ('*', '/') => (at, depth) = (at + 2, depth - 1),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    chars.len()
}

fn quoted_end(chars: &[char], from: usize, quote: char) -> usize {
    let mut at = from;
    while at < chars.len() {
        match chars[at] {
            '\\' => at += 2,
            c if c == quote => return at + 1,
            _ => at += 1,
        }
    }
    chars.len()
}

fn raw_end(chars: &[char], from: usize, hashes: usize) -> usize {
    let closes =
        |at: &usize| chars[*at] == '"' && chars[at + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes;
    (from..chars.len()).find(closes).map_or(chars.len(), |at| at + 1 + hashes)
}

/// Tells `'a'` and `'\n'` from the lifetime `'a`.
fn is_character(chars: &[char], at: usize) -> bool {
    chars.get(at + 1) == Some(&'\\') || chars.get(at + 2) == Some(&'\'')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> String {
        Parts::of(text).code
    }

    #[test]
    fn comments_and_strings_are_not_code() {
        assert_eq!(code("a // b\nc"), "a     \nc");
        assert_eq!(code("a /* b /* c */ d */ e"), "a                   e");
        assert_eq!(code(r#"f("{ \" }", x)"#), "f(        , x)");
        assert_eq!(code("r#\"a\"b\"# c"), "         c");
        assert_eq!(code("br\"\\\" c"), "      c");
        assert_eq!(code("b\"x\" c"), "b    c");
        assert_eq!(code("'{' 'a: \"{\""), "    'a:    ");
        assert_eq!(code("'\\'' x '\\u{1}' y"), "     x         y");
        assert_eq!(code("for#\"x\""), "for#   ");
    }

    #[test]
    fn comments_alone() {
        assert_eq!(Parts::of("a // b\n\"// c\" /* d */").comments, "  // b\n       /* d */");
    }

    #[test]
    fn what_is_not_closed_ends_with_the_text() {
        assert_eq!(code("a /* b"), "a     ");
        assert_eq!(code("a \"b\\"), "a    ");
        assert_eq!(code("a r\"b"), "a    ");
    }
}
