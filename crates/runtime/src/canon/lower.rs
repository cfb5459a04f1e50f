//! Spec: `canon lower`.

use std::sync::Arc;

use super::{Outcome, Site, check_may_leave, park};
use crate::Result;
use crate::abi::{Flat, FlatIter, LiftCx, Params, Val};
use crate::engine::StoreMut;
use crate::error::bug;
use crate::host::HostCall;
use crate::instance::{Handle, Options, options};
use crate::plan::{FuncDef, LiftIndex, OptionsIndex};
use crate::task::{
    Callee, Caller, CoreCallee, Resumption, Subtask, SubtaskId, SubtaskState, WaitFor, Waitable, start_task, subtask,
};
use crate::types::{FuncType, MAX_FLAT_ASYNC_PARAMS, MAX_FLAT_PARAMS};

/// Spec: `canon_lower`.
pub(super) fn lower(
    store: &mut StoreMut<'_>,
    site: Site,
    callee: FuncDef,
    ty: &Arc<FuncType>,
    index: OptionsIndex,
    args: &[u64],
) -> Result<Outcome> {
    check_may_leave(store, site.instance)?;
    let options = options(store.state_mut(), site.root, index)?;
    match callee {
        FuncDef::Lift(lift) => lower_lifted(store, site, lift, ty, options, args),
        FuncDef::Imported(import) => {
            let func = store.state().roots.get(site.root)?.imports.get(import.at()).cloned();
            let func = func.ok_or_else(|| bug!("no imported function {}", import.0))?;
            func.call(HostCall { store: store.reborrow(), instance: site.instance, ty, options, args })
        }
    }
}

/// A subtask for a call that begins.
pub(crate) fn new_subtask(
    site_instance: crate::instance::InstanceId,
    ty: &Arc<FuncType>,
    options: Arc<Options>,
    args: &[u64],
) -> Subtask {
    let mut flat_args = Flat::new();
    for &bits in args {
        flat_args.push(bits);
    }
    Subtask {
        waitable: Waitable::default(),
        state: SubtaskState::Starting,
        callee: Callee::None,
        lenders: Some(Vec::new()),
        cancellation_requested: false,
        flat_result: 0,
        ty: ty.clone(),
        options,
        instance: site_instance,
        flat_args,
        index: None,
        waiter: None,
    }
}

pub(super) fn lower_lifted(
    store: &mut StoreMut<'_>,
    site: Site,
    lift: LiftIndex,
    ty: &Arc<FuncType>,
    options: Arc<Options>,
    args: &[u64],
) -> Result<Outcome> {
    let async_ = options.async_;
    let (callee, callee_ty) = core_callee(store, site.root, lift)?;
    let id = store.state_mut().subtasks.insert(new_subtask(site.instance, ty, options, args));
    start_task(store, callee, callee_ty, Caller::Guest(id))?;
    after_start(store, id, async_)
}

/// The core function of a lifted function, and its type; found once.
pub(crate) fn core_callee(
    store: &mut StoreMut<'_>,
    root: crate::instance::RootId,
    index: LiftIndex,
) -> Result<(CoreCallee, Arc<FuncType>)> {
    let state = store.state_mut();
    if let Some(Some(known)) = state.roots.get(root)?.callees.get(index.at()) {
        return Ok(known.clone());
    }
    let component = state.roots.get(root)?.component.clone();
    let lift = component.plan().lifts.get(index.at()).ok_or_else(|| bug!("no lifted function {}", index.0))?;
    let options = options(state, root, lift.options)?;
    let this = state.roots.get_mut(root)?;
    let func = this.func(lift.callee)?;
    let found = (CoreCallee { func: Some(func), options, name: lift.name.as_str().into() }, lift.ty.clone());
    if let Some(place) = this.callees.get_mut(index.at()) {
        *place = Some(found.clone());
    }
    Ok(found)
}

/// Spec: the end of `canon_lower`: the result, a handle, or a wait.
pub(crate) fn after_start(store: &mut StoreMut<'_>, id: SubtaskId, async_: bool) -> Result<Outcome> {
    let state = store.state_mut();
    let resolved = state.subtasks.get(id)?.resolved();
    if resolved {
        subtask::deliver_resolve(state, id)?;
        let subtask = state.subtasks.remove(id).ok_or_else(|| bug!("a subtask is gone"))?;
        return Ok(Outcome::Done(if async_ { subtask.state as u64 } else { subtask.flat_result }));
    }
    if async_ {
        let instance = state.subtasks.get(id)?.instance;
        let index = state.instances.get_mut(instance)?.handles.add(Handle::Subtask(id))?;
        let subtask = state.subtasks.get_mut(id)?;
        subtask.index = Some(index);
        return Ok(Outcome::Done(u64::from(subtask.state as u32 | index << 4)));
    }
    let thread = state.current_thread()?;
    state.subtasks.get_mut(id)?.waiter = Some(thread);
    park(store, Some(WaitFor::Subtask(id)), Resumption::SubtaskResult(id))
}

/// Spec: `on_start`: lifts the arguments out of the caller.
pub(crate) fn lift_args(store: &mut StoreMut<'_>, id: SubtaskId) -> Result<Vec<Val>> {
    let state = store.state_mut();
    let subtask = state.subtasks.get_mut(id)?;
    subtask.state = SubtaskState::Started;
    let (ty, options, flat) = (subtask.ty.clone(), subtask.options.clone(), subtask.flat_args.clone());
    subtask::on_progress(state, id)?;
    let mut cx = LiftCx::new(store.reborrow(), &options, Some(id));
    cx.between_guests = true;
    let max = if options.async_ { MAX_FLAT_ASYNC_PARAMS } else { MAX_FLAT_PARAMS };
    Vec::<Val>::lift(&mut cx, &ty.params, max, &mut FlatIter::new(flat.values()))
}
