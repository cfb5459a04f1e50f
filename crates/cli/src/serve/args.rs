//! The command line of `serve`.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::thread;

use clap::Args;

use super::access_log::Format;
use super::limits::LimitArgs;
use super::listen::ListenArgs;
use super::pool::PoolArgs;
use super::request_headers::HeaderArgs;
use super::tls::TlsArgs;
use crate::load::Plugs;
use crate::options::{OptionGroups, Settings};
use crate::report::Failure;
use crate::run::grants::{GrantArgs, Grants};

/// Arguments of `serve`.
#[derive(Args)]
#[command(override_usage = "thalweg serve [OPTIONS] FILE")]
pub struct ServeArgs {
    #[command(flatten)]
    pub listen: ListenArgs,
    /// Threads that answer requests (default: one for each core)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    workers: Option<u16>,
    /// Answers here whether the server lives (/health) and takes requests (/ready), and with its figures (/metrics)
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub admin_addr: Option<SocketAddr>,
    /// Writes a line for each request to standard output
    #[arg(long, value_name = "FORMAT", default_value = "off")]
    pub access_log: Format,
    /// Serves the component anew whenever FILE or a plug changes
    #[arg(long)]
    pub watch: bool,
    #[command(flatten)]
    pub headers: HeaderArgs,
    #[command(flatten)]
    pub grant_args: GrantArgs,
    /// Serves a file that `thalweg compile` made; it is trusted like a native program
    #[arg(long)]
    pub allow_precompiled: bool,
    /// The component, binary or text (`-` is standard input)
    #[arg(value_name = "FILE")]
    pub file: OsString,
    #[command(flatten)]
    pub plugs: Plugs,
    #[command(flatten)]
    pub limits: LimitArgs,
    #[command(flatten)]
    pub pool: PoolArgs,
    #[command(flatten)]
    pub tls: TlsArgs,
    #[command(flatten)]
    pub groups: OptionGroups,
}

impl ServeArgs {
    /// How many threads answer requests.
    pub fn workers(&self) -> usize {
        match self.workers {
            Some(workers) => workers.into(),
            None => thread::available_parallelism().map_or(1, usize::from),
        }
    }

    /// What a guest is given, for one worker.
    pub fn grants(&self, settings: &Settings) -> Result<Grants, Failure> {
        Grants::parse(&self.grant_args, settings, &self.file, &[])
    }
}
