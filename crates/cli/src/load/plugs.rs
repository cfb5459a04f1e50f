//! `--plug`: components that serve imports of the component on the command line.

use std::ffi::OsString;

use clap::Args;

use super::Source;
use crate::report::Failure;

/// The option, for every command that loads a component.
#[derive(Args, Clone)]
pub struct Plugs {
    /// Serves imports of FILE, and of other plugs, with the exports of this component
    #[arg(long = "plug", value_name = "COMPONENT")]
    files: Vec<OsString>,
}

impl Plugs {
    /// Reads the files.
    pub fn read(&self) -> Result<Vec<Source>, Failure> {
        self.files.iter().map(|file| Source::read(file)).collect()
    }

    /// Their names, as they were given.
    pub fn files(&self) -> &[OsString] {
        &self.files
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}
