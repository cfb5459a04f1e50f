//! What the runtime knows of everything that lives in a store.

use std::any::Any;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Waker;

use super::{Choose, Mailbox, ResourceTypeId, Slab, Words};
use crate::abi::Held;
use crate::adapter::AdaptedCall;
use crate::canon::Lowered;
use crate::engine::{Continuation, CoreLimits, GoOn, Seam};
use crate::host::HostTask;
use crate::instance::{ComponentInstance, Handle, InstanceId, ResourceHandle, RootInstance, RuntimeResource};
use crate::stream::window::Windows;
use crate::stream::{CopyEnd, HostEnd, Shared};
use crate::task::direct::Direct;
use crate::task::lane::Lane;
use crate::task::light::{self, LightCall};
use crate::task::light_host::Visible;
use crate::task::noted::Noted;
use crate::task::{
    Callee, CoreCallee, ErrorContext, Subtask, Task, TaskId, Thread, ThreadId, Waitable, WaitableRef, WaitableSet,
};
use crate::{AsyncRules, Error, Limits, Result};

/// How many stores there were in the process.
static STORES: AtomicU32 = AtomicU32::new(0);

/// Everything but the core store itself. Spec: `Store`, and what the classes of the standard point at.
pub(crate) struct State {
    /// Which store of the process it is.
    pub(crate) number: u32,
    /// The rules for calls that wait.
    pub(crate) rules: AsyncRules,
    pub(crate) limits: Limits,
    pub(crate) core_limits: CoreLimits,
    pub(crate) seam: Seam,
    /// The embedder's data: an `Arc<Mutex<T>>`.
    pub(crate) data: Arc<dyn Any + Send + Sync>,
    pub(crate) mailbox: Arc<Mailbox>,
    /// Where the mailbox's contents are put while they are carried out; empty but for that.
    pub(crate) words: Words,
    /// A waker that a call of the host needs no more, and the number of its place, for the next one there.
    pub(crate) spare_waker: Option<(u32, Waker)>,
    pub(crate) choose: Choose,

    pub(crate) roots: Slab<RootInstance>,
    pub(crate) instances: Slab<ComponentInstance>,
    pub(crate) resource_types: Vec<RuntimeResource>,
    /// Resources of guests that the host owns.
    pub(crate) held: Slab<Held>,
    pub(crate) tasks: Slab<Task>,
    pub(crate) threads: Slab<Thread>,
    pub(crate) subtasks: Slab<Subtask>,
    pub(crate) sets: Slab<WaitableSet>,
    pub(crate) ends: Slab<CopyEnd>,
    pub(crate) shared: Slab<Shared>,
    pub(crate) windows: Windows,
    pub(crate) host_tasks: Slab<HostTask>,
    pub(crate) error_contexts: Slab<ErrorContext>,

    /// Lowered functions that were called, by their numbers.
    pub(crate) lowered: Vec<Arc<Lowered>>,
    /// Calls that have no task yet, innermost last. While one runs, all that run below it up to the last thread are here.
    pub(crate) light: Vec<LightCall>,
    /// Calls that generated code has noted, if it does so.
    pub(crate) noted: Option<Noted>,

    /// What is left of the light call of the host that runs, if it got a task.
    pub(crate) visible: Option<Visible>,
    /// Calls under way on the stacks of their callers, innermost last: they cannot wait, so they nest. A trap leaves entries
    /// behind, and a store that nobody enters again.
    pub(crate) direct: Vec<Direct>,

