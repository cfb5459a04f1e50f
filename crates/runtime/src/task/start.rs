//! Starting a call. Spec: `Store.lift`, the outside of `canon_lift`.

use std::sync::Arc;

use super::{Stage, SubtaskId, Task, TaskId, TaskState, Thread, ThreadId, resume_thread, run_sync_callee};
use crate::Result;
use crate::abi::{Flat, LiftCx, LowerCx};
use crate::engine::{CoreFunc, StoreMut};
use crate::instance::{InstanceId, Options};
use crate::store::Current;
use crate::types::{FuncType, TupleType, ValType};

/// The core function of a task and how its values cross.
#[derive(Clone)]
pub(crate) struct CoreCallee {
    /// The core function; none for a start function, which the engine calls.
    pub(crate) func: Option<CoreFunc>,
    /// Its options.
    pub(crate) options: Arc<Options>,
    /// A name for people.
    pub(crate) name: Arc<str>,
}

/// Lowers the host's arguments into the callee.
pub(crate) type LowerArgs = Box<dyn FnOnce(&mut LowerCx<'_>, &TupleType) -> Result<Flat> + Send>;
/// Lifts the callee's result for the host: the flat values, and how many fit flat.
pub(crate) type LiftResult = Box<dyn FnOnce(&mut LiftCx<'_>, Option<&ValType>, usize, &[u64]) -> Result<()> + Send>;

/// Who gives the arguments and takes the result. Spec: `OnStart`, `OnResolve`.
pub(crate) enum Caller {
    /// The host.
    Host {
        /// Gives the arguments; taken when the task starts.
        lower_args: Option<LowerArgs>,
        /// Takes the result; dropped when the task is cancelled.
        lift_result: Option<LiftResult>,
    },
    /// A guest, through a lowered function.
    Guest(SubtaskId),
    /// The runtime itself, for a destructor: one core value, no result.
    Destructor(u32),
}

/// Starts a call and runs it as far as it goes. Spec: `func_inst` of `Store.lift`.
pub(crate) fn start_task(
    store: &mut StoreMut<'_>,
    callee: CoreCallee,
    ty: Arc<FuncType>,
    caller: Caller,
) -> Result<TaskId> {
    let async_ = ty.async_;
    let (task, thread) = make_task(store, callee, ty, caller)?;
    resume_thread(store, thread, false)?;
    if !async_ {
        run_sync_callee(store, task)?;
    }
    Ok(task)
}

/// Makes the task and its implicit thread.
pub(super) fn make_task(
    store: &mut StoreMut<'_>,
    callee: CoreCallee,
    ty: Arc<FuncType>,
    caller: Caller,
) -> Result<(TaskId, ThreadId)> {
    let instance = callee.options.instance;
    let state = store.state();
    if state.tasks.len() >= state.limits.max_tasks {
        let what = format!("{} tasks exist", state.tasks.len());
        return Err(state.limits.reached("max-tasks", what));
    }
    let state = store.state_mut();
    let subtask = match &caller {
        Caller::Guest(subtask) => Some(*subtask),
        _ => None,
    };
    let task = state.tasks.insert(Task {
        ty,
        callee,
        instance,
        caller,
        state: TaskState::Initial,
        num_borrows: 0,
        implicit_thread: None,
        threads: Vec::new(),
    });
    let thread = state.threads.insert(Thread::new(task, Stage::Enter));
    state.tasks.get_mut(task)?.implicit_thread = Some(thread);
    if let Some(subtask) = subtask {
        state.subtasks.get_mut(subtask)?.callee = super::Callee::Task(task);
    }
    Ok((task, thread))
}

/// Runs `body` (core instantiation) as a synchronous task of `instance`, so that built-ins called by a start function
/// know who calls.
pub(crate) fn in_start_function<R>(
    store: &mut StoreMut<'_>,
    instance: InstanceId,
    body: impl FnOnce(&mut StoreMut<'_>) -> Result<R>,
) -> Result<R> {
    let state = store.state_mut();
    let task = state.tasks.insert(Task {
        ty: Arc::new(FuncType::new([], None, false)),
        callee: CoreCallee { func: None, options: Options::plain(instance), name: "start function".into() },
        instance,
        caller: Caller::Destructor(0),
        state: TaskState::Started,
        num_borrows: 0,
        implicit_thread: None,
        threads: Vec::new(),
    });
    let thread = state.threads.insert(Thread::new(task, Stage::Running));
    let before = std::mem::replace(&mut state.current, Current { thread: Some(thread), leaf_storage: None });
    let result = body(store);
    let state = store.state_mut();
    state.current = before;
    state.threads.remove(thread);
    state.tasks.remove(task);
    result
}
