//! A store, instances in it, and all gone again.

use wasmtime_peer::Store;
use wasmtime_peer::component::{Component, InstancePre, Linker};

use super::Settings;
use crate::block_on::block_on;
use crate::instantiated::Instantiated;
use crate::row::{Failure, Work, timed};

/// Instantiates what is prepared.
pub fn instantiate(settings: Settings, what: Instantiated) -> Result<Work, Failure> {
    let engine = super::engine(settings)?;
    let mut linker = Linker::<()>::new(&engine);
    super::host::define(&mut linker, settings)?;
    let prepared = linker.instantiate_pre(&Component::new(&engine, what.text)?)?;
    Ok(timed(move |n| {
        for count in what.stores(n) {
            let mut store = Store::new(&engine, ());
            for _ in 0..count {
                one(&prepared, &mut store, what.call)?;
            }
        }
        Ok(())
    }))
}

fn one(prepared: &InstancePre<()>, store: &mut Store<()>, call: bool) -> Result<(), Failure> {
    let instance = block_on(prepared.instantiate_async(&mut *store))?;
    if call {
        let func = instance.get_typed_func::<(), (u32,)>(&mut *store, "ready")?;
        if block_on(func.call_async(&mut *store, ()))? != (15,) {
            return Err("`ready` gives another number".into());
        }
    }
    Ok(())
}
