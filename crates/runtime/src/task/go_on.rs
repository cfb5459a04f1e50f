//! From turn to turn on one stack: when a core call on a stack of its own has returned, the store's loop goes on there.
//!
//! A stack of its own costs several times what a callback does. So a stack whose call is over makes the next turns of the
//! loop itself, as long as these are callbacks, until a guest parks on it: the stack is that thread's then. What is done in
//! which order is what [`tick`](crate::store::tick) does, and a store that makes one turn in a poll
//! ([`Store::set_turns_per_poll`](crate::Store::set_turns_per_poll)) does it there: the twin this is compared with.

use super::run::{next_event, prepare_callback, returned, start_running};
use super::{Stage, turn};
use crate::Result;
use crate::abi::Args;
use crate::engine::{CoreFunc, StoreMut};
use crate::store::{Current, next_turn};

/// The call of the thread that runs has returned `bits`; gives the next call for its stack, if there is one.
pub(crate) fn go_on(store: &mut StoreMut<'_>, bits: u64) -> Result<Option<(CoreFunc, Args)>> {
    let state = store.state_mut();
    let Current { thread: Some(thread), in_turn: true, .. } = state.current else { return Ok(None) };
    if state.turns_left == 0 || state.switch_to.is_some() {
        return Ok(None);
    }
    let task = state.threads.get(thread)?.task;
    returned(store, thread, task, bits)?;
    let state = store.state_mut();
    state.current = Current::default();
    state.note_stopped(thread);
    while goes_on(store) {
        let Some(thread) = next_turn(store)? else { break };
        let state = store.state_mut();
        let this = state.threads.get(thread)?;
        let (task, stage) = (this.task, this.stage);
        let callee = &state.tasks.get(task)?.callee;
        if stage != Stage::EventLoop || !callee.ty.async_ {
            // It has a stack, or gets one: that is for whoever resumed this one.
            state.chosen = Some(thread);
            break;
        }
        state.turns_left -= 1;
        if !callee.may_block {
            turn(store, thread)?;
            continue;
        }
        start_running(state, thread, false, true)?;
        let event = next_event(store, thread, task)?;
        let state = store.state_mut();
        let (callback, args) = prepare_callback(state, thread, task, event)?;
        let this = state.threads.get_mut(thread)?;
        (this.stage, this.has_stack) = (Stage::Running, true);
        return Ok(Some((callback, Args::new(&args))));
    }
    Ok(None)
}

/// Whether more turns may be made before the embedder gets control.
fn goes_on(store: &StoreMut<'_>) -> bool {
    let state = store.state();
    state.turns_left > 0 && !state.host_called && state.switch_to.is_none()
}
