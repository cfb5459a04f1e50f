//! Spec: `canon resource.{new,drop,rep}`.

use std::sync::{Arc, LazyLock};

use super::{Outcome, Site, check_may_leave};
use crate::Result;
use crate::Trap;
use crate::abi::handles::{checked, own_handle, resource_type};
use crate::engine::StoreMut;
use crate::error::bug;
use crate::instance::{BorrowScope, RuntimeResource};
use crate::store::ResourceTypeId;
use crate::task::{Caller, CoreCallee, start_task};
use crate::types::{FuncType, ResourceIndex, ValType};

/// Spec: `canon_resource_new`.
pub(super) fn new(store: &mut StoreMut<'_>, site: Site, resource: ResourceIndex, rep: u64) -> Result<u32> {
    check_may_leave(store, site.instance)?;
    let state = store.state_mut();
    let ty = resource_type(state, site.instance, resource)?;
    state.instances.get_mut(site.instance)?.handles.add(own_handle(ty, rep))
}

/// Spec: `canon_resource_rep`.
pub(super) fn rep(store: &mut StoreMut<'_>, site: Site, resource: ResourceIndex, index: u32) -> Result<u64> {
    let state = store.state();
    let ty = resource_type(state, site.instance, resource)?;
    let handle = *state.instances.get(site.instance)?.handles.get(index)?;
    Ok(checked(handle, index, ty, state)?.rep)
}

/// Spec: `canon_resource_drop`.
pub(super) fn drop(store: &mut StoreMut<'_>, site: Site, resource: ResourceIndex, index: u32) -> Result<Outcome> {
    check_may_leave(store, site.instance)?;
    let state = store.state_mut();
    let ty = resource_type(state, site.instance, resource)?;
    let handle = *state.instances.get(site.instance)?.handles.get(index)?;
    let handle = checked(handle, index, ty, state)?;
    if handle.num_lends != 0 {
        return Err(Trap::OwnWhileBorrowed.into());
    }
    state.instances.get_mut(site.instance)?.handles.remove(index)?;
    if !handle.own {
        match handle.borrow_scope {
            Some(BorrowScope::Task(task)) => state.tasks.get_mut(task)?.num_borrows -= 1,
            Some(BorrowScope::Adapted(depth)) => {
                let call = state.adapted_calls.get_mut(depth as usize);
                call.ok_or_else(|| bug!("a borrow outlives its call"))?.num_borrows -= 1;
            }
            None => {}
        }
        return Ok(Outcome::Done(0));
    }
    destroy(store, handle.ty, handle.rep)?;
    Ok(Outcome::Done(0))
}

static DTOR: LazyLock<Arc<FuncType>> =
    LazyLock::new(|| Arc::new(FuncType::new([("rep".into(), ValType::U32)], None, false)));

/// Runs the destructor of an owned resource that has left its owner's table.
pub(crate) fn destroy(store: &mut StoreMut<'_>, ty: ResourceTypeId, rep: u64) -> Result<()> {
    let state = store.state();
    let (instance, func) = match state.resource_type(ty)? {
        RuntimeResource::Host { drop, .. } => {
            let (drop, data) = (drop.clone(), state.data.clone());
            // The host's own numbers have no more bits.
            return drop(&*data, rep as u32);
        }
        RuntimeResource::Guest { dtor: None, .. } => return Ok(()),
        RuntimeResource::Guest { instance, root, dtor: Some(dtor) } => {
            (*instance, state.roots.get(*root)?.func(*dtor)?)
        }
    };
    let callee = Arc::new(CoreCallee::plain(Some(func), DTOR.clone(), instance, "destructor"));
    start_task(store, callee, Caller::Destructor(rep)).map(std::mem::drop)
}
