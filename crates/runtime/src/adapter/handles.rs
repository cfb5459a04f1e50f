//! Resources in calls that have an adapter: handles go from table to table. Spec: `lift_own`, `lift_borrow`, `lower_own`,
//! `lower_borrow`.
//!
//! Such a call has no task and no subtask, so what it borrows is counted in an [`AdaptedCall`]. They nest strictly, because
//! none of these calls can wait.

use crate::abi::handles::{checked, own_handle, take_own};
use crate::engine::StoreMut;
use crate::error::bug;
use crate::instance::{BorrowScope, Handle, InstanceId, ResourceHandle};
use crate::store::ResourceTypeId;
use crate::{Result, Trap};

/// What one call that is under way borrows.
#[derive(Default)]
pub(crate) struct AdaptedCall {
    /// Handles of the caller that are lent. Spec: `Subtask.lenders`.
    lenders: Vec<(InstanceId, u32)>,
    /// Spec: `Task.num_borrows`.
    pub(crate) num_borrows: u32,
}

/// One kind of handle as an adapter moves it.
#[derive(Clone, Copy)]
pub(super) struct Transfer {
    /// Out of whose table.
    pub(super) from: InstanceId,
    /// Into whose.
    pub(super) to: InstanceId,
    /// The type of the resource.
    pub(super) ty: ResourceTypeId,
}

impl Transfer {
    /// Spec: `lift_own`, `lower_own`.
    pub(super) fn own(self, store: &mut StoreMut<'_>, index: u32) -> Result<u32> {
        let state = store.state_mut();
        let rep = take_own(state, self.from, index, self.ty)?;
        state.instances.get_mut(self.to)?.handles.add(own_handle(self.ty, rep))
    }

    /// Spec: `lift_borrow`, `lower_borrow` in an instance that did not define the resource.
    pub(super) fn borrow(self, store: &mut StoreMut<'_>, index: u32) -> Result<u32> {
        let rep = self.lend(store, index)?;
        let state = store.state_mut();
        let depth = state.adapted_calls.len();
        let call = state.adapted_calls.last_mut().ok_or_else(no_call)?;
        call.num_borrows += 1;
        let borrow_scope = Some(BorrowScope::Adapted(depth as u32 - 1));
        let handle = ResourceHandle { ty: self.ty, rep, own: false, borrow_scope, num_lends: 0 };
        state.instances.get_mut(self.to)?.handles.add(Handle::Resource(handle))
    }

    /// Spec: `lift_borrow`, and `lower_borrow` in the instance that defined the resource.
    pub(super) fn lend(self, store: &mut StoreMut<'_>, index: u32) -> Result<u64> {
        let rep = self.rep(store, index)?;
        let state = store.state_mut();
        state.resource_mut(self.from, index)?.num_lends += 1;
        state.adapted_calls.last_mut().ok_or_else(no_call)?.lenders.push((self.from, index));
        Ok(rep)
    }

    /// [`lend`](Self::lend) where nothing in the call could take what is lent: nothing is counted.
    pub(super) fn rep(self, store: &StoreMut<'_>, index: u32) -> Result<u64> {
        let state = store.state();
        let handle = *state.instances.get(self.from)?.handles.get(index)?;
        Ok(checked(handle, index, self.ty, state)?.rep)
    }
}

fn no_call() -> crate::Error {
    bug!("a borrow in an adapter that does not count borrows")
}

/// A call begins that borrows.
pub(super) fn begin_borrows(mut store: StoreMut<'_>, _args: &[u64]) -> Result<u64> {
    store.state_mut().adapted_calls.push(AdaptedCall::default());
    Ok(0)
}

/// Its callee has returned. Spec: `Task.return_`, `Subtask.deliver_resolve`.
pub(super) fn end_borrows(mut store: StoreMut<'_>, _args: &[u64]) -> Result<u64> {
    let state = store.state_mut();
    let call = state.adapted_calls.pop().ok_or_else(no_call)?;
    if call.num_borrows > 0 {
        return Err(Trap::BorrowsRemain.into());
    }
    for (instance, index) in call.lenders {
        state.resource_mut(instance, index)?.num_lends -= 1;
    }
    Ok(0)
}
