//! Starting a call. Spec: `Store.lift`, the outside of `canon_lift`.

use std::any::Any;
use std::sync::Arc;

use super::noted::InVain;
use super::run::{run_on_stack, run_thread, start_for_host};
use super::{Stage, SubtaskId, Task, TaskId, TaskState, Thread, ThreadId, resume_thread, run_sync_callee};
use crate::Result;
use crate::abi::{Flat, LiftCx, LowerCx, Plain};
use crate::engine::{Continuation, CoreFunc, StoreMut};
use crate::instance::{InstanceId, Options};
use crate::plan::Lift;
use crate::store::Current;
use crate::types::{FuncType, MAX_FLAT_RESULTS, TupleType, ValType};

/// A lifted function: what all its tasks have in common. Spec: the arguments of `canon_lift`.
pub(crate) struct CoreCallee {
    /// The core function; none for a start function, which the engine calls.
    pub(crate) func: Option<CoreFunc>,
    /// Spec: `ft`.
    pub(crate) ty: Arc<FuncType>,
    /// Its options.
    pub(crate) options: Arc<Options>,
    /// A name for people.
    pub(crate) name: Box<str>,
    /// Whether it can block, so that it needs a stack of its own.
    pub(crate) may_block: bool,
    /// Whether it may call functions of guests, cancel calls of them or run their destructors.
    pub(crate) enters_others: bool,
    /// Whether the host's calls need no task as long as nobody asks for one: it cannot block, borrows nothing and gives its
    /// result at the end or as one number.
    pub(crate) light_for_host: bool,
    /// How often its callbacks were noted in vain.
    pub(super) in_vain: InVain,
    /// Its parameters, when they are nothing but numbers.
    pub(crate) plain_params: Option<Plain>,
    /// Its result, when it is nothing but numbers.
    pub(crate) plain_result: Option<Plain>,
}

impl CoreCallee {
    /// Spec: `needs_exclusive`.
    #[inline]
    pub(crate) fn needs_exclusive(&self) -> bool {
        !self.options.async_ || self.options.callback.is_some()
    }

    /// The function of `lift`.
    pub(crate) fn lifted(
        func: CoreFunc,
        lift: &Lift,
        options: Arc<Options>,
        (may_block, enters_others): (bool, bool),
    ) -> Self {
        let plain_result = Plain::of_result(lift.ty.result.as_ref());
        let one_number = plain_result.as_ref().is_some_and(|plain| plain.len() <= MAX_FLAT_RESULTS);
        let answers = one_number || !options.async_;
        CoreCallee {
            func: Some(func),
            ty: lift.ty.clone(),
            light_for_host: answers && !may_block && !lift.ty.borrows(),
            options,
            name: lift.name.as_str().into(),
            may_block,
            enters_others,
            in_vain: InVain::default(),
            plain_params: Plain::of_params(&lift.ty.params),
            plain_result,
        }
    }

    /// A function that takes and gives core values only and is not async.
    pub(crate) fn plain(func: Option<CoreFunc>, ty: Arc<FuncType>, instance: InstanceId, name: &str) -> Self {
        CoreCallee {
            func,
            ty,
            options: Options::plain(instance),
            name: name.into(),
            may_block: true,
            enters_others: true,
            light_for_host: false,
            in_vain: InVain::default(),
            plain_params: None,
            plain_result: None,
        }
    }
}

