//! Compiled adapters of a component, and what they import when it is instantiated.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use super::code::numbered_trap;
use super::convert::{PARAMS as CONVERT_PARAMS, RANGE, convert_func, narrow_func};
use super::handles::{Transfer, begin_borrows, end_borrows};
use super::import::Import;
use crate::abi::check_utf8;
use crate::abi::handles::narrow_rep;
use crate::canon::{DirectCalls, core_callee};
use crate::engine::{
    CoreEngine, CoreExport, CoreExtern, CoreExterns, CoreFunc, CoreFuncType, CoreInstance, CoreMemory, CoreModule,
    StoreMut, host_func_of,
};
use crate::error::bug;
use crate::instance::{Flags, FlagsUse, RootId, RootInstance, enter_leaf, leave_leaf};
use crate::plan::{InstanceIndex, LiftIndex, TrampolineIndex};
use crate::task::{light, light_adapter};
use crate::types::{FlatType, ResourceIndex};
use crate::{Error, Result, Trap};

/// The adapters of a component.
pub(crate) struct Adapters {
    modules: Vec<Adapter>,
    /// Which module stands for a trampoline.
    of: HashMap<TrampolineIndex, usize>,
    /// The instances whose flags any of them changes.
    changed_flags: HashSet<InstanceIndex>,
    types: Types,
}

/// One adapter module.
struct Adapter {
    module: CoreModule,
    imports: Vec<Import>,
    trampolines: Vec<(TrampolineIndex, CoreExport)>,
}

/// The core types of what adapters import from the runtime.
struct Types {
    nothing: CoreFuncType,
    trap: CoreFuncType,
    range: CoreFuncType,
    convert: CoreFuncType,
    handle: CoreFuncType,
    long: CoreFuncType,
}

impl Types {
    fn new(engine: &CoreEngine) -> Types {
        let i32 = FlatType::I32;
        Types {
            nothing: CoreFuncType::new(engine, &[], None),
            trap: CoreFuncType::new(engine, &[i32], None),
            range: CoreFuncType::new(engine, &RANGE, None),
            convert: CoreFuncType::new(engine, &CONVERT_PARAMS, Some(FlatType::I64)),
            handle: CoreFuncType::new(engine, &[i32], Some(i32)),
            long: CoreFuncType::new(engine, &[FlatType::I64], None),
        }
    }
}

impl Adapters {
    /// The adapters in these modules, which [`encode_adapters`](super::encode_adapters) wrote; none if there are none.
    pub(crate) fn new(engine: &CoreEngine, modules: Vec<CoreModule>) -> Result<Option<Adapters>> {
        if modules.is_empty() {
            return Ok(None);
        }
        let modules = modules.into_iter().map(Adapter::new).collect::<Result<Vec<_>>>()?;
        let all = modules.iter().enumerate();
        let of = all.flat_map(|(i, adapter)| adapter.trampolines.iter().map(move |(index, _)| (*index, i))).collect();
        let changed = modules.iter().flat_map(|adapter| &adapter.imports).filter_map(|import| match import {
            Import::ChangedFlags(instance) => Some(*instance),
            _ => None,
        });
        let changed_flags = changed.collect();
        Ok(Some(Adapters { modules, of, changed_flags, types: Types::new(engine) }))
    }

    /// The modules, in their order.
    pub(crate) fn modules(&self) -> impl Iterator<Item = &CoreModule> {
        self.modules.iter().map(|adapter| &adapter.module)
    }

    /// What adapters do with the flags of an instance.
    pub(crate) fn use_of_flags(&self, instance: InstanceIndex) -> FlagsUse {
        if self.changed_flags.contains(&instance) { FlagsUse::Write } else { FlagsUse::Read }
    }

    /// Whether trampoline `index` has an adapter.
    pub(crate) fn has(&self, index: TrampolineIndex) -> bool {
        self.of.contains_key(&index)
    }

