//! Puts a core module into the component that was made of the shim and the adapter.

use wasm_encoder::{ComponentSection, InstanceSection, ModuleArg, RawSection};
use wasmparser::{Instance, Parser, Payload, Result};

use super::guest::Guest;

const CORE_MODULE: u8 = 1;

/// What a component has on its own level, as far as it matters.
#[derive(Debug, Default)]
struct Level {
    modules: u32,
    instances: u32,
    /// The instance of the first module.
    first: Option<u32>,
}

impl Level {
    fn of(component: &[u8]) -> Result<Level> {
        let mut level = Level::default();
        let mut depth = 0;
        for payload in Parser::new(0).parse_all(component) {
            match payload? {
                Payload::ModuleSection { .. } => {
                    level.modules += u32::from(depth == 0);
                    depth += 1;
                }
                Payload::ComponentSection { .. } => depth += 1,
                // The last one is the component's own.
                Payload::End(_) => depth -= 1,
                Payload::InstanceSection(section) if depth == 0 => {
                    for instance in section {
                        if let Instance::Instantiate { module_index: 0, .. } = instance?
                            && level.first.is_none()
                        {
                            level.first = Some(level.instances);
                        }
                        level.instances += 1;
                    }
                }
                _ => {}
            }
        }
        Ok(level)
    }
}

/// `component`, whose first module is the shim, with the module `guest` on top, and `table` that lets the shim call it.
pub fn join(component: &[u8], guest: &Guest, table: &[u8]) -> Result<Vec<u8>> {
    let Level { modules, instances, first } = Level::of(component)?;
    let shim = ModuleArg::Instance(first.unwrap_or_default());
    let mut joined = component.to_vec();
    for module in [guest.bytes.as_slice(), table] {
        RawSection { id: CORE_MODULE, data: module }.append_to_component(&mut joined);
    }
    let mut section = InstanceSection::new();
    section.instantiate(modules, guest.shim.iter().map(|name| (name.as_str(), shim)));
    section.instantiate(modules + 1, [("shim", shim), ("guest", ModuleArg::Instance(instances))]);
    section.append_to_component(&mut joined);
    Ok(joined)
}
