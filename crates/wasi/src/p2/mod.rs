//! WASI 0.2, served by the host objects of 0.3: descriptors, standard streams, clocks and chance are the same, 0.2's
//! own resources (streams, pollables, errors) are views over ports.
//!
//! Everything is defined at 0.2.12; by the rules of versions that serves every 0.2.x. What a version marks as unstable
//! is not served.

pub mod cli;
pub mod clocks;
pub mod filesystem;
pub mod http;
pub mod io;
pub mod random;
pub mod sockets;
mod wait;

use thalweg::{Linker, Result};

use crate::WasiView;

/// Defines every interface of WASI 0.2 that this crate serves.
///
/// # Errors
///
/// When one of the names is defined already.
pub fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    linker.package("wasi:io@0.2.12", io::add_to_linker)?;
    linker.package("wasi:cli@0.2.12", cli::add_to_linker)?;
    linker.package("wasi:clocks@0.2.12", clocks::add_to_linker)?;
    linker.package("wasi:random@0.2.12", random::add_to_linker)?;
    linker.package("wasi:filesystem@0.2.12", filesystem::add_to_linker)?;
    linker.package("wasi:sockets@0.2.12", sockets::add_to_linker)?;
    linker.package("wasi:http@0.2.12", http::add_to_linker)
}
