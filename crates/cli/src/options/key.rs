//! A key of an option group: its name, its help, what it does.

use std::fmt::Write;
use std::time::Duration;

use super::Settings;

/// The keys behind one letter.
#[derive(Debug)]
pub struct Group {
    /// `-W`
    pub letter: char,
    /// Its keys.
    pub keys: &'static [Key],
}

/// One key.
#[derive(Debug)]
pub struct Key {
    /// Its name; one that ends with `*` stands for every name that begins like it.
    pub name: &'static str,
    /// What it does, in one line.
    pub help: &'static str,
    /// What it does.
    pub effect: Effect,
}

/// What a key does.
#[derive(Debug)]
pub enum Effect {
    /// `KEY`, `KEY=y` or `KEY=n`.
    Switch(fn(&mut Settings, bool)),
    /// `KEY=N`.
    Count(fn(&mut Settings, u64)),
    /// `KEY=DURATION`.
    Span(fn(&mut Settings, Duration)),
    /// `KEY=TEXT`.
    Text(fn(&mut Settings, String)),
    /// It is so; only `KEY=n` asks for something that is not there.
    Always,
    /// Recognised, but not honoured: why.
    Ignored(&'static str),
}

/// A key that changes [`Settings`].
pub const fn key(name: &'static str, help: &'static str, effect: Effect) -> Key {
    Key { name, help, effect }
}

/// A key for something that is always so.
pub const fn always(name: &'static str, help: &'static str) -> Key {
    Key { name, help, effect: Effect::Always }
}

/// A key that is recognised but not honoured.
pub const fn ignored(name: &'static str, why: &'static str) -> Key {
    Key { name, help: "", effect: Effect::Ignored(why) }
}

impl Group {
    /// The key of this name.
    pub fn find(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| match key.name.strip_suffix('*') {
            Some(prefix) => name.starts_with(prefix),
            None => key.name == name,
        })
    }

    /// What `-W help` prints.
    pub fn help(&self) -> String {
        let mut text = format!("Keys of -{}\n", self.letter);
        let honoured = self.keys.iter().filter(|key| key.takes().is_some());
        for key in honoured {
            let spelled = format!("{}{}", key.name, key.takes().unwrap_or_default());
            let _ = write!(text, "\n  -{} {spelled:<42} {}", self.letter, key.help);
        }
        self.names(&mut text, "Always so", |effect| matches!(effect, Effect::Always));
        self.names(&mut text, "Known, not honoured", |effect| matches!(effect, Effect::Ignored(_)));
        text.push('\n');
        text
    }

    fn names(&self, text: &mut String, title: &str, of: impl Fn(&Effect) -> bool) {
        let mut keys = self.keys.iter().filter(|key| of(&key.effect)).peekable();
        if keys.peek().is_some() {
            let _ = write!(text, "\n\n{title}:");
        }
        for key in keys {
            let _ = write!(text, "\n  -{} {}", self.letter, key.name);
            let why = if let Effect::Ignored(why) = key.effect { why } else { key.help };
            let _ = write!(text, ": {why}");
        }
    }
}

impl Key {
    /// How its value is written in the help; none for keys that change nothing.
    pub fn takes(&self) -> Option<&'static str> {
        match self.effect {
            Effect::Switch(_) => Some("[=y|n]"),
            Effect::Count(_) => Some("=N"),
            Effect::Span(_) => Some("=DURATION"),
            Effect::Text(_) => Some("=TEXT"),
            Effect::Always | Effect::Ignored(_) => None,
        }
    }
}