    /// The adapter that stands for trampoline `index`, if it has one. Its whole module is instantiated the first time.
    pub(crate) fn resolve(
        &self,
        store: &mut StoreMut<'_>,
        root: RootId,
        index: TrampolineIndex,
    ) -> Result<Option<CoreExtern>> {
        let Some(adapter) = self.of.get(&index).and_then(|at| self.modules.get(*at)) else { return Ok(None) };
        let mut externs = CoreExterns::default();
        for import in &adapter.imports {
            externs.push(provide(store, root, &self.types, *import)?);
        }
        let instance = CoreInstance::new(store, &adapter.module, &externs)?;
        let mut wanted = None;
        for (trampoline, export) in &adapter.trampolines {
            let made = instance.get(store, export);
            if *trampoline == index {
                wanted.clone_from(&made);
            }
            let this = store.state_mut().roots.get_mut(root)?;
            // One that can wait after all goes the plain way.
            if !this.blocking.trampoline(*trampoline)
                && let Some(place) = this.trampolines.get_mut(trampoline.at())
            {
                *place = made;
            }
        }
        Ok(wanted)
    }
}

impl Adapter {
    fn new(module: CoreModule) -> Result<Adapter> {
        let imports = module.imports().map(|(module, field)| Import::named(module, field)).collect::<Result<_>>()?;
        let export = |name: &str| {
            let number = name.parse().ok().map(TrampolineIndex);
            let found = number.zip(module.find_export(name));
            found.ok_or_else(|| bug!("an adapter exports `{name}`"))
        };
        let trampolines = module.exports().map(export).collect::<Result<_>>()?;
        Ok(Adapter { module, imports, trampolines })
    }
}

fn provide(store: &mut StoreMut<'_>, root: RootId, types: &Types, import: Import) -> Result<CoreExtern> {
    let state = store.state();
    let this = state.roots.get(root)?;
    Ok(match import {
        Import::Memory(index) => this.memory(index)?.into(),
        Import::Func(index) => this.func(index)?.into(),
        Import::Flags(index) | Import::ChangedFlags(index) => {
            match (state.instances.get(this.instance(index)?)?.flags, import) {
                (Flags::Shared(global), _) | (Flags::Shown(_, global), Import::Flags(_)) => global.into(),
                _ => return Err(bug!("an instance of a component with adapters has its flags elsewhere")),
            }
        }
        Import::CheckUtf8(index) => {
            let memory = this.memory(index)?;
            utf8_func(store, &types.range, memory).into()
        }
        Import::Convert(from, to) => {
            let (from, to) = (this.memory(from)?, this.memory(to)?);
            convert_func(store, &types.convert, from, to).into()
        }
        Import::Narrow(index) => {
            let memory = this.memory(index)?;
            narrow_func(store, &types.range, memory).into()
        }
        Import::Own(from, to, resource) => {
            let transfer = transfer(this, from, to, resource)?;
            handle_func(store, types, move |store, index| transfer.own(store, index))
        }
        Import::Borrow(from, to, resource) => {
            let transfer = transfer(this, from, to, resource)?;
            handle_func(store, types, move |store, index| transfer.borrow(store, index))
        }
        Import::Lend(from, resource) => {
            let transfer = transfer(this, from, from, resource)?;
            handle_func(store, types, move |store, index| narrow_rep(transfer.lend(store, index)?))
        }
        Import::Rep(from, resource) => {
            let transfer = transfer(this, from, from, resource)?;
            handle_func(store, types, move |store, index| narrow_rep(transfer.rep(store, index)?))
        }
        Import::BeginBorrows => host_func_of(store, &types.nothing, begin_borrows).into(),
        Import::EndBorrows => host_func_of(store, &types.nothing, end_borrows).into(),
        Import::Trap => host_func_of(store, &types.trap, trap).into(),
        Import::Board => {
            let direct = this.direct.as_ref().ok_or_else(|| bug!("no glue with a memory"))?;
            direct.scratch().into()
        }
        Import::Plain(index) => return of_glue(store, root, &format!("plain{}", index.0)),
        Import::End(index) => return of_glue(store, root, &format!("end{}", index.0)),
        Import::Returned => host_func_of(store, &types.long, returned).into(),
        Import::EnterLeaf(index) => {
            let instance = this.instance(index)?;
            let enter = move |mut store: StoreMut<'_>, _args: &[u64]| enter_leaf(&mut store, instance).map(|()| 0);
            host_func_of(store, &types.nothing, enter).into()
        }
        Import::LeaveLeaf(index) => {
            let instance = this.instance(index)?;
            let leave = move |mut store: StoreMut<'_>, _args: &[u64]| leave_leaf(&mut store, instance).map(|()| 0);
            host_func_of(store, &types.nothing, leave).into()
        }
        Import::EnterStorage => host_func_of(store, &types.nothing, enter_storage).into(),
        Import::LeaveStorage => host_func_of(store, &types.nothing, leave_storage).into(),
        Import::EnterTask(lift) => enter_task(store, &types.nothing, root, lift).into(),
        Import::LeaveTask => {
            let leave = |mut store: StoreMut<'_>, _args: &[u64]| light_adapter::leave(&mut store).map(|()| 0);
            host_func_of(store, &types.nothing, leave).into()
        }
    })
}

