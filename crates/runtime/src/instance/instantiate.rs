//! Running a plan: core modules become core instances, slots are filled.

use super::{ComponentInstance, Flags, FlagsUse, InstanceId, RootId, RootInstance, RuntimeResource};
use crate::canon;
use crate::component::{Code, Source};
use crate::engine::{Continuation, CoreExtern, CoreExterns, CoreFunc, CoreInstance, CoreInstanceToBe, StoreMut};
use crate::error::bug;
use crate::linker::{ImportedResource, Linked};
use crate::plan::{
    Blocking, CoreInstanceIndex, InstanceIndex, ModuleIndex, Plan, PlannedResource, Step, TrampolineIndex,
};
use crate::store::ResourceTypeId;
use crate::task::{TaskId, in_start_function, start_start_function};
use crate::{Error, Result};

/// A component that is being instantiated: its plan is run as far as start functions let it.
pub(crate) struct Instantiation<'r> {
    run: Run<'r>,
    /// How many steps have been done.
    done: usize,
}

impl<'r> Instantiation<'r> {
    /// A component of which nothing has run.
    pub(crate) fn new(store: &mut StoreMut<'_>, linked: &'r Linked) -> Result<Self> {
        if !store.is_of(linked.component.core()) {
            return Err(Error::link("the store is of another engine than the component")
                .with_hint("make the store, the linker and the component with the same engine"));
        }
        let root = make_root(store, linked)?;
        let plan = linked.component.plan();
        let code = linked.component.code()?;
        let instances = &store.state().roots.get(root)?.instances;
        let shared = linked.shared.of(linked, root, instances)?;
        if let Some(shared) = shared {
            shared.provide(store)?;
        }
        let (glue, externs) = (canon::Glue::default(), CoreExterns::default());
        let blocking = &linked.blocking;
        let run = Run { root, plan, code, blocking, shared, glue, externs, calls_out: false, starting: None };
        Ok(Instantiation { run, done: 0 })
    }

    /// Runs start functions until one waits for the host, which is the task that it gives; none is left when it gives none.
    pub(crate) fn go_on(&mut self, store: &mut StoreMut<'_>) -> Result<Option<TaskId>> {
        let run = &mut self.run;
        if let Some(made) = run.starting.take() {
            run.add(store, made.get()?)?;
        }
        let steps = run.plan.steps.iter().zip(&run.code.sources);
        for (step, sources) in steps.skip(self.done) {
            let waits = run.step(store, self.done, step, sources)?;
            self.done += 1;
            if waits.is_some() {
                return Ok(waits);
            }
        }
        Ok(None)
    }

    /// The component.
    pub(crate) fn root(&self) -> RootId {
        self.run.root
    }
}

