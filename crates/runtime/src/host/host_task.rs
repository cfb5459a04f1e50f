//! Host functions and spawned futures under way.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use super::HostFuture;
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

/// Polls the host task at the place `number`, which woke the store.
pub(crate) fn poll_host_task(store: &mut StoreMut<'_>, number: u32) -> Result<()> {
    let state = store.state_mut();
    let Some(id) = state.host_tasks.at(number) else { return Ok(()) };
    let Some(this) = state.host_tasks.find_mut(id) else { return Ok(()) };
    let Some(mut future) = this.future.take() else { return Ok(()) };
    let (waker, serves) = (this.waker.take(), this.subtask);
    let waker = waker.unwrap_or_else(|| source_waker(&state.mailbox, HostSource::Task(number)));
    match future.as_mut().poll_work(&mut Context::from_waker(&waker), store, serves) {
        Poll::Pending => {
            if let Some(this) = store.state_mut().host_tasks.find_mut(id) {
                (this.future, this.waker) = (Some(future), Some(waker));
            }
            Ok(())
        }
        Poll::Ready(result) => {
            let state = store.state_mut();
            state.host_tasks.remove(id);
            state.spare_waker = Some((number, waker));
            result
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
    let future: HostFuture = Box::pin(async move {
        future.await;
        Ok(())
    });
    let id = state.host_tasks.insert(HostTask { subtask: None, future: Some(future), waker: None });
    state.mailbox.wake(HostSource::Task(id.number()));
}
