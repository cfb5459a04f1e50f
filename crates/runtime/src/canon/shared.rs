//! The core functions of a component's trampolines that all stores share.
//!
//! A trampoline's function knows its [`Site`] by numbers of the store. They are the same in every store where as much was
//! instantiated before, mostly nothing. So functions are made once for each place among the instantiated components of a
//! store, and what else they need of their store, they keep there ([`Kept`]). A component that gets other numbers, or is
//! beyond [`PLACES`], has functions of its own: see [`make`](super::make).

use std::collections::BTreeSet;
use std::sync::OnceLock;

use super::august_2026::{Check, pass};
use super::direct::{self, DirectCall};
use super::glue::Begin;
use super::lower::{LoweredImport, lower};
use super::stream::{self, Copy};
use super::{Outcome, Site, builtin, check_of, dispatch};
use crate::Result;
use crate::component::{Code, Source};
use crate::engine::{CorePrepared, HostFuncs, Keeper, PLACES, StoreMut};
use crate::error::bug;
use crate::instance::{InstanceId, RootId};
use crate::linker::Linked;
use crate::plan::{Canon, Kind, Plan, Step, TrampolineIndex};
use crate::types::PtrType;

/// The functions of one component, linked.
pub(crate) struct SharedFuncs(Vec<OnceLock<SharedFuncsOf>>);

/// The functions for one place.
pub(crate) struct SharedFuncsOf {
    /// The numbers that they know.
    root: RootId,
    instances: Vec<InstanceId>,
    /// For each step of the plan, the module with all that it imports, if that is nothing but such functions.
    prepared: Vec<Option<CorePrepared>>,
    /// Those that other modules import, if there are any. They are called by their numbers.
    funcs: Option<HostFuncs>,
    /// The glue, where something needs it.
    glue: Option<CorePrepared>,
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
        let (funcs, glue) = (maker.funcs(&others)?, maker.glue()?);
        Ok(SharedFuncsOf { root, instances: instances.to_vec(), prepared, funcs, glue })
    }

    /// The module of a step with all that it imports.
    pub(crate) fn prepared(&self, step: usize) -> Option<&CorePrepared> {
        self.prepared.get(step)?.as_ref()
    }

    /// The glue with all that it imports.
    pub(super) fn glue(&self) -> Option<&CorePrepared> {
        self.glue.as_ref()
    }

    /// Gives those functions to the component in its store that other modules import.
    pub(crate) fn provide(&self, store: &mut StoreMut<'_>) -> Result<()> {
        let Some(funcs) = &self.funcs else { return Ok(()) };
        let all: Vec<_> = funcs.all(store).map(|(name, func)| (name.parse().unwrap_or(usize::MAX), func)).collect();
        let root = store.state_mut().roots.get_mut(self.root)?;
        for (number, func) in all {
            *root.trampolines.get_mut(number).ok_or_else(|| bug!("no trampoline {number}"))? = Some(func);
        }
        Ok(())
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
        (!adapted && !self.has_glue(index)).then_some(index)
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
    fn funcs(&self, all: &BTreeSet<TrampolineIndex>) -> Result<Option<HostFuncs>> {
        let mut funcs = HostFuncs::new(self.linked.component.core());
        for index in all {
            self.define(&mut funcs, ["", &index.0.to_string()], *index)?;
        }
        Ok(Some(funcs).filter(|_| !all.is_empty()))
    }

    fn define(&self, funcs: &mut HostFuncs, names: [&str; 2], index: TrampolineIndex) -> Result<()> {
        let (place, site, canon, check) = self.find(index)?;
        if let Canon::Lower { .. } = canon {
            // The most frequent one.
            return funcs.define(names, self.code.trampoline(index)?, move |mut store, args| {
                pass(check, &mut store, site)?;
                let keeper = store.keeper();
                match kept(&keeper, site, place, &canon, None)? {
                    Kept(Found::Lowered(import)) => lower(&mut store, import, args)?.bits(),
                    _ => Err(bug!("a call of a guest without glue")),
                }
            });
        }
        if check.is_none() && builtin::define(funcs, names, site, &canon)? {
            return Ok(());
        }
        if let (None, &Canon::Copy { kind, ptr: PtrType::I32, .. }) = (check, &canon) {
            let copy = move |store: &mut StoreMut<'_>, args: (u32, u64, u32)| {
                let keeper = store.keeper();
                match &kept(&keeper, site, place, &canon, None)?.0 {
                    Found::Copy(copy) => stream::copy(store, site, copy, args)?.bits().map(|bits| bits as u32),
                    _ => Err(bug!("a copy is none")),
                }
            };
            return match kind {
                Kind::Stream => {
                    funcs.define_3(names, move |store, index, ptr, length| copy(store, (index, ptr.into(), length)))
                }
                Kind::Future => funcs.define_2(names, move |store, index, ptr| copy(store, (index, ptr.into(), 1))),
            };
        }
        let (ty, does) = (self.code.trampoline(index)?, self.does(index)?);
        funcs.define(names, ty, move |mut store, args| does(&mut store, args)?.bits())
    }

    fn glue(&self) -> Result<Option<CorePrepared>> {
        let Some(code) = self.code.glue.as_ref().filter(|code| code.is_shared()) else { return Ok(None) };
        let count = self.plan.trampolines.len() as u32;
        if !(0..count).any(|index| self.has_glue(TrampolineIndex(index))) {
            return Ok(None);
        }
        let begin = |funcs: &mut HostFuncs, names: [&str; 2], begin: &Begin<'_>| {
            let (place, site, canon, check) = self.find(begin.index)?;
            let (wide, slot) = (begin.wide, begin.slot);
            match (&canon, slot) {
                (Canon::Lower { .. }, Some(slot)) => funcs.define(names, begin.ty, move |mut store, args| {
                    pass(check, &mut store, site)?;
                    let keeper = store.keeper();
                    match kept(&keeper, site, place, &canon, Some(slot))? {
                        Kept(Found::Direct(call)) => direct::begin(&mut store, call, args),
                        _ => Err(bug!("a call of a guest is none")),
                    }
                }),
                _ if begin.built_in => self.define(funcs, names, begin.index),
                _ => {
                    let does = self.does(begin.index)?;
                    funcs.define(names, begin.ty, move |mut store, args| {
                        let outcome = does(&mut store, args)?;
                        direct::next(&mut store, outcome, wide)
                    })
                }
            }
        };
        code.prepare(self.linked.component.core(), begin).map(Some)
    }

    /// What a trampoline does.
    fn does(&self, index: TrampolineIndex) -> Result<impl Fn(&mut StoreMut<'_>, &[u64]) -> Result<Outcome> + use<>> {
        let (place, site, canon, check) = self.find(index)?;
        Ok(move |store: &mut StoreMut<'_>, args: &[u64]| {
            pass(check, store, site)?;
            match &canon {
                Canon::Lower { .. } | Canon::Copy { .. } => {
                    let keeper = store.keeper();
                    match &kept(&keeper, site, place, &canon, None)?.0 {
                        Found::Lowered(import) => lower(store, import, args),
                        Found::Copy(copy) => stream::copy(store, site, copy, stream::copy_args(copy, args)),
                        Found::Direct(_) => Err(bug!("a call of a guest without glue")),
                    }
                }
                canon => dispatch::call(store, site, canon, args),
            }
        })
    }

    /// Where a trampoline is, for whom it acts, what it does, and what older rules check before it.
    fn find(&self, index: TrampolineIndex) -> Result<(Place, Site, Canon, Option<Check>)> {
        let trampoline = self.plan.trampolines.get(index.at()).ok_or_else(|| bug!("no trampoline {}", index.0))?;
        let instance = self.instances.get(trampoline.instance.at()).copied();
        let site = Site { root: self.root, instance: instance.ok_or_else(|| bug!("a trampoline of no instance"))? };
        let place =
            Place { root: self.root.number() as usize, count: self.plan.trampolines.len(), trampoline: index.at() };
        Ok((place, site, trampoline.canon.clone(), check_of(self.plan, trampoline)))
    }

    /// Whether glue stands for a trampoline.
    fn has_glue(&self, index: TrampolineIndex) -> bool {
        self.code.glue.as_ref().is_some_and(|code| code.stands_for(&self.linked.blocking, index))
    }
}

