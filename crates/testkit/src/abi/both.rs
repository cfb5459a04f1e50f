//! A component run with compiled adapters and without them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use thalweg::{Component, Config, Engine, Features, Linker, Store, Trap};

use crate::polling::wait;

/// What `run: func() -> u32` of the component comes to, which is the same with adapters and without.
pub fn both(text: &str) -> Result<u32, Option<Trap>> {
    let modules = Arc::new(AtomicUsize::new(0));
    let [compiled, plain] = [true, false].map(|adapters| {
        let count = modules.clone();
        let count = move |compiled: Option<(usize, usize)>| {
            let (now, _) = compiled.unwrap_or_default();
            let before = count.fetch_max(now, Ordering::Relaxed);
            assert!(adapters || now < before, "nothing has an adapter");
        };
        let config = Config::new().features(Features::all()).adapters(adapters).progress(count);
        let engine = Engine::new(config).expect("an engine");
        let component = Component::from_bytes(&engine, text.as_bytes());
        let component = component.unwrap_or_else(|error| panic!("{error:?}\n{text}"));
        let mut store = Store::new(&engine, ());
        let instance = wait(Linker::new(&engine).instantiate(&mut store, &component))?;
        let run = instance.func::<(), u32>(&mut store, "run")?;
        wait(run.call(&mut store, ()))
    });
    let [compiled, plain] = [compiled, plain].map(|result| {
        result.map_err(|error| {
            assert!(error.as_trap().is_some(), "{error:?}\n{text}");
            error.as_trap()
        })
    });
    assert_eq!(compiled, plain, "{text}");
    compiled
}
