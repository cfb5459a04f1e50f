//! Many waiting tasks.

use thalweg::{Component, Linker, Store};

use crate::block_on::block_on;
use crate::gate::Gate;
use crate::row::Failure;

/// Gets ready to start `tasks` tasks that wait at `gate`, and to finish them.
pub fn prepare(scenario: &str, tasks: usize, gate: Gate) -> Result<Box<dyn FnOnce() -> Result<(), Failure>>, Failure> {
    let engine = super::engine()?;
    let component = Component::from_bytes(&engine, crate::tasks::WAT.as_bytes())?;
    let mut linker = Linker::<()>::new(&engine);
    linker.instance("")?.func_async("sleep", move |_, ()| {
        let pass = gate.pass();
        async move {
            pass.await;
            Ok(())
        }
    })?;
    let mut store = Store::new(&engine, ());
    let instance = block_on(linker.instantiate(&mut store, &component))?;
    if scenario == "host-started" {
        let func = instance.func::<(), ()>(&mut store, "callback-wait")?;
        return Ok(Box::new(move || {
            let calls = (0..tasks).map(|_| func.start(&mut store, ())).collect::<thalweg::Result<Vec<_>>>()?;
            block_on(async {
                for call in calls {
                    store.finish(call).await?;
                }
                Ok(())
            })
        }));
    }
    let func = instance.func::<(u32,), ()>(&mut store, scenario)?;
    Ok(Box::new(move || Ok(block_on(func.call(&mut store, (tasks as u32,)))?)))
}