impl Outcome {
    /// The answer of what cannot wait.
    #[inline]
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
    Direct(DirectCall),
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

/// What was found out for `canon` in the first call in this store. `slot`: the callee's place in the glue.
#[inline]
fn kept<'k>(keeper: &'k Keeper<'_>, site: Site, place: Place, canon: &Canon, slot: Option<u32>) -> Result<&'k Kept> {
    match keeper.kept(place.root, place.trampoline) {
        Some(kept) => Ok(kept),
        None => keep(keeper, site, place, canon, slot),
    }
}

#[cold]
fn keep<'k>(keeper: &'k Keeper<'_>, site: Site, place: Place, canon: &Canon, slot: Option<u32>) -> Result<&'k Kept> {
    let cell = keeper.cell(place.root, place.count, place.trampoline).ok_or_else(|| bug!("no place to keep things"))?;
    let found = match canon {
        Canon::Lower { callee, ty, options } => {
            let import = LoweredImport::new(site, *callee, ty.clone(), *options);
            match slot {
                Some(slot) => Found::Direct(DirectCall { site, import, slot }),
                None => Found::Lowered(import),
            }
        }
        Canon::Copy { kind, end, payload, options, ptr } => {
            Found::Copy(Copy::new((*kind, *end), payload.clone(), *options, *ptr))
        }
        _ => return Err(bug!("a built-in that keeps nothing")),
    };
    Ok(cell.get_or_init(|| Kept(found)))
}
