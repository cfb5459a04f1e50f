//! Spec: `wasi:cli/terminal-input`, `terminal-output`, `terminal-stdin`, `terminal-stdout`, `terminal-stderr`.
//!
//! The resources carry nothing: having one says that a person is at the other end.

use thalweg::{Linker, Resource, Result};

use crate::table_resource::TableResource;
use crate::{WasiContext, WasiView};

/// Spec: `wasi:cli/terminal-input.terminal-input`.
pub struct TerminalInput;

/// Spec: `wasi:cli/terminal-output.terminal-output`.
pub struct TerminalOutput;

pub(super) fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    linker.instance("wasi:cli/terminal-input@0.3.2")?.table_resource::<TerminalInput>("terminal-input")?;
    linker.instance("wasi:cli/terminal-output@0.3.2")?.table_resource::<TerminalOutput>("terminal-output")?;
    linker.instance("wasi:cli/terminal-stdin@0.3.2")?.func("get-terminal-stdin", |mut caller, ()| {
        let mut data = caller.data_mut();
        let wasi = data.wasi();
        let is_terminal = wasi.stdin.is_terminal();
        is_terminal.then(|| wasi.table.push(TerminalInput)).transpose()
    })?;
    linker.instance("wasi:cli/terminal-stdout@0.3.2")?.func("get-terminal-stdout", |mut caller, ()| {
        let mut data = caller.data_mut();
        let wasi = data.wasi();
        let is_terminal = wasi.stdout.is_terminal();
        output(wasi, is_terminal)
    })?;
    linker.instance("wasi:cli/terminal-stderr@0.3.2")?.func("get-terminal-stderr", |mut caller, ()| {
        let mut data = caller.data_mut();
        let wasi = data.wasi();
        let is_terminal = wasi.stderr.is_terminal();
        output(wasi, is_terminal)
    })?;
    Ok(())
}

fn output(wasi: &mut WasiContext, is_terminal: bool) -> Result<Option<Resource<TerminalOutput>>> {
    is_terminal.then(|| wasi.table.push(TerminalOutput)).transpose()
}
