//! From turn to turn on one stack: when a core call on a stack of its own has returned, the store's loop goes on there.
//!
//! A stack of its own costs several times what a callback does. So a stack whose call is over makes the next turns of the
//! loop itself, as long as these are callbacks, until a guest parks on it: the stack is that thread's then. What is done in
//! which order is what [`tick`](crate::store::tick) does, and a store that makes one turn in a poll
//! ([`Store::set_turns_per_poll`](crate::Store::set_turns_per_poll)) does it there: the twin this is compared with.
//!
//! A guest that has to wait does the same before it parks ([`stay`]): often the turns that follow are callbacks that need no
//! stack, and then it is its own turn again, without a switch of stacks.

use super::lane::go_in_lane;
use super::run::{next_event, prepare_callback, returned, start_running};
use super::{Stage, ThreadId, first_turn, turn};
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
    while store.state().goes_on() {
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
            go_in_lane(store)?;
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

/// The thread that runs waits from now on. Makes the turns of the store's loop that come before its next one, on its stack;
/// says whether it is its turn now. If not, it has to park.
pub(crate) fn stay(store: &mut StoreMut<'_>) -> Result<bool> {
    let has_room = store.has_room();
    let state = store.state_mut();
    let Current { thread: Some(thread), in_turn: true, .. } = state.current else { return Ok(false) };
    if !has_room || !state.goes_on() || !state.short_way() {
        return Ok(false);
    }
    state.current = Current::default();
    state.note_stopped(thread);
    if turns_before(store, thread)? {
        start_running(store.state_mut(), thread, false, true)?;
        return Ok(true);
    }
    store.state_mut().current = Current { thread: Some(thread), in_turn: true, stopped: true, ..Current::default() };
    Ok(false)
}

/// Makes turns until it is that of `thread`, which is on this stack. Nobody else can resume it meanwhile: only guests
/// run that neither wait nor enter others, and wishes of the embedder are left to the loop.
fn turns_before(store: &mut StoreMut<'_>, thread: ThreadId) -> Result<bool> {
    while store.state().goes_on() && !store.state().mailbox.has_commands() {
        if store.state().mailbox.is_empty() && first_turn(store, Some(thread))? {
            store.state_mut().turns_left -= 1;
            continue;
        }
        let Some(next) = next_turn(store)? else { return Ok(false) };
        let state = store.state_mut();
        if next == thread {
            state.turns_left -= 1;
            return Ok(true);
        }
        let this = state.threads.get(next)?;
        let (task, stage) = (this.task, this.stage);
        let callee = &state.tasks.get(task)?.callee;
        if stage != Stage::EventLoop || !callee.ty.async_ || callee.may_block || callee.enters_others {
            state.chosen = Some(next);
            return Ok(false);
        }
        state.turns_left -= 1;
        turn(store, next)?;
    }
    Ok(false)
}
