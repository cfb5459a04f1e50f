//! The built guests of `guests/`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use thalweg::{Component, Config, Engine};

/// Where the guest `name` lies.
pub fn path(name: &str) -> PathBuf {
    PathBuf::from(format!("{}/../../guests/{name}.wasm", env!("CARGO_MANIFEST_DIR")))
}

/// The guest `name` and its engine, of the default configuration; each is compiled once.
///
/// # Panics
///
/// There is no such guest.
pub fn compiled(name: &str) -> (Engine, Component) {
    static COMPILED: Mutex<BTreeMap<String, (Engine, Component)>> = Mutex::new(BTreeMap::new());
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    let fresh = || {
        let engine = Engine::new(Config::default()).expect("an engine");
        let component = Component::from_file(&engine, path(name)).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        (engine, component)
    };
    compiled.entry(name.to_string()).or_insert_with(fresh).clone()
}
