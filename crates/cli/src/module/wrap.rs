//! A component around a core module.

use std::fmt::{Display, Write as _};

use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER as COMMAND, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER as REACTOR,
};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata, metadata};
use wit_parser::{Resolve, WorldId};

use super::exports::{Exported, exported};
use super::imports::{self, PREVIEW1};
use super::rewrite::{Changes, rewrite};
use super::shape::Shape;
use crate::report::Failure;

/// What an export of a command is called.
const START: &str = "_start";
/// The interface that [`rewrite`] takes a function of.
const EXIT: &str = "wasi:cli/exit@";

/// The component around the core module `bytes`.
pub fn wrap(bytes: &[u8]) -> Result<Vec<u8>, Failure> {
    let shape = Shape::of(bytes).map_err(malformed)?;
    let adapter = if shape.exports.iter().any(|name| name == START) { COMMAND } else { REACTOR };
    if shape.has_world {
        return encode(bytes, adapter);
    }
    imports::check(&shape, adapter)?;
    let exported = exported(&shape);
    let (resolve, world, exit) = world(adapter, &exported)?;
    let mut module = rewrite(bytes, &Changes::of(&shape, &exported, exit)).map_err(malformed)?;
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false).map_err(impossible)?;
    encode(&module, adapter)
}

fn encode(module: &[u8], adapter: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut encoder = ComponentEncoder::default();
    let encoder = encoder.validate(false).module(module).map_err(impossible)?;
    // The runtime checks the component.
    encoder.adapter(PREVIEW1, adapter).map_err(impossible)?.encode().map_err(impossible)
}

/// A world with the functions `exported`, made of the interfaces that the adapter knows; and the name of the interface
/// `exit` among them.
fn world(adapter: &[u8], exported: &[Exported]) -> Result<(Resolve, WorldId, String), Failure> {
    let (_, adapter) = metadata::decode(adapter).map_err(impossible)?;
    let mut resolve = adapter.resolve;
    let exit = resolve.interfaces.iter().find_map(|(id, _)| resolve.id_of(id).filter(|name| name.starts_with(EXIT)));
    let exit = exit.ok_or_else(|| impossible("the adapter knows no exit"))?;
    let mut wit = format!("package thalweg:core;\nworld module {{\n  import {exit};\n");
    for Exported { name, ty, .. } in exported {
        let _ = writeln!(wit, "  export %{name}: {ty};");
    }
    wit.push('}');
    let package = resolve.push_str("module.wit", &wit).map_err(impossible)?;
    let world = resolve.select_world(&[package], None).map_err(impossible)?;
    Ok((resolve, world, exit))
}

fn malformed(error: wasmparser::Error) -> Failure {
    Failure::new(format!("the core module is malformed: {error}"))
}

fn impossible(error: impl Display) -> Failure {
    Failure::new(format!("can't make a component of the core module: {error:#}"))
}
