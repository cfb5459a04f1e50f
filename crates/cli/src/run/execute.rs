//! Instantiates a component, calls one function, and makes an exit code of what comes back.

use std::future::poll_fn;
use std::process::ExitCode;

use thalweg::{Component, Engine, ErrorKind, Linker, Result, Store, Trap, Val};
use thalweg_wasi::WasiContext;
use thalweg_wasi::sys::{ByteSink, Output};
use tokio::runtime;

use super::entry::Entry;
use super::grants::Grants;
use super::time_limit::limited;
use crate::invoke::result_text;
use crate::load::io_text;
use crate::options::Settings;
use crate::report::{self, Failure};

/// Runs `entry` of `component`.
pub fn execute(
    engine: &Engine,
    component: &Component,
    settings: &Settings,
    grants: Grants,
    mut entry: Entry,
) -> Result<ExitCode, Failure> {
    let reactor = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("can't start the reactor: {}", io_text(&error))))?;
    let called = reactor.block_on(async {
        let context = grants.context()?;
        Ok::<_, Failure>(call(engine, component, settings, context, &mut entry).await)
    });
    // A thread that reads standard input never ends by itself.
    reactor.shutdown_background();
    match called? {
        Ok(result) => outcome(&entry, result),
        Err(error) => match error.kind() {
            ErrorKind::Exit(code) => Ok(exit_code(code)),
            _ => Err(Failure::from(error)),
        },
    }
}

async fn call(
    engine: &Engine,
    component: &Component,
    settings: &Settings,
    context: WasiContext,
    entry: &mut Entry,
) -> Result<Option<Val>> {
    let mut linker = Linker::<WasiContext>::new(engine);
    thalweg_wasi::add_to_linker(&mut linker)?;
    let outputs = [context.stdout.clone(), context.stderr.clone()];
    let mut store = Store::new(engine, context);
    if settings.timeout.is_some() {
        store.set_epoch_deadline(1);
    }
    if let Some(fuel) = settings.fuel {
        store.set_fuel(fuel)?;
    }
    let work = async {
        let instance = linker.instantiate(&mut store, component).await?;
        let func = instance.func_dynamic(&mut store, entry.path())?;
        func.call(&mut store, entry.take_arguments()).await
    };
    let result = limited(engine, settings.timeout, work).await;
    // The process is about to end.
    std::mem::forget(linker);
    let result = result.map_err(|error| match store.waiting() {
        // It did not compute, it waited.
        Some(waiting) if error.as_trap() == Some(Trap::Interrupt) && error.guest_backtrace().is_empty() => {
            error.with_have(waiting)
        }
        _ => error,
    });
    drop(store);
    if !matches!(&result, Err(error) if error.as_trap() == Some(Trap::Interrupt)) {
        // Whether a reader takes what is left is no news to the guest, which has ended.
        let _ = limited(engine, settings.timeout, flush(outputs)).await;
    }
    result
}

/// Waits until everything has left that the guest was told is written.
async fn flush(outputs: [Output; 2]) -> Result<()> {
    for mut output in outputs {
        // A reader that has gone away wants nothing more.
        let _ = poll_fn(|cx| output.poll_flush(cx)).await;
    }
    Ok(())
}

/// What a function that returned means.
fn outcome(entry: &Entry, result: Option<Val>) -> Result<ExitCode, Failure> {
    match entry {
        Entry::Command(_) => match result {
            Some(Val::Result(Err(_))) => Ok(ExitCode::FAILURE),
            _ => Ok(ExitCode::SUCCESS),
        },
        Entry::Invoke(invocation) => {
            if let (Some(ty), Some(val)) = (&invocation.ty.result, &result) {
                let text = result_text(ty, val)
                    .ok_or_else(|| Failure::new(format!("the function returned a {ty}, which has no text")))?;
                report::out(&(text + "\n"))?;
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// The guest's code as the system's, which has eight bits; what does not fit is a failure anyway.
fn exit_code(code: i32) -> ExitCode {
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}
