//! The option groups `-W -S -C -D -O`, with the letters and key names of the `wasmtime` command.
//!
//! Every key is in a table that says what it does here. Known keys that are not honoured are answered in one line, so
//! that a command line written for another runtime works or says why it does not.

mod choice;
mod codegen;
mod debug;
mod deferred;
mod duration;
mod key;
mod nearest;
mod optimize;
mod settings;
mod wasi;
mod wasm;

pub use choice::help_asked;
pub use deferred::Deferred;
pub use duration::duration;
pub use nearest::nearest;
pub use settings::Settings;

use choice::{Choices, GroupParser};
use clap::Args;

use crate::report::{self, Failure};

/// The option groups of a command.
#[derive(Args, Debug)]
#[command(next_help_heading = "Options in groups (`-W help` and so on list the keys)")]
pub struct OptionGroups {
    /// What core wasm and components may do and use
    #[arg(short = 'W', long = "wasm", value_name = "KEY[=VAL[,..]]", value_parser = GroupParser(&wasm::GROUP))]
    wasm: Vec<Choices>,
    /// What the guest is given of WASI
    #[arg(short = 'S', long = "wasi", value_name = "KEY[=VAL[,..]]", value_parser = GroupParser(&wasi::GROUP))]
    wasi: Vec<Choices>,
    /// How code is generated and kept
    #[arg(short = 'C', long = "codegen", value_name = "KEY[=VAL[,..]]", value_parser = GroupParser(&codegen::GROUP))]
    codegen: Vec<Choices>,
    /// What helps to find faults
    #[arg(short = 'D', long = "debug", value_name = "KEY[=VAL[,..]]", value_parser = GroupParser(&debug::GROUP))]
    debug: Vec<Choices>,
    /// What makes code and instances faster
    #[arg(short = 'O', long = "optimize", value_name = "KEY[=VAL[,..]]", value_parser = GroupParser(&optimize::GROUP))]
    optimize: Vec<Choices>,
    /// Refuses keys that are known but not honoured, instead of a note
    #[arg(long)]
    strict_flags: bool,
}

impl OptionGroups {
    /// What was chosen, with everything else as it is by default.
    pub fn settings(&self) -> Result<Settings, Failure> {
        let mut settings = Settings::default();
        let groups = [&self.wasm, &self.wasi, &self.codegen, &self.debug, &self.optimize];
        for choice in groups.into_iter().flatten().flat_map(|choices| &choices.0) {
            if let Some(why) = choice.apply(&mut settings) {
                let message = format!("`{choice}` {why}");
                if self.strict_flags {
                    return Err(Failure::usage(message).with_help("leave the option or `--strict-flags` out"));
                }
                report::note(&format!("{message}, ignored"));
            }
        }
        settings.check()?;
        Ok(settings)
    }
}
