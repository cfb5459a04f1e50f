//! The table of handles of a component instance.
//!
//! Spec: `Table`: index 0 is never used, freed indices are used again, last freed first (guests can see that).

use crate::{Result, Trap};

/// Spec: `Table.MAX_LENGTH`.
pub(crate) const MAX_LENGTH: usize = (1 << 28) - 1;

/// Spec: `Table`.
pub(crate) struct Table<T> {
    array: Vec<Option<T>>,
    free: Vec<u32>,
    limit: usize,
}

impl<T> Table<T> {
    /// An empty table that holds at most `limit` entries.
    pub(crate) fn new(limit: usize) -> Self {
        Table { array: vec![None], free: Vec::new(), limit: limit.min(MAX_LENGTH) }
    }

    /// The entry, if there is one.
    #[inline]
    pub(crate) fn find(&self, index: u32) -> Option<&T> {
        self.array.get(index as usize).and_then(Option::as_ref)
    }

    /// Spec: `Table.get`.
    #[inline]
    pub(crate) fn get(&self, index: u32) -> Result<&T> {
        self.find(index).ok_or_else(|| Trap::UnknownHandle(index).into())
    }

    /// Spec: `Table.get`, to change the entry.
    #[inline]
    pub(crate) fn get_mut(&mut self, index: u32) -> Result<&mut T> {
        self.array.get_mut(index as usize).and_then(Option::as_mut).ok_or_else(|| Trap::UnknownHandle(index).into())
    }

    /// Spec: `Table.add`. Traps when the table is full.
    #[inline]
    pub(crate) fn add(&mut self, entry: T) -> Result<u32> {
        if let Some(index) = self.free.pop() {
            self.array[index as usize] = Some(entry);
            return Ok(index);
        }
        if self.array.len() > self.limit {
            return Err(Trap::TableFull.into());
        }
        self.array.push(Some(entry));
        Ok((self.array.len() - 1) as u32)
    }

    /// Spec: `Table.remove`.
    #[inline(always)]
    pub(crate) fn remove(&mut self, index: u32) -> Result<T> {
        let entry = self.array.get_mut(index as usize).and_then(Option::take);
        let entry = entry.ok_or(Trap::UnknownHandle(index))?;
        self.free.push(index);
        Ok(entry)
    }

    /// How many entries there are.
    pub(crate) fn len(&self) -> usize {
        self.array.len() - 1 - self.free.len()
    }

    /// Every entry with its index.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        self.array.iter().enumerate().filter_map(|(index, entry)| Some((index as u32, entry.as_ref()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_start_at_one_and_come_back_last_freed_first() {
        let mut table = Table::new(10);
        let indices: Vec<_> = (0..3).map(|i| table.add(i).expect("room")).collect();
        assert_eq!(indices, [1, 2, 3]);
        table.remove(1).expect("there");
        table.remove(3).expect("there");
        assert_eq!(table.add(7).expect("room"), 3);
        assert_eq!(table.add(8).expect("room"), 1);
        assert!(table.get(0).is_err());
        assert!(table.remove(9).is_err());
    }

    #[test]
    fn a_full_table_traps() {
        let mut table = Table::new(1);
        table.add(()).expect("room");
        assert_eq!(table.add(()).expect_err("full").as_trap(), Some(Trap::TableFull));
    }
}
