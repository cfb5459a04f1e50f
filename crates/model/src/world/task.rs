//! Calls: the callee's side and the caller's. Spec: `Task`, `Subtask`, `canon_lift`, `canon_lower`.

use super::waitable::{Event, Pending, SUBTASK, What};
use super::{Answer, Handle, Pick, Trap, World, trap_if};
use crate::world::copy::BLOCKED;
use crate::world::job::Kind;

/// Spec: `Task.State`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum TaskState {
    Initial,
    Started,
    PendingCancel,
    CancelDelivered,
    Resolved,
}

/// What a task waits for. Spec: `ready_func`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Wait {
    /// To enter its instance.
    Entry,
    /// For an event of a set, or for its turn, and for the exclusive lock: between two callbacks.
    Loop(Option<usize>),
    /// For an event of a set, in the middle of core code.
    Set(usize),
    /// For its turn, in the middle of core code.
    Turn,
}

/// Spec: `Task`, with its one thread.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Task {
    pub(super) kind: Kind,
    pub(super) instance: usize,
    pub(super) state: TaskState,
    /// What it does next. Spec: `Thread.storage`.
    pub(super) mode: u32,
    pub(super) wait: Option<Wait>,
    pub(super) entered: bool,
    /// The caller's side; none for a function that the host calls.
    pub(super) subtask: Option<usize>,
}

/// Spec: `Subtask.State`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SubtaskState {
    /// The callee has not begun.
    Starting = 0,
    /// The callee runs.
    Started = 1,
    /// There is a result.
    Returned = 2,
    /// Cancelled before it began.
    CancelledBeforeStarted = 3,
    /// Cancelled before there was a result.
    CancelledBeforeReturned = 4,
}

/// Spec: `Subtask`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Subtask {
    state: SubtaskState,
    /// Spec: `resolve_delivered`.
    pub delivered: bool,
    /// Spec: `cancellation_requested`.
    pub cancellation_requested: bool,
    task: usize,
    caller: usize,
    index: Option<u32>,
}

impl Subtask {
    fn resolved(&self) -> bool {
        !matches!(self.state, SubtaskState::Starting | SubtaskState::Started)
    }
}

/// Where a caller's memory takes the result.
const RESULT: usize = 120;

impl World {
    /// Spec: `canon_lower`, async: calls the job of `callee`.
    pub(super) fn call(&mut self, caller: usize, callee: usize, mode: u32, pick: &mut dyn Pick) -> Answer<u32> {
        let task = self.tasks.len();
        let subtask = Subtask {
            state: SubtaskState::Starting,
            delivered: false,
            cancellation_requested: false,
            task,
            caller,
            index: None,
        };
        let subtask = self.add_waitable(What::Subtask(subtask));
        self.add_task(Kind::of(mode), callee, mode, Some(subtask));
        self.enter(task, pick)?;
        let state = self.subtask(subtask)?.state;
        if self.subtask(subtask)?.resolved() {
            self.with_subtask(subtask, |subtask| subtask.delivered = true);
            return Ok(state as u32);
        }
        let index = self.instances[caller].handles.add(Handle::Waitable(subtask));
        self.with_subtask(subtask, |subtask| subtask.index = Some(index));
        Ok(state as u32 | index << 4)
    }

    pub(super) fn add_task(&mut self, kind: Kind, instance: usize, mode: u32, subtask: Option<usize>) -> usize {
        let state = TaskState::Initial;
        self.tasks.push(Task { kind, instance, state, mode, wait: None, entered: false, subtask });
        self.tasks.len() - 1
    }

    /// Spec: `has_backpressure`.
    fn has_backpressure(&self, task: usize) -> bool {
        let this = &self.tasks[task];
        let instance = &self.instances[this.instance];
        instance.backpressure > 0 || (this.kind.needs_exclusive() && instance.exclusive.is_some())
    }

    /// Spec: `enter_implicit_thread`, up to its wait.
    fn enter(&mut self, task: usize, pick: &mut dyn Pick) -> Answer<()> {
        let instance = self.tasks[task].instance;
        if self.has_backpressure(task) || self.instances[instance].waiting_to_enter > 0 {
            self.instances[instance].waiting_to_enter += 1;
            self.wait(task, Wait::Entry);
            return Ok(());
        }
        self.entered(task, pick)
    }

