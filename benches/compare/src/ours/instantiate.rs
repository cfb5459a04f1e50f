//! A store, an instance in it, and both gone again.

use thalweg::{Component, Linker, Store};

use crate::block_on::block_on;
use crate::row::{Failure, Work, timed};

/// Instantiates a compiled component, whose plan is prepared.
pub fn instantiate(text: &str) -> Result<Work, Failure> {
    let engine = super::engine()?;
    let component = Component::from_bytes(&engine, text.as_bytes())?;
    component.compile()?;
    let linker = Linker::<()>::new(&engine);
    Ok(timed(move |n| {
        for _ in 0..n {
            let mut store = Store::new(&engine, ());
            block_on(linker.instantiate(&mut store, &component))?;
        }
        Ok(())
    }))
}

/// The same, with a call of its export `ready`.
pub fn instantiate_and_call(text: &str) -> Result<Work, Failure> {
    let engine = super::engine()?;
    let component = Component::from_bytes(&engine, text.as_bytes())?;
    component.compile()?;
    let linker = Linker::<()>::new(&engine);
    Ok(timed(move |n| {
        for _ in 0..n {
            let mut store = Store::new(&engine, ());
            let instance = block_on(linker.instantiate(&mut store, &component))?;
            let func = instance.func::<(), u32>(&mut store, "ready")?;
            block_on(func.call(&mut store, ()))?;
        }
        Ok(())
    }))
}
