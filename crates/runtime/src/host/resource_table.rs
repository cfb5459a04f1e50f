//! Where host objects behind resources live.

use std::any::{Any, type_name};

use super::Resource;
use crate::{Error, Result};

struct Entry {
    object: Box<dyn Any + Send>,
    parent: Option<u32>,
    children: u32,
}

/// Host objects by number. An object may be the child of another, which then cannot be deleted first.
#[derive(Default)]
pub struct ResourceTable {
    entries: Vec<Option<Entry>>,
    free: Vec<u32>,
}

impl ResourceTable {
    /// An empty table.
    #[must_use]
    pub fn new() -> Self {
        ResourceTable::default()
    }

    /// Puts an object in; the resource owns it.
    ///
    /// # Errors
    ///
    /// When the table holds 2³² − 1 objects.
    pub fn push<H: Send + 'static>(&mut self, object: H) -> Result<Resource<H>> {
        self.insert(Box::new(object), None).map(Resource::new_own)
    }

    /// Puts an object in that must be deleted before `parent`.
    ///
    /// # Errors
    ///
    /// When `parent` is not there.
    pub fn push_child<H: Send + 'static, P: 'static>(
        &mut self,
        object: H,
        parent: &Resource<P>,
    ) -> Result<Resource<H>> {
        self.entry_mut(parent.rep())?.children += 1;
        self.insert(Box::new(object), Some(parent.rep())).map(Resource::new_own)
    }

    fn insert(&mut self, object: Box<dyn Any + Send>, parent: Option<u32>) -> Result<u32> {
        let entry = Some(Entry { object, parent, children: 0 });
        if let Some(rep) = self.free.pop() {
            self.entries[rep as usize] = entry;
            return Ok(rep);
        }
        let rep = u32::try_from(self.entries.len()).map_err(|_| Error::host("the resource table is full"))?;
        self.entries.push(entry);
        Ok(rep)
    }

    fn entry(&self, rep: u32) -> Result<&Entry> {
        self.entries.get(rep as usize).and_then(Option::as_ref).ok_or_else(|| absent(rep))
    }

    fn entry_mut(&mut self, rep: u32) -> Result<&mut Entry> {
        self.entries.get_mut(rep as usize).and_then(Option::as_mut).ok_or_else(|| absent(rep))
    }

    /// The object behind `resource`.
    ///
    /// # Errors
    ///
    /// When it is not there or of another type.
    pub fn get<H: 'static>(&self, resource: &Resource<H>) -> Result<&H> {
        self.entry(resource.rep())?.object.downcast_ref().ok_or_else(|| other_type::<H>(resource.rep()))
    }

    /// The object behind `resource`, to change.
    ///
    /// # Errors
    ///
    /// When it is not there or of another type.
    pub fn get_mut<H: 'static>(&mut self, resource: &Resource<H>) -> Result<&mut H> {
        let rep = resource.rep();
        self.entry_mut(rep)?.object.downcast_mut().ok_or_else(|| other_type::<H>(rep))
    }

    /// Takes the object out.
    ///
    /// # Errors
    ///
    /// When it is not there, of another type, or still has children.
    pub fn delete<H: 'static>(&mut self, resource: Resource<H>) -> Result<H> {
        let rep = resource.rep();
        let entry = self.entry(rep)?;
        if !entry.object.is::<H>() {
            return Err(other_type::<H>(rep));
        }
        if entry.children > 0 {
            return Err(Error::refused(format!("resource {rep} has children that must be dropped before it")));
        }
        let entry = self.entries.get_mut(rep as usize).and_then(Option::take).ok_or_else(|| absent(rep))?;
        self.free.push(rep);
        if let Some(parent) = entry.parent.and_then(|parent| self.entry_mut(parent).ok()) {
            parent.children -= 1;
        }
        entry.object.downcast().map(|object| *object).map_err(|_| other_type::<H>(rep))
    }

    /// How many objects there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len() - self.free.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

fn absent(rep: u32) -> Error {
    Error::host(format!("resource {rep} is not in the table"))
}

fn other_type<H>(rep: u32) -> Error {
    Error::host(format!("resource {rep} is not a {}", type_name::<H>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parent_outlives_its_children() {
        let mut table = ResourceTable::new();
        let parent = table.push(1u8).expect("room");
        let child = table.push_child("child", &parent).expect("parent is there");
        assert!(table.delete(Resource::<u8>::new_own(parent.rep())).is_err());
        assert_eq!(table.delete(child).expect("there"), "child");
        assert_eq!(table.delete(parent).expect("no children left"), 1);
        assert!(table.is_empty());
    }

    #[test]
    fn another_type_is_refused_and_stays() {
        let mut table = ResourceTable::new();
        let number = table.push(1u8).expect("room");
        let wrong = Resource::<String>::new_own(number.rep());
        assert!(table.get(&wrong).is_err());
        assert!(table.delete(wrong).is_err());
        assert_eq!(*table.get(&number).expect("still there"), 1);
    }
}
