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
    cli::add_to_linker(linker)?;
    clocks::add_to_linker(linker)?;
    random::add_to_linker(linker)?;
    filesystem::add_to_linker(linker)?;
    sockets::add_to_linker(linker)?;
    http::add_to_linker(linker)?;
    p2::add_to_linker(linker)
}
