//! Calls that have an adapter and whose callee may ask for the current task: entries as [light](super::light) calls are, but
//! the adapter moves the values. Generated code brackets the core call with [`enter`] and [`leave`].

use std::sync::Arc;

use super::enter::exit_implicit_thread;
use super::light::{self, Side};
use super::{CoreCallee, TaskState};
use crate::Result;
use crate::engine::StoreMut;
use crate::error::bug;
use crate::store::State;

/// Remembers whom an adapter calls; its number for [`enter`].
pub(crate) fn add_callee(state: &mut State, callee: Arc<CoreCallee>) -> u32 {
    state.adapted_callees.push(callee);
    (state.adapted_callees.len() - 1) as u32
}

/// A function that an adapter calls.
pub(super) fn callee(state: &State, number: u32) -> Result<&Arc<CoreCallee>> {
    state.adapted_callees.get(number as usize).ok_or_else(|| bug!("no adapter calls a function {number}"))
}

/// The core call begins. Spec: `Task`, `Thread` of `canon_lift`, as far as somebody could see them.
pub(crate) fn enter(state: &mut State, number: u32) -> Result<()> {
    state.check_room_for_task()?;
    light::push(state, Side::Adapter(number));
    if !state.short_way() {
        light::make_visible(state)?;
    }
    Ok(())
}

/// The core call, and `post-return`, are over. Spec: the end of `canon_lift`.
pub(crate) fn leave(store: &mut StoreMut<'_>) -> Result<()> {
    let state = store.state_mut();
    if state.current.light {
        let call = state.light.pop().ok_or_else(|| bug!("no light call runs"))?;
        state.current = call.outer;
        return Ok(());
    }
    let thread = state.current_thread()?;
    let task = state.threads.get(thread)?.task;
    let direct = state.direct.pop().ok_or_else(|| bug!("an adapter leaves what it did not enter"))?;
    state.tasks.get_mut(task)?.state = TaskState::Resolved;
    exit_implicit_thread(store, thread, task)?;
    let state = store.state_mut();
    state.note_stopped(thread);
    state.current = direct.outer;
    Ok(())
}
