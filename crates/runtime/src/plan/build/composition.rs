//! Several components planned together: an import of one is an export of another.

use std::collections::HashMap;

use wasmparser::ComponentImport;

use super::Builder;
use super::item::{Closure, InstanceItem, Item};
use super::scope::ScopeIndex;
use crate::component::{Comparison, ComponentNumber, Definition, Definitions};
use crate::error::bug;
use crate::linker::{SemverName, compatible};
use crate::plan::{Import, Plugged};
use crate::types::ResourceIndex;
use crate::{Error, Result};

/// A component among others that it is linked with. The first is the root.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part<'d> {
    /// What messages and the plan call it.
    pub name: &'d str,
    /// Where it is in the definitions.
    pub component: ComponentNumber,
}

/// What is known of the components that are linked with each other.
pub(super) struct Composition<'d> {
    parts: Vec<PlannedPart<'d>>,
    /// The types of the parts, unless they were compared before.
    types: Option<&'d Comparison>,
    /// Exports of the part that is being plugged that are core modules or components.
    pub definitions: Vec<String>,
    /// Resources of the host: two components that import the same one mean the same type.
    resources: HashMap<(SemverName, String), ResourceIndex>,
}

#[derive(Debug)]
struct PlannedPart<'d> {
    part: Part<'d>,
    /// The names of its exports.
    exports: Vec<&'d str>,
    state: State<'d>,
}

#[derive(Debug)]
enum State<'d> {
    /// Nothing has needed it yet.
    Idle,
    /// Being instantiated, which asks for its imports.
    Begun,
    Instantiated(InstanceItem<'d>),
}

impl<'d> Composition<'d> {
    pub fn new(definitions: &'d Definitions<'d>, parts: &[Part<'d>], types: Option<&'d Comparison>) -> Self {
        let planned = |part: &Part<'d>| PlannedPart {
            part: *part,
            exports: exports(definitions, part.component),
            state: State::Idle,
        };
        Composition {
            parts: parts.iter().map(planned).collect(),
            types,
            definitions: Vec::new(),
            resources: HashMap::new(),
        }
    }

    /// What messages call the root of `component`.
    pub fn name_of(&self, component: ComponentNumber) -> Option<&'d str> {
        let part = self.parts.iter().map(|planned| planned.part).find(|part| part.component == component)?;
        (!part.name.is_empty()).then_some(part.name)
    }

    /// The part that serves `import` of part `importer`, and the name of its export: the next after the importer,
    /// else the first of the plugs.
    fn provider(&self, importer: usize, import: &ComponentImport<'_>) -> Option<(usize, &'d str)> {
        let name = import.name.full_name();
        let implements = import.name.full_implements();
        let serves = |export: &&str| {
            compatible(export, &name) || implements.as_ref().is_some_and(|interface| compatible(export, interface))
        };
        let after = importer + 1..self.parts.len();
        after.chain(1..importer).find_map(|number| {
            let export = self.parts.get(number)?.exports.iter().copied().find(serves)?;
            Some((number, export))
        })
    }

    fn cycle(&self, number: usize, importer: usize) -> Error {
        let name = |number: usize| self.parts.get(number).map_or("?", |planned| planned.part.name);
        let (a, b) = (name(importer), name(number));
        Error::link(format!("`{b}` and `{a}` need each other"))
            .with_have(format!("`{a}` imports what `{b}` exports, and `{b}` can't be instantiated before `{a}` is"))
    }
}

