//! A component that imports nothing, instantiated with every gate open.

use thalweg::{Component, Config, Engine, Features, Instance, Limits, Linker, Store};

use crate::polling::wait;

/// The component in a store of its own, with the default limits.
pub fn instantiate(wat: &str) -> (Store<()>, Instance) {
    instantiate_with(wat, Limits::default())
}

/// The component in a store of its own.
pub fn instantiate_with(wat: &str, limits: Limits) -> (Store<()>, Instance) {
    let engine = Engine::new(Config::new().features(Features::all()).limits(limits)).expect("an engine");
    let component = Component::from_bytes(&engine, wat.as_bytes()).unwrap_or_else(|error| panic!("{error:?}\n{wat}"));
    let mut store = Store::new(&engine, ());
    let instance = wait(Linker::new(&engine).instantiate(&mut store, &component)).expect("no imports");
    (store, instance)
}
