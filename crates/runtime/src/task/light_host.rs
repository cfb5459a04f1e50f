//! Calls of the host that nobody sees: of a callee that cannot block and borrows nothing.
//!
//! Like [light](super::light) calls between guests, of which one of these is always the outermost: an entry on a stack
//! until something asks for the task, which is made then. A call that was started
//! ([`TypedFunc::start`](crate::TypedFunc::start)) always has a task; it is the twin this is compared with.

use std::sync::Arc;

use super::enter::release_exclusive;
use super::light::{LightCall, Side, enter, enters_at_once, first_wait, make_waiting_task};
use super::run::returned;
use super::{Caller, CoreCallee, TakesResult, TaskId, callback_code};
use crate::abi::LiftCx;
use crate::engine::{CoreFunc, StoreMut};
use crate::error::bug;
use crate::instance::{RootId, call_post_return};
use crate::plan::LiftIndex;
use crate::store::{Current, State};
use crate::types::{MAX_FLAT_PARAMS, MAX_FLAT_RESULTS, ValType};
use crate::{Result, Trap};

/// Makes a place for the result of a call that becomes visible.
pub(crate) type MakePlace = fn() -> Arc<dyn TakesResult>;

/// The host's side of a light call.
#[derive(Clone)]
pub(crate) struct LightHost {
    /// What was called, of which component.
    root: RootId,
    lift: LiftIndex,
    /// Where the result goes when there is a task.
    make_place: MakePlace,
}

impl LightHost {
    /// What was called.
    #[inline]
    pub(super) fn callee<'s>(&self, state: &'s State) -> Result<&'s Arc<CoreCallee>> {
        let known = state.roots.get(self.root)?.callees.get(self.lift.at()).and_then(Option::as_ref);
        known.ok_or_else(|| bug!("a function that was not looked up is called"))
    }
}

/// What is left for the host of its call that became visible.
pub(crate) struct Visible {
    pub(super) place: Arc<dyn TakesResult>,
    /// The flat result, if there was one before.
    pub(super) result: Option<u64>,
}

/// What a light call of the host came to.
pub(crate) enum HostEnded<R> {
    /// The result. The task may go on.
    Answer(R),
    /// It goes on, or ended without a result; where the result will be put.
    GoesOn(TaskId, Arc<dyn TakesResult>),
}

/// Starts a call of `callee`, the function `lift` of `root`: the core function, for which arguments are lowered next;
/// none when it has to wait, or is not light.
pub(crate) fn begin(
    store: &mut StoreMut<'_>,
    callee: &CoreCallee,
    (root, lift): (RootId, LiftIndex),
    make_place: MakePlace,
) -> Result<Option<CoreFunc>> {
    let (true, Some(func)) = (callee.light_for_host && store.on_embedders_stack(), callee.func) else {
        return Ok(None);
    };
    let state = store.state_mut();
    if state.tasks.len() >= state.limits.max_tasks || state.current.thread.is_some() || !state.light.is_empty() {
        return Ok(None);
    }
    if !enters_at_once(state, callee)? || !state.short_way() {
        return Ok(None);
    }
    enter(state, callee, Side::Host(LightHost { root, lift, make_place }))?;
    Ok(Some(func))
}

/// The core call that [`begin`] prepared has returned `bits`; `lift` takes the result out of the callee.
///
/// Spec: the end of `canon_lift`.
pub(crate) fn end<R>(
    store: &mut StoreMut<'_>,
    callee: &CoreCallee,
    bits: u64,
    lift: impl Fn(&mut LiftCx<'_>, Option<&ValType>, usize, &[u64]) -> Result<R>,
) -> Result<HostEnded<R>> {
    let options = &callee.options;
    let lift = |store: &mut StoreMut<'_>, max_flat: usize, bits: u64| {
        lift(&mut LiftCx::new(store.reborrow(), options, None), callee.ty.result.as_ref(), max_flat, &[bits])
    };
    if options.async_ && options.callback.is_some() && bits as u32 & callback_code::MASK != callback_code::EXIT {
        if let Some((task, place)) = wait(store.state_mut(), callee, bits as u32)? {
            return Ok(HostEnded::GoesOn(task, place));
        }
        store.state_mut().make_current_visible()?;
    }
    if !store.state().current.light {
        let (task, visible) = end_visible(store, bits)?;
        return match visible.result {
            Some(bits) => lift(store, MAX_FLAT_PARAMS, bits).map(HostEnded::Answer),
            None => Ok(HostEnded::GoesOn(task, visible.place)),
        };
    }
    let mut answer = None;
    if !options.async_ {
        answer = Some(lift(store, MAX_FLAT_RESULTS, bits)?);
        if let Some(post_return) = options.post_return {
            call_post_return(store, options.instance, post_return, bits)?;
        }
    }
    let state = store.state_mut();
    if options.async_ && state.light.last().is_some_and(|call| call.result.is_none()) {
        return Err(Trap::NoTaskReturn.into());
    }
    let call = state.light.pop().ok_or_else(|| bug!("no light call runs"))?;
    state.current = call.outer;
    if callee.ty.async_ && callee.needs_exclusive() {
        release_exclusive(state, options.instance)?;
    }
    let answer = match answer {
        Some(answer) => answer,
        None => lift(store, MAX_FLAT_PARAMS, call.result.ok_or(Trap::NoTaskReturn)?)?,
    };
    Ok(HostEnded::Answer(answer))
}

/// What comes of the call when its core function has returned `packed` without a result, if it has no task yet: one
/// that waits between callbacks, and where the result will be put. The same as [`end_visible`].
fn wait(state: &mut State, callee: &CoreCallee, packed: u32) -> Result<Option<(TaskId, Arc<dyn TakesResult>)>> {
    let [LightCall { side: Side::Host(host), result: None, .. }] = &state.light[..] else { return Ok(None) };
    let Some(set) = first_wait(state, callee, packed) else { return Ok(None) };
    let (callee, place) = (host.callee(state)?.clone(), (host.make_place)());
    if !state.short_way() {
        return Ok(None);
    }
    let call = state.light.pop().ok_or_else(|| bug!("no light call runs"))?;
    state.current = call.outer;
    let caller = Caller::Host { lower_args: None, result: Some(place.clone()) };
    let task = make_waiting_task(state, (callee, caller), (call.storage, call.noted_as), set)?;
    Ok(Some((task, place)))
}

/// [`end`] of a call that has a task by now.
fn end_visible(store: &mut StoreMut<'_>, bits: u64) -> Result<(TaskId, Visible)> {
    let state = store.state_mut();
    let thread = state.current_thread()?;
    let task = state.threads.get(thread)?.task;
    let visible = state.visible.take().ok_or_else(|| bug!("a visible call of the host without a place"))?;
    returned(store, thread, task, bits)?;
    let state = store.state_mut();
    state.current = Current::default();
    state.note_stopped(thread);
    Ok((task, visible))
}

/// The result that is there already, of an entry that becomes a task, and where another would go.
pub(super) fn keep_place(state: &mut State, host: &LightHost, result: Option<u64>) -> Arc<dyn TakesResult> {
    let place = (host.make_place)();
    state.visible = Some(Visible { place: place.clone(), result });
    place
}