    /// Threads that may be ready, oldest first, each once; the turn of the loop looks at each again.
    pub(crate) maybe_ready: VecDeque<ThreadId>,
    /// Guests that pass items to one another just now, if their turns are noted there.
    pub(crate) lane: Option<Box<Lane>>,
    /// How often a thread stopped running.
    pub(crate) stops: u64,
    /// What the next answer of [`State::short_way`] is computed from.
    ways: u32,
    /// Who runs now.
    pub(crate) current: Current,
    /// The next run of a thread is a turn of the store's loop, which goes on on its stack.
    pub(crate) in_turn: bool,
    /// What a stack whose call has returned does next.
    pub(crate) go_on: GoOn,
    /// Turns that may be made before the embedder gets control.
    pub(crate) turns_left: usize,
    /// Whether a call of the host came to its end since the host was told.
    pub(crate) host_called: bool,
    /// A thread that was chosen to run next, by a turn that could not run it.
    pub(crate) chosen: Option<ThreadId>,
    /// The thread that the parking thread wants to run next. Spec: `switch_to`.
    pub(crate) switch_to: Option<ThreadId>,
    /// The `leaf_storage` of each caller whose callee runs on its stack with storage of its own, innermost last. A trap
    /// leaves entries behind, and their callees locked for ever.
    pub(crate) outer_storages: Vec<Option<[u64; 2]>>,
    /// Calls under way that have an adapter and borrow, innermost last. A trap leaves entries behind, as above.
    pub(crate) adapted_calls: Vec<AdaptedCall>,

    /// Functions that adapters call which make an entry of the call, see `task/light_adapter.rs`.
    pub(crate) adapted_callees: Vec<Arc<CoreCallee>>,

    #[cfg(test)]
    pub(crate) engine_test: EngineTest,
}

/// Who runs now.
#[derive(Clone, Copy, Default)]
pub(crate) struct Current {
    /// Spec: `current_thread`.
    pub(crate) thread: Option<ThreadId>,
    /// The thread-local storage of a `realloc`, which runs as a thread of its own. Spec: `LiftLowerContext.reallocate`.
    pub(crate) leaf_storage: Option<[u64; 2]>,
    /// Whether it is the last of [`State::light`], which has no thread.
    pub(crate) light: bool,
    /// Whether it runs as a turn of the store's loop.
    pub(crate) in_turn: bool,
    /// Whether it was noted already that it stopped: it is about to park.
    pub(crate) stopped: bool,
}

impl State {
    /// An empty store's state.
    pub(crate) fn new(limits: Limits, choose: Choose, data: Arc<dyn Any + Send + Sync>) -> Self {
        State {
            number: STORES.fetch_add(1, Ordering::Relaxed),
            rules: AsyncRules::Current,
            core_limits: CoreLimits::new(&limits),
            seam: Seam::default(),
            limits,
            data,
            mailbox: Arc::default(),
            words: Words::default(),
            spare_waker: None,
            choose,
            roots: Slab::default(),
            instances: Slab::default(),
            resource_types: Vec::new(),
            held: Slab::default(),
            tasks: Slab::default(),
            threads: Slab::default(),
            subtasks: Slab::default(),
            sets: Slab::default(),
            ends: Slab::default(),
            shared: Slab::default(),
            windows: Windows::default(),
            host_tasks: Slab::default(),
            error_contexts: Slab::default(),
            lowered: Vec::new(),
            light: Vec::new(),
            noted: None,
            visible: None,
            direct: Vec::new(),
            maybe_ready: VecDeque::new(),
            lane: None,
            stops: 0,
            ways: 0,
            current: Current::default(),
            in_turn: false,
            go_on: crate::task::go_on,
            turns_left: 0,
            host_called: false,
            chosen: None,
            switch_to: None,
            outer_storages: Vec::new(),
            adapted_calls: Vec::new(),
            adapted_callees: Vec::new(),
            #[cfg(test)]
            engine_test: EngineTest::default(),
        }
    }

    /// A state for tests of the engine seam alone.
    #[cfg(test)]
    pub(crate) fn for_tests() -> Self {
        State::new(Limits::default(), Choose::first(), Arc::new(()))
    }

    /// Takes every suspended stack out, to be dropped while the core store is alive.
    pub(crate) fn take_continuations(&mut self) -> Vec<Continuation> {
        self.threads.values_mut().filter_map(|thread| thread.continuation.take()).collect()
    }

