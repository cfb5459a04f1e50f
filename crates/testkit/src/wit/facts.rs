//! The data files: what the standard says there is, a line each.

use std::collections::BTreeSet;

/// One line.
#[derive(Debug, Clone)]
pub struct Fact {
    /// Without a version.
    pub interface: String,
    /// The version that made it stable.
    pub since: String,
    /// As components import it.
    pub name: String,
    /// Hosts may have it or not.
    pub is_unstable: bool,
    /// Components have it, hosts do not.
    pub is_export: bool,
    /// What it is.
    pub definition: Definition,
}

/// What a fact is about.
#[derive(Debug, Clone)]
pub enum Definition {
    /// With its parameters and result, as WIT writes them.
    Func(String),
    /// A type of handles.
    Resource,
    /// As WIT writes it.
    Type(String),
    /// The interface without a version, and the name there.
    From(String, String),
}

/// What the lines of a data file say.
pub fn facts(text: &str) -> Vec<Fact> {
    lines(text).map(|line| fact(line).unwrap_or_else(|| panic!("not a fact: {line}"))).collect()
}

/// Everything but comments and empty lines.
pub fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn fact(line: &str) -> Option<Fact> {
    let (place, rest) = line.split_once(' ')?;
    let (interface, since) = place.split_once('@')?;
    let (name, rest) = rest.split_once(' ')?;
    let (is_unstable, rest) = match rest.strip_prefix("unstable(") {
        Some(rest) => (true, rest.split_once(") ")?.1),
        None => (false, rest),
    };
    let (is_export, rest) = match rest.strip_prefix("export ") {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let definition = if rest == "resource" {
        Definition::Resource
    } else if let Some(ty) = rest.strip_prefix("type ") {
        Definition::Type(ty.to_string())
    } else if let Some(from) = rest.strip_prefix("from ") {
        let (interface, name) = from.rsplit_once('.')?;
        Definition::From(interface.to_string(), name.to_string())
    } else if rest.starts_with("func(") || rest.starts_with("async func(") {
        Definition::Func(rest.to_string())
    } else {
        return None;
    };
    let (interface, since, name) = (interface.to_string(), since.to_string(), name.to_string());
    Some(Fact { interface, since, name, is_unstable, is_export, definition })
}

impl Fact {
    /// Whether a host can have it: functions and resources, and no types.
    pub fn is_for_hosts(&self) -> bool {
        !self.is_export && matches!(self.definition, Definition::Func(_) | Definition::Resource)
    }

    /// `0.2` of `0.2.12`.
    pub fn generation(&self) -> &str {
        generation(&self.since)
    }
}

/// `0.2` of `0.2.12`.
pub fn generation(version: &str) -> &str {
    version.rsplit_once('.').map_or(version, |(generation, _)| generation)
}

/// What is known to be missing: `INTERFACE@GENERATION` and `INTERFACE@GENERATION NAME`.
pub fn missing(text: &str) -> BTreeSet<String> {
    let place = |line: &str| line.split_once(": ").map(|(place, _)| place.to_string());
    lines(text).map(|line| place(line).unwrap_or_else(|| panic!("a line without a reason: {line}"))).collect()
}
