//! Spec: wasi:cli/terminal-input, terminal-output, terminal-stdin, terminal-stdout, terminal-stderr.
//!
//! The resources carry nothing: having one says that a person is at the other end.

use thalweg::{Linker, Resource, ResourceTable, Result};

use crate::WasiView;
use crate::cli::{TerminalInput, TerminalOutput};
use crate::table_resource::TableResource;

pub(super) fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    linker.instance("wasi:cli/terminal-input@0.2.12")?.table_resource::<TerminalInput>("terminal-input")?;
    linker.instance("wasi:cli/terminal-output@0.2.12")?.table_resource::<TerminalOutput>("terminal-output")?;
    linker.instance("wasi:cli/terminal-stdin@0.2.12")?.func("get-terminal-stdin", |mut caller, ()| {
        let mut data = caller.data_mut();
        let wasi = data.wasi();
        when(wasi.stdin.is_terminal(), &mut wasi.table, TerminalInput)
    })?;
    linker.instance("wasi:cli/terminal-stdout@0.2.12")?.func("get-terminal-stdout", |mut caller, ()| {
        let mut data = caller.data_mut();
        let wasi = data.wasi();
        when(wasi.stdout.is_terminal(), &mut wasi.table, TerminalOutput)
    })?;
    linker.instance("wasi:cli/terminal-stderr@0.2.12")?.func("get-terminal-stderr", |mut caller, ()| {
        let mut data = caller.data_mut();
        let wasi = data.wasi();
        when(wasi.stderr.is_terminal(), &mut wasi.table, TerminalOutput)
    })?;
    Ok(())
}

/// The resource if there is a terminal.
fn when<H: Send + 'static>(is_terminal: bool, table: &mut ResourceTable, terminal: H) -> Result<Option<Resource<H>>> {
    is_terminal.then(|| table.push(terminal)).transpose()
}
