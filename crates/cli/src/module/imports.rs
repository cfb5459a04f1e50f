//! Whether everything that a core module imports is there, and the words for what is not.

use super::preview1::{MODULE, core_type};
use super::shape::{self, Import, Shape};
use crate::report::Failure;

/// How many imports a message lists.
const LISTED: usize = 8;

/// Refuses a module that imports anything but functions of preview 1, or these with another type.
pub fn check(shape: &Shape) -> Result<(), Failure> {
    let missing: Vec<&Import> = shape.imports.iter().filter(|import| !is_known(import)).collect();
    if let Some(first) = missing.first() {
        let listed: Vec<_> =
            missing.iter().take(LISTED).map(|import| format!("`{}.{}`", import.module, import.name)).collect();
        let more = match missing.len().saturating_sub(LISTED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let listed = listed.join(", ");
        return Err(Failure::new(format!("the core module imports what this runtime does not have: {listed}{more}"))
            .with_have(format!("the functions of {MODULE}, for core modules"))
            .with_help(help(first)));
    }
    shape.imports.iter().try_for_each(check_type)
}

fn is_known(import: &Import) -> bool {
    import.ty.is_some() && import.module == MODULE && core_type(&import.name).is_some()
}

fn check_type(import: &Import) -> Result<(), Failure> {
    let found = import.ty.as_ref().map(shape::core_type).unwrap_or_default();
    match core_type(&import.name) {
        Some(expected) if found != expected => {
            Err(Failure::new(format!("the core module imports `{MODULE}.{}` with another type", import.name))
                .with_have(format!("{expected}, and the module expects {found}"))
                .with_help("build the module again with current tools"))
        }
        _ => Ok(()),
    }
}

fn help(import: &Import) -> &'static str {
    match (import.module.as_str(), import.name.as_str()) {
        (MODULE, _) => "these are no functions of preview 1; build the module for plain wasm32-wasip1",
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