    /// If a light call runs, it gets a task and a thread.
    #[inline]
    pub(crate) fn make_current_visible(&mut self) -> Result<()> {
        if self.current.light { light::make_visible(self) } else { Ok(()) }
    }

    /// What runs from now on has thread-local storage of its own.
    pub(crate) fn enter_storage(&mut self) {
        let before = self.current.leaf_storage.replace([0, 0]);
        self.outer_storages.push(before);
    }

    /// It has run.
    pub(crate) fn leave_storage(&mut self) -> Result<()> {
        let outer = self.outer_storages.pop().ok_or_else(|| crate::error::bug!("storage is left twice"))?;
        self.current.leaf_storage = outer;
        Ok(())
    }

    /// The thread that runs. Spec: `current_thread`.
    #[inline]
    pub(crate) fn current_thread(&mut self) -> Result<ThreadId> {
        self.make_current_visible()?;
        self.current.thread.ok_or_else(|| crate::error::bug!("no thread runs"))
    }

    /// The task that runs. Spec: `current_task`.
    #[inline]
    pub(crate) fn current_task(&mut self) -> Result<TaskId> {
        let thread = self.current_thread()?;
        Ok(self.threads.get(thread)?.task)
    }

    /// The common part of a waitable.
    #[inline]
    pub(crate) fn waitable(&self, waitable: WaitableRef) -> Result<&Waitable> {
        match waitable {
            WaitableRef::Subtask(id) => Ok(&self.subtasks.get(id)?.waitable),
            WaitableRef::End(id) => Ok(&self.ends.get(id)?.waitable),
        }
    }

    /// The common part of a waitable, to change.
    #[inline]
    pub(crate) fn waitable_mut(&mut self, waitable: WaitableRef) -> Result<&mut Waitable> {
        match waitable {
            WaitableRef::Subtask(id) => Ok(&mut self.subtasks.get_mut(id)?.waitable),
            WaitableRef::End(id) => Ok(&mut self.ends.get_mut(id)?.waitable),
        }
    }

    /// The resource handle `index` of `instance`, to change.
    #[inline]
    pub(crate) fn resource_mut(&mut self, instance: InstanceId, index: u32) -> Result<&mut ResourceHandle> {
        match self.instances.get_mut(instance)?.handles.get_mut(index)? {
            Handle::Resource(handle) => Ok(handle),
            other => Err(other.wrong(index, "a resource")),
        }
    }

    /// Whether a short way is taken where there is one. Always, when the first choice is; under every other choice as if by
    /// chance, so that a script under seeds compares each short way with its twin. It is no choice of its own: nobody
    /// can see which way was taken.
    #[inline]
    pub(crate) fn short_way(&mut self) -> bool {
        if self.choose.is_first() {
            return true;
        }
        self.ways = self.ways.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.ways >> 31 == 0
    }

    /// Lets the next turn of the loop look whether `thread` is ready. One that is to be looked at already keeps its place:
    /// a guest can wake it as often as it likes.
    #[inline]
    pub(crate) fn wake(&mut self, thread: ThreadId) {
        if let Some(this) = self.threads.find_mut(thread)
            && !std::mem::replace(&mut this.maybe_ready, true)
        {
            self.maybe_ready.push_back(thread);
        }
    }

    /// The thread that is to be looked at next.
    #[inline]
    pub(crate) fn next_maybe_ready(&mut self) -> Option<ThreadId> {
        let thread = self.maybe_ready.pop_front()?;
        if let Some(this) = self.threads.find_mut(thread) {
            this.maybe_ready = false;
        }
        Some(thread)
    }

    /// Notes that `thread` runs no longer: it waits from now on, or is suspended.
    #[inline]
    pub(crate) fn note_stopped(&mut self, thread: ThreadId) {
        self.stops += 1;
        if let Some(this) = self.threads.find_mut(thread) {
            (this.running, this.stopped) = (false, self.stops);
        }
    }

