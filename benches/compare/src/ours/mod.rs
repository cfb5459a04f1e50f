//! Thalweg's half.

pub mod calls;
mod host;
pub mod instantiate;
pub mod streams;
pub mod tasks;

use thalweg::{Component, Config, Engine, Features, Gate, Instance, Linker, Params, Returns, Store, TypedFunc};

use crate::block_on::block_on;
use crate::limits::PLACES;
use crate::row::{Failure, Work, timed};

/// An instance and where it lives.
pub struct Guest {
    pub store: Store<()>,
    pub instance: Instance,
}

/// An engine with every gate open that the components need.
pub fn engine() -> Result<Engine, Failure> {
    Ok(Engine::new(config()?)?)
}

/// The same that takes instances from a pool.
pub fn pooled_engine() -> Result<Engine, Failure> {
    Ok(Engine::new(config()?.pooling(PLACES))?)
}

fn config() -> Result<Config, Failure> {
    let mut features = Features::shipped();
    features.open(Gate::AsyncStackful)?.open(Gate::MoreAsyncBuiltins)?;
    Ok(Config::new().features(features))
}

/// Instantiates the component of this text.
pub fn guest(text: &str) -> Result<Guest, Failure> {
    let engine = engine()?;
    let component = Component::from_bytes(&engine, text.as_bytes())?;
    let mut linker = Linker::new(&engine);
    host::define(&mut linker)?;
    let mut store = Store::new(&engine, ());
    let instance = block_on(linker.instantiate(&mut store, &component))?;
    Ok(Guest { store, instance })
}

impl Guest {
    pub fn func<P: Params, R: Returns>(&mut self, name: &str) -> Result<TypedFunc<P, R>, Failure> {
        Ok(self.instance.func(&mut self.store, name)?)
    }
}

/// The guest does the work: its export `name` is told how often, and with how much.
pub fn repeated(text: &str, name: &str, size: u32) -> Result<Work, Failure> {
    let mut guest = guest(text)?;
    let func = guest.func::<(u32, u32), ()>(name)?;
    Ok(timed(move |n| Ok(block_on(func.call(&mut guest.store, (n as u32, size)))?)))
}
