//! The caller's side of a call. Spec: `Subtask`.

use std::sync::Arc;

use super::{Event, EventCode, PendingEvent, TaskId, ThreadId, Waitable, WaitableRef};
use crate::Result;
use crate::abi::Args;
use crate::canon::Lowered;
use crate::error::bug;
use crate::host::HostTaskId;
use crate::instance::InstanceId;
use crate::store::{Id, State};

/// A subtask of the store.
pub(crate) type SubtaskId = Id<Subtask>;

/// Spec: `Subtask.State`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum SubtaskState {
    /// The callee has not taken its arguments.
    Starting = 0,
    /// The callee runs.
    Started = 1,
    /// The result is there.
    Returned = 2,
    /// Cancelled before the callee took its arguments.
    CancelledBeforeStarted = 3,
    /// Cancelled before there was a result.
    CancelledBeforeReturned = 4,
}

/// Who was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Callee {
    /// A guest.
    Task(TaskId),
    /// A host function that is under way.
    Host(HostTaskId),
    /// Nobody any more, or not yet.
    None,
}

/// Spec: `Subtask`, with what `canon_lower` keeps in closures.
pub(crate) struct Subtask {
    /// Spec: it is a `Waitable`.
    pub(crate) waitable: Waitable,
    /// Spec: `state`.
    pub(crate) state: SubtaskState,
    /// Whom to tell of a cancellation. Spec: `on_cancel`.
    pub(crate) callee: Callee,
    /// Handles of the caller that are lent until the resolution is delivered. Spec: `lenders`; none once delivered.
    pub(crate) lenders: Option<Vec<u32>>,
    /// Spec: `cancellation_requested`.
    pub(crate) cancellation_requested: bool,
    /// Spec: `flat_results`: at most one.
    pub(crate) flat_result: u64,
    /// What was called, with the caller's options: its place in [`State::lowered`].
    lowered: u32,
    /// The caller's instance.
    instance: InstanceId,
    /// The caller's flat arguments; the last may be the out-pointer.
    pub(crate) flat_args: Args,
    /// Its handle, once it has one. Spec: `subtaski`.
    pub(crate) index: Option<u32>,
    /// The thread that waits for its resolution in a call that is not async.
    pub(crate) waiter: Option<ThreadId>,
}

impl Subtask {
    /// A call that begins.
    #[inline]
    pub(crate) fn new(lowered: &Lowered, args: &[u64]) -> Self {
        Subtask::of(lowered, Args::new(args))
    }

    /// [`new`](Self::new) of what is kept already.
    #[inline]
    pub(crate) fn of(lowered: &Lowered, flat_args: Args) -> Self {
        Subtask {
            waitable: Waitable::default(),
            state: SubtaskState::Starting,
            callee: Callee::None,
            lenders: Some(Vec::new()),
            cancellation_requested: false,
            flat_result: 0,
            lowered: lowered.number,
            instance: lowered.options.instance,
            flat_args,
            index: None,
            waiter: None,
        }
    }

    /// A call of `task`, which has its arguments.
    #[inline(always)]
    pub(super) fn started(lowered: &Lowered, flat_args: Args, task: TaskId) -> Self {
        let mut this = Subtask::of(lowered, flat_args);
        (this.state, this.callee) = (SubtaskState::Started, Callee::Task(task));
        this
    }

    /// The caller's instance.
    #[inline]
    pub(crate) fn instance(&self) -> InstanceId {
        self.instance
    }

    /// What was called, with the caller's options.
    #[inline]
    pub(crate) fn lowered<'s>(&self, state: &'s State) -> Result<&'s Arc<Lowered>> {
        state.lowered.get(self.lowered as usize).ok_or_else(|| bug!("no lowered function {}", self.lowered))
    }

    /// Spec: `resolved`.
    #[inline]
    pub(crate) fn resolved(&self) -> bool {
        !matches!(self.state, SubtaskState::Starting | SubtaskState::Started)
    }

    /// Spec: `resolve_delivered`.
    #[inline]
    pub(crate) fn resolve_delivered(&self) -> bool {
        self.lenders.is_none()
    }
}

/// Spec: `on_progress`: an event for the caller, or the end of its wait.
#[inline]
pub(crate) fn on_progress(state: &mut State, id: SubtaskId) -> Result<()> {
    let subtask = state.subtasks.get(id)?;
    let waiter = subtask.waiter.filter(|_| subtask.resolved());
    if subtask.index.is_some() {
        super::waitable::set_pending_event(state, WaitableRef::Subtask(id), PendingEvent::Subtask)?;
    }
    if let Some(thread) = waiter {
        state.wake(thread);
    }
    Ok(())
}

/// Spec: `Subtask.deliver_resolve`: gives back what was lent.
#[inline]
pub(crate) fn deliver_resolve(state: &mut State, id: SubtaskId) -> Result<()> {
    let subtask = state.subtasks.get_mut(id)?;
    let instance = subtask.instance();
    let lenders = subtask.lenders.take().ok_or_else(|| bug!("a resolution is delivered twice"))?;
    give_back(state, instance, lenders)
}

/// Spec: the lending side of `deliver_resolve`.
#[inline]
pub(crate) fn give_back(state: &mut State, instance: InstanceId, lenders: Vec<u32>) -> Result<()> {
    for index in lenders {
        state.resource_mut(instance, index)?.num_lends -= 1;
    }
    Ok(())
}

/// Spec: `subtask_event`.
#[inline]
pub(crate) fn subtask_event(state: &mut State, id: SubtaskId) -> Result<Event> {
    if state.subtasks.get(id)?.resolved() {
        deliver_resolve(state, id)?;
    }
    let subtask = state.subtasks.get(id)?;
    let index = subtask.index.ok_or_else(|| bug!("an event of a subtask without a handle"))?;
    Ok(Event { code: EventCode::Subtask, index, payload: subtask.state as u32 })
}
