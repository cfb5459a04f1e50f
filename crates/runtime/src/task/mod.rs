//! Concurrency: tasks (the callee's side of a call), subtasks (the caller's side), threads, and what they wait for.
//!
//! Spec: "Concurrency", "Waitable State", "Subtask State".

mod callback;
pub(crate) mod callback_code;
mod cancel;
pub(crate) mod direct;
pub(crate) mod enter;
mod error_context;
mod go_on;
pub(crate) mod lane;
pub(crate) mod light;
pub(crate) mod light_adapter;
pub(crate) mod light_host;
pub(crate) mod noted;
mod resolve;
mod run;
mod start;
pub(crate) mod subtask;
mod thread;
mod wait;
pub(crate) mod waitable;
pub(crate) mod waitable_set;

#[allow(clippy::module_inception, reason = "the standard's name")]
mod task;

pub(crate) use callback::first_turn;
pub(crate) use cancel::{cancel_callee, deliver_pending_cancel, request_cancellation};
pub(crate) use error_context::{ErrorContext, ErrorContextId};
pub(crate) use go_on::{go_on, stay};
pub(crate) use resolve::{cancel_task, resolve_subtask, return_task};
pub(crate) use run::{ready_during_sync_call, resume_thread, run_sync_callee, turn};
pub(crate) use start::{
    Caller, CoreCallee, TakesResult, in_start_function, start_host_task, start_start_function, start_task,
};
pub(crate) use subtask::{Callee, Subtask, SubtaskId, SubtaskState};
pub(crate) use task::{Task, TaskId, TaskState, is_over};
pub(crate) use thread::{Resumption, Stage, Thread, ThreadId};
pub(crate) use wait::{WaitFor, is_ready};
pub(crate) use waitable::{Event, EventCode, PendingEvent, Waitable, WaitableRef};
pub(crate) use waitable_set::{WaitableSet, WaitableSetId};