impl<'d> Builder<'d> {
    /// The exports of a part, which is instantiated when it is first asked for.
    pub fn instantiate_part(&mut self, number: usize) -> Result<InstanceItem<'d>> {
        let planned = self.planned(number)?;
        if let State::Instantiated(exports) = &planned.state {
            return Ok(exports.clone());
        }
        planned.state = State::Begun;
        let part = planned.part;
        let exports = self.instantiate(Closure { component: part.component, scope: None }, None)?;
        self.planned(number)?.state = State::Instantiated(exports.clone());
        Ok(exports)
    }

    fn planned(&mut self, number: usize) -> Result<&mut PlannedPart<'d>> {
        let composition = self.composition.as_mut();
        composition.and_then(|composition| composition.parts.get_mut(number)).ok_or_else(|| bug!("part {number}"))
    }

    /// What another part gives for an import of a part; none when the host is to give it.
    pub fn plugged(&mut self, scope: ScopeIndex, import: &ComponentImport<'d>) -> Result<Option<Item<'d>>> {
        let component = self.scope(scope)?.component;
        let Some(composition) = &self.composition else { return Ok(None) };
        let importer = composition.parts.iter().position(|planned| Some(planned.part.component) == component);
        let importer = importer.ok_or_else(|| bug!("an import of no part"))?;
        let Some((number, export)) = composition.provider(importer, import) else { return Ok(None) };
        if matches!(self.planned(number)?.state, State::Begun) {
            return Err(self
                .composition
                .as_ref()
                .map_or_else(|| bug!("no parts"), |parts| parts.cycle(number, importer)));
        }
        let exports = self.instantiate_part(number)?;
        let item = exports.get(export).cloned().ok_or_else(|| bug!("no export `{export}`"))?;
        let provider = self.planned(number)?.part.name;
        let matches = self.must_match(scope, import.ty, &item, export);
        matches.and_then(|()| self.definitions_must_match(importer, &import.name.full_name(), number)).map_err(
            |error| {
                Error::link(format!("`{provider}` exports `{export}` with another type than the import has"))
                    .with_have(error.message().to_owned())
                    .with_hint("build both for the same version of the interface")
            },
        )?;
        let (import_name, export) = (import.name.full_name().into_owned(), export.to_owned());
        self.plan.plugged.push(Plugged { importer, import: import_name, provider: number, export });
        self.narrow(scope, item, Some(import.ty)).map(Some)
    }

    /// Compares the types of core modules and components that part `provider` gives to `import` of part `importer`.
    fn definitions_must_match(&mut self, importer: usize, import: &str, provider: usize) -> Result<()> {
        let Some(composition) = &mut self.composition else { return Ok(()) };
        for export in std::mem::take(&mut composition.definitions) {
            let within = export.find('#').map_or("", |at| &export[at..]);
            if let Some(types) = composition.types {
                types.plugged(provider, &export, importer, &format!("{import}{within}"))?;
            }
        }
        Ok(())
    }

    /// The host's resource `name` of `interface`, if a part has imported it before.
    pub fn shared_resource(&self, interface: &str, name: &str) -> Option<ResourceIndex> {
        let key = (SemverName::parse(interface)?, name.to_owned());
        self.composition.as_ref()?.resources.get(&key).copied()
    }

    /// Remembers the host's resource `name` of `interface` for the other parts.
    pub fn share_resource(&mut self, interface: &str, name: &str, resource: ResourceIndex) {
        if let (Some(composition), Some(interface)) = (&mut self.composition, SemverName::parse(interface)) {
            composition.resources.insert((interface, name.to_owned()), resource);
        }
    }

    /// Adds an import of a part to the plan's, where another part may have imported a part of the same instance.
    pub fn add_import(&mut self, name: String, import: Import) {
        match (self.plan.imports.get_mut(&name), import) {
            (Some(Import::Instance(known)), Import::Instance(more)) => known.extend(more),
            (_, import) => {
                self.plan.imports.insert(name, import);
            }
        }
    }

    /// What is imported of the same interfaces, in other versions.
    fn other_versions(&self, exports: &[&str]) -> String {
        let imported = self.plan.imports.keys().filter(|import| exports.iter().any(|name| base(name) == base(import)));
        let imported: Vec<_> = imported.map(String::as_str).collect();
        if imported.is_empty() { String::new() } else { format!("; imported is `{}`", imported.join("`, `")) }
    }

    /// A plug that serves nothing is a mistake.
    pub fn all_parts_are_needed(&self) -> Result<()> {
        let parts = self.composition.iter().flat_map(|composition| &composition.parts);
        for planned in parts {
            if matches!(planned.state, State::Idle) {
                let have = match planned.exports.as_slice() {
                    [] => "it exports nothing".to_owned(),
                    exports => format!("it exports `{}`{}", exports.join("`, `"), self.other_versions(exports)),
                };
                return Err(Error::link(format!("nothing imports what `{}` exports", planned.part.name))
                    .with_have(have)
                    .with_hint("leave it out, or give the component that needs it"));
            }
        }
        Ok(())
    }
}

/// A name without its version.
fn base(name: &str) -> &str {
    name.split_once('@').map_or(name, |(base, _)| base)
}

/// The names that a component exports.
fn exports<'d>(definitions: &'d Definitions<'d>, component: ComponentNumber) -> Vec<&'d str> {
    let component = definitions.components.get(component.0);
    let definitions = component.into_iter().flat_map(|component| &component.definitions);
    let exports = definitions.filter_map(|definition| match definition {
        Definition::Export(export) => Some(export.name.name),
        _ => None,
    });
    exports.collect()
}
