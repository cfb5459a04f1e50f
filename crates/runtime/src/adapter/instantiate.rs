//! Compiled adapters of a component, and what they import when it is instantiated.

use std::collections::HashMap;
use std::sync::Arc;

use super::code::numbered_trap;
use super::convert::{convert_func, narrow_func};
use super::handles::{Transfer, begin_borrows, end_borrows};
use super::import::Import;
use crate::abi::check_utf8;
use crate::engine::{CoreExtern, CoreFunc, CoreInstance, CoreMemory, CoreModule, StoreMut, host_func};
use crate::error::bug;
use crate::instance::{Flags, RootId, RootInstance};
use crate::plan::{InstanceIndex, TrampolineIndex};
use crate::types::{FlatType, ResourceIndex};
use crate::{Error, Result, Trap};

/// The adapters of a component.
pub(crate) struct Adapters {
    modules: Vec<Adapter>,
    /// Which module stands for a trampoline.
    of: HashMap<TrampolineIndex, usize>,
}

/// One adapter module.
struct Adapter {
    module: CoreModule,
    imports: Vec<Import>,
    trampolines: Vec<TrampolineIndex>,
}

impl Adapters {
    /// The adapters in these modules, which [`encode_adapters`](super::encode_adapters) wrote; none if there are none.
    pub(crate) fn new(modules: Vec<CoreModule>) -> Result<Option<Adapters>> {
        let modules = modules.into_iter().map(Adapter::new).collect::<Result<Vec<_>>>()?;
        let all = modules.iter().enumerate();
        let of = all.flat_map(|(i, adapter)| adapter.trampolines.iter().map(move |index| (*index, i))).collect();
        Ok((!modules.is_empty()).then_some(Adapters { modules, of }))
    }

    /// The modules, in their order.
    pub(crate) fn modules(&self) -> impl Iterator<Item = &CoreModule> {
        self.modules.iter().map(|adapter| &adapter.module)
    }
}

impl Adapter {
    fn new(module: CoreModule) -> Result<Adapter> {
        let imports = module.imports().map(|(module, field)| Import::named(module, field)).collect::<Result<_>>()?;
        let number = |name: &str| name.parse().map(TrampolineIndex).map_err(|_| bug!("an adapter exports `{name}`"));
        let trampolines = module.exports().map(number).collect::<Result<_>>()?;
        Ok(Adapter { module, imports, trampolines })
    }
}

/// The adapter that stands for trampoline `index`, if it has one. Its whole module is instantiated the first time.
pub(crate) fn resolve(store: &mut StoreMut<'_>, root: RootId, index: TrampolineIndex) -> Result<Option<CoreExtern>> {
    let component = store.state().roots.get(root)?.component.clone();
    let Some(adapters) = component.adapters()? else { return Ok(None) };
    let Some(adapter) = adapters.of.get(&index).and_then(|at| adapters.modules.get(*at)) else { return Ok(None) };
    let externs = adapter.imports.iter().map(|import| provide(store, root, *import)).collect::<Result<Vec<_>>>()?;
    let instance = CoreInstance::new(store, &adapter.module, &externs)?;
    let mut wanted = None;
    for &trampoline in &adapter.trampolines {
        let made = instance.export(store, &trampoline.0.to_string());
        if trampoline == index {
            wanted.clone_from(&made);
        }
        let this = store.state_mut().roots.get_mut(root)?;
        if let Some(place) = this.trampolines.get_mut(trampoline.at()) {
            *place = made;
        }
    }
    Ok(wanted)
}

