//! Handles between a guest's table and the world outside.
//!
//! Spec: `lift_own`, `lift_borrow`, `lift_async_value`, `lower_own`, `lower_borrow`, `lower_stream`, `lower_future`.

use std::sync::Arc;

use super::{LiftCx, LowerCx, ResourceAny};
use crate::error::bug;
use crate::host::{FutureSource, HostProducer};
use crate::instance::{BorrowScope, Handle, InstanceId, ResourceHandle, RuntimeResource};
use crate::plan::{End, Kind, PlannedResource};
use crate::store::{HostSource, ResourceTypeId, State, source_waker};
use crate::stream::{CopyEnd, CopyState, FutureAny, HostEnd, Item, Shared, SharedId, StreamAny, notify_dropped};
use crate::task::ErrorContext;
use crate::types::{PayloadType, ResourceIndex, ValType, same_payload};
use crate::{Error, ErrorKind, Result, Trap};

/// The resource type `index` of the component that `instance` belongs to.
pub(crate) fn resource_type(state: &State, instance: InstanceId, index: ResourceIndex) -> Result<ResourceTypeId> {
    let root = state.instances.get(instance)?.root;
    state.roots.get(root)?.resource_type(index)
}

/// The resource handle `index` if it is of type `ty`.
pub(crate) fn checked(handle: Handle, index: u32, ty: ResourceTypeId, state: &State) -> Result<ResourceHandle> {
    let handle = handle.resource(index)?;
    if handle.ty == ty {
        return Ok(handle);
    }
    let name = |id| match state.resource_type(id) {
        Ok(RuntimeResource::Guest { .. }) => "guest-defined resource",
        _ => "host-defined resource",
    };
    let (expected, found) = (name(ty), name(handle.ty));
    let different = if expected == found { "a different " } else { "a " };
    let message =
        format!("handle index {index} used with the wrong type, expected {expected} but found {different}{found}");
    Err(Error::new(ErrorKind::Trap(Trap::WrongHandle), message))
}

/// Spec: `lift_own`.
pub(crate) fn lift_own(cx: &mut LiftCx<'_>, index: u32, resource: ResourceIndex) -> Result<ResourceAny> {
    let instance = cx.instance;
    let state = cx.store.state_mut();
    let ty = resource_type(state, instance, resource)?;
    let rep = take_own(state, instance, index, ty)?;
    ResourceAny::lifted_own(cx, ty, rep)
}

/// Removes an owned handle; gives the representation. Spec: `lift_own`.
pub(crate) fn take_own(state: &mut State, instance: InstanceId, index: u32, ty: ResourceTypeId) -> Result<u64> {
    let handle = *state.instances.get(instance)?.handles.get(index)?;
    let handle = checked(handle, index, ty, state)?;
    if handle.num_lends != 0 {
        return Err(Trap::OwnWhileBorrowed.into());
    }
    if !handle.own {
        return Err(Trap::OwnFromBorrow.into());
    }
    state.instances.get_mut(instance)?.handles.remove(index)?;
    Ok(handle.rep)
}

/// Spec: `lift_borrow`. A call that answers at once lends nothing: nobody can drop the handle meanwhile.
pub(crate) fn lift_borrow(cx: &mut LiftCx<'_>, index: u32, resource: ResourceIndex) -> Result<ResourceAny> {
    let (instance, scope) = (cx.instance, cx.borrow_scope);
    let state = cx.store.state_mut();
    let ty = resource_type(state, instance, resource)?;
    let handle = *state.instances.get(instance)?.handles.get(index)?;
    let handle = checked(handle, index, ty, state)?;
    if let Some(subtask) = scope {
        state.resource_mut(instance, index)?.num_lends += 1;
        let lenders = state.subtasks.get_mut(subtask)?.lenders.as_mut();
        lenders.ok_or_else(|| bug!("a lender for a call that is over"))?.push(index);
    }
    ResourceAny::lifted_borrow(cx, ty, handle.rep)
}

