//! Calls that run on their caller's stack: the callee cannot block, so it needs none of its own.
//!
//! Generated glue makes the core call itself, between [`begin`] and [`end`].

use super::enter::{Entered, enter_implicit_thread};
use super::run::{prepare, returned};
use super::start::make_task;
use super::{Caller, Stage, SubtaskId};
use crate::Result;
use crate::abi::Flat;
use crate::canon::LoweredGuest;
use crate::engine::{CoreFunc, StoreMut};
use crate::error::bug;
use crate::store::Current;

/// What goes on when a direct call is over.
#[derive(Clone, Copy)]
pub(crate) struct Direct {
    /// Who ran before.
    pub(super) outer: Current,
    /// The caller's side.
    pub(super) subtask: SubtaskId,
}

/// Starts a call of a guest: the core function and its arguments, or none when it waits to enter.
pub(crate) fn begin(
    store: &mut StoreMut<'_>,
    guest: &LoweredGuest,
    subtask: SubtaskId,
    flat: &mut Flat,
) -> Result<Option<CoreFunc>> {
    store.state_mut().make_current_visible()?;
    let (task, thread) = make_task(store, guest.callee.clone(), Caller::Guest(subtask))?;
    let state = store.state_mut();
    state.threads.get_mut(thread)?.running = true;
    let outer = std::mem::replace(&mut state.current, Current { thread: Some(thread), ..Current::default() });
    if !matches!(enter_implicit_thread(store, thread, task)?, Entered::Yes) {
        let state = store.state_mut();
        state.current = outer;
        state.note_stopped(thread);
        return Ok(None);
    }
    let func = prepare(store, task, flat)?;
    let state = store.state_mut();
    let this = state.threads.get_mut(thread)?;
    (this.stage, this.has_stack) = (Stage::Running, false);
    state.direct.push(Direct { outer, subtask });
    Ok(Some(func))
}

/// The core call that [`begin`] prepared has returned `bits`; gives the caller's side.
pub(crate) fn end(store: &mut StoreMut<'_>, bits: u64) -> Result<SubtaskId> {
    let state = store.state_mut();
    let thread = state.current_thread()?;
    let direct = state.direct.pop().ok_or_else(|| bug!("a direct call ends that did not begin"))?;
    let task = state.threads.get(thread)?.task;
    returned(store, thread, task, bits)?;
    let state = store.state_mut();
    state.note_stopped(thread);
    state.current = direct.outer;
    Ok(direct.subtask)
}
