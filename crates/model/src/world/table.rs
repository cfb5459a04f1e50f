//! Handles of an instance. Spec: `Table`.

use super::{Answer, Trap};

/// What a handle stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Handle {
    /// A subtask or an end of a stream or future.
    Waitable(usize),
    /// A waitable set.
    Set(usize),
}

/// Spec: `Table`: numbers begin at 1, and the one that was freed last is used first.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Table {
    slots: Vec<Option<Handle>>,
    free: Vec<u32>,
}

impl Table {
    /// Spec: `add`.
    pub fn add(&mut self, handle: Handle) -> u32 {
        if let Some(index) = self.free.pop() {
            self.slots[index as usize - 1] = Some(handle);
            return index;
        }
        self.slots.push(Some(handle));
        self.slots.len() as u32
    }

    /// Spec: `get`.
    pub fn get(&self, index: u32) -> Answer<Handle> {
        self.find(index).ok_or(Trap)
    }

    /// What `index` stands for, if it does.
    #[must_use]
    pub fn find(&self, index: u32) -> Option<Handle> {
        self.slots.get((index as usize).checked_sub(1)?).copied().flatten()
    }

    /// Spec: `remove`.
    pub fn remove(&mut self, index: u32) -> Answer<Handle> {
        let handle = self.get(index)?;
        self.slots[index as usize - 1] = None;
        self.free.push(index);
        Ok(handle)
    }

    /// All that are in use.
    pub fn iter(&self) -> impl Iterator<Item = (u32, Handle)> {
        self.slots.iter().enumerate().filter_map(|(at, handle)| Some((at as u32 + 1, (*handle)?)))
    }

    /// The highest number there ever was.
    #[must_use]
    pub fn highest(&self) -> u32 {
        self.slots.len() as u32
    }
}
