//! Components that were loaded before, by their bytes: a script is run many times, but compiled once.

use std::collections::HashMap;

use thalweg::{Component, Engine, Result};

/// Loads components, each once.
pub struct Components {
    engine: Engine,
    known: HashMap<Vec<u8>, Component>,
    /// Components with the definitions that they import, by the bytes of all.
    complete: HashMap<Vec<u8>, Component>,
}

impl Components {
    /// Nothing loaded yet.
    pub fn new(engine: &Engine) -> Self {
        Components { engine: engine.clone(), known: HashMap::new(), complete: HashMap::new() }
    }

    /// The engine that loads them.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The component that is `made` of what `key` has.
    pub fn complete(&mut self, key: Vec<u8>, made: impl FnOnce() -> Result<Component>) -> Result<Component> {
        if let Some(known) = self.complete.get(&key) {
            return Ok(known.clone());
        }
        let component = made()?;
        self.complete.insert(key, component.clone());
        Ok(component)
    }

    /// The component with these bytes.
    pub fn load(&mut self, bytes: Vec<u8>) -> Result<Component> {
        if let Some(known) = self.known.get(&bytes) {
            return Ok(known.clone());
        }
        let component = Component::from_bytes(&self.engine, &bytes)?;
        self.known.insert(bytes, component.clone());
        Ok(component)
    }
}
