//! Core modules become components on the fly: with an adapter that gives them `wasi_snapshot_preview1` out of WASI 0.2,
//! and a shim between the two that keeps the adapter out of the module's memory.
//!
//! A module that exports `_start` becomes a command. Its other exports that take and return numbers become functions of the
//! component, for `--invoke`.

mod copies;
mod exports;
mod guest;
mod imports;
mod join;
mod preview1;
mod shape;
mod shim;
mod wrap;

pub use exports::component_name;
pub use wrap::wrap;

/// Whether `bytes` begin as a core module does.
pub fn is_module(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\0asm\x01\0\0\0")
}
