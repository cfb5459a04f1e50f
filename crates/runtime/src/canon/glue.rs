//! The [generated glue](super::glue_code) of a component, in a store.

use std::collections::HashMap;
use std::sync::Arc;

use super::august_2026::pass;
use super::direct::{DirectCall, DirectCalls};
use super::glue_code::{FINISHES, Glued, glued};
use super::lower::LoweredImport;
use super::noted::{NotedCalls, NotedPlaces};
use super::shared::SharedFuncsOf;
use super::stream::{self, Copy};
use super::{Body, check_of, checked_body, direct, find, finish};
use crate::component::Code;
use crate::engine::{
    CoreEngine, CoreExport, CoreExtern, CoreExterns, CoreFuncType, CoreInstance, CoreModule, CorePrepared, HostFuncs,
    StoreMut, host_func, host_func_3, host_func_late, park_func, run_func, set_runner,
};
use crate::error::bug;
use crate::instance::{RootId, flags_global};
use crate::plan::{Blocking, Canon, Plan, TrampolineIndex};
use crate::stream::window::WindowPlaces;
use crate::types::FlatType;
use crate::{Result, Trap};

/// The compiled glue of a component, and where in it everything is.
pub(crate) struct GlueCode {
    module: CoreModule,
    run: CoreExport,
    /// Arguments and callees, where a guest is called.
    places: Option<(CoreExport, CoreExport)>,
    /// Functions that copy, where there are windows.
    copiers: Option<CoreExport>,
    /// Functions that note calls, and the places of trampolines among them.
    noted: Option<(CoreExport, NotedPlaces)>,
    /// What it stands for, in the plan's order.
    glued: Vec<Glued>,
    trampolines: HashMap<TrampolineIndex, CoreExport>,
}

impl GlueCode {
    /// Of the module that [`encode_glue`] wrote for the plan.
    pub(crate) fn new(plan: &Plan, module: CoreModule) -> Result<GlueCode> {
        let find = |name: &str| module.find_export(name).ok_or_else(|| bug!("glue exports no `{name}`"));
        let glued = glued(plan);
        let copiers = module.find_export("copiers");
        let needed = copiers.is_some() || glued.iter().any(|this| this.callee.is_some());
        let places = if needed { Some((find("scratch")?, find("callees")?)) } else { None };
        let noted: NotedPlaces = glued.iter().filter_map(|this| Some((this.index, this.noted?))).collect();
        let noted = module.find_export("noted").map(|table| (table, noted));
        let trampolines = glued.iter().map(|this| Ok((this.index, find(&this.index.0.to_string())?)));
        let trampolines = trampolines.collect::<Result<_>>()?;
        Ok(GlueCode { run: find("run")?, places, copiers, noted, glued, trampolines, module })
    }

    /// The module.
    pub(crate) fn module(&self) -> &CoreModule {
        &self.module
    }

    /// Whether glue stands for a trampoline.
    pub(super) fn stands_for(&self, blocking: &Blocking, index: TrampolineIndex) -> bool {
        let Ok(at) = self.glued.binary_search_by_key(&index.0, |this| this.index.0) else { return false };
        self.glued.get(at).is_some_and(|this| {
            // What turned out to answer at once needs none: a function of the host, a copy or call that is cancelled.
            this.callee.is_some() || this.window.is_some() || this.noted.is_some() || blocking.trampoline(index)
        })
    }

    /// Whether its imports can be the same in all stores. Windows import the flags of instances.
    pub(super) fn is_shared(&self) -> bool {
        self.copiers.is_none()
    }

    /// The module with all that it imports, for any number of stores. `begin` defines what is to be called under these names
    /// for a trampoline.
    pub(super) fn prepare(
        &self,
        engine: &CoreEngine,
        begin: impl Fn(&mut HostFuncs, [&str; 2], &Begin<'_>) -> Result<()>,
    ) -> Result<CorePrepared> {
        let mut funcs = HostFuncs::new(engine);
        funcs.define_park(["rt", "park"])?;
        for (i, result) in FINISHES.into_iter().enumerate() {
            let ty = CoreFuncType::new(engine, &[], result);
            funcs.define(["rt", &format!("finish{i}")], &ty, |mut store, _args| finish::finish(&mut store))?;
        }
        funcs.define_late(["rt", "end"], direct::end)?;
        funcs.define(["rt", "uncaught"], &CoreFuncType::new(engine, &[], None), uncaught)?;
        funcs.define_run(["rt", "run"])?;
        for this in &self.glued {
            let result = if this.built_in { this.signature.1 } else { Some(FlatType::I64) };
            let ty = CoreFuncType::new(engine, &this.signature.0, result);
            let (slot, wide, built_in) = (this.slot(), this.is_wide(), this.built_in);
            let begun = Begin { index: this.index, ty: &ty, slot, wide, built_in };
            begin(&mut funcs, ["begin", &this.index.0.to_string()], &begun)?;
        }
        funcs.prepare(&self.module)
    }
}

/// What a `begin` of glue that stores share is about.
pub(super) struct Begin<'b> {
    pub(super) index: TrampolineIndex,
    pub(super) ty: &'b CoreFuncType,
    /// The callee's place, when it is a guest.
    pub(super) slot: Option<u32>,
    /// Whether the answer may need 64 bits.
    pub(super) wide: bool,
    /// Whether it is a built-in that gives its own result.
    pub(super) built_in: bool,
}

impl Glued {
    fn slot(&self) -> Option<u32> {
        self.callee.as_ref().map(|(slot, _)| *slot)
    }

    fn is_wide(&self) -> bool {
        matches!(self.signature.1, Some(FlatType::I64 | FlatType::F64))
    }
}

