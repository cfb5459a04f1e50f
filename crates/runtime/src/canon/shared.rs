//! The core functions of a component's trampolines that all stores share.
//!
//! A trampoline's function knows its [`Site`] by numbers of the store. They are the same in every store where as much was
//! instantiated before, mostly nothing. So functions are made once for each place among the instantiated components of a
//! store, and what else they need of their store, they keep there ([`Kept`]). A component that gets other numbers, or is
//! beyond [`PLACES`], has functions of its own: see [`make`](super::make).

use std::collections::BTreeSet;
use std::sync::OnceLock;

use super::lower::{LoweredImport, lower};
use super::stream::{self, Copy};
use super::{Outcome, Site, body, glue};
use crate::Result;
use crate::component::{Code, Source};
use crate::engine::{CoreExtern, CorePrepared, HostFuncs, Keeper, PLACES, StoreMut};
use crate::error::bug;
use crate::instance::{InstanceId, RootId};
use crate::linker::Linked;
use crate::plan::{Canon, Plan, Step, TrampolineIndex};

/// The functions of one component, linked.
pub(crate) struct SharedFuncs(Vec<OnceLock<SharedFuncsOf>>);

/// The functions for one place.
pub(crate) struct SharedFuncsOf {
    /// The numbers that they know.
    root: RootId,
    instances: Vec<InstanceId>,
    /// For each step of the plan, the module with all that it imports, if that is nothing but such functions.
    prepared: Vec<Option<CorePrepared>>,
    /// Those that other modules import, by their numbers.
    funcs: HostFuncs,
}

impl Default for SharedFuncs {
    fn default() -> Self {
        SharedFuncs((0..PLACES).map(|_| OnceLock::new()).collect())
    }
}

impl SharedFuncs {
    /// The functions for a component that has these numbers in its store, if they are shared.
    pub(crate) fn of(&self, linked: &Linked, root: RootId, instances: &[InstanceId]) -> Result<Option<&SharedFuncsOf>> {
        let Some(place) = self.0.get(root.number() as usize) else { return Ok(None) };
        let made = match place.get() {
            Some(made) => made,
            None => {
                let made = SharedFuncsOf::new(linked, root, instances)?;
                place.get_or_init(|| made)
            }
        };
        Ok(Some(made).filter(|made| made.root == root && made.instances == instances))
    }
}

impl SharedFuncsOf {
    fn new(linked: &Linked, root: RootId, instances: &[InstanceId]) -> Result<Self> {
        let component = &linked.component;
        let maker = Maker { linked, plan: component.plan(), code: component.code()?, root, instances };
        let steps = maker.plan.steps.iter().zip(&maker.code.sources);
        let (mut prepared, mut others) = (Vec::new(), BTreeSet::new());
        for (step, sources) in steps {
            let module = maker.prepare(step, sources)?;
            if module.is_none() {
                others.extend(sources.iter().filter_map(|source| maker.shared(source)));
            }
            prepared.push(module);
        }
        Ok(SharedFuncsOf { root, instances: instances.to_vec(), prepared, funcs: maker.funcs(&others)? })
    }

    /// The module of a step with all that it imports.
    pub(crate) fn prepared(&self, step: usize) -> Option<&CorePrepared> {
        self.prepared.get(step)?.as_ref()
    }

    /// The function of a trampoline, in a store.
    pub(crate) fn get(&self, store: &mut StoreMut<'_>, index: TrampolineIndex) -> Option<CoreExtern> {
        self.funcs.get(store, ["", &index.0.to_string()])
    }
}

struct Maker<'m> {
    linked: &'m Linked,
    plan: &'m Plan,
    code: &'m Code,
    root: RootId,
    instances: &'m [InstanceId],
}

