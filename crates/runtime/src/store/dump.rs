//! Who waits for what, in words: the text of a deadlock report.

use std::fmt::Write;

use super::State;
use crate::instance::{Handle, InstanceId};
use crate::plan::{End, Kind};
use crate::stream::CopyEndId;
use crate::task::{SubtaskId, Task, TaskState, ThreadId, WaitFor, WaitableRef, WaitableSetId};
use crate::{Error, ErrorKind, Trap};

/// The error of a store in which nothing can move, if there are tasks at all.
pub(crate) fn deadlock(state: &State) -> Option<Error> {
    if state.tasks.len() == 0 {
        return None;
    }
    let error = Error::new(ErrorKind::Trap(Trap::Deadlock), Trap::Deadlock.to_string());
    Some(error.with_have(waiting(state)))
}

/// The error of a function that is not async and waits, while no thread that could help it may run. Spec: the loop at
/// the end of `canon_lift`.
pub(crate) fn sync_task_blocks(state: &State) -> Error {
    let error = Error::new(ErrorKind::Trap(Trap::CannotBlockSyncTask), Trap::CannotBlockSyncTask.to_string());
    error.with_have(format!("{}; {}", Trap::Deadlock, waiting(state)))
}

/// Every task and what its threads wait for.
pub(crate) fn waiting(state: &State) -> String {
    let mut report = String::from("these tasks wait:");
    for (id, task) in state.tasks.iter() {
        let _ = write!(report, "\ntask {} ({}), {}", id.number(), task.callee.name, state_words(task));
        for thread in task.implicit_thread.iter().chain(&task.explicit_threads).copied() {
            let _ = write!(report, "\n  thread {}: {}", thread.number(), thread_words(state, thread));
        }
    }
    for (_, shared) in state.shared.iter().filter(|(_, shared)| shared.reader.is_some()) {
        // What the host does next may depend on what it reads here; it cannot be known.
        let end = shared.writable.and_then(|id| state.ends.find(id)).filter(|end| !end.copying());
        if let Some(end) = end {
            let what = if end.kind == Kind::Stream { "stream" } else { "future" };
            let _ = write!(report, "\nthe host reads a {what} (handle {}) that nobody writes or drops", end.index);
        }
    }
    report
}

fn state_words(task: &Task) -> &'static str {
    match task.state {
        TaskState::Initial => "not entered",
        TaskState::Started => "running",
        TaskState::PendingCancel => "to be cancelled",
        TaskState::CancelDelivered => "being cancelled",
        TaskState::Resolved => "has returned",
    }
}

fn thread_words(state: &State, thread: ThreadId) -> String {
    let Some(this) = state.threads.find(thread) else { return "gone".into() };
    match this.wait_for {
        None => "suspended; nobody resumes it".into(),
        Some(WaitFor::Turn) => "waits for its turn".into(),
        Some(WaitFor::Entry) => "waits to enter its instance (backpressure, or another task is in it)".into(),
        Some(WaitFor::TurnForCallback) => "waits for its callback".into(),
        Some(WaitFor::Set(set) | WaitFor::SetForCallback(set)) => set_words(state, set),
        Some(WaitFor::Waitable(waitable)) => format!("waits for {}", waitable_words(state, waitable)),
        Some(WaitFor::Subtask(subtask)) => format!("waits for {}", subtask_words(state, subtask)),
        Some(WaitFor::Host(_)) => "waits for the host".into(),
    }
}

fn set_words(state: &State, set: WaitableSetId) -> String {
    let subtasks = state.subtasks.iter().map(|(id, this)| (WaitableRef::Subtask(id), &this.waitable));
    let ends = state.ends.iter().map(|(id, this)| (WaitableRef::End(id), &this.waitable));
    let members = subtasks.chain(ends).filter(|(_, waitable)| waitable.set == Some(set));
    let members: Vec<_> = members.map(|(member, _)| member).collect();
    if members.is_empty() {
        return "waits on an empty set: nothing was joined to it".into();
    }
    let words: Vec<_> = members.iter().map(|&member| waitable_words(state, member)).collect();
    format!("waits on a set of {}: {}", words.len(), words.join("; "))
}

fn waitable_words(state: &State, waitable: WaitableRef) -> String {
    match waitable {
        WaitableRef::Subtask(id) => subtask_words(state, id),
        WaitableRef::End(id) => end_words(state, id),
    }
}

fn subtask_words(state: &State, id: SubtaskId) -> String {
    match state.subtasks.find(id) {
        Some(subtask) => {
            let handle = subtask.index.map(|index| format!("subtask {index}")).unwrap_or_else(|| "a call".into());
            format!("{handle} ({:?})", subtask.state)
        }
        None => "a subtask that is gone".into(),
    }
}

fn end_words(state: &State, id: CopyEndId) -> String {
    let Some(end) = state.ends.find(id) else { return "an end that is gone".into() };
    let what = match (end.kind, end.end) {
        (Kind::Stream, End::Readable) => "a read of stream",
        (Kind::Stream, End::Writable) => "a write of stream",
        (Kind::Future, End::Readable) => "a read of future",
        (Kind::Future, End::Writable) => "a write of future",
    };
    let other = state.ends.iter().find(|(other, this)| *other != id && this.shared == end.shared);
    let other = match other {
        Some((other, this)) => {
            let busy = if this.copying() { "is busy with it" } else { "does nothing with it" };
            let who = if holder(state, other) == holder(state, id) { "the same instance" } else { "another instance" };
            format!("{who} holds the other end (handle {}) and {busy}", this.index)
        }
        None => match state.shared.find(end.shared) {
            Some(shared) if shared.writer.is_some() || shared.reader.is_some() => "the host has the other end".into(),
            Some(shared) if shared.dropped => "the other end was dropped".into(),
            _ => "the other end is on its way, or held by the host unused".into(),
        },
    };
    format!("{what} (handle {}): {other}", end.index)
}

/// The instance in whose table an end is.
fn holder(state: &State, end: CopyEndId) -> Option<InstanceId> {
    let holds = |handle: &Handle| matches!(handle, Handle::End(id) if *id == end);
    let mut instances = state.instances.iter();
    instances.find(|(_, instance)| instance.handles.iter().any(|(_, handle)| holds(handle))).map(|(id, _)| id)
}
