//! WAT as trees of parentheses, to be cut up and put together.

use std::fmt;

/// A word, or what is between parentheses.
#[derive(Clone)]
pub enum Node {
    /// A number, a name, a string or another word.
    Atom(String),
    /// What begins with a parenthesis.
    List(Vec<Node>),
}

impl Node {
    /// All nodes of a text. What does not parse is left out.
    pub fn parse(text: &str) -> Vec<Node> {
        let mut open = vec![Vec::new()];
        let mut rest = text;
        while let Some((token, after)) = token(rest) {
            rest = after;
            match token {
                "(" => open.push(Vec::new()),
                ")" => {
                    let Some(list) = open.pop() else { break };
                    let Some(outer) = open.last_mut() else { break };
                    outer.push(Node::List(list));
                }
                atom if let Some(list) = open.last_mut() => list.push(Node::Atom(atom.into())),
                _ => break,
            }
        }
        open.into_iter().next().unwrap_or_default()
    }

    /// The word that a list begins with.
    pub fn head(&self) -> Option<&str> {
        match self {
            Node::List(list) => match list.first() {
                Some(Node::Atom(head)) => Some(head),
                _ => None,
            },
            Node::Atom(_) => None,
        }
    }

    /// What is between the parentheses.
    pub fn children(&self) -> &[Node] {
        match self {
            Node::List(list) => list,
            Node::Atom(_) => &[],
        }
    }

    /// The ways to this node and to all below it: numbers of children.
    pub fn paths(&self) -> Vec<Vec<usize>> {
        let mut all = vec![Vec::new()];
        for (i, child) in self.children().iter().enumerate() {
            all.extend(child.paths().into_iter().map(|path| [vec![i], path].concat()));
        }
        all
    }

    /// The node at a path.
    pub fn at(&self, path: &[usize]) -> Option<&Node> {
        match path {
            [] => Some(self),
            [first, rest @ ..] => self.children().get(*first)?.at(rest),
        }
    }

    /// The node at a path, to be changed.
    pub fn at_mut(&mut self, path: &[usize]) -> Option<&mut Node> {
        match (path, self) {
            ([], node) => Some(node),
            ([first, rest @ ..], Node::List(list)) => list.get_mut(*first)?.at_mut(rest),
            _ => None,
        }
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Node::Atom(atom) => f.write_str(atom),
            Node::List(list) => {
                f.write_str("(")?;
                for (i, node) in list.iter().enumerate() {
                    if i > 0 {
                        f.write_str(" ")?;
                    }
                    node.fmt(f)?;
                }
                f.write_str(")")
            }
        }
    }
}

/// The first token of a text, and what is behind it.
fn token(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    if let Some(comment) = text.strip_prefix(";;") {
        return token(comment.split_once('\n')?.1);
    }
    if let Some(comment) = text.strip_prefix("(;") {
        return token(comment.split_once(";)")?.1);
    }
    let length = match text.chars().next()? {
        '(' | ')' => 1,
        '"' => string_length(text)?,
        _ => text.find(|c: char| c.is_whitespace() || "();\"".contains(c)).unwrap_or(text.len()),
    };
    text.split_at_checked(length.max(1))
}

/// The length of the string that a text begins with, quotes included.
fn string_length(text: &str) -> Option<usize> {
    let mut escaped = false;
    let end = text.bytes().enumerate().skip(1).find(|(_, byte)| {
        let ends = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        ends
    });
    end.map(|(at, _)| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_comes_back() {
        let text = "(a ;; no\n $b (c \"d) \\\" e\" 0x1) (; no ;) ())";
        let nodes = Node::parse(text);
        assert_eq!(nodes[0].to_string(), "(a $b (c \"d) \\\" e\" 0x1) ())");
        assert_eq!(nodes[0].paths().len(), 8);
    }
}