fn make_root(store: &mut StoreMut<'_>, linked: &Linked) -> Result<RootId> {
    let component = &linked.component;
    let plan = component.plan();
    let adapters = component.code()?.adapters.as_ref();
    let of = |instance| adapters.map_or(FlagsUse::None, |adapters| adapters.use_of_flags(InstanceIndex(instance)));
    let instances = 0..plan.instances.len() as u32;
    let flags = instances.map(|instance| Flags::new(store, of(instance))).collect::<Result<Vec<_>>>()?;
    let state = store.state_mut();
    let root = state.roots.insert(RootInstance {
        component: component.clone(),
        blocking: linked.blocking.clone(),
        direct: None,
        imports: linked.funcs.clone(),
        instances: Vec::new(),
        host_types: linked.types.clone(),
        resource_types: Vec::new(),
        core_instances: Vec::new(),
        trampolines: vec![None; plan.trampolines.len()],
        memories: vec![None; plan.memories.len()],
        funcs: vec![None; plan.funcs as usize],
        tables: vec![None; plan.tables as usize],
        callees: vec![None; plan.lifts.len()],
        options: vec![None; plan.options.len()],
    });
    let mut instances: Vec<InstanceId> = Vec::new();
    for flags in flags {
        instances.push(state.instances.insert(ComponentInstance::new(root, state.limits.max_handles, flags)));
    }
    let mut resource_types = Vec::new();
    let mut imported = linked.resources.iter();
    for planned in &plan.resources {
        let resource = match planned {
            PlannedResource::Imported { .. } => {
                match imported.next().ok_or_else(|| bug!("an imported resource was not linked"))? {
                    ImportedResource::Host { drop, ty } => RuntimeResource::Host { drop: drop.clone(), ty: *ty, root },
                    ImportedResource::Given(given) => {
                        resource_types.push(given.ty);
                        continue;
                    }
                }
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

/// A plan that is being run.
struct Run<'r> {
    root: RootId,
    plan: &'r Plan,
    code: &'r Code,
    blocking: &'r Blocking,
    /// Functions that need not be made.
    shared: Option<&'r canon::SharedFuncsOf>,
    glue: canon::Glue,
    /// What the next core instance is given.
    externs: CoreExterns,
    /// Whether some core instance can call the runtime.
    calls_out: bool,
    /// The core instance whose start function waits.
    starting: Option<CoreInstanceToBe>,
}

impl Run<'_> {
    /// Does a step, the `number`th. The task of its start function, if that waits.
    fn step(
        &mut self,
        store: &mut StoreMut<'_>,
        number: usize,
        step: &Step,
        sources: &[Source],
    ) -> Result<Option<TaskId>> {
        match *step {
            Step::Instantiate { module, instance, .. } => {
                let starts = self.plan.modules.get(module.at()).is_none_or(|planned| planned.starts);
                match self.shared.and_then(|shared| shared.prepared(number)) {
                    Some(prepared) => {
                        self.calls_out |= !sources.is_empty();
                        if self.may_wait(store, starts)? {
                            return self.start(store, instance, prepared.begin(store));
                        }
                        let core = self.starting(store, instance, starts, |store| prepared.instantiate(store))?;
                        self.add(store, core)?;
                    }
                    None => return self.instantiate(store, module, instance, (starts, sources)),
                }
            }
            Step::ExtractMemory(index, _) => {
                let memory = self.only(store, sources)?.memory().ok_or_else(|| not_a("memory"))?;
                store.state_mut().roots.get_mut(self.root)?.memories[index.at()] = Some(memory);
            }
            Step::ExtractFunc(index, _) => {
                let func = self.only_func(store, sources)?.ok_or_else(|| not_a("function"))?;
                store.state_mut().roots.get_mut(self.root)?.funcs[index.at()] = Some(func);
            }
            Step::ExtractTable(index, _) => {
                let table = self.only(store, sources)?.table().ok_or_else(|| not_a("table"))?;
                store.state_mut().roots.get_mut(self.root)?.tables[index.at()] = Some(table);
            }
        }
        Ok(None)
    }

    fn add(&self, store: &mut StoreMut<'_>, core: CoreInstance) -> Result<()> {
        store.state_mut().roots.get_mut(self.root)?.core_instances.push(core);
        Ok(())
    }

    /// Whether the next core instance has a start function that may wait for the host.
    fn may_wait(&self, store: &StoreMut<'_>, starts: bool) -> Result<bool> {
        if !starts || !self.calls_out {
            return Ok(false);
        }
        let next = store.state().roots.get(self.root)?.core_instances.len();
        Ok(self.blocking.core_instance(CoreInstanceIndex(next as u32)))
    }

    /// Makes a core instance on a stack of its own.
    fn start(
        &mut self,
        store: &mut StoreMut<'_>,
        instance: InstanceIndex,
        (making, made): (Continuation, CoreInstanceToBe),
    ) -> Result<Option<TaskId>> {
        let instance = store.state().roots.get(self.root)?.instance(instance)?;
        let task = start_start_function(store, instance, making)?;
        if store.state().tasks.find(task).is_some() {
            self.starting = Some(made);
            return Ok(Some(task));
        }
        self.add(store, made.get()?)?;
        Ok(None)
    }

    fn instantiate(
        &mut self,
        store: &mut StoreMut<'_>,
        module: ModuleIndex,
        instance: InstanceIndex,
        (starts, sources): (bool, &[Source]),
    ) -> Result<Option<TaskId>> {
        self.externs.clear();
        for source in sources {
            let next = self.resolve(store, source)?;
            self.externs.push(next);
        }
        let module = self.code.module(module)?;
        if self.may_wait(store, starts)? {
            return self.start(store, instance, CoreInstance::begin(store, module, &self.externs));
        }
        let core = self.starting(store, instance, starts, |store| CoreInstance::new(store, module, &self.externs))?;
        self.add(store, core)?;
        Ok(None)
    }

    /// Makes a core instance, whose start function runs as a thread of `instance` if it `starts`.
    fn starting(
        &self,
        store: &mut StoreMut<'_>,
        instance: InstanceIndex,
        starts: bool,
        make: impl FnOnce(&mut StoreMut<'_>) -> Result<CoreInstance>,
    ) -> Result<CoreInstance> {
        // Nobody asks for the thread of a start function that cannot call the runtime.
        if !starts || !self.calls_out {
            return make(store);
        }
        let instance = store.state().roots.get(self.root)?.instance(instance)?;
        in_start_function(store, instance, make)
    }

    /// The one definition that a step names.
    fn only(&mut self, store: &mut StoreMut<'_>, sources: &[Source]) -> Result<CoreExtern> {
        match sources {
            [source] => self.resolve(store, source),
            _ => Err(not_a("definition")),
        }
    }

    /// The one function that a step names, if it is one.
    fn only_func(&mut self, store: &mut StoreMut<'_>, sources: &[Source]) -> Result<Option<CoreFunc>> {
        match sources {
            [Source::Export(instance, export)] => Ok(self.core_instance(store, *instance)?.get_func(store, export)),
            _ => Ok(self.only(store, sources)?.func(store)),
        }
    }

    fn resolve(&mut self, store: &mut StoreMut<'_>, source: &Source) -> Result<CoreExtern> {
        match source {
            Source::Trampoline(index) => self.trampoline(store, *index),
            Source::Export(instance, export) => {
                let instance = self.core_instance(store, *instance)?;
                instance.get(store, export).ok_or_else(|| bug!("a core export is gone"))
            }
        }
    }

    fn core_instance(&self, store: &StoreMut<'_>, index: CoreInstanceIndex) -> Result<CoreInstance> {
        let this = store.state().roots.get(self.root)?;
        let instance = this.core_instances.get(index.at()).copied();
        instance.ok_or_else(|| bug!("a core instance is used before it is made"))
    }

    fn trampoline(&mut self, store: &mut StoreMut<'_>, index: TrampolineIndex) -> Result<CoreExtern> {
        self.calls_out = true;
        let this = store.state().roots.get(self.root)?;
        if let Some(Some(known)) = this.trampolines.get(index.at()) {
            return Ok(known.clone());
        }
        if !this.blocking.trampoline(index)
            && let Some(adapters) = &self.code.adapters
            && let Some(adapter) = adapters.resolve(store, self.root, index)?
        {
            return Ok(adapter);
        }
        let made = canon::make(store, self.root, self.code, &mut self.glue, self.shared, index)?;
        store.state_mut().roots.get_mut(self.root)?.trampolines[index.at()] = Some(made.clone());
        Ok(made)
    }
}

fn not_a(what: &str) -> Error {
    bug!("a plan step names no {what}")
}