/// Spec: `lift_async_value`.
fn lift_end(cx: &mut LiftCx<'_>, index: u32, kind: Kind, payload: &PayloadType) -> Result<SharedId> {
    let instance = cx.instance;
    let state = cx.store.state_mut();
    let id = state.instances.get(instance)?.handles.get(index)?.end(index)?;
    let end = state.ends.get(id)?;
    let shared = end.shared;
    if end.kind != kind || end.end != End::Readable || !end.is_of(state, payload.payload.as_ref())? {
        let what = if kind == Kind::Stream { "a readable stream" } else { "a readable future" };
        let message = format!("handle index {index} used with the wrong type, expected {what} of this type");
        return Err(Error::new(ErrorKind::Trap(Trap::WrongHandle), message));
    }
    match (end.state, kind) {
        (CopyState::Idle, _) => {}
        (CopyState::Done, Kind::Stream) => return Err(Trap::LiftDroppedStream.into()),
        (CopyState::Done, Kind::Future) => return Err(Trap::LiftDoneFuture.into()),
        (_, Kind::Stream) => return Err(Trap::RemoveBusyStream.into()),
        (_, Kind::Future) => return Err(Trap::RemoveBusyFuture.into()),
    }
    if end.waitable.set.is_some() {
        return Err(if kind == Kind::Stream { Trap::LiftStreamInSet } else { Trap::LiftFutureInSet }.into());
    }
    state.instances.get_mut(instance)?.handles.remove(index)?;
    state.ends.discard(id);
    state.shared.get_mut(shared)?.set_guest_end(End::Readable, None);
    Ok(shared)
}

/// Spec: `lift_stream`.
pub(crate) fn lift_stream(cx: &mut LiftCx<'_>, index: u32, payload: &Arc<PayloadType>) -> Result<StreamAny> {
    lift_end(cx, index, Kind::Stream, payload).map(StreamAny)
}

/// Spec: `lift_future`.
pub(crate) fn lift_future(cx: &mut LiftCx<'_>, index: u32, payload: &Arc<PayloadType>) -> Result<FutureAny> {
    lift_end(cx, index, Kind::Future, payload).map(FutureAny)
}

/// Spec: `lift_error_context`.
pub(crate) fn lift_error_context(cx: &mut LiftCx<'_>, index: u32) -> Result<String> {
    let state = cx.store.state();
    let id = state.instances.get(cx.instance)?.handles.get(index)?.error_context(index)?;
    Ok(state.error_contexts.get(id)?.debug_message.clone())
}

/// The resource type `index` of the component that `instance` belongs to, if `resource` is of that type there.
fn expected_type(
    state: &State,
    instance: InstanceId,
    resource: ResourceAny,
    index: ResourceIndex,
) -> Result<ResourceTypeId> {
    resource.check_there(state)?;
    let ty = resource_type(state, instance, index)?;
    if is_same_resource(state, resource.ty, ty)? {
        return Ok(ty);
    }
    let (expected, found) = (resource_words(state, ty)?, resource_words(state, resource.ty)?);
    Err(Error::host("a resource of another type than the guest expects")
        .with_have(format!("it is {found}"))
        .with_hint(format!("the guest expects {expected}")))
}

/// What a resource type is, for people.
fn resource_words(state: &State, ty: ResourceTypeId) -> Result<String> {
    let root = match state.resource_type(ty)? {
        RuntimeResource::Guest { root, .. } | RuntimeResource::Host { root, .. } => state.roots.get(*root)?,
    };
    let number = root.resource_types.iter().position(|known| *known == ty);
    let planned = number.and_then(|number| root.component.plan().resources.get(number));
    Ok(match planned {
        Some(PlannedResource::Defined { name, .. }) => format!("`{name}`, which a guest defines"),
        Some(PlannedResource::Imported { interface, name }) if interface.is_empty() => format!("`{name}` of the host"),
        Some(PlannedResource::Imported { interface, name }) => format!("`{interface}#{name}` of the host"),
        None => return Err(bug!("a resource type without a place in its component")),
    })
}

fn is_same_resource(state: &State, a: ResourceTypeId, b: ResourceTypeId) -> Result<bool> {
    Ok(a == b || state.resource_type(a)?.is_same(state.resource_type(b)?))
}