fn uncaught(_store: StoreMut<'_>, _args: &[u64]) -> Result<u64> {
    Err(Trap::UncaughtException.into())
}

/// The glue of a component that is being instantiated. It comes to be when something first needs it: where all calls
/// from guest to guest have adapters and nothing waits, never.
#[derive(Default)]
pub(crate) struct Glue(Option<CoreInstance>);

impl Glue {
    fn instantiate(
        store: &mut StoreMut<'_>,
        root: RootId,
        code: &GlueCode,
        shared: Option<&SharedFuncsOf>,
    ) -> Result<CoreInstance> {
        let instance = match shared.and_then(SharedFuncsOf::glue) {
            Some(prepared) => prepared.instantiate(store)?,
            None => Glue::instantiate_alone(store, root, code)?,
        };
        if let Some(run) = instance.get_func(store, &code.run) {
            set_runner(store, run);
        }
        if let Some((scratch, callees)) = &code.places {
            let scratch = instance.get(store, scratch).and_then(|scratch| scratch.memory());
            let callees = instance.get(store, callees).and_then(|callees| callees.table());
            let (Some(scratch), Some(callees)) = (scratch, callees) else {
                return Err(bug!("glue without its places"));
            };
            let copiers = code.copiers.as_ref().and_then(|copiers| instance.get(store, copiers)?.table());
            let windows = copiers.map(|copiers| WindowPlaces { scratch, copiers, filled: 0 });
            let noted = code
                .noted
                .as_ref()
                .and_then(|(table, places)| Some((instance.get(store, table)?.table()?, places.clone())));
            let filled = vec![false; code.glued.len()];
            let noted = NotedCalls::new(store.state_mut(), noted);
            store.state_mut().roots.get_mut(root)?.direct =
                Some(DirectCalls { instance, scratch, callees, filled, windows, noted });
        }
        Ok(instance)
    }

    /// With functions of its own.
    fn instantiate_alone(store: &mut StoreMut<'_>, root: RootId, code: &GlueCode) -> Result<CoreInstance> {
        let mut externs = CoreExterns::default();
        externs.push(park_func(store));
        for result in FINISHES {
            externs.push(host_func(store, &[], result, Arc::new(|mut store, _args| finish::finish(&mut store))));
        }
        externs.push(host_func_late(store, direct::end));
        externs.push(host_func(store, &[], None, Arc::new(uncaught)));
        externs.push(run_func(store));
        for this in &code.glued {
            externs.push(begin(store, root, this)?);
            if this.window.is_some() {
                let (site, _) = find(store.state(), root, this.index)?;
                externs.push(flags_global(store, site.instance)?);
            }
        }
        CoreInstance::new(store, &code.module, &externs)
    }

    /// The function that stands for trampoline `index`, if glue does.
    pub(crate) fn trampoline(
        &mut self,
        store: &mut StoreMut<'_>,
        root: RootId,
        (index, code): (TrampolineIndex, &Code),
        shared: Option<&SharedFuncsOf>,
    ) -> Result<Option<CoreExtern>> {
        let this = store.state().roots.get(root)?;
        let Some(code) = &code.glue else { return Ok(None) };
        if !code.stands_for(&this.blocking, index) {
            return Ok(None);
        }
        let instance = match self.0 {
            Some(instance) => instance,
            None => *self.0.insert(Glue::instantiate(store, root, code, shared)?),
        };
        let export = code.trampolines.get(&index).ok_or_else(|| bug!("glue has no trampoline {}", index.0))?;
        Ok(instance.get(store, export))
    }
}

fn begin(store: &mut StoreMut<'_>, root: RootId, this: &Glued) -> Result<CoreExtern> {
    let (site, trampoline) = find(store.state(), root, this.index)?;
    let params = &this.signature.0;
    if let (Canon::Lower { callee, ty, options }, Some((slot, _))) = (&trampoline.canon, &this.callee) {
        let import = LoweredImport::new(site, *callee, ty.clone(), *options);
        let call = DirectCall { site, import, slot: *slot };
        let check = check_of(store.state().roots.get(root)?.component.plan(), &trampoline);
        let body = move |mut store: StoreMut<'_>, args: &[u64]| {
            pass(check, &mut store, site)?;
            direct::begin(&mut store, &call, args)
        };
        return Ok(host_func(store, params, Some(FlatType::I64), Arc::new(body)).into());
    }
    if this.built_in {
        let body = checked_body(store, root, this.index)?;
        let body = move |mut store: StoreMut<'_>, args: &[u64]| body(&mut store, args)?.bits();
        return Ok(host_func(store, params, this.signature.1, Arc::new(body)).into());
    }
    let wide = this.is_wide();
    let body: Body = match (&trampoline.canon, &this.window) {
        // No older rule is about copies that have windows, since they never wait.
        (Canon::Copy { kind, end, payload, options, ptr }, Some(window)) => {
            let copy = Copy::new((*kind, *end), payload.clone(), *options, *ptr);
            let copy = copy.with_window(store, site, window.number);
            if *params == [FlatType::I32; 3] {
                let body = move |store: &mut StoreMut<'_>, index, ptr, length| {
                    let outcome = stream::copy(store, site, &copy, (index, u64::from(ptr), length))?;
                    direct::next(store, outcome, wide)
                };
                return Ok(host_func_3(store, body).into());
            }
            Box::new(move |store, args| stream::copy(store, site, &copy, stream::copy_args(&copy, args)))
        }
        _ => checked_body(store, root, this.index)?,
    };
    let body = move |mut store: StoreMut<'_>, args: &[u64]| {
        let outcome = body(&mut store, args)?;
        direct::next(&mut store, outcome, wide)
    };
    Ok(host_func(store, params, Some(FlatType::I64), Arc::new(body)).into())
}
