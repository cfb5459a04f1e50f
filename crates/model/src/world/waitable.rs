//! What one can wait for, and sets of it. Spec: `Waitable`, `WaitableSet`.

use super::{Answer, End, Pick, Subtask, Trap, World, trap_if};
use crate::world::copy::CopyResult;
use crate::world::table::Handle;

/// Spec: `EventTuple`: code, handle, payload.
pub(super) type Event = [u32; 3];

/// Spec: `EventCode.NONE`.
pub(super) const NONE: Event = [0, 0, 0];
/// Spec: `EventCode.SUBTASK`.
pub(super) const SUBTASK: u32 = 1;
/// Spec: `EventCode.TASK_CANCELLED`.
pub(super) const TASK_CANCELLED: Event = [6, 0, 0];

/// An event that was not delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Pending {
    /// The subtask made progress.
    Progress,
    /// The copy is over; `reclaim` if its buffer still waits in the channel.
    Copied { result: CopyResult, reclaim: bool },
}

/// Which kind of waitable.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum What {
    /// The caller's side of a call.
    Subtask(Subtask),
    /// An end of a stream or future.
    End(End),
}

/// Spec: `Waitable`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Waitable {
    pub(super) pending: Option<Pending>,
    pub(super) set: Option<usize>,
    pub(super) what: What,
}

/// Spec: `WaitableSet`.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub(super) struct Set {
    pub(super) members: u32,
    /// Members with an event, oldest event first.
    pub(super) pending: Vec<usize>,
    /// Spec: `num_waiting`.
    pub(super) waiting: u32,
}

impl World {
    pub(super) fn add_waitable(&mut self, what: What) -> usize {
        self.waitables.push(Waitable { pending: None, set: None, what });
        self.waitables.len() - 1
    }

    pub(super) fn waitable(&self, instance: usize, index: u32) -> Answer<usize> {
        match self.instances[instance].handles.get(index)? {
            Handle::Waitable(id) => Ok(id),
            Handle::Set(_) => Err(Trap),
        }
    }

    pub(super) fn set(&self, instance: usize, index: u32) -> Answer<usize> {
        match self.instances[instance].handles.get(index)? {
            Handle::Set(id) => Ok(id),
            Handle::Waitable(_) => Err(Trap),
        }
    }

    /// Spec: `set_pending_event`.
    pub(super) fn set_pending(&mut self, id: usize, pending: Pending) {
        let this = &mut self.waitables[id];
        if this.pending.replace(pending).is_none()
            && let Some(set) = this.set
        {
            self.sets[set].pending.push(id);
        }
    }

    /// Spec: `Waitable.get_pending_event`: what it comes to is known when it is delivered.
    pub(super) fn take_pending(&mut self, id: usize) -> Option<Event> {
        let pending = self.waitables[id].pending.take()?;
        if let Some(set) = self.waitables[id].set {
            self.sets[set].pending.retain(|&other| other != id);
        }
        Some(match pending {
            Pending::Progress => self.subtask_event(id),
            Pending::Copied { result, reclaim } => self.copy_event(id, result, reclaim),
        })
    }

    /// Spec: `WaitableSet.get_pending_event`.
    pub(super) fn take_event(&mut self, set: usize, pick: &mut dyn Pick) -> Answer<Event> {
        let pending = &self.sets[set].pending;
        let id = pending[pick.among(pending.len())];
        self.take_pending(id).ok_or(Trap)
    }

    /// Spec: `canon_waitable_join`.
    pub(super) fn join(&mut self, instance: usize, index: u32, set: u32) -> Answer<()> {
        let id = self.waitable(instance, index)?;
        let set = if set == 0 { None } else { Some(self.set(instance, set)?) };
        self.move_to_set(id, set);
        Ok(())
    }

    /// Spec: `Waitable.join`.
    pub(super) fn move_to_set(&mut self, id: usize, set: Option<usize>) {
        let this = &mut self.waitables[id];
        let has_event = this.pending.is_some();
        if let Some(before) = std::mem::replace(&mut this.set, set) {
            self.sets[before].members -= 1;
            self.sets[before].pending.retain(|&other| other != id);
        }
        if let Some(set) = set {
            self.sets[set].members += 1;
            if has_event {
                self.sets[set].pending.push(id);
            }
        }
    }

    /// Spec: `canon_waitable_set_drop`.
    pub(super) fn drop_set(&mut self, instance: usize, index: u32) -> Answer<()> {
        let set = self.set(instance, index)?;
        trap_if(self.sets[set].members > 0 || self.sets[set].waiting > 0)?;
        self.instances[instance].handles.remove(index).map(|_| ())
    }

    pub(super) fn end(&self, id: usize) -> Answer<&End> {
        match &self.waitables[id].what {
            What::End(end) => Ok(end),
            What::Subtask(_) => Err(Trap),
        }
    }

    pub(super) fn subtask(&self, id: usize) -> Answer<&Subtask> {
        match &self.waitables[id].what {
            What::Subtask(subtask) => Ok(subtask),
            What::End(_) => Err(Trap),
        }
    }

    pub(super) fn with_end(&mut self, id: usize, change: impl FnOnce(&mut End)) {
        if let What::End(end) = &mut self.waitables[id].what {
            change(end);
        }
    }

    pub(super) fn with_subtask(&mut self, id: usize, change: impl FnOnce(&mut Subtask)) {
        if let What::Subtask(subtask) = &mut self.waitables[id].what {
            change(subtask);
        }
    }
}
