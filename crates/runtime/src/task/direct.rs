//! Calls that run on their caller's stack: the callee cannot block, so it needs none of its own.
//!
//! Generated glue makes the core call itself, between [`begin`] and [`end`].

use super::enter::{Entered, enter_implicit_thread};
use super::run::{prepare, returned};
use super::start::make_task;
use super::{Caller, CoreCallee, Stage, SubtaskId};
use crate::Result;
use crate::abi::Flat;
use crate::engine::{CoreFunc, StoreMut};
use crate::error::bug;
use crate::store::Current;
use crate::types::FuncType;

use std::sync::Arc;

/// What goes on when a direct call is over.
#[derive(Clone, Copy)]
pub(crate) struct Direct {
    /// Who ran before.
    outer: Current,
    /// The caller's side.
    pub(crate) subtask: SubtaskId,
}

/// Starts a call of a guest: the core function and its arguments, or none when it waits to enter.
pub(crate) fn begin(
    store: &mut StoreMut<'_>,
    callee: CoreCallee,
    ty: Arc<FuncType>,
    subtask: SubtaskId,
) -> Result<Option<(CoreFunc, Flat)>> {
    let (task, thread) = make_task(store, callee, ty, Caller::Guest(subtask))?;
    let state = store.state_mut();
    state.threads.get_mut(thread)?.running = true;
    let outer = std::mem::replace(&mut state.current, Current { thread: Some(thread), leaf_storage: None });
    if !matches!(enter_implicit_thread(store, thread, task)?, Entered::Yes) {
        let state = store.state_mut();
        state.current = outer;
        state.threads.get_mut(thread)?.running = false;
        return Ok(None);
    }
    let (func, args) = prepare(store, task)?;
    let this = store.state_mut().threads.get_mut(thread)?;
    (this.stage, this.has_stack) = (Stage::Running, false);
    this.direct = Some(Direct { outer, subtask });
    Ok(Some((func, args)))
}

/// The core call that [`begin`] prepared has returned `bits`.
pub(crate) fn end(store: &mut StoreMut<'_>, bits: u64) -> Result<Direct> {
    let state = store.state_mut();
    let thread = state.current_thread()?;
    let this = state.threads.get_mut(thread)?;
    let direct = this.direct.take().ok_or_else(|| bug!("a direct call ends that did not begin"))?;
    let task = this.task;
    returned(store, thread, task, bits)?;
    let state = store.state_mut();
    if let Some(this) = state.threads.find_mut(thread) {
        this.running = false;
    }
    state.current = direct.outer;
    Ok(direct)
}
