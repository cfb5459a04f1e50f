//! Finding a definition for every import of a component, and checking its type.

use std::sync::Arc;

use super::HostTypes;
use super::define::{DefinedInstance, ImportedResource, Linker};
use super::missing;
use super::semver_name::SemverName;
use crate::component::Component;
use crate::host::HostFunc;
use crate::plan::{ImportedFunc, Plan, PlannedResource};
use crate::types::ResourceIndex;
use crate::{Error, Result};

/// Finds everything that `component` imports: functions by the plan's numbers, resources in the plan's order, and
/// the Rust types of these.
pub(super) fn link<T: Send + 'static>(
    linker: &Linker<T>,
    component: &Component,
) -> Result<(Arc<[HostFunc]>, Vec<ImportedResource>, HostTypes)> {
    let plan = component.plan();
    let mut types = HostTypes::default();
    let mut resources = Vec::new();
    for (index, planned) in plan.resources.iter().enumerate() {
        let PlannedResource::Imported { interface, name } = planned else { continue };
        let resource = find_resource(linker, plan, interface, name)?;
        if let Some(ty) = resource.rust_type() {
            types.insert(ResourceIndex(index as u32), ty);
        }
        resources.push(resource);
    }
    let funcs = plan.imported_funcs.iter().map(|import| find_func(linker, plan, import, &types));
    Ok((funcs.collect::<Result<Vec<_>>>()?.into(), resources, types))
}

/// The instance that serves `interface`.
///
/// # Errors
///
/// What defining its package says.
pub(super) fn find_instance<'a, T>(
    linker: &'a Linker<T>,
    plan: &Plan,
    interface: &str,
) -> Result<Option<&'a DefinedInstance>> {
    for interface in [Some(interface), plan.implements.get(interface).map(String::as_str)].into_iter().flatten() {
        if let Some(name) = SemverName::parse(interface)
            && let Some(instance) = linker.find(&name)?
        {
            return Ok(Some(instance));
        }
    }
    Ok(None)
}

fn find_resource<T>(linker: &Linker<T>, plan: &Plan, interface: &str, name: &str) -> Result<ImportedResource> {
    let Some(instance) = find_instance(linker, plan, interface)? else {
        return Err(missing::instance(linker, interface));
    };
    instance.resources.get(name).cloned().ok_or_else(|| missing::item(instance, interface, "resource", name))
}

fn find_func<T>(linker: &Linker<T>, plan: &Plan, import: &ImportedFunc, types: &HostTypes) -> Result<HostFunc> {
    let Some(instance) = find_instance(linker, plan, &import.interface)? else {
        return Err(missing::instance(linker, &import.interface));
    };
    let func = instance.funcs.get(&import.name).cloned();
    let func = func.ok_or_else(|| missing::item(instance, &import.interface, "function", &import.name))?;
    func.check(&import.ty, types).map_err(|error| mistyped(&error, import))?;
    Ok(func)
}

fn mistyped(error: &Error, import: &ImportedFunc) -> Error {
    let place = missing::full_name(&import.interface, &import.name);
    Error::link(format!("import `{place}` has another type than the host's function: {}", error.message()))
        .with_have(format!("the component expects {}", import.ty))
        .with_hint("rebuild the component with the interface's own WIT of that version")
}
