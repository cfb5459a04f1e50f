//! The model: instances, tasks, subtasks, sets, streams and futures as plain values, and the rules between them.
//!
//! It is written after the standard's `definitions.py` and what was merged since, and after nothing of the runtime. There
//! are no stacks: a job is a state machine, and everything that waits is a `Task` with a `Wait`. Whatever the standard
//! leaves open is asked of a [`Pick`].

mod copy;
mod job;
mod step;
mod table;
mod task;
mod waitable;

use copy::{Channel, End};
pub use copy::{CopyState, Side};
pub use table::{Handle, Table};
pub use task::{Subtask, SubtaskState};
use task::{Task, TaskState, Wait};
pub use waitable::What;
use waitable::{Set, Waitable};

/// The guest trapped, which ends a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trap;

/// What a step answers.
pub type Answer<T> = Result<T, Trap>;

fn trap_if(condition: bool) -> Answer<()> {
    if condition { Err(Trap) } else { Ok(()) }
}

/// Makes the choices that the standard leaves open.
pub trait Pick {
    /// One of `count`, which is at least 1. Threads and events are in the order in which they began to wait.
    fn among(&mut self, count: usize) -> usize;
}

/// Bytes of an instance's memory that scripts reach.
const MEMORY: usize = 512;

/// Every instance begins with a waitable set, which has this handle.
pub const SET: u32 = 1;

/// A component instance.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Instance {
    /// Its table.
    pub handles: Table,
    /// Spec: `backpressure`.
    pub backpressure: u32,
    waiting_to_enter: u32,
    exclusive: Option<usize>,
    memory: [u8; MEMORY],
    /// What its jobs were told, folded.
    hash: u32,
}

impl Instance {
    fn new(number: usize, set: usize) -> Self {
        let mut handles = Table::default();
        handles.add(Handle::Set(set));
        let mut memory = [0; MEMORY];
        for (at, byte) in memory[256..].iter_mut().enumerate() {
            *byte = (number * 64 + at) as u8;
        }
        Instance { handles, backpressure: 0, waiting_to_enter: 0, exclusive: None, memory, hash: 0 }
    }

    fn note(&mut self, words: [u32; 4]) {
        for word in words {
            self.hash = self.hash.wrapping_mul(31).wrapping_add(word);
        }
    }
}

/// Everything that lives. Tasks, waitables, sets and channels have numbers that are never used again.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct World {
    /// The instances of the script.
    pub instances: Vec<Instance>,
    tasks: Vec<Task>,
    waitables: Vec<Waitable>,
    sets: Vec<Set>,
    channels: Vec<Channel>,
    /// Tasks that wait, longest first. Spec: `Store.waiting`.
    waiting: Vec<usize>,
}

impl World {
    /// `count` instances in which nothing has happened.
    #[must_use]
    pub fn new(count: usize) -> Self {
        let instances = (0..count).map(|number| Instance::new(number, number)).collect();
        let sets = vec![Set::default(); count];
        let (tasks, waitables, channels, waiting) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        World { instances, tasks, waitables, sets, channels, waiting }
    }

    /// Forgets who waits longest, for whoever looks at every order anyway.
    pub fn forget_order(&mut self) {
        self.waiting.sort_unstable();
    }

    /// What the waitable `id` is.
    #[must_use]
    pub fn what(&self, id: usize) -> &What {
        &self.waitables[id].what
    }

    /// Whether the waitable `id` is in a set.
    #[must_use]
    pub fn is_in_set(&self, id: usize) -> bool {
        self.waitables[id].set.is_some()
    }

    /// Whether a set has an event.
    #[must_use]
    pub fn has_event(&self, set: usize) -> bool {
        !self.sets[set].pending.is_empty()
    }

    /// How many members a set has.
    #[must_use]
    pub fn members(&self, set: usize) -> u32 {
        self.sets[set].members
    }

    /// Whether a thread of `instance` could go on now.
    #[must_use]
    pub fn someone_is_ready(&self, instance: usize) -> bool {
        self.waiting.iter().any(|&task| self.tasks[task].instance == instance && self.is_ready(task))
    }
}