fn returned(mut store: StoreMut<'_>, args: &[u64]) -> Result<u64> {
    light::returned(store.state_mut(), args.first().copied().unwrap_or(0)).map(|()| 0)
}

/// An instance of the module that [`encode_noted`](super::encode_noted) wrote for the component `root`.
pub(crate) fn instantiate_noted(store: &mut StoreMut<'_>, root: RootId, module: &CoreModule) -> Result<CoreInstance> {
    let component = store.state().roots.get(root)?.component.clone();
    let types = Types::new(component.core());
    let mut externs = CoreExterns::default();
    for (from, name) in module.imports() {
        externs.push(provide(store, root, &types, Import::named(from, name)?)?);
    }
    CoreInstance::new(store, module, &externs)
}

/// A function of the component's glue.
fn of_glue(store: &mut StoreMut<'_>, root: RootId, name: &str) -> Result<CoreExtern> {
    let glue = store.state().roots.get(root)?.direct.as_ref().map(DirectCalls::instance);
    glue.and_then(|glue| glue.export(store, name)).ok_or_else(|| bug!("glue has no `{name}`"))
}

fn transfer(root: &RootInstance, from: InstanceIndex, to: InstanceIndex, resource: ResourceIndex) -> Result<Transfer> {
    Ok(Transfer { from: root.instance(from)?, to: root.instance(to)?, ty: root.resource_type(resource)? })
}

fn handle_func(
    store: &mut StoreMut<'_>,
    types: &Types,
    body: impl Fn(&mut StoreMut<'_>, u32) -> Result<u32> + Send + Sync + 'static,
) -> CoreExtern {
    let body = move |mut store: StoreMut<'_>, args: &[u64]| {
        body(&mut store, args.first().map_or(0, |&bits| bits as u32)).map(u64::from)
    };
    host_func_of(store, &types.handle, body).into()
}

fn trap(_store: StoreMut<'_>, args: &[u64]) -> Result<u64> {
    let number = args.first().map_or(u32::MAX, |&bits| bits as u32);
    Err(numbered_trap(number).map_or_else(|| bug!("an adapter knows a trap {number}"), Error::from))
}

fn utf8_func(store: &mut StoreMut<'_>, ty: &CoreFuncType, memory: CoreMemory) -> CoreFunc {
    let check = move |store: StoreMut<'_>, args: &[u64]| {
        let &[start, length] = args else { return Err(bug!("a range of {} numbers", args.len())) };
        let (start, length) = (start as usize, length as usize);
        let bytes = store.memory(memory).get(start..start + length).ok_or(Trap::StringOutOfBounds)?;
        check_utf8(bytes).map(|_| 0)
    };
    host_func_of(store, ty, check)
}

fn enter_task(store: &mut StoreMut<'_>, ty: &CoreFuncType, root: RootId, lift: LiftIndex) -> CoreFunc {
    // Found at the first call, when the slots of the plan are filled.
    let found = OnceLock::new();
    let enter = move |mut store: StoreMut<'_>, _args: &[u64]| {
        let number = match found.get() {
            Some(number) => *number,
            None => {
                let callee = core_callee(&mut store, root, lift)?;
                let number = light_adapter::add_callee(store.state_mut(), callee);
                *found.get_or_init(|| number)
            }
        };
        light_adapter::enter(store.state_mut(), number).map(|()| 0)
    };
    host_func_of(store, ty, enter)
}

/// The callee's code runs as a thread of its own, so its storage starts at zero. Spec: `canon_lift`.
fn enter_storage(mut store: StoreMut<'_>, _args: &[u64]) -> Result<u64> {
    store.state_mut().enter_storage();
    Ok(0)
}

fn leave_storage(mut store: StoreMut<'_>, _args: &[u64]) -> Result<u64> {
    store.state_mut().leave_storage().map(|()| 0)
}