    /// Spec: `enter_implicit_thread` after its wait, `Task.start`, and the core call.
    fn entered(&mut self, task: usize, pick: &mut dyn Pick) -> Answer<()> {
        let (instance, subtask) = (self.tasks[task].instance, self.tasks[task].subtask);
        if self.tasks[task].kind.needs_exclusive() {
            self.instances[instance].exclusive = Some(task);
        }
        (self.tasks[task].entered, self.tasks[task].state) = (true, TaskState::Started);
        if let Some(subtask) = subtask {
            self.with_subtask(subtask, |subtask| subtask.state = SubtaskState::Started);
            self.progress(subtask)?;
        }
        self.begin(task, pick)
    }

    /// The thread of `task` waits from now on.
    pub(super) fn wait(&mut self, task: usize, wait: Wait) {
        if let Wait::Loop(Some(set)) | Wait::Set(set) = wait {
            self.sets[set].waiting += 1;
        }
        self.tasks[task].wait = Some(wait);
        self.waiting.push(task);
    }

    /// Spec: `Thread.ready`.
    pub(super) fn is_ready(&self, task: usize) -> bool {
        let this = &self.tasks[task];
        match this.wait {
            None => false,
            Some(Wait::Entry) => !self.has_backpressure(task),
            Some(Wait::Loop(set)) => {
                let cancelled = this.state == TaskState::PendingCancel;
                let event = set.is_none_or(|set| self.has_event(set));
                self.instances[this.instance].exclusive.is_none() && (cancelled || event)
            }
            Some(Wait::Set(set)) => self.has_event(set),
            Some(Wait::Turn) => true,
        }
    }

    /// Spec: `Thread.resume` of one that is ready, or whose cancellation is `cancelled`.
    pub(super) fn resume(&mut self, task: usize, cancelled: bool, pick: &mut dyn Pick) -> Answer<()> {
        self.waiting.retain(|&other| other != task);
        let wait = self.tasks[task].wait.take().ok_or(Trap)?;
        if let Wait::Loop(Some(set)) | Wait::Set(set) = wait {
            self.sets[set].waiting -= 1;
        }
        match wait {
            Wait::Entry => {
                self.instances[self.tasks[task].instance].waiting_to_enter -= 1;
                if cancelled { self.cancel_task(task) } else { self.entered(task, pick) }
            }
            Wait::Loop(set) => self.leave_loop(task, set, pick),
            Wait::Set(set) => {
                let event = self.take_event(set, pick)?;
                self.go_on(task, event)
            }
            Wait::Turn => self.go_on(task, [0; 3]),
        }
    }

    /// Spec: `deliver_pending_cancel`.
    pub(super) fn deliver_pending_cancel(&mut self, task: usize) -> bool {
        let pending = self.tasks[task].state == TaskState::PendingCancel;
        if pending {
            self.tasks[task].state = TaskState::CancelDelivered;
        }
        pending
    }

    /// Spec: `Task.return_`, and `on_resolve` of the caller.
    pub(super) fn return_task(&mut self, task: usize, result: u32) -> Answer<()> {
        trap_if(self.tasks[task].state == TaskState::Resolved)?;
        self.tasks[task].state = TaskState::Resolved;
        let Some(subtask) = self.tasks[task].subtask else { return Ok(()) };
        let caller = self.subtask(subtask)?.caller;
        self.instances[caller].memory[RESULT..RESULT + 4].copy_from_slice(&result.to_le_bytes());
        self.with_subtask(subtask, |subtask| subtask.state = SubtaskState::Returned);
        self.progress(subtask)
    }

    /// Spec: `Task.cancel`, and `on_resolve` of the caller.
    pub(super) fn cancel_task(&mut self, task: usize) -> Answer<()> {
        trap_if(self.tasks[task].state != TaskState::CancelDelivered)?;
        self.tasks[task].state = TaskState::Resolved;
        let Some(subtask) = self.tasks[task].subtask else { return Ok(()) };
        self.with_subtask(subtask, |subtask| {
            subtask.state = match subtask.state {
                SubtaskState::Starting => SubtaskState::CancelledBeforeStarted,
                _ => SubtaskState::CancelledBeforeReturned,
            };
        });
        self.progress(subtask)
    }

