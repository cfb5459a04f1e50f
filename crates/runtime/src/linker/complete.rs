//! Core modules and components that a component imports: found, and put into it before it is linked.

use super::define::Linker;
use super::missing;
use super::resolve::find_instance;
use crate::component::{Component, Module};
use crate::error::bug;
use crate::plan::{NeededDefinition, Plan};
use crate::{Error, Result};

/// A definition that components can import.
#[derive(Clone)]
pub(super) enum GivenDefinition {
    Module(Module),
    Component(Component),
}

/// `component` with every definition that it imports. What one is needs to be known before the next is looked for, so this
/// may take several turns.
pub(super) fn complete<T>(linker: &Linker<T>, component: &Component) -> Result<Component> {
    let mut complete = component.clone();
    let mut before = Vec::new();
    loop {
        let needs = &complete.plan().needs;
        if needs.is_empty() {
            return Ok(complete);
        }
        if *needs == before {
            return Err(bug!("definitions that were given are still needed"));
        }
        before.clone_from(needs);
        let given = needs.iter().map(|need| {
            let bytes = find(linker, complete.plan(), need)?.bytes()?;
            Ok((missing::full_name(&need.interface, &need.name), bytes))
        });
        let given = given.collect::<Result<Vec<_>>>()?;
        complete = complete.with_definitions(&given)?;
    }
}

/// What `complete` gives for an import of `component`.
pub(super) fn given<'a, T>(
    linker: &'a Linker<T>,
    component: &Component,
    interface: &str,
    name: &str,
) -> Option<&'a GivenDefinition> {
    // What can't be defined was said by `complete`.
    find_instance(linker, component.plan(), interface).ok().flatten()?.definitions.get(name)
}

impl GivenDefinition {
    pub(super) fn bytes(&self) -> Result<&[u8]> {
        match self {
            GivenDefinition::Module(module) => Ok(module.bytes()),
            GivenDefinition::Component(component) => component.bytes(),
        }
    }
}

fn find<'a, T>(linker: &'a Linker<T>, plan: &Plan, need: &NeededDefinition) -> Result<&'a GivenDefinition> {
    let kind = if need.is_module { "core module" } else { "component" };
    let Some(instance) = find_instance(linker, plan, &need.interface)? else { return Err(nobody_gives(need, kind)) };
    match (instance.definitions.get(&need.name), need.is_module) {
        (Some(given @ GivenDefinition::Module(_)), true) | (Some(given @ GivenDefinition::Component(_)), false) => {
            Ok(given)
        }
        (Some(_), true) => Err(another_kind(need, "core module", "component")),
        (Some(_), false) => Err(another_kind(need, "component", "core module")),
        (None, _) => Err(nobody_gives(need, kind)),
    }
}

fn nobody_gives(need: &NeededDefinition, kind: &str) -> Error {
    let name = missing::full_name(&need.interface, &need.name);
    let method = if need.is_module { "module" } else { "component" };
    Error::link(format!("nothing provides the {kind} `{name}`"))
        .with_hint(format!("give it: `--define {name}=FILE`, or `LinkerInstance::{method}` in an embedding"))
}

fn another_kind(need: &NeededDefinition, wanted: &str, given: &str) -> Error {
    let name = missing::full_name(&need.interface, &need.name);
    Error::link(format!("the import `{name}` is a {wanted}, what is defined is a {given}"))
}
