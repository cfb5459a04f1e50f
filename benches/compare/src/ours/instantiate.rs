//! A store, instances in it, and all gone again.

use thalweg::{Component, Linker, Prepared, Store};

use crate::block_on::block_on;
use crate::instantiated::Instantiated;
use crate::row::{Failure, Work, timed};

/// Instantiates what is prepared.
pub fn instantiate(what: Instantiated) -> Result<Work, Failure> {
    let engine = super::pooled_engine()?;
    let component = Component::from_bytes(&engine, what.text.as_bytes())?;
    let mut linker = Linker::<()>::new(&engine);
    super::host::define(&mut linker)?;
    let prepared = linker.prepare(&component)?;
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

fn one(prepared: &Prepared<()>, store: &mut Store<()>, call: bool) -> Result<(), Failure> {
    let instance = block_on(prepared.instantiate(store))?;
    if call {
        let func = instance.func::<(), u32>(store, "ready")?;
        if block_on(func.call(store, ()))? != 15 {
            return Err("`ready` gives another number".into());
        }
    }
    Ok(())
}