    /// Whether more turns may be made before the embedder gets control.
    #[inline]
    pub(crate) fn goes_on(&self) -> bool {
        self.turns_left > 0 && !self.host_called && self.switch_to.is_none()
    }

    /// Whether there may be one more task; a light call counts as one.
    #[inline]
    pub(crate) fn has_room_for_task(&self) -> bool {
        self.tasks.len() + self.light.len() < self.limits.max_tasks
    }

    /// The same, as an error if not.
    #[inline]
    pub(crate) fn check_room_for_task(&self) -> Result<()> {
        if self.has_room_for_task() { Ok(()) } else { Err(self.too_many_tasks()) }
    }

    #[cold]
    fn too_many_tasks(&self) -> Error {
        self.limits.reached("max-tasks", format!("{} tasks exist", self.tasks.len() + self.light.len()))
    }

    /// The resource type `id`.
    pub(crate) fn resource_type(&self, id: ResourceTypeId) -> Result<&RuntimeResource> {
        self.resource_types.get(id.0 as usize).ok_or_else(|| crate::error::bug!("resource type {} is gone", id.0))
    }
}

impl State {
    /// Subtasks, sets and ends that no handle stands for and no thread waits for.
    pub(crate) fn orphans(&self) -> usize {
        let handles = self.instances.iter().flat_map(|(_, instance)| instance.handles.iter());
        let held = |handle: &Handle| matches!(handle, Handle::Subtask(_) | Handle::Set(_) | Handle::End(_));
        let held = handles.filter(|(_, handle)| held(handle)).count();
        let waited_for = |subtask: &Subtask| {
            let callee = matches!(subtask.callee, Callee::Task(task) if self.tasks.find(task).is_some());
            subtask.index.is_none()
                && (callee || subtask.waiter.is_some_and(|thread| self.threads.find(thread).is_some()))
        };
        let waited_for = self.subtasks.iter().filter(|(_, subtask)| waited_for(subtask)).count();
        (self.subtasks.len() + self.sets.len() + self.ends.len()).saturating_sub(held + waited_for)
    }

    /// Whether host work is under way that can still wake a guest.
    pub(crate) fn host_is_busy(&self) -> bool {
        let ends = |shared: &Shared| {
            let guest_waits = shared.pending.is_some();
            let host = shared.writer.is_some() || shared.reader.is_some();
            let hand_over = shared.writer.is_some() && shared.reader.is_some();
            // A guest may wait to hear that the writer is gone, without reading.
            let unread = match (&shared.writer, shared.readable.and_then(|end| self.ends.find(end))) {
                (Some(HostEnd::Producer(producer)), Some(end)) => {
                    end.waitable.set.is_some() && producer.ends_unread().is_some()
                }
                _ => false,
            };
            host && guest_waits || hand_over || unread
        };
        self.host_tasks.len() > 0 || self.shared.iter().any(|(_, shared)| ends(shared))
    }
}

/// What tests of the engine seam write down.
#[cfg(test)]
#[derive(Default)]
pub(crate) struct EngineTest {
    /// What happened, in order.
    pub(crate) log: Vec<u64>,
    /// What was found.
    pub(crate) values: Vec<u64>,
    /// Calls for stacks that are free, the next one last.
    pub(crate) jobs: Vec<(crate::engine::CoreFunc, crate::abi::Args)>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::Stage;

    #[test]
    fn a_thread_that_may_be_ready_is_noted_once() {
        let mut state = State::for_tests();
        let [first, second] = [(); 2].map(|()| state.threads.insert(Thread::new(TaskId::NONE, Stage::Enter)));
        for _ in 0..1000 {
            state.wake(first);
            state.wake(second);
        }
        assert_eq!(state.maybe_ready.len(), 2, "what a guest repeats takes no memory");
        assert_eq!(state.next_maybe_ready(), Some(first));
        state.wake(first);
        assert_eq!([(); 3].map(|()| state.next_maybe_ready()), [Some(second), Some(first), None]);
    }
}