    /// Spec: `exit_implicit_thread`.
    pub(super) fn exit(&mut self, task: usize) -> Answer<()> {
        trap_if(self.tasks[task].state != TaskState::Resolved)?;
        self.tasks[task].entered = false;
        if self.tasks[task].kind.needs_exclusive() {
            self.instances[self.tasks[task].instance].exclusive = None;
        }
        Ok(())
    }

    /// Spec: `on_progress`.
    fn progress(&mut self, subtask: usize) -> Answer<()> {
        if self.subtask(subtask)?.index.is_some() {
            self.set_pending(subtask, Pending::Progress);
        }
        Ok(())
    }

    /// Spec: `subtask_event`.
    pub(super) fn subtask_event(&mut self, id: usize) -> Event {
        self.with_subtask(id, |subtask| subtask.delivered |= subtask.resolved());
        match self.subtask(id) {
            Ok(subtask) => [SUBTASK, subtask.index.unwrap_or(0), subtask.state as u32],
            Err(Trap) => [0; 3],
        }
    }

    /// Spec: `canon_subtask_cancel`, async.
    pub(super) fn cancel_subtask(&mut self, instance: usize, index: u32, pick: &mut dyn Pick) -> Answer<u32> {
        let id = self.waitable(instance, index)?;
        let subtask = self.subtask(id)?;
        let task = subtask.task;
        trap_if(subtask.delivered || subtask.cancellation_requested || self.waitables[id].set.is_some())?;
        if !subtask.resolved() {
            self.with_subtask(id, |subtask| subtask.cancellation_requested = true);
            self.request_cancellation(task, pick)?;
            if !self.subtask(id)?.resolved() {
                return Ok(BLOCKED);
            }
        }
        self.take_pending(id).map(|[_, _, payload]| payload).ok_or(Trap)
    }

    /// Spec: `Task.request_cancellation`: only an event loop hears of it.
    fn request_cancellation(&mut self, task: usize, pick: &mut dyn Pick) -> Answer<()> {
        if self.tasks[task].state == TaskState::Initial {
            self.tasks[task].state = TaskState::CancelDelivered;
            return self.resume(task, true, pick);
        }
        self.tasks[task].state = TaskState::PendingCancel;
        if matches!(self.tasks[task].wait, Some(Wait::Loop(_))) && self.is_ready(task) {
            return self.resume(task, false, pick);
        }
        Ok(())
    }

    /// Spec: `canon_subtask_drop`.
    pub(super) fn drop_subtask(&mut self, instance: usize, index: u32) -> Answer<()> {
        let id = self.waitable(instance, index)?;
        trap_if(!self.subtask(id)?.delivered)?;
        self.instances[instance].handles.remove(index)?;
        self.move_to_set(id, None);
        Ok(())
    }

    /// Spec: `Store.tick`; whether there was a thread to resume.
    pub(super) fn tick(&mut self, pick: &mut dyn Pick) -> Answer<bool> {
        let ready: Vec<usize> = self.waiting.iter().copied().filter(|&task| self.is_ready(task)).collect();
        if ready.is_empty() {
            return Ok(false);
        }
        self.resume(ready[pick.among(ready.len())], false, pick)?;
        Ok(true)
    }

    /// Spec: the loop at the end of `canon_lift`, for a function that is not async and waits: threads of its instance run
    /// until it is over.
    pub(super) fn run_until_resolved(&mut self, task: usize, pick: &mut dyn Pick) -> Answer<()> {
        let instance = self.tasks[task].instance;
        while self.tasks[task].state != TaskState::Resolved {
            let of_instance = |&task: &usize| self.tasks[task].instance == instance && self.tasks[task].entered;
            let ready: Vec<usize> =
                self.waiting.iter().copied().filter(of_instance).filter(|&task| self.is_ready(task)).collect();
            trap_if(ready.is_empty())?;
            self.resume(ready[pick.among(ready.len())], false, pick)?;
        }
        Ok(())
    }
}
