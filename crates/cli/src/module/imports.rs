//! Whether the adapter has everything that a core module imports, and the words for what it has not.

use std::collections::BTreeSet;

use wasmparser::{ExternalKind, Parser, Payload};

use super::shape::{Import, Shape};
use crate::report::Failure;

/// The module that core modules import WASI from.
pub const PREVIEW1: &str = "wasi_snapshot_preview1";
/// How many imports a message lists.
const LISTED: usize = 8;

/// Refuses a module that imports what the adapter does not have.
pub fn check(shape: &Shape, adapter: &[u8]) -> Result<(), Failure> {
    let known = exported_funcs(adapter);
    let missing: Vec<&Import> = shape.imports.iter().filter(|import| !is_known(import, &known)).collect();
    let Some(first) = missing.first() else { return Ok(()) };
    let listed: Vec<_> =
        missing.iter().take(LISTED).map(|import| format!("`{}.{}`", import.module, import.name)).collect();
    let more = match missing.len().saturating_sub(LISTED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Err(Failure::new(format!("the core module imports what this runtime does not have: {}{more}", listed.join(", ")))
        .with_have(format!("the functions of {PREVIEW1}, for core modules"))
        .with_help(help(first)))
}

fn is_known(import: &Import, known: &BTreeSet<String>) -> bool {
    import.is_func && import.module == PREVIEW1 && known.contains(&import.name)
}

fn help(import: &Import) -> &'static str {
    match (import.module.as_str(), import.name.as_str()) {
        (PREVIEW1, _) => "these are no functions of preview 1; build the module for plain wasm32-wasip1",
        ("wasi_unstable", _) => "that is WASI of 2019; build the module again for wasm32-wasip1",
        ("wasi", "thread-spawn") | ("env", "memory") => {
            "threads with a shared memory are not supported; build the module for wasm32-wasip1"
        }
        (module, _) if module.starts_with("wbg") || module.contains("wbindgen") => {
            "that is made for a browser by wasm-bindgen; build for wasm32-wasip1 or wasm32-wasip2"
        }
        ("env", _) => "`env` is filled by a host of the module's own, or by the linker when a library is missing",
        (module, _) if module.contains(':') => {
            "that is a component's interface: make a component of it with `wasm-tools component embed` and `new`"
        }
        _ => "only the program that the module was made for has these",
    }
}

/// The names of the functions that a module exports.
fn exported_funcs(module: &[u8]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for payload in Parser::new(0).parse_all(module) {
        if let Ok(Payload::ExportSection(section)) = payload {
            let funcs = section.into_iter().flatten().filter(|export| export.kind == ExternalKind::Func);
            names.extend(funcs.map(|export| export.name.to_string()));
        }
    }
    names
}