/// Spec: `lower_own`.
pub(crate) fn lower_own(cx: &mut LowerCx<'_>, resource: ResourceAny, index: ResourceIndex) -> Result<u32> {
    let state = cx.store.state_mut();
    let ty = expected_type(state, cx.instance, resource, index)?;
    resource.check_owned(state)?;
    resource.give_up(state);
    add_own(cx, ty, resource.rep())
}

fn add_own(cx: &mut LowerCx<'_>, ty: ResourceTypeId, rep: u64) -> Result<u32> {
    cx.store.state_mut().instances.get_mut(cx.instance)?.handles.add(own_handle(ty, rep))
}

/// An owned handle of a resource.
pub(crate) fn own_handle(ty: ResourceTypeId, rep: u64) -> Handle {
    Handle::Resource(ResourceHandle { ty, rep, own: true, borrow_scope: None, num_lends: 0 })
}

/// Spec: `lower_borrow`.
pub(crate) fn lower_borrow(cx: &mut LowerCx<'_>, resource: ResourceAny, index: ResourceIndex) -> Result<u32> {
    let state = cx.store.state_mut();
    let ty = expected_type(state, cx.instance, resource, index)?;
    if let Some(task) = cx.borrow_scope {
        resource.lend(state, task)?;
    }
    if state.resource_type(ty)?.definer() == Some(cx.instance) {
        return narrow_rep(resource.rep());
    }
    let task = cx.borrow_scope.ok_or_else(|| bug!("a borrow is lowered outside of a call"))?;
    state.tasks.get_mut(task)?.num_borrows += 1;
    let handle = ResourceHandle {
        ty,
        rep: resource.rep(),
        own: false,
        borrow_scope: Some(BorrowScope::Task(task)),
        num_lends: 0,
    };
    state.instances.get_mut(cx.instance)?.handles.add(Handle::Resource(handle))
}

/// A representation in the place of a borrowed handle, which has 32 bits.
pub(crate) fn narrow_rep(rep: u64) -> Result<u32> {
    u32::try_from(rep).map_err(|_| Trap::BorrowTooWide.into())
}

/// Lowers a resource that the host defines.
pub(crate) fn lower_host(cx: &mut LowerCx<'_>, rep: u32, index: ResourceIndex, own: bool) -> Result<u32> {
    let ty = resource_type(cx.store.state(), cx.instance, index)?;
    let rep = rep.into();
    if own {
        return add_own(cx, ty, rep);
    }
    let resource = ResourceAny::of_host(cx.store.state(), ty, rep, own);
    lower_borrow(cx, resource, index)
}

/// The type of an end in the words of the component that gets it, if that is another than where the stream is from.
fn own_words(cx: &mut LowerCx<'_>, shared: SharedId, payload: &Arc<PayloadType>) -> Result<Option<Arc<PayloadType>>> {
    let state = cx.store.state();
    let (root, this) = (state.instances.get(cx.instance)?.root, state.shared.get(shared)?);
    if root == this.home {
        return Ok(None);
    }
    let (here, there) = (state.roots.get(root)?, state.roots.get(this.home)?);
    let same = |a, b| match (here.resource_type(a), there.resource_type(b)) {
        (Ok(a), Ok(b)) => is_same_resource(state, a, b).unwrap_or(false),
        _ => false,
    };
    if same_payload(payload.payload.as_ref(), this.payload.as_ref(), &same) {
        return Ok(Some(payload.clone()));
    }
    Err(Error::host("a stream or future of another type than the guest expects"))
}

fn lower_end(cx: &mut LowerCx<'_>, shared: SharedId, kind: Kind, payload: &Arc<PayloadType>) -> Result<u32> {
    let own_words = own_words(cx, shared, payload)?;
    let state = cx.store.state_mut();
    let index = state.instances.get_mut(cx.instance)?.handles.add(Handle::End(state.ends.next_id()))?;
    let this = state.shared.get_mut(shared)?;
    let end = state.ends.insert_with(|| {
        let mut end = CopyEnd::new(shared, (kind, End::Readable), this.item, index);
        end.payload = own_words;
        end
    });
    this.set_guest_end(End::Readable, Some(end));
    if this.dropped && kind == Kind::Stream {
        // The news that the other end is gone travels with this one.
        notify_dropped(state, shared)?;
    }
    Ok(index)
}

