//! Several components linked with each other when they are loaded: one plan for all, so that calls between them cost
//! what calls inside of a composed component cost.

use std::borrow::Cow;
use std::ops::Range;

use super::artifact::{Fields, is_artifact};
use super::decode::decode_at;
use super::definition::{ComponentNumber, Definitions};
use super::header;
use super::load::{Loaded, check};
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

/// Whether `bytes` are what [`gather`] made.
pub(super) fn is_composition(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
}

/// The binary forms of `root` and `plugs` in a row, not checked yet.
pub(super) fn gather(root: Plug<'_>, plugs: &[Plug<'_>]) -> Result<Vec<u8>> {
    let mut bytes = MAGIC.to_vec();
    for plug in std::iter::once(&root).chain(plugs) {
        let binary = binary(plug).map_err(|error| error.at(plug.name))?;
        push(&mut bytes, plug.name, &binary);
    }
    Ok(bytes)
}

fn push(bytes: &mut Vec<u8>, name: &str, component: &[u8]) {
    for field in [name.as_bytes(), component] {
        bytes.extend((field.len() as u64).to_le_bytes());
        bytes.extend(field);
    }
}

/// What was [gathered](gather), each component mapped.
pub(super) fn map_parts(bytes: &[u8], map: impl Fn(&[u8]) -> Result<Vec<u8>>) -> Result<Vec<u8>> {
    let mut mapped = MAGIC.to_vec();
    for (name, range) in parts(bytes)? {
        push(&mut mapped, name, &map(bytes.get(range).unwrap_or_default())?);
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

/// Checks what was [gathered](gather), and plans it together.
pub(super) fn compose(bytes: Vec<u8>, features: &Features) -> Result<Loaded> {
    for (name, range) in parts(&bytes)? {
        check(bytes.get(range).unwrap_or_default(), features).map_err(|error| error.at(name))?;
    }
    let plan = plan_composition(&bytes, features)?;
    Ok(Loaded { bytes, plan })
}

/// Plans what [`compose`] has checked.
pub(super) fn plan_composition(bytes: &[u8], features: &Features) -> Result<Plan> {
    let mut definitions = Definitions::default();
    let mut planned = Vec::new();
    for (name, range) in parts(bytes)? {
        planned.push(Part { name, component: ComponentNumber(definitions.components.len()) });
        let component = bytes.get(range.clone()).unwrap_or_default();
        let decoded = decode_at(component, range.start, definitions, features.wasm_features());
        definitions = decoded.map_err(|error| super::validate::malformed(&error))?;
    }
    plan::compose(&definitions, &planned)
}

/// The names of the components, and where they are.
fn parts(bytes: &[u8]) -> Result<Vec<(&str, Range<usize>)>> {
    let mut fields = Fields(bytes.get(MAGIC.len()..).unwrap_or_default());
    let mut parts = Vec::new();
    while !fields.is_empty() {
        let (name, component) = part(&mut fields).ok_or_else(|| bug!("a composition that ends early"))?;
        let end = bytes.len() - fields.0.len();
        parts.push((name, end - component.len()..end));
    }
    Ok(parts)
}

/// The name and the bytes of the next component.
fn part<'a>(fields: &mut Fields<'a>) -> Option<(&'a str, &'a [u8])> {
    Some((std::str::from_utf8(fields.bytes()?).ok()?, fields.bytes()?))
}
