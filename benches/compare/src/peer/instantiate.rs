//! A store, an instance in it, and both gone again.

use wasmtime_peer::Store;
use wasmtime_peer::component::{Component, InstancePre, Linker};

use super::Settings;
use crate::block_on::block_on;
use crate::row::{Failure, Work, timed};

fn prepared(settings: Settings, text: &str) -> Result<InstancePre<()>, Failure> {
    let engine = super::engine(settings)?;
    Ok(Linker::<()>::new(&engine).instantiate_pre(&Component::new(&engine, text)?)?)
}

/// Instantiates what is prepared.
pub fn instantiate(settings: Settings, text: &str) -> Result<Work, Failure> {
    let prepared = prepared(settings, text)?;
    Ok(timed(move |n| {
        for _ in 0..n {
            let mut store = Store::new(prepared.engine(), ());
            block_on(prepared.instantiate_async(&mut store))?;
        }
        Ok(())
    }))
}

/// The same, with a call of its export `ready`.
pub fn instantiate_and_call(settings: Settings, text: &str) -> Result<Work, Failure> {
    let prepared = prepared(settings, text)?;
    Ok(timed(move |n| {
        for _ in 0..n {
            let mut store = Store::new(prepared.engine(), ());
            let instance = block_on(prepared.instantiate_async(&mut store))?;
            let func = instance.get_typed_func::<(), (u32,)>(&mut store, "ready")?;
            block_on(func.call_async(&mut store, ()))?;
        }
        Ok(())
    }))
}
