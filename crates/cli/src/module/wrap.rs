//! A component around a core module.

use std::fmt::{Display, Write as _};

use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER as COMMAND, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER as REACTOR,
};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata, metadata};
use wit_parser::{Resolve, WorldId};

use super::exports::{Exported, exported};
use super::guest::guest;
use super::imports;
use super::join::join;
use super::preview1::MODULE;
use super::shape::Shape;
use super::shim::{Shim, fill_table};
use crate::report::Failure;

/// What a command exports.
const START: &str = "_start";
/// What a library exports that has to be made ready.
const INITIALIZE: &str = "_initialize";
/// The interface that leaves with a code.
const EXIT: &str = "wasi:cli/exit@";

/// The component around the core module `bytes`.
pub fn wrap(bytes: &[u8]) -> Result<Vec<u8>, Failure> {
    let shape = Shape::of(bytes).map_err(malformed)?;
    let has = |name: &str| shape.exports.iter().any(|other| other == name);
    let adapter = if has(START) { COMMAND } else { REACTOR };
    if shape.has_world {
        return encode(bytes, adapter);
    }
    imports::check(&shape)?;
    let memory = shape.memories.first();
    if memory.is_some_and(|memory| memory.memory64 || memory.shared || memory.page_size_log2.is_some()) {
        return Err(Failure::new("the core module has a memory that preview 1 cannot work with")
            .with_help("build it for wasm32-wasip1, without threads"));
    }
    let mut called = exported(&shape);
    let (resolve, world, exit) = world(adapter, &called)?;
    if has(START) {
        called.push(Exported { name: START.into(), core_name: START.into(), params: Vec::new(), result: None });
    }
    let imported = shape.imports.iter().map(|import| import.name.as_str()).collect();
    let shim = Shim { imported, memory, called: &called, exit: &exit }.text();
    let mut shim = wat::parse_str(shim).map_err(impossible)?;
    embed_component_metadata(&mut shim, &resolve, world, StringEncoding::UTF8, false).map_err(impossible)?;
    let component = encode(&shim, adapter)?;
    let guest = guest(bytes, memory).map_err(malformed)?;
    let initialize = has(INITIALIZE).then_some(INITIALIZE);
    let table = wat::parse_str(fill_table(&called, initialize)).map_err(impossible)?;
    join(&component, &guest, &table).map_err(impossible)
}

fn encode(module: &[u8], adapter: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut encoder = ComponentEncoder::default();
    let encoder = encoder.validate(false).module(module).map_err(impossible)?;
    // The runtime checks the component.
    encoder.adapter(MODULE, adapter).map_err(impossible)?.encode().map_err(impossible)
}

/// A world with the functions `exported`, made of the interfaces that the adapter knows; and the name of the interface
/// `exit` among them.
fn world(adapter: &[u8], exported: &[Exported]) -> Result<(Resolve, WorldId, String), Failure> {
    let (_, adapter) = metadata::decode(adapter).map_err(impossible)?;
    let mut resolve = adapter.resolve;
    let exit = resolve.interfaces.iter().find_map(|(id, _)| resolve.id_of(id).filter(|name| name.starts_with(EXIT)));
    let exit = exit.ok_or_else(|| impossible("the adapter knows no exit"))?;
    let mut wit = format!("package thalweg:core;\nworld module {{\n  import {exit};\n");
    for func in exported {
        let _ = writeln!(wit, "  export %{}: {};", func.name, func.wit_type());
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
