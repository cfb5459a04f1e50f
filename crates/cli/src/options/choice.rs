//! From `KEY[=VAL[,..]]` to choices that are known and well formed.

use std::ffi::OsStr;
use std::fmt;
use std::time::Duration;

use clap::builder::TypedValueParser;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::Settings;
use super::duration::parse_duration;
use super::key::{Effect, Group, Key};
use super::nearest::nearest;

/// Everything that one occurrence of `-W` says.
#[derive(Debug, Clone)]
pub struct Choices(pub Vec<Choice>);

/// One key, with its value.
#[derive(Debug, Clone)]
pub struct Choice {
    letter: char,
    key: &'static Key,
    /// As it was written.
    written: String,
    value: Value,
}

#[derive(Debug, Clone)]
enum Value {
    Switch(bool),
    Count(u64),
    Span(Duration),
    Text(String),
    /// Of a key that is not honoured, so nobody reads it.
    Unread,
}

impl Choice {
    fn parse(group: &Group, written: &str) -> Result<Choice, String> {
        let (name, value) = match written.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (written, None),
        };
        let key = group.find(name).ok_or_else(|| unknown(group, name))?;
        let value =
            read(&key.effect, value).map_err(|want| format!("`-{}{written}`: `{name}` takes {want}", group.letter))?;
        Ok(Choice { letter: group.letter, key, written: written.to_string(), value })
    }

    /// Makes it so; otherwise says why not.
    pub fn apply(&self, settings: &mut Settings) -> Option<&'static str> {
        match (&self.key.effect, &self.value) {
            (Effect::Switch(set), Value::Switch(on)) => set(settings, *on),
            (Effect::Count(set), Value::Count(count)) => set(settings, *count),
            (Effect::Span(set), Value::Span(span)) => set(settings, *span),
            (Effect::Text(set), Value::Text(text)) => set(settings, text.clone()),
            (Effect::Always, Value::Switch(false)) => return Some("cannot be switched off in this runtime"),
            (Effect::Ignored(why), _) => return Some(why),
            _ => {}
        }
        None
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "-{}{}", self.letter, self.written)
    }
}

fn read(effect: &Effect, value: Option<&str>) -> Result<Value, &'static str> {
    match effect {
        Effect::Switch(_) | Effect::Always => switch(value).map(Value::Switch).ok_or("`y` or `n`"),
        Effect::Count(_) => value.and_then(count).map(Value::Count).ok_or("a number"),
        Effect::Span(_) => {
            value.and_then(parse_duration).map(Value::Span).ok_or("a duration such as `10s`, `250ms` or `1.5`")
        }
        Effect::Text(_) => value.map(|text| Value::Text(text.to_string())).ok_or("a text"),
        Effect::Ignored(_) => Ok(Value::Unread),
    }
}

fn switch(value: Option<&str>) -> Option<bool> {
    match value {
        None | Some("y" | "yes" | "true") => Some(true),
        Some("n" | "no" | "false") => Some(false),
        Some(_) => None,
    }
}

fn count(value: &str) -> Option<u64> {
    let digits = value.replace('_', "");
    match digits.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None => digits.parse().ok(),
    }
}

fn unknown(group: &Group, name: &str) -> String {
    let letter = group.letter;
    let names = group.keys.iter().map(|key| key.name).filter(|name| !name.ends_with('*'));
    let help = match nearest(name, names) {
        Some(near) => format!("did you mean `-{letter}{near}`? `-{letter} help` lists every key"),
        None => format!("`-{letter} help` lists every key"),
    };
    format!("there is no key `{name}` in `-{letter}`\n  help: {help}")
}

/// The help that an option group was asked for, if that is what ended the parsing.
pub fn help_asked(error: &clap::Error) -> Option<&str> {
    match error.get(ContextKind::Custom) {
        Some(ContextValue::String(text)) => Some(text),
        _ => None,
    }
}

/// Parses the value of one option group for clap; [`help_asked`] knows when it was `help`.
#[derive(Clone)]
pub struct GroupParser(pub &'static Group);

impl TypedValueParser for GroupParser {
    type Value = Choices;

    fn parse_ref(
        &self,
        _command: &clap::Command,
        _arg: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<Choices, clap::Error> {
        let Some(text) = value.to_str() else {
            let message = format!("the value of `-{}` is not UTF-8\n", self.0.letter);
            return Err(clap::Error::raw(ErrorKind::InvalidUtf8, message));
        };
        if text == "help" {
            // An error with a message would be printed as one, so the text goes where clap does not look.
            let mut help = clap::Error::new(ErrorKind::DisplayHelp);
            help.insert(ContextKind::Custom, ContextValue::String(self.0.help()));
            return Err(help);
        }
        let choices = text.split(',').filter(|one| !one.is_empty()).map(|one| Choice::parse(self.0, one));
        let choices: Result<Vec<Choice>, String> = choices.collect();
        choices.map(Choices).map_err(|message| clap::Error::raw(ErrorKind::InvalidValue, message + "\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{wasi, wasm};
    use super::*;

    #[test]
    fn keys_have_values_of_their_kind() {
        let mut settings = Settings::default();
        for written in ["max-memory-size=0x1_0000", "timeout=250ms", "trap-on-grow-failure"] {
            let choice = Choice::parse(&wasm::GROUP, written).expect(written);
            assert!(choice.apply(&mut settings).is_none(), "{written}");
        }
        assert_eq!(settings.limits.max_memory_size, 65536);
        assert_eq!(settings.timeout, Some(Duration::from_millis(250)));
        assert!(settings.limits.trap_on_grow_failure);
    }

    #[test]
    fn what_is_not_so_is_said() {
        let message = |written| Choice::parse(&wasm::GROUP, written).err().unwrap_or_default();
        assert_eq!(message("fuel=much"), "`-Wfuel=much`: `fuel` takes a number");
        assert!(message("timout=1").contains("did you mean `-Wtimeout`?"));
        assert!(message("zzzzzzzz").contains("`-W help`"));
        let off = Choice::parse(&wasi::GROUP, "p3=n").expect("a key");
        assert_eq!(off.apply(&mut Settings::default()), Some("cannot be switched off in this runtime"));
    }
}