/// Lowers the host's arguments into the callee.
pub(crate) type LowerArgs = Box<dyn FnOnce(&mut LowerCx<'_>, &TupleType, &mut Flat) -> Result<()> + Send>;

/// Where the host takes the callee's result.
pub(crate) trait TakesResult: Send + Sync {
    /// Lifts it: the flat values, and how many fit flat.
    fn take_result(&self, cx: &mut LiftCx<'_>, ty: Option<&ValType>, max_flat: usize, flat: &[u64]) -> Result<()>;

    /// The same place, for whoever knows its type.
    fn as_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync>;
}

/// Who gives the arguments and takes the result. Spec: `OnStart`, `OnResolve`.
pub(crate) enum Caller {
    /// The host.
    Host {
        /// Gives the arguments of a task that waits to start.
        lower_args: Option<LowerArgs>,
        /// Takes the result; dropped when the task is cancelled.
        result: Option<Arc<dyn TakesResult>>,
    },
    /// A guest, through a lowered function.
    Guest(SubtaskId),
    /// The runtime itself, for a destructor: one core value, no result. Also who brings values and takes the result
    /// otherwise: an adapter, or the engine for a start function.
    Destructor(u64),
}

/// Starts a call and runs it as far as it goes. Spec: `func_inst` of `Store.lift`.
pub(crate) fn start_task(store: &mut StoreMut<'_>, callee: Arc<CoreCallee>, caller: Caller) -> Result<TaskId> {
    let async_ = callee.ty.async_;
    let (task, thread) = make_task(store, callee, caller)?;
    resume_thread(store, thread, false)?;
    if !async_ {
        run_sync_callee(store, task)?;
    }
    Ok(task)
}

/// [`start_task`] for the host.
pub(crate) fn start_host_task(
    store: &mut StoreMut<'_>,
    callee: Arc<CoreCallee>,
    result: Arc<dyn TakesResult>,
    lower_args: impl FnOnce(&mut LowerCx<'_>, &TupleType, &mut Flat) -> Result<()> + Send + 'static,
) -> Result<TaskId> {
    let async_ = callee.ty.async_;
    let (task, thread) = make_task(store, callee, Caller::Host { lower_args: None, result: Some(result) })?;
    run_thread(store, thread, false, |store| start_for_host(store, thread, task, lower_args))?;
    if !async_ {
        run_sync_callee(store, task)?;
    }
    Ok(task)
}

/// Makes the task and its implicit thread.
#[inline]
pub(super) fn make_task(
    store: &mut StoreMut<'_>,
    callee: Arc<CoreCallee>,
    caller: Caller,
) -> Result<(TaskId, ThreadId)> {
    let instance = callee.options.instance;
    let state = store.state_mut();
    state.check_room_for_task()?;
    let subtask = match &caller {
        Caller::Guest(subtask) => Some(*subtask),
        _ => None,
    };
    let task = state.tasks.insert(Task::new(callee, instance, caller));
    let thread = state.threads.insert(Thread::new(task, Stage::Enter));
    state.tasks.get_mut(task)?.implicit_thread = Some(thread);
    if let Some(subtask) = subtask {
        state.subtasks.get_mut(subtask)?.callee = super::Callee::Task(task);
    }
    Ok((task, thread))
}

/// Runs `making`, the instantiation of a core module, as a synchronous task of `instance` as far as it goes: its start
/// function may wait for the host. The task that it is, which is over if nothing had to wait.
///
/// Spec: Concurrency.md, "Interaction with the start function".
pub(crate) fn start_start_function(
    store: &mut StoreMut<'_>,
    instance: InstanceId,
    making: Continuation,
) -> Result<TaskId> {
    let ty = Arc::new(FuncType::new([], None, false));
    let callee = Arc::new(CoreCallee::plain(None, ty, instance, "start function"));
    let (task, thread) = make_task(store, callee, Caller::Destructor(0))?;
    let made = run_thread(store, thread, false, |store| run_on_stack(store, thread, task, making));
    made.map_err(|error| store.state().core_limits.explain(error))?;
    run_sync_callee(store, task)?;
    Ok(task)
}

/// Runs `body` (core instantiation) as a synchronous task of `instance`, so that built-ins called by a start function
/// know who calls.
pub(crate) fn in_start_function<R>(
    store: &mut StoreMut<'_>,
    instance: InstanceId,
    body: impl FnOnce(&mut StoreMut<'_>) -> Result<R>,
) -> Result<R> {
    let state = store.state_mut();
    let ty = Arc::new(FuncType::new([], None, false));
    let callee = Arc::new(CoreCallee::plain(None, ty, instance, "start function"));
    let mut task = Task::new(callee, instance, Caller::Destructor(0));
    task.state = TaskState::Started;
    let task = state.tasks.insert(task);
    state.make_current_visible()?;
    let thread = state.threads.insert(Thread::new(task, Stage::Running));
    let before = std::mem::replace(&mut state.current, Current { thread: Some(thread), ..Current::default() });
    let result = body(store);
    let state = store.state_mut();
    state.current = before;
    state.threads.remove(thread);
    state.tasks.remove(task);
    result
}
