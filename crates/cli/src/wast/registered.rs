//! Definitions that components of a script can import: `register` gives them a name.

use thalweg::{Component, Linker, Module, Prepared, Result};

use super::components::Components;

/// What has a name.
#[derive(Clone)]
pub enum Definition {
    /// A core module.
    Module(Module),
    /// A component.
    Component(Component),
}

/// Definitions by the names that they were registered under.
#[derive(Default)]
pub struct Registered(Vec<(String, Definition)>);

impl Registered {
    /// Registers a definition; one that has the name loses it.
    pub fn add(&mut self, name: &str, definition: Definition) {
        self.0.retain(|(other, _)| other != name);
        self.0.push((name.to_owned(), definition));
    }

    /// `component` with those that it imports.
    pub fn prepare(&self, components: &mut Components, component: &Component) -> Result<Prepared<()>> {
        let mut linker = Linker::new(components.engine());
        if component.plan().needs.is_empty() {
            return linker.prepare(component);
        }
        let mut key = component.bytes()?.to_vec();
        let mut root = linker.root();
        for (name, definition) in &self.0 {
            key.extend(name.as_bytes());
            match definition {
                Definition::Module(module) => {
                    key.extend(module.bytes());
                    root.module(name, module)?;
                }
                Definition::Component(component) => {
                    key.extend(component.bytes()?);
                    root.component(name, component)?;
                }
            }
        }
        let complete = components.complete(key, || Ok(linker.prepare(component)?.component().clone()))?;
        linker.prepare(&complete)
    }
}