/// The short way of a readable end from one guest to another of the same component: `lift_end`, then `lower_end`, of which
/// nobody sees what is in between. None when that is the way to go: it would trap, or has more to do.
pub(crate) fn pass_end(
    state: &mut State,
    (from, to): (InstanceId, InstanceId),
    index: u32,
    ty: &ValType,
) -> Result<Option<u32>> {
    let (kind, payload) = match ty {
        ValType::Stream(payload) => (Kind::Stream, payload),
        ValType::Future(payload) => (Kind::Future, payload),
        _ => return Ok(None),
    };
    let State { instances, ends, shared, .. } = state;
    let (giver, taker) = (instances.get(from)?, instances.get(to)?);
    let Some(&Handle::End(id)) = giver.handles.find(index) else { return Ok(None) };
    let (end, home) = (ends.get(id)?, giver.root);
    let (of, item) = (end.shared, Item::of(payload.payload.as_ref()));
    let this = shared.get_mut(of)?;
    let idle = end.state == CopyState::Idle && end.waitable.set.is_none() && !this.dropped;
    let fits = item.is_plain() && (end.kind, end.end, end.item) == (kind, End::Readable, item);
    if !idle || !fits || this.home != home || taker.root != home {
        return Ok(None);
    }
    instances.get_mut(from)?.handles.remove(index)?;
    ends.discard(id);
    let index = instances.get_mut(to)?.handles.add(Handle::End(ends.next_id()))?;
    let id = ends.insert_with(|| CopyEnd::new(of, (kind, End::Readable), item, index));
    this.set_guest_end(End::Readable, Some(id));
    Ok(Some(index))
}

/// Spec: `lower_stream`.
pub(crate) fn lower_stream(cx: &mut LowerCx<'_>, stream: StreamAny, payload: &Arc<PayloadType>) -> Result<u32> {
    lower_end(cx, stream.0, Kind::Stream, payload)
}

/// Spec: `lower_future`.
pub(crate) fn lower_future(cx: &mut LowerCx<'_>, future: FutureAny, payload: &Arc<PayloadType>) -> Result<u32> {
    lower_end(cx, future.0, Kind::Future, payload)
}

/// Spec: `lower_error_context`.
pub(crate) fn lower_error_context(cx: &mut LowerCx<'_>, debug_message: String) -> Result<u32> {
    let state = cx.store.state_mut();
    let id = state.error_contexts.insert(ErrorContext { debug_message });
    state.instances.get_mut(cx.instance)?.handles.add(Handle::ErrorContext(id))
}

fn new_host_end(cx: &mut LowerCx<'_>, payload: &PayloadType, writer: HostEnd) -> Result<SharedId> {
    let state = cx.store.state_mut();
    let home = state.instances.get(cx.instance)?.root;
    let mut shared = Shared::new(payload.payload.clone(), home);
    shared.writer = Some(writer);
    let id = state.shared.insert(shared);
    if let Some(Shared { writer: Some(HostEnd::Producer(producer)), waker, .. }) = state.shared.find_mut(id) {
        producer.attach(waker.insert(source_waker(&state.mailbox, HostSource::Shared(id))));
    }
    Ok(id)
}

/// A stream that the host writes.
pub(crate) fn new_host_stream(
    cx: &mut LowerCx<'_>,
    producer: Box<dyn HostProducer>,
    payload: &PayloadType,
) -> Result<StreamAny> {
    new_host_end(cx, payload, HostEnd::Producer(producer)).map(StreamAny)
}

/// A future that the host writes.
pub(crate) fn new_host_future(
    cx: &mut LowerCx<'_>,
    source: Box<dyn FutureSource>,
    payload: &PayloadType,
) -> Result<FutureAny> {
    new_host_end(cx, payload, HostEnd::Source(source)).map(FutureAny)
}