fn provide(store: &mut StoreMut<'_>, root: RootId, import: Import) -> Result<CoreExtern> {
    let state = store.state();
    let this = state.roots.get(root)?;
    Ok(match import {
        Import::Memory(index) => this.memory(index)?.into(),
        Import::Func(index) => this.func(index)?.into(),
        Import::Flags(index) => match state.instances.get(this.instance(index)?)?.flags {
            Flags::Shared(global) => global.into(),
            Flags::Plain(_) => return Err(bug!("an instance of a component with adapters has its flags elsewhere")),
        },
        Import::CheckUtf8(index) => {
            let memory = this.memory(index)?;
            utf8_func(store, memory).into()
        }
        Import::Convert(from, to) => {
            let (from, to) = (this.memory(from)?, this.memory(to)?);
            convert_func(store, from, to).into()
        }
        Import::Narrow(index) => {
            let memory = this.memory(index)?;
            narrow_func(store, memory).into()
        }
        Import::Own(from, to, resource) => {
            let transfer = transfer(this, from, to, resource)?;
            handle_func(store, move |store, index| transfer.own(store, index))
        }
        Import::Borrow(from, to, resource) => {
            let transfer = transfer(this, from, to, resource)?;
            handle_func(store, move |store, index| transfer.borrow(store, index))
        }
        Import::Lend(from, resource) => {
            let transfer = transfer(this, from, from, resource)?;
            handle_func(store, move |store, index| transfer.lend(store, index))
        }
        Import::Rep(from, resource) => {
            let transfer = transfer(this, from, from, resource)?;
            handle_func(store, move |store, index| transfer.rep(store, index))
        }
        Import::BeginBorrows => host_func(store, &[], None, Arc::new(begin_borrows)).into(),
        Import::EndBorrows => host_func(store, &[], None, Arc::new(end_borrows)).into(),
        Import::Trap => host_func(store, &[FlatType::I32], None, Arc::new(trap)).into(),
        Import::EnterStorage => host_func(store, &[], None, Arc::new(enter_storage)).into(),
        Import::LeaveStorage => host_func(store, &[], None, Arc::new(leave_storage)).into(),
    })
}

fn transfer(root: &RootInstance, from: InstanceIndex, to: InstanceIndex, resource: ResourceIndex) -> Result<Transfer> {
    Ok(Transfer { from: root.instance(from)?, to: root.instance(to)?, ty: root.resource_type(resource)? })
}

fn handle_func(
    store: &mut StoreMut<'_>,
    body: impl Fn(&mut StoreMut<'_>, u32) -> Result<u32> + Send + Sync + 'static,
) -> CoreExtern {
    let body = move |mut store: StoreMut<'_>, args: &[u64]| {
        body(&mut store, args.first().map_or(0, |&bits| bits as u32)).map(u64::from)
    };
    host_func(store, &[FlatType::I32], Some(FlatType::I32), Arc::new(body)).into()
}

fn trap(_store: StoreMut<'_>, args: &[u64]) -> Result<u64> {
    let number = args.first().map_or(u32::MAX, |&bits| bits as u32);
    Err(numbered_trap(number).map_or_else(|| bug!("an adapter knows a trap {number}"), Error::from))
}

fn utf8_func(store: &mut StoreMut<'_>, memory: CoreMemory) -> CoreFunc {
    let check = move |store: StoreMut<'_>, args: &[u64]| {
        let &[start, length] = args else { return Err(bug!("a range of {} numbers", args.len())) };
        let (start, length) = (start as usize, length as usize);
        let bytes = store.memory(memory).get(start..start + length).ok_or(Trap::StringOutOfBounds)?;
        check_utf8(bytes).map(|_| 0)
    };
    host_func(store, &[FlatType::I32; 2], None, Arc::new(check))
}

/// The callee's code runs as a thread of its own, so its storage starts at zero. Spec: `canon_lift`.
fn enter_storage(mut store: StoreMut<'_>, _args: &[u64]) -> Result<u64> {
    let state = store.state_mut();
    let before = state.current.leaf_storage.replace([0, 0]);
    state.outer_storages.push(before);
    Ok(0)
}

fn leave_storage(mut store: StoreMut<'_>, _args: &[u64]) -> Result<u64> {
    let state = store.state_mut();
    state.current.leaf_storage = state.outer_storages.pop().ok_or_else(|| bug!("storage is left twice"))?;
    Ok(0)
}
