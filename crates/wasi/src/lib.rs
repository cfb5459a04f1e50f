//! The hosts of WASI 0.3 and 0.2 for Thalweg: one set of host objects behind both.
//!
//! A [`WasiContext`] says what a guest is granted, and nothing is granted by default. Interface files (one folder per
//! WIT package) talk to ports ([`sys`]); two families implement those: [`native`] (the OS, on tokio) and [`sim`]
//! (virtual time, seeded chance, files and a network in memory).
#![forbid(unsafe_code)]

mod builder;
mod byte_stream;
pub mod cli;
pub mod clocks;
mod completion;
mod context;
pub mod filesystem;
pub mod http;
pub mod native;
pub mod p2;
pub mod random;
pub mod sim;
pub mod sockets;
pub mod sys;
mod table_resource;
mod wakers;

use thalweg::{Linker, Result};

pub use builder::WasiBuilder;
pub use context::{Preopen, WasiContext, WasiView};
pub use filesystem::DirPerms;
pub use sockets::NetworkPolicy;

/// Defines every interface of WASI that this crate serves, of 0.3 and 0.2.
///
/// # Errors
///
/// When one of the names is defined already.
pub fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    linker.package("wasi:cli@0.3.2", cli::add_to_linker)?;
    linker.package("wasi:clocks@0.3.2", clocks::add_to_linker)?;
    linker.package("wasi:random@0.3.2", random::add_to_linker)?;
    linker.package("wasi:filesystem@0.3.2", filesystem::add_to_linker)?;
    linker.package("wasi:sockets@0.3.2", sockets::add_to_linker)?;
    linker.package("wasi:http@0.3.2", http::add_to_linker)?;
    p2::add_to_linker(linker)
}
