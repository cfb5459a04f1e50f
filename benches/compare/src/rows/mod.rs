//! Every row of the comparison.

mod async_calls;
mod commands;
mod file_copy;
mod futures;
mod host_calls;
mod instantiate;
mod serve;
mod streams;
mod sync_calls;
mod tasks;

pub use commands::Commands;

use crate::peer::Settings;
use crate::row::{Failure, Row, Work};
use crate::{ours, peer};

/// All of them; those of the commands only if there are commands.
pub fn all(commands: Option<&Commands>) -> Vec<Row> {
    let each = [
        host_calls::rows(),
        sync_calls::rows(),
        async_calls::rows(),
        futures::rows(),
        streams::rows(),
        tasks::rows(),
        instantiate::rows(),
        commands.map(commands::rows).unwrap_or_default(),
        commands.map(file_copy::rows).unwrap_or_default(),
        commands.map(serve::rows).unwrap_or_default(),
    ];
    each.into_iter().flatten().collect()
}

/// The settings of a peer that offers what WASI 0.3 needs.
const WITH_ASYNC: [Settings; 2] = [Settings::Pooling, Settings::OnDemand];

/// Adds the peer with each of these settings.
fn of_settings(
    row: Row,
    settings: &[Settings],
    prepare: impl Fn(Settings) -> Result<Work, Failure> + Clone + 'static,
) -> Row {
    settings.iter().fold(row, |row, &settings| {
        let prepare = prepare.clone();
        row.peer(settings.name(), move || prepare(settings))
    })
}

/// A row whose guest does the work in a loop of its own: its synchronous export `export` takes how often and `size`.
fn repeated(name: &str, unit: &'static str, wat: &'static str, export: &'static str, size: u32) -> Row {
    let row = Row::new(name, unit, move || ours::repeated(wat, export, size));
    of_settings(row, &WITH_ASYNC, move |settings| peer::repeated(settings, wat, export, size))
}

/// The same with an async export.
fn repeated_async(name: &str, unit: &'static str, wat: &'static str, export: &'static str) -> Row {
    let row = Row::new(name, unit, move || ours::repeated(wat, export, 0));
    of_settings(row, &WITH_ASYNC, move |settings| peer::repeated_async(settings, wat, export, 0))
}

/// An error when the work was not all done.
pub fn same(got: u64, expected: u64) -> Result<(), Failure> {
    if got == expected { Ok(()) } else { Err(format!("{got} of {expected} bytes arrived").into()) }
}
