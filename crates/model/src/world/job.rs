//! What the functions of a driver do, between the built-ins that they call: the code of [`driver`](crate::driver).

use super::waitable::{Event, NONE, TASK_CANCELLED};
use super::{Answer, Pick, SET, TaskState, Wait, World};

/// How a function is lifted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// Async, with a callback.
    Callback,
    /// Of an async type, but lifted without `async`: it keeps the exclusive lock while it waits.
    Held,
    /// Async, without a callback.
    Stackful,
    /// Of a type that is not async; the host calls it.
    Sync,
}

impl Kind {
    /// Which function does what `mode` says.
    pub(super) fn of(mode: u32) -> Self {
        match mode {
            0..=5 => Kind::Callback,
            6 | 7 => Kind::Held,
            _ => Kind::Stackful,
        }
    }

    pub(super) fn needs_exclusive(self) -> bool {
        matches!(self, Kind::Callback | Kind::Held)
    }
}

impl World {
    /// The core call that begins a task.
    pub(super) fn begin(&mut self, task: usize, pick: &mut dyn Pick) -> Answer<()> {
        let (instance, mode) = (self.tasks[task].instance, self.tasks[task].mode);
        match mode {
            0 => {
                self.return_task(task, 100)?;
                self.exit(task)
            }
            1 | 4 => self.event_loop(task, None),
            2 | 3 | 5 => {
                let set = self.set(instance, SET)?;
                self.event_loop(task, Some(set))
            }
            6 | 8 => {
                let set = self.set(instance, SET)?;
                if self.has_event(set) {
                    let event = self.take_event(set, pick)?;
                    return self.go_on(task, event);
                }
                self.wait(task, Wait::Set(set));
                Ok(())
            }
            _ => {
                self.wait(task, Wait::Turn);
                Ok(())
            }
        }
    }

    /// Spec: the top of the event loop of `canon_lift`: waits for an event of `set`, or for the next turn.
    fn event_loop(&mut self, task: usize, set: Option<usize>) -> Answer<()> {
        self.instances[self.tasks[task].instance].exclusive = None;
        if self.deliver_pending_cancel(task) {
            return self.call_back(task, TASK_CANCELLED);
        }
        self.wait(task, Wait::Loop(set));
        Ok(())
    }

    /// Spec: the wait of an event loop is over.
    pub(super) fn leave_loop(&mut self, task: usize, set: Option<usize>, pick: &mut dyn Pick) -> Answer<()> {
        let event = match set {
            _ if self.deliver_pending_cancel(task) => TASK_CANCELLED,
            Some(set) => self.take_event(set, pick)?,
            None => NONE,
        };
        self.call_back(task, event)
    }

    fn call_back(&mut self, task: usize, event: Event) -> Answer<()> {
        let (instance, mode) = (self.tasks[task].instance, self.tasks[task].mode);
        self.instances[instance].exclusive = Some(task);
        self.instances[instance].note([mode, event[0], event[1], event[2]]);
        if event == TASK_CANCELLED && mode != 3 {
            self.cancel_task(task)?;
            return self.exit(task);
        }
        match mode {
            4 => {
                self.tasks[task].mode = 1;
                self.event_loop(task, None)
            }
            5 => {
                self.tasks[task].mode = 2;
                let set = self.set(instance, SET)?;
                self.event_loop(task, Some(set))
            }
            _ => {
                self.return_task(task, 100 + mode)?;
                self.exit(task)
            }
        }
    }

    /// What a function does after it waited in the middle of its code.
    pub(super) fn go_on(&mut self, task: usize, event: Event) -> Answer<()> {
        let (instance, mode, kind) = (self.tasks[task].instance, self.tasks[task].mode, self.tasks[task].kind);
        if kind == Kind::Sync {
            self.answer_event(instance, event);
            self.tasks[task].state = TaskState::Resolved;
            return Ok(());
        }
        self.instances[instance].note([mode, event[0], event[1], event[2]]);
        self.return_task(task, 100 + mode)?;
        self.exit(task)
    }

    /// A function that is not async waits on a set.
    pub(super) fn wait_on_set(&mut self, instance: usize, index: u32, pick: &mut dyn Pick) -> Answer<u32> {
        let set = self.set(instance, index)?;
        let event = if self.has_event(set) {
            Some(self.take_event(set, pick)?)
        } else {
            let task = self.add_task(Kind::Sync, instance, 0, None);
            (self.tasks[task].state, self.tasks[task].entered) = (TaskState::Started, true);
            self.wait(task, Wait::Set(set));
            self.run_until_resolved(task, pick)?;
            None
        };
        match event {
            Some(event) => Ok(self.answer_event(instance, event)),
            None => Ok(self.last_answer(instance)),
        }
    }

    /// What `poll` and `wait` answer: the event, folded; it is in memory, too.
    pub(super) fn answer_event(&mut self, instance: usize, event: Event) -> u32 {
        let memory = &mut self.instances[instance].memory;
        for (at, word) in event.iter().enumerate() {
            memory[at * 4..at * 4 + 4].copy_from_slice(&word.to_le_bytes());
        }
        self.last_answer(instance)
    }

    fn last_answer(&self, instance: usize) -> u32 {
        let memory = &self.instances[instance].memory;
        let word = |at: usize| u32::from_le_bytes([memory[at], memory[at + 1], memory[at + 2], memory[at + 3]]);
        word(0).wrapping_mul(31).wrapping_add(word(4)).wrapping_mul(31).wrapping_add(word(8))
    }
}
