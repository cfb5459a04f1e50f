//! Running threads. Spec: `Thread.resume`, the inside of `canon_lift`.

use super::cancel::deliver_pending_cancel;
use super::enter::{Entered, enter_implicit_thread, exit_implicit_thread, release_exclusive, unregister_thread};
use super::waitable_set::{start_waiting, stop_waiting, take_event};
use super::{Caller, Event, Stage, TaskId, TaskState, ThreadId, WaitFor, callback_code, is_ready, return_task};
use crate::abi::{Flat, LowerCx, lower_dynamic};
use crate::engine::{Continuation, CoreFunc, Step, StoreMut};
use crate::error::bug;
use crate::instance::{InstanceId, call_post_return};
use crate::plan::StringEncoding;
use crate::store::{Current, State, sync_task_blocks};
use crate::types::{MAX_FLAT_RESULTS, TupleType};
use crate::{Result, Trap};

/// Spec: `Thread.resume`.
pub(crate) fn resume_thread(store: &mut StoreMut<'_>, thread: ThreadId, cancelled: bool) -> Result<()> {
    run_thread(store, thread, cancelled, |store| run_stage(store, thread))
}

/// Runs `thread` by `stage`, and then whoever it switches to.
pub(super) fn run_thread(
    store: &mut StoreMut<'_>,
    thread: ThreadId,
    cancelled: bool,
    stage: impl FnOnce(&mut StoreMut<'_>) -> Result<()>,
) -> Result<()> {
    run_once(store, thread, cancelled, stage)?;
    run_switched_to(store)
}

/// Runs whoever the thread that stopped switches to.
pub(super) fn run_switched_to(store: &mut StoreMut<'_>) -> Result<()> {
    while let Some(thread) = store.state_mut().switch_to.take() {
        run_once(store, thread, false, |store| run_stage(store, thread))?;
    }
    Ok(())
}

#[inline]
fn run_once(
    store: &mut StoreMut<'_>,
    thread: ThreadId,
    cancelled: bool,
    stage: impl FnOnce(&mut StoreMut<'_>) -> Result<()>,
) -> Result<()> {
    let state = store.state_mut();
    state.make_current_visible()?;
    let in_turn = std::mem::take(&mut state.in_turn);
    let before = state.current;
    start_running(state, thread, cancelled, in_turn)?;
    let result = stage(store);
    let state = store.state_mut();
    let last = std::mem::replace(&mut state.current, before);
    // Another one when its stack went on to other turns; none when it has done them all.
    if let Some(thread) = last.thread
        && !last.stopped
    {
        state.note_stopped(thread);
    }
    result
}

/// `thread` runs from now on.
#[inline]
pub(super) fn start_running(state: &mut State, thread: ThreadId, cancelled: bool, in_turn: bool) -> Result<()> {
    let this = state.threads.get_mut(thread)?;
    (this.wait_for, this.cancelled, this.running) = (None, cancelled, true);
    state.current = Current { thread: Some(thread), in_turn, ..Current::default() };
    Ok(())
}

/// Runs what is next in `thread`.
#[inline]
fn run_stage(store: &mut StoreMut<'_>, thread: ThreadId) -> Result<()> {
    let this = store.state().threads.get(thread)?;
    let task = this.task;
    match this.stage {
        Stage::Enter => match enter_implicit_thread(store, thread, task)? {
            Entered::Yes => start(store, thread, task),
            Entered::Waits => Ok(()),
            Entered::Cancelled => {
                let state = store.state_mut();
                state.threads.remove(thread);
                state.tasks.remove(task);
                Ok(())
            }
        },
        Stage::EventLoop => leave_event_loop(store, thread, task),
        Stage::Running => run_core(store, thread),
        Stage::Done => Err(bug!("a thread that is over was resumed")),
    }
}

/// Spec: `task.start()` and the first core call.
fn start(store: &mut StoreMut<'_>, thread: ThreadId, task: TaskId) -> Result<()> {
    let mut args = Flat::new();
    let func = prepare(store, task, &mut args)?;
    call_core(store, thread, task, func, args.values())
}

/// Starts a task of the host's with arguments that have not become values without a Rust type: they are lowered now, or
/// kept if the task has to wait.
pub(super) fn start_for_host(
    store: &mut StoreMut<'_>,
    thread: ThreadId,
    task: TaskId,
    lower_args: impl FnOnce(&mut LowerCx<'_>, &TupleType, &mut Flat) -> Result<()> + Send + 'static,
) -> Result<()> {
    let entered = enter_implicit_thread(store, thread, task)?;
    let this = store.state_mut().tasks.get_mut(task)?;
    if !matches!(entered, Entered::Yes) {
        if let Caller::Host { lower_args: place, .. } = &mut this.caller {
            *place = Some(Box::new(lower_args));
        }
        return Ok(());
    }
    this.state = TaskState::Started;
    let callee = this.callee.clone();
    let mut cx = LowerCx::new(store.reborrow(), &callee.options, StringEncoding::Utf8);
    cx.borrow_scope = Some(task);
    let mut args = Flat::new();
    lower_args(&mut cx, &callee.ty.params, &mut args)?;
    let func = callee.func.ok_or_else(|| bug!("a start function is called"))?;
    call_core(store, thread, task, func, args.values())
}

/// Starts a task whose core call is `call`, which has begun nothing yet.
pub(super) fn run_on_stack(store: &mut StoreMut<'_>, thread: ThreadId, task: TaskId, call: Continuation) -> Result<()> {
    if !matches!(enter_implicit_thread(store, thread, task)?, Entered::Yes) {
        return Err(bug!("a start function has to wait to enter its instance"));
    }
    let state = store.state_mut();
    state.tasks.get_mut(task)?.state = TaskState::Started;
    let this = state.threads.get_mut(thread)?;
    (this.stage, this.has_stack, this.continuation) = (Stage::Running, true, Some(call));
    run_core(store, thread)
}

/// Makes a core call of the implicit thread: on the stack of whoever executes the store if it cannot block, else on one
/// of its own.
#[inline]
fn call_core(store: &mut StoreMut<'_>, thread: ThreadId, task: TaskId, func: CoreFunc, args: &[u64]) -> Result<()> {
    // One that cannot block may have a stack, too: nobody can see the difference.
    let own_stack = store.state().tasks.get(task)?.callee.may_block || !store.state_mut().short_way();
    let continuation = own_stack.then(|| Continuation::new(store, func, args));
    let this = store.state_mut().threads.get_mut(thread)?;
    (this.stage, this.has_stack, this.continuation) = (Stage::Running, own_stack, continuation);
    if own_stack {
        return run_core(store, thread);
    }
    let bits = func.call(store, args)?;
    returned(store, thread, task, bits)
}

/// Spec: `task.start()`: the core function and its arguments.
#[inline]
pub(super) fn prepare(store: &mut StoreMut<'_>, task: TaskId, args: &mut Flat) -> Result<CoreFunc> {
    let this = store.state_mut().tasks.get_mut(task)?;
    this.state = TaskState::Started;
    let func = this.callee.func.ok_or_else(|| bug!("a start function starts twice"))?;
    lower_args(store, task, args)?;
    Ok(func)
}

/// Spec: `on_start` and `lower_flat_values` of the parameters.
fn lower_args(store: &mut StoreMut<'_>, task: TaskId, flat: &mut Flat) -> Result<()> {
    let this = store.state_mut().tasks.get_mut(task)?;
    if let Caller::Guest(subtask) = this.caller
        && crate::canon::lift_numbers(store, subtask, flat)?
    {
        return Ok(());
    }
    let this = store.state_mut().tasks.get_mut(task)?;
    let callee = this.callee.clone();
    let (options, ty) = (&callee.options, &callee.ty);
    let cx = |store, string_source| LowerCx {
        ptr_type: options.ptr_type,
        store,
        instance: options.instance,
        memory: options.memory,
        realloc: options.realloc,
        string_encoding: options.string_encoding,
        string_source,
        borrow_scope: Some(task),
    };
    match &mut this.caller {
        Caller::Destructor(rep) => {
            flat.push(*rep);
            Ok(())
        }
        Caller::Host { lower_args, .. } => {
            let lower = lower_args.take().ok_or_else(|| bug!("a task starts twice"))?;
            lower(&mut cx(store.reborrow(), StringEncoding::Utf8), &ty.params, flat)
        }
        Caller::Guest(subtask) => {
            let subtask = *subtask;
            let source = store.state().subtasks.get(subtask)?.lowered(store.state())?.options.string_encoding;
            let args = crate::canon::lift_args(store, subtask)?;
            *flat = lower_dynamic(&mut cx(store.reborrow(), source), args, &ty.params)?;
            Ok(())
        }
    }
}

/// Runs the core call of `thread` until it parks or returns.
#[inline]
fn run_core(store: &mut StoreMut<'_>, thread: ThreadId) -> Result<()> {
    let continuation = store.state_mut().threads.get_mut(thread)?.continuation.take();
    let mut continuation = continuation.ok_or_else(|| bug!("a running thread without a stack"))?;
    match continuation.resume(store)? {
        Step::Parked => {
            // Another thread than `thread` may have come to this stack since.
            let state = store.state_mut();
            let parked = state.current.thread.ok_or_else(|| bug!("no thread runs"))?;
            state.threads.get_mut(parked)?.continuation = Some(continuation);
            Ok(())
        }
        Step::Returned(bits) => {
            drop(continuation);
            // As above; if nobody runs, `go_on` has done what comes next.
            let state = store.state();
            let Some(thread) = state.current.thread else { return Ok(()) };
            let task = state.threads.get(thread)?.task;
            returned(store, thread, task, bits)
        }
    }
}

/// The core call of `thread` returned `bits`.
pub(super) fn returned(store: &mut StoreMut<'_>, thread: ThreadId, task: TaskId, bits: u64) -> Result<()> {
    let this = store.state().tasks.get(task)?;
    if this.implicit_thread != Some(thread) {
        return unregister_thread(store.state_mut(), thread, task);
    }
    let options = &this.callee.options;
    let (async_, event_loops) = (options.async_, options.callback.is_some());
    if !async_ {
        let (instance, post_return) = (options.instance, options.post_return);
        let result = [bits];
        let flat = if matches!(this.caller, Caller::Destructor(_)) { &result[..0] } else { &result[..] };
        return_task(store, task, MAX_FLAT_RESULTS, flat)?;
        if let Some(post_return) = post_return {
            call_post_return(store, instance, post_return, bits)?;
        }
        return exit_implicit_thread(store, thread, task);
    }
    if !event_loops {
        return exit_implicit_thread(store, thread, task);
    }
    event_loop(store, thread, task, bits as u32)
}

/// Spec: `CallbackCode`, `unpack_callback_result`, and the top of the event loop of `canon_lift`.
#[inline]
pub(super) fn event_loop(store: &mut StoreMut<'_>, thread: ThreadId, task: TaskId, packed: u32) -> Result<()> {
    let (code, index) = (packed & callback_code::MASK, packed >> 4);
    match code {
        callback_code::EXIT => return exit_implicit_thread(store, thread, task),
        callback_code::YIELD | callback_code::WAIT => {}
        _ => return Err(Trap::BadCallbackCode.into()),
    }
    let state = store.state_mut();
    if deliver_pending_cancel(state, task)? {
        return call_back(store, thread, task, Event::TASK_CANCELLED);
    }
    let instance = state.tasks.get(task)?.instance;
    let wait_for = match code {
        callback_code::YIELD => WaitFor::TurnForCallback,
        _ => WaitFor::SetForCallback(state.instances.get(instance)?.handles.get(index)?.set(index)?),
    };
    release_exclusive(state, instance)?;
    let this = state.threads.get_mut(thread)?;
    (this.stage, this.wait_for, this.loop_wait) = (Stage::EventLoop, Some(wait_for), Some(wait_for));
    if let WaitFor::SetForCallback(set) = wait_for {
        start_waiting(state, set, thread)
    } else {
        state.wake(thread);
        Ok(())
    }
}

/// Spec: the middle of the event loop: the wait is over; the callback is called with the event.
#[inline]
fn leave_event_loop(store: &mut StoreMut<'_>, thread: ThreadId, task: TaskId) -> Result<()> {
    let event = next_event(store, thread, task)?;
    call_back(store, thread, task, event)
}

/// The event that the event loop of `thread` waited for.
#[inline]
pub(super) fn next_event(store: &mut StoreMut<'_>, thread: ThreadId, task: TaskId) -> Result<Event> {
    let state = store.state_mut();
    let waited = state.threads.get_mut(thread)?.loop_wait.take();
    if let Some(WaitFor::SetForCallback(set)) = waited {
        stop_waiting(state, set, thread)?;
    }
    match waited {
        _ if deliver_pending_cancel(state, task)? => Ok(Event::TASK_CANCELLED),
        Some(WaitFor::SetForCallback(set)) => take_event(store, set),
        _ => Ok(Event::NONE),
    }
}

/// Spec: the bottom of the event loop: takes the exclusive lock and calls back with the event.
#[inline]
fn call_back(store: &mut StoreMut<'_>, thread: ThreadId, task: TaskId, event: Event) -> Result<()> {
    let (callback, args) = prepare_callback(store.state_mut(), thread, task, event)?;
    call_core(store, thread, task, callback, &args)
}

/// Takes the exclusive lock for a callback; the core function and its arguments.
#[inline]
pub(super) fn prepare_callback(
    state: &mut State,
    thread: ThreadId,
    task: TaskId,
    event: Event,
) -> Result<(CoreFunc, [u64; 3])> {
    let this = state.tasks.get(task)?;
    let (instance, callback) = (this.instance, this.callee.options.callback);
    state.instances.get_mut(instance)?.set_exclusive_thread(Some(thread));
    let callback = callback.ok_or_else(|| bug!("an event loop without a callback"))?;
    Ok((callback, event.args()))
}

/// Spec: the loop at the end of `canon_lift`: a function that is not async resolves before its caller goes on; only
/// threads of its instance may run meanwhile, event loops included.
///
/// A task that waits for the host is left to the host: its caller waits, which nobody but the host can see.
pub(crate) fn run_sync_callee(store: &mut StoreMut<'_>, task: TaskId) -> Result<()> {
    loop {
        let state = store.state_mut();
        let Some(this) = state.tasks.find(task) else { return Ok(()) };
        if this.state == TaskState::Resolved {
            return Ok(());
        }
        let mut candidates = ready_during_sync_call(state, this.instance)?;
        // In turns: the first choice must not be the same thread for ever.
        candidates.sort_unstable_by_key(|(stopped, _)| *stopped);
        if candidates.is_empty() {
            if waits_for_host(store, task)? {
                return Ok(());
            }
            return Err(sync_task_blocks(store.state()));
        }
        let chosen = state.choose.among(candidates.len());
        let thread = candidates.get(chosen).ok_or_else(|| bug!("a choice beyond the candidates"))?.1;
        resume_thread(store, thread, false)?;
    }
}

/// The threads of `instance` that may go on while a function of it that is not async waits, and when each stopped.
pub(crate) fn ready_during_sync_call(state: &State, instance: InstanceId) -> Result<Vec<(u64, ThreadId)>> {
    let mut candidates = Vec::new();
    for (_, &thread) in state.instances.get(instance)?.threads.iter() {
        let this = state.threads.get(thread)?;
        if is_ready(state, thread)? && !(state.rules.are_of_august_2026() && needs_exclusive(state, thread)?) {
            candidates.push((this.stopped, thread));
        }
    }
    Ok(candidates)
}

/// Whether `thread` is an implicit one that can only run alone, which older rules do not let run during a synchronous call.
fn needs_exclusive(state: &State, thread: ThreadId) -> Result<bool> {
    let task = state.tasks.get(state.threads.get(thread)?.task)?;
    Ok(task.implicit_thread == Some(thread) && task.callee.ty.async_ && task.needs_exclusive())
}

/// Whether a thread of `task` waits for a host function, or for a callee of which this holds.
fn waits_for_host(store: &StoreMut<'_>, task: TaskId) -> Result<bool> {
    let state = store.state();
    let Some(this) = state.tasks.find(task) else { return Ok(false) };
    for thread in this.threads() {
        let callee = match state.threads.get(thread)?.wait_for {
            Some(WaitFor::Host(_)) => return Ok(true),
            Some(WaitFor::Subtask(subtask)) => state.subtasks.get(subtask)?.callee,
            _ => continue,
        };
        match callee {
            super::Callee::Task(callee)
                if !state.tasks.get(callee)?.callee.ty.async_ && waits_for_host(store, callee)? =>
            {
                return Ok(true);
            }
            _ => {}
        }
    }
    Ok(false)
}

/// Resumes `thread`, which is ready, from the loop of the store.
#[inline]
pub(crate) fn turn(store: &mut StoreMut<'_>, thread: ThreadId) -> Result<()> {
    if super::callback::turn(store, thread)? {
        return Ok(());
    }
    let state = store.state();
    let task = state.threads.get(thread)?.task;
    let async_ = state.tasks.get(task)?.callee.ty.async_;
    store.state_mut().in_turn = async_;
    resume_thread(store, thread, false)?;
    if !async_ {
        run_sync_callee(store, task)?;
    }
    Ok(())
}
