//! The variables a test file may use, and the way back: what they stand for is written as the variable in output.

use std::fmt;
use std::path::Path;

use super::Place;

/// Names and the folders they stand for.
#[derive(Debug, Clone)]
pub struct Variables {
    folders: Vec<(String, String)>,
}

/// A `$NAME` that stands for nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownVariable {
    /// The word it stands in.
    pub word: String,
    /// The variables there are.
    pub known: Vec<String>,
}

impl fmt::Display for UnknownVariable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` uses an unknown variable; there are ", self.word)?;
        for (at, name) in self.known.iter().enumerate() {
            write!(f, "{}${name}", if at == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

impl std::error::Error for UnknownVariable {}

impl Variables {
    /// `$GUESTS`, `$ROOT` and `$TMP`.
    pub fn new(place: &Place, temporary: &Path) -> Variables {
        let mut variables = Variables { folders: Vec::new() };
        variables.add("GUESTS", &place.guests);
        variables.add("ROOT", &place.root);
        variables.add("TMP", temporary);
        variables
    }

    /// One more variable.
    pub fn add(&mut self, name: &str, folder: &Path) {
        self.add_text(name, folder.display().to_string());
    }

    /// One more variable that stands for any text.
    pub fn add_text(&mut self, name: &str, text: String) {
        self.folders.retain(|(known, _)| known != name);
        self.folders.push((name.to_string(), text));
        // Longest first: a folder inside another one is hidden under its own name.
        self.folders.sort_by_key(|(_, folder)| std::cmp::Reverse(folder.len()));
    }

    /// Replaces each `$NAME` in a word. A dollar sign not followed by a capital letter is itself.
    ///
    /// # Errors
    /// When a name is not known.
    pub fn expand(&self, word: &str) -> Result<String, UnknownVariable> {
        let mut pieces = word.split('$');
        let mut expanded = pieces.next().unwrap_or_default().to_string();
        for piece in pieces {
            let end = piece.find(|c: char| !(c.is_ascii_uppercase() || c == '_')).unwrap_or(piece.len());
            let (name, rest) = piece.split_at(end);
            match self.folders.iter().find(|(known, _)| known == name) {
                Some((_, folder)) => expanded.push_str(folder),
                None if name.is_empty() => expanded.push('$'),
                None => return Err(self.unknown(word)),
            }
            expanded.push_str(rest);
        }
        Ok(expanded)
    }

    /// Writes the variables' names for the folders in a text, so that expectations hold on every machine.
    pub fn hide(&self, text: &str) -> String {
        self.folders.iter().fold(text.to_string(), |text, (name, folder)| text.replace(folder, &format!("${name}")))
    }

    fn unknown(&self, word: &str) -> UnknownVariable {
        let mut known: Vec<String> = self.folders.iter().map(|(name, _)| name.clone()).collect();
        known.sort();
        UnknownVariable { word: word.to_string(), known }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables() -> Variables {
        let place = Place { program: "t".into(), root: "/r".into(), guests: "/r/guests".into() };
        Variables::new(&place, Path::new("/x/1"))
    }

    #[test]
    fn there_and_back() {
        for (word, expanded) in [
            ("$GUESTS/a.wasm", "/r/guests/a.wasm"),
            ("$TMP::/", "/x/1::/"),
            ("$ROOT$TMP", "/r/x/1"),
            ("plain", "plain"),
        ] {
            assert_eq!(variables().expand(word).as_deref(), Ok(expanded));
            assert_eq!(variables().hide(expanded), word);
        }
    }

    #[test]
    fn a_dollar_without_a_name_is_itself() {
        assert_eq!(variables().expand("5$ $x $").as_deref(), Ok("5$ $x $"));
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        let error = variables().expand("$GEUSTS/a").expect_err("no such name");
        assert_eq!(error.to_string(), "`$GEUSTS/a` uses an unknown variable; there are $GUESTS, $ROOT, $TMP");
    }
}
