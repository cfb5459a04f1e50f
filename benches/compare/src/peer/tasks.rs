//! Many waiting tasks.

use futures::stream::{FuturesUnordered, StreamExt};
use wasmtime_peer::component::{Component, Linker};
use wasmtime_peer::{Result, Store};

use super::Settings;
use crate::block_on::block_on;
use crate::gate::Gate;
use crate::row::Failure;

/// Above what any number of tasks here needs.
const HANDLES: usize = 100_000_000;

/// Gets ready to start `tasks` tasks that wait at `gate`, and to finish them.
pub fn prepare(
    settings: Settings,
    scenario: &str,
    tasks: usize,
    gate: Gate,
) -> Result<Box<dyn FnOnce() -> Result<(), Failure>>, Failure> {
    let engine = super::engine(settings)?;
    let component = Component::new(&engine, crate::tasks::WAT)?;
    let mut linker = Linker::<()>::new(&engine);
    linker.root().func_wrap_concurrent("sleep", move |_, (): ()| {
        let pass = gate.pass();
        Box::pin(async move {
            pass.await;
            Ok(())
        })
    })?;
    let mut store = Store::new(&engine, ());
    store.set_max_component_handles(HANDLES);
    let instance = block_on(linker.instantiate_async(&mut store, &component))?;
    if scenario == "host-started" {
        let func = instance.get_typed_func::<(), ()>(&mut store, "callback-wait")?;
        return Ok(Box::new(move || {
            let run = store.run_concurrent(async |store| -> Result<()> {
                let mut calls: FuturesUnordered<_> = (0..tasks).map(|_| func.call_concurrent(store, ())).collect();
                while let Some(result) = calls.next().await {
                    result?;
                }
                Ok(())
            });
            Ok(block_on(run)??)
        }));
    }
    let func = instance.get_typed_func::<(u32,), ()>(&mut store, scenario)?;
    Ok(Box::new(move || {
        let run = store.run_concurrent(async |store| func.call_concurrent(store, (tasks as u32,)).await);
        Ok(block_on(run)??)
    }))
}
