//! Several components linked with each other when they are loaded: one plan for all, so that calls between them cost
//! what calls inside of a composed component cost.

use std::borrow::Cow;
use std::ops::Range;

use super::artifact::{Fields, is_artifact};
use super::cancellable::Readable;
use super::decode::decode_at;
use super::definition::{ComponentNumber, Definitions};
use super::given::{Comparison, wrap};
use super::header;
use super::load::{Loaded, check_with};
use crate::error::bug;
use crate::plan::{self, Part, Plan};
use crate::{Error, ErrorKind, Features, Result};

/// A component that serves imports of others. See [`Component::with_plugs`](super::Component::with_plugs).
#[derive(Debug, Clone, Copy)]
pub struct Plug<'a> {
    /// What messages and plans call it.
    pub name: &'a str,
    /// The component: binary, or text (WAT).
    pub bytes: &'a [u8],
}

/// The first bytes of several components in a row; no component and no text begins so.
const MAGIC: [u8; 8] = *b"\0thalplg";

/// What begins the name of a component, and of a definition that one imports.
const PART: u8 = b'p';
const GIVEN: u8 = b'g';

/// Whether `bytes` are what [`gather`] made.
pub(super) fn is_composition(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
}

/// The binary forms of `root` and `plugs` in a row, not checked yet.
pub(super) fn gather(root: Plug<'_>, plugs: &[Plug<'_>]) -> Result<Vec<u8>> {
    let mut bytes = MAGIC.to_vec();
    for plug in std::iter::once(&root).chain(plugs) {
        let binary = binary(plug).map_err(|error| error.at(plug.name))?;
        add(&mut bytes, PART, plug.name, &binary);
    }
    Ok(bytes)
}

/// `component`, or what was [gathered](gather), with definitions that it imports, each under its name, not checked yet.
pub(super) fn give(component: &[u8], given: &[(String, &[u8])]) -> Vec<u8> {
    let mut bytes = component.to_vec();
    if !is_composition(component) {
        bytes = MAGIC.to_vec();
        add(&mut bytes, PART, "", component);
    }
    for (name, definition) in given {
        add(&mut bytes, GIVEN, name, &wrap(definition));
    }
    bytes
}

fn add(bytes: &mut Vec<u8>, kind: u8, name: &str, component: &[u8]) {
    bytes.extend((name.len() as u64 + 1).to_le_bytes());
    bytes.push(kind);
    bytes.extend(name.as_bytes());
    bytes.extend((component.len() as u64).to_le_bytes());
    bytes.extend(component);
}

/// What was [gathered](gather), each component mapped.
pub(super) fn map_parts(bytes: &[u8], map: impl Fn(&[u8]) -> Result<Vec<u8>>) -> Result<Vec<u8>> {
    let mut mapped = MAGIC.to_vec();
    for Entry { kind, name, range } in entries(bytes)? {
        add(&mut mapped, kind, name, &map(bytes.get(range).unwrap_or_default())?);
    }
    Ok(mapped)
}

fn binary<'a>(plug: &Plug<'a>) -> Result<Cow<'a, [u8]>> {
    if is_artifact(plug.bytes) {
        return Err(Error::new(ErrorKind::Invalid, "a precompiled component can't be linked with others any more")
            .with_hint("give the component that it was compiled from"));
    }
    header::binary(plug.bytes)
}

/// Checks what was [gathered](gather) or [given](give), and plans it together.
pub(super) fn compose(bytes: Vec<u8>, features: &Features) -> Result<Loaded> {
    let mut types = Comparison::new(features);
    let entries = entries(&bytes)?;
    for entry in &entries {
        let source = Readable::new(bytes.get(entry.range.clone()).unwrap_or_default(), features);
        let checked = source.and_then(|source| {
            check_with(&source, features, |bytes, definitions| types.add(bytes, definitions)).map(drop)
        });
        checked.map_err(|error| if entry.name.is_empty() { error } else { error.at(entry.name) })?;
    }
    let of_kind = |kind| entries.iter().enumerate().filter(move |(_, entry)| entry.kind == kind);
    for (given, entry) in of_kind(GIVEN) {
        for (importer, _) in of_kind(PART) {
            types.given(given, importer, entry.name).map_err(|error| {
                Error::link(format!("what is given for the import `{}` has another type", entry.name))
                    .with_have(error.message().to_owned())
            })?;
        }
    }
    let plan = plan_entries(&bytes, features, Some(&types))?;
    Ok(Loaded { bytes, plan })
}

/// Plans what [`compose`] has checked.
pub(super) fn plan_composition(bytes: &[u8], features: &Features) -> Result<Plan> {
    plan_entries(bytes, features, None)
}

/// Plans the components, and compares what one gives another if their `types` are known.
fn plan_entries(bytes: &[u8], features: &Features, types: Option<&Comparison>) -> Result<Plan> {
    let mut sources = Vec::new();
    for entry in entries(bytes)? {
        let source = Readable::new(bytes.get(entry.range.clone()).unwrap_or_default(), features)?;
        sources.push((entry, source));
    }
    let mut definitions = Definitions::default();
    let (mut planned, mut given) = (Vec::new(), Vec::new());
    for (entry, source) in &sources {
        let part = Part { name: entry.name, component: ComponentNumber(definitions.components.len()) };
        if entry.kind == GIVEN { &mut given } else { &mut planned }.push(part);
        let decoded = decode_at(source, entry.range.start, definitions, features);
        definitions = decoded.map_err(|error| super::validate::malformed(&error))?;
    }
    plan::compose(&definitions, &planned, &given, types)
}

/// A component among several.
struct Entry<'a> {
    kind: u8,
    name: &'a str,
    /// Where its bytes are.
    range: Range<usize>,
}

fn entries(bytes: &[u8]) -> Result<Vec<Entry<'_>>> {
    let mut fields = Fields(bytes.get(MAGIC.len()..).unwrap_or_default());
    let mut entries = Vec::new();
    while !fields.is_empty() {
        let (kind, name, length) = entry(&mut fields).ok_or_else(|| bug!("a composition that ends early"))?;
        let end = bytes.len() - fields.0.len();
        entries.push(Entry { kind, name, range: end - length..end });
    }
    Ok(entries)
}

/// The kind and the name of the next component, and how long it is.
fn entry<'a>(fields: &mut Fields<'a>) -> Option<(u8, &'a str, usize)> {
    let (kind, name) = fields.bytes()?.split_first()?;
    Some((*kind, std::str::from_utf8(name).ok()?, fields.bytes()?.len()))
}