impl Maker<'_> {
    /// The trampoline that is meant, if its function can be shared: it has neither an adapter nor glue.
    fn shared(&self, source: &Source) -> Option<TrampolineIndex> {
        let &Source::Trampoline(index) = source else { return None };
        let blocking = &self.linked.blocking;
        let adapted = !blocking.trampoline(index) && self.code.adapters.as_ref().is_some_and(|all| all.has(index));
        (!adapted && !glue::needs_glue(self.plan, blocking, index)).then_some(index)
    }

    fn prepare(&self, step: &Step, sources: &[Source]) -> Result<Option<CorePrepared>> {
        let Step::Instantiate { module, .. } = step else { return Ok(None) };
        let shared = sources.iter().map(|source| self.shared(source)).collect::<Option<Vec<_>>>();
        let Some(shared) = shared else { return Ok(None) };
        let planned = self.plan.modules.get(module.at()).ok_or_else(|| bug!("no core module {}", module.0))?;
        let mut funcs = HostFuncs::new(self.linked.component.core());
        for ((from, name), index) in planned.imports.iter().zip(shared) {
            self.define(&mut funcs, [from, name], index)?;
        }
        funcs.prepare(self.code.module(*module)?).map(Some)
    }

    /// The functions that are given to modules which import other things, too.
    fn funcs(&self, all: &BTreeSet<TrampolineIndex>) -> Result<HostFuncs> {
        let mut funcs = HostFuncs::new(self.linked.component.core());
        for index in all {
            self.define(&mut funcs, ["", &index.0.to_string()], *index)?;
        }
        Ok(funcs)
    }

    fn define(&self, funcs: &mut HostFuncs, names: [&str; 2], index: TrampolineIndex) -> Result<()> {
        let trampoline = self.plan.trampolines.get(index.at()).ok_or_else(|| bug!("no trampoline {}", index.0))?;
        let instance = self.instances.get(trampoline.instance.at()).copied();
        let site = Site { root: self.root, instance: instance.ok_or_else(|| bug!("a trampoline of no instance"))? };
        let ty = self.code.trampoline(index)?;
        match trampoline.canon {
            Canon::Lower { .. } | Canon::Copy { .. } => {
                let canon = trampoline.canon.clone();
                let (root, count) = (self.root.number() as usize, self.plan.trampolines.len());
                let place = Place { root, count, trampoline: index.at() };
                funcs.define(names, ty, move |mut store, args| keeping(&mut store, site, place, &canon, args)?.bits())
            }
            _ => {
                let body = body(site, trampoline.clone());
                funcs.define(names, ty, move |mut store, args| body(&mut store, args)?.bits())
            }
        }
    }
}

impl Outcome {
    /// The answer of what cannot wait.
    pub(super) fn bits(self) -> Result<u64> {
        match self {
            Outcome::Done(bits) => Ok(bits),
            Outcome::Park => Err(bug!("a built-in that cannot wait waits")),
        }
    }
}

/// What a shared function found out in one store, kept there for its next call.
pub(crate) struct Kept(Found);

enum Found {
    Lowered(LoweredImport),
    Copy(Copy),
}

/// Where a shared function keeps that.
#[derive(Clone, Copy)]
struct Place {
    /// The place of the component in its store.
    root: usize,
    /// How many trampolines the component has.
    count: usize,
    trampoline: usize,
}

/// Does what `canon` says, with what was found out in the first call in this store.
#[inline]
fn keeping(store: &mut StoreMut<'_>, site: Site, place: Place, canon: &Canon, args: &[u64]) -> Result<Outcome> {
    let keeper = store.keeper();
    let kept = match keeper.kept(place.root, place.trampoline) {
        Some(kept) => kept,
        None => keep(&keeper, site, place, canon)?,
    };
    match &kept.0 {
        Found::Lowered(import) => lower(store, import, args),
        Found::Copy(copy) => stream::copy(store, site, copy, args),
    }
}

#[cold]
fn keep<'k>(keeper: &'k Keeper<'_>, site: Site, place: Place, canon: &Canon) -> Result<&'k Kept> {
    let cell = keeper.cell(place.root, place.count, place.trampoline).ok_or_else(|| bug!("no place to keep things"))?;
    let kept = Kept::new(site, canon)?;
    Ok(cell.get_or_init(|| kept))
}

impl Kept {
    fn new(site: Site, canon: &Canon) -> Result<Self> {
        Ok(Kept(match canon {
            Canon::Lower { callee, ty, options } => {
                Found::Lowered(LoweredImport::new(site, *callee, ty.clone(), *options))
            }
            Canon::Copy { kind, end, payload, options } => {
                Found::Copy(Copy::new(*kind, *end, payload.clone(), *options))
            }
            _ => return Err(bug!("a built-in that keeps nothing")),
        }))
    }
}
