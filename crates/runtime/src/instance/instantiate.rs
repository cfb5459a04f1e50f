//! Running a plan: core modules become core instances, slots are filled.

use super::{ComponentInstance, Flags, InstanceId, RootId, RootInstance, RuntimeResource, Table};
use crate::adapter;
use crate::canon;
use crate::engine::{CoreExtern, CoreInstance, StoreMut};
use crate::error::bug;
use crate::linker::Linked;
use crate::plan::{CoreDef, PlannedResource, Step, TrampolineIndex};
use crate::store::ResourceTypeId;
use crate::task::in_start_function;
use crate::{Error, Result};

/// Instantiates `component`; its start functions run.
pub(crate) fn instantiate(store: &mut StoreMut<'_>, linked: &Linked) -> Result<RootId> {
    let root = make_root(store, linked)?;
    let mut glue = canon::Glue::default();
    for step in &linked.component.plan().steps {
        run_step(store, root, &mut glue, step)?;
    }
    Ok(root)
}

fn make_root(store: &mut StoreMut<'_>, linked: &Linked) -> Result<RootId> {
    let component = &linked.component;
    let plan = component.plan();
    let shared = component.adapters()?.is_some();
    let flags = plan.instances.iter().map(|_| Flags::new(store, shared)).collect::<Result<Vec<_>>>()?;
    let state = store.state_mut();
    let root = state.roots.insert(RootInstance {
        component: component.clone(),
        blocking: linked.blocking.clone(),
        direct: None,
        imports: linked.funcs.clone(),
        instances: Vec::new(),
        resource_types: Vec::new(),
        core_instances: Vec::new(),
        trampolines: vec![None; plan.trampolines.len()],
        memories: vec![None; plan.memories as usize],
        funcs: vec![None; plan.funcs as usize],
        tables: vec![None; plan.tables as usize],
        callees: vec![None; plan.lifts.len()],
        options: vec![None; plan.options.len()],
    });
    let mut instances: Vec<InstanceId> = Vec::new();
    for flags in flags {
        instances.push(state.instances.insert(new_instance(root, state.limits.max_handles, flags)));
    }
    let mut resource_types = Vec::new();
    let mut host_resources = linked.resources.iter();
    for planned in &plan.resources {
        let resource = match planned {
            PlannedResource::Imported { .. } => {
                let host = host_resources.next().ok_or_else(|| bug!("an imported resource was not linked"))?;
                RuntimeResource::Host { drop: host.drop.clone() }
            }
            PlannedResource::Defined { instance, dtor, .. } => {
                let instance = instances.get(instance.at()).copied();
                let instance = instance.ok_or_else(|| bug!("a resource of no instance"))?;
                RuntimeResource::Guest { instance, root, dtor: *dtor }
            }
        };
        resource_types.push(ResourceTypeId(state.resource_types.len() as u32));
        state.resource_types.push(resource);
    }
    let this = state.roots.get_mut(root)?;
    this.instances = instances;
    this.resource_types = resource_types;
    Ok(root)
}

fn new_instance(root: RootId, max_handles: usize, flags: Flags) -> ComponentInstance {
    ComponentInstance {
        root,
        handles: Table::new(max_handles),
        threads: Table::new(max_handles),
        flags,
        backpressure: 0,
        waiting_to_enter: Vec::new(),
        waiting_for_exclusive: Vec::new(),
        exclusive_thread: None,
    }
}

fn run_step(store: &mut StoreMut<'_>, root: RootId, glue: &mut canon::Glue, step: &Step) -> Result<()> {
    match step {
        Step::Instantiate { module, args, instance } => {
            let externs = args.iter().map(|arg| resolve(store, root, glue, arg)).collect::<Result<Vec<_>>>()?;
            let this = store.state().roots.get(root)?;
            let instance = this.instance(*instance)?;
            let module = this.component.module(*module)?;
            let core = in_start_function(store, instance, |store| CoreInstance::new(store, &module, &externs))?;
            store.state_mut().roots.get_mut(root)?.core_instances.push(core);
        }
        Step::ExtractMemory(index, def) => {
            let memory = resolve(store, root, glue, def)?.memory().ok_or_else(|| not_a("memory"))?;
            store.state_mut().roots.get_mut(root)?.memories[index.at()] = Some(memory);
        }
        Step::ExtractFunc(index, def) => {
            let func = resolve(store, root, glue, def)?.func().ok_or_else(|| not_a("function"))?;
            store.state_mut().roots.get_mut(root)?.funcs[index.at()] = Some(func);
        }
        Step::ExtractTable(index, def) => {
            let table = resolve(store, root, glue, def)?.table().ok_or_else(|| not_a("table"))?;
            store.state_mut().roots.get_mut(root)?.tables[index.at()] = Some(table);
        }
    }
    Ok(())
}

fn not_a(what: &str) -> Error {
    bug!("a plan step names no {what}")
}

fn resolve(store: &mut StoreMut<'_>, root: RootId, glue: &mut canon::Glue, def: &CoreDef) -> Result<CoreExtern> {
    match def {
        CoreDef::Trampoline(index) => trampoline(store, root, glue, *index),
        CoreDef::Export { instance, name } => {
            let this = store.state().roots.get(root)?;
            let instance = this.core_instances.get(instance.at()).copied();
            let instance = instance.ok_or_else(|| bug!("a core instance is used before it is made"))?;
            instance.export(store, name).ok_or_else(|| bug!("no core export `{name}`"))
        }
    }
}

fn trampoline(
    store: &mut StoreMut<'_>,
    root: RootId,
    glue: &mut canon::Glue,
    index: TrampolineIndex,
) -> Result<CoreExtern> {
    let this = store.state().roots.get(root)?;
    if let Some(Some(known)) = this.trampolines.get(index.at()) {
        return Ok(known.clone());
    }
    if !this.blocking.trampoline(index)
        && let Some(adapter) = adapter::resolve(store, root, index)?
    {
        return Ok(adapter);
    }
    let made = canon::make(store, root, glue, index)?;
    store.state_mut().roots.get_mut(root)?.trampolines[index.at()] = Some(made.clone());
    Ok(made)
}
