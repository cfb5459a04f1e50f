//! `wasi:cli`: what a command gets from its caller. Its export `run` is the caller's business.

mod environment;
mod error_code;
mod exit;
mod stderr;
mod stdin;
mod stdout;
mod terminal;

use thalweg::{Linker, Result};

pub use error_code::ErrorCode;
pub use terminal::{TerminalInput, TerminalOutput};

use crate::WasiView;

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
