//! The short way of a turn of an event loop: an event of a set, one callback on the embedder's stack, and the next wait.
//! What the thread was is looked up once. `resume_thread` is its twin, which takes every turn.

use super::enter::release_exclusive;
use super::run::{event_loop, run_switched_to};
use super::waitable_set::{start_waiting, stop_waiting, take_event};
use super::{Stage, TaskId, TaskState, ThreadId, WaitFor, callback_code};
use crate::Result;
use crate::engine::StoreMut;
use crate::error::bug;
use crate::instance::InstanceId;
use crate::store::Current;

/// Resumes `thread`, which is ready, if it waits between callbacks for an event of a set and its callback cannot block;
/// says whether it did.
pub(super) fn turn(store: &mut StoreMut<'_>, thread: ThreadId) -> Result<bool> {
    let plain = store.on_embedders_stack();
    let state = store.state_mut();
    if !state.short_way() {
        return Ok(false);
    }
    let this = state.threads.get_mut(thread)?;
    let (Stage::EventLoop, Some(WaitFor::SetForCallback(set)), true) = (this.stage, this.loop_wait, plain) else {
        return Ok(false);
    };
    let task = this.task;
    let task_ = state.tasks.get(task)?;
    let (callee, instance) = (&*task_.callee, task_.instance);
    if callee.may_block || !callee.ty.async_ || task_.state == TaskState::PendingCancel {
        return Ok(false);
    }
    let callback = callee.options.callback.ok_or_else(|| bug!("an event loop without a callback"))?;
    (this.stage, this.wait_for, this.loop_wait) = (Stage::Running, None, None);
    (this.running, this.has_stack, this.cancelled) = (true, false, false);
    state.instances.get_mut(instance)?.exclusive_thread = Some(thread);
    stop_waiting(state, set, thread)?;
    let before = std::mem::replace(&mut state.current, Current { thread: Some(thread), ..Current::default() });
    let event = take_event(store, set)?;
    let packed = callback.call(store, &event.args())? as u32;
    let waits = wait_again(store, thread, (task, instance), packed)?;
    if !waits {
        event_loop(store, thread, task, packed)?;
    }
    let state = store.state_mut();
    state.current = before;
    if !waits {
        state.note_stopped(thread);
    }
    if state.switch_to.is_some() {
        run_switched_to(store)?;
    }
    Ok(true)
}

/// The callback of `thread` returned `packed`: lets it wait for a set, if that is what it means; it runs no longer then.
#[inline]
fn wait_again(
    store: &mut StoreMut<'_>,
    thread: ThreadId,
    (task, instance): (TaskId, InstanceId),
    packed: u32,
) -> Result<bool> {
    let state = store.state_mut();
    if packed & callback_code::MASK != callback_code::WAIT || state.tasks.get(task)?.state == TaskState::PendingCancel {
        return Ok(false);
    }
    let index = packed >> 4;
    let set = state.instances.get(instance)?.handles.get(index)?.set(index)?;
    release_exclusive(state, instance)?;
    let wait_for = Some(WaitFor::SetForCallback(set));
    let this = state.threads.get_mut(thread)?;
    (this.stage, this.wait_for, this.loop_wait) = (Stage::EventLoop, wait_for, wait_for);
    state.stops += 1;
    (this.running, this.stopped) = (false, state.stops);
    start_waiting(state, set, thread)?;
    Ok(true)
}
