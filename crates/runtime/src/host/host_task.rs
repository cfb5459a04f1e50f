//! Host functions and spawned futures under way.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use super::{HostFuture, HostResult};
use crate::Result;
use crate::engine::StoreMut;
use crate::store::{HostSource, Id, source_waker};
use crate::task::{SubtaskId, SubtaskState, subtask};

/// A host function or spawned future of the store.
pub(crate) type HostTaskId = Id<HostTask>;

/// A host function under way, or a future that was spawned.
pub(crate) struct HostTask {
    /// The call it serves; none for a spawned future.
    pub(crate) subtask: Option<SubtaskId>,
    /// What is left of it.
    pub(crate) future: Option<HostFuture>,
    /// Wakes the store to poll it.
    pub(crate) waker: Option<Waker>,
}

impl HostTask {
    /// A task that serves `subtask`, its future to be set.
    pub(crate) fn new(subtask: Option<SubtaskId>) -> Self {
        HostTask { subtask, future: None, waker: None }
    }
}

/// Polls a host task that woke the store.
pub(crate) fn poll_host_task(store: &mut StoreMut<'_>, id: HostTaskId) -> Result<()> {
    let state = store.state_mut();
    let Some(this) = state.host_tasks.find_mut(id) else { return Ok(()) };
    let Some(mut future) = this.future.take() else { return Ok(()) };
    let waker = match &this.waker {
        Some(waker) => waker.clone(),
        None => source_waker(&state.mailbox, HostSource::Task(id)),
    };
    match future.as_mut().poll(&mut Context::from_waker(&waker)) {
        Poll::Pending => {
            if let Some(this) = store.state_mut().host_tasks.find_mut(id) {
                (this.future, this.waker) = (Some(future), Some(waker));
            }
            Ok(())
        }
        Poll::Ready(result) => {
            let task = store.state_mut().host_tasks.remove(id);
            let lower = result?;
            match task.and_then(|task| task.subtask) {
                Some(subtask) => lower(store, subtask),
                None => Ok(()),
            }
        }
    }
}

/// Stops a host function: its future is dropped. Spec: `on_cancel` of a host function.
pub(crate) fn cancel_host_task(store: &mut StoreMut<'_>, id: HostTaskId) -> Result<()> {
    let state = store.state_mut();
    let Some(task) = state.host_tasks.remove(id) else { return Ok(()) };
    if let Some(id) = task.subtask {
        state.subtasks.get_mut(id)?.state = SubtaskState::CancelledBeforeReturned;
        subtask::on_progress(state, id)?;
    }
    Ok(())
}

/// Takes a future on; it is polled in the next turn.
pub(crate) fn spawn(store: &mut StoreMut<'_>, future: Pin<Box<dyn Future<Output = ()> + Send>>) {
    let state = store.state_mut();
    let mut task = HostTask::new(None);
    task.future = Some(Box::pin(async move {
        future.await;
        let nothing: HostResult = Box::new(|_, _| Ok(()));
        Ok(nothing)
    }));
    let id = state.host_tasks.insert(task);
    state.mailbox.wake(HostSource::Task(id));
}
