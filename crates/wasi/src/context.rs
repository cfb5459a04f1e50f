//! What one guest was granted.

use std::sync::Arc;

use thalweg::ResourceTable;

use crate::filesystem::Descriptor;
use crate::http::HttpContext;
use crate::sockets::NetworkGrant;
use crate::sys::{Input, MonotonicClock, Output, Random, SystemClock};

/// A directory that a guest has from its start.
#[derive(Clone)]
pub struct Preopen {
    /// The directory, with what may be done below it.
    pub descriptor: Descriptor,
    /// The path that the guest knows it by.
    pub guest_path: String,
}

/// Everything of WASI that one guest was granted; made by a [`WasiBuilder`](crate::WasiBuilder).
pub struct WasiContext {
    /// The program's name and its arguments.
    pub args: Vec<String>,
    /// Environment variables.
    pub env: Vec<(String, String)>,
    /// Where relative paths of the guest start, as a path of the guest.
    pub cwd: Option<String>,
    /// Standard input.
    pub stdin: Input,
    /// Standard output.
    pub stdout: Output,
    /// Standard error.
    pub stderr: Output,
    /// Directories.
    pub preopens: Vec<Preopen>,
    /// The network, and what of it may be used.
    pub network: NetworkGrant,
    /// HTTP, over that network.
    pub http: HttpContext,
    /// The clock that only goes forward.
    pub monotonic_clock: Arc<dyn MonotonicClock>,
    /// The clock that tells the date.
    pub system_clock: Arc<dyn SystemClock>,
    /// Random bytes for secrets.
    pub random: Box<dyn Random>,
    /// Random bytes for everything else.
    pub insecure_random: Box<dyn Random>,
    /// The most random bytes that one call gives.
    pub max_random_size: u64,
    /// One random value for the whole run.
    pub insecure_seed: (u64, u64),
    /// The host objects behind the guest's handles.
    pub table: ResourceTable,
}

/// Where the host functions of WASI find their [`WasiContext`] in an embedder's state.
pub trait WasiView: Send + 'static {
    /// The context.
    fn wasi(&mut self) -> &mut WasiContext;
}

impl WasiView for WasiContext {
    fn wasi(&mut self) -> &mut WasiContext {
        self
    }
}
