//! wasi:cli of 0.2: what a command gets from its caller. Its export `run` is the caller's business.

mod environment;
mod exit;
mod stderr;
mod stdin;
mod stdout;
mod terminal;

use thalweg::{Linker, Resource, ResourceTable, Result};

use super::filesystem::explain;
use super::io::OutputStream;
use crate::WasiView;
use crate::sys::Output;

/// Defines the package's interfaces.
///
/// # Errors
///
/// When one of the names is defined already.
pub fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    environment::add_to_linker(linker)?;
    exit::add_to_linker(linker)?;
    stdin::add_to_linker(linker)?;
    stdout::add_to_linker(linker)?;
    stderr::add_to_linker(linker)?;
    terminal::add_to_linker(linker)
}

/// A new stream into `output`.
///
/// 0.2 has no error code of its own for standard streams; C libraries ask for that of the filesystem.
fn stream(table: &mut ResourceTable, output: Output) -> Result<Resource<OutputStream>> {
    table.push(OutputStream::new(output, explain))
}
