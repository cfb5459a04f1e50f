//! The objects of a file system in memory, by number.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::sim::SimClock;
use crate::sys::{Code, FileKind, Instant, Result, Stat, SystemClock};

/// The root directory.
pub(super) const ROOT: u64 = 0;

/// What an object holds.
pub(super) enum Content {
    /// Bytes.
    File(Vec<u8>),
    /// Names, and the directory that this one is in.
    Directory { entries: BTreeMap<String, u64>, parent: u64 },
    /// A path.
    Link(String),
}

/// One object.
pub(super) struct Inode {
    pub(super) content: Content,
    pub(super) accessed: Instant,
    pub(super) modified: Instant,
    pub(super) changed: Instant,
    /// How many names lead here.
    pub(super) names: u64,
    /// How many nodes are open on it.
    pub(super) open: u64,
}

/// A file system in memory.
pub(super) struct Tree {
    inodes: BTreeMap<u64, Inode>,
    next: u64,
    clock: SimClock,
    capacity: u64,
    used: u64,
}

/// Locks a tree; a panic elsewhere does not make it unusable.
pub(super) fn lock(tree: &Mutex<Tree>) -> MutexGuard<'_, Tree> {
    tree.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Inode {
    /// What kind of object it is.
    pub(super) fn kind(&self) -> FileKind {
        match self.content {
            Content::File(_) => FileKind::RegularFile,
            Content::Directory { .. } => FileKind::Directory,
            Content::Link(_) => FileKind::SymbolicLink,
        }
    }

    /// What is known about it.
    pub(super) fn stat(&self) -> Stat {
        let size = match &self.content {
            Content::File(bytes) => bytes.len(),
            Content::Directory { entries, .. } => entries.len(),
            Content::Link(path) => path.len(),
        };
        Stat {
            kind: self.kind(),
            link_count: self.names,
            size: size as u64,
            accessed: Some(self.accessed),
            modified: Some(self.modified),
            changed: Some(self.changed),
        }
    }
}

impl Tree {
    pub(super) fn new(clock: SimClock, capacity: u64) -> Self {
        let mut tree = Tree { inodes: BTreeMap::new(), next: ROOT, clock, capacity, used: 0 };
        tree.add(Content::Directory { entries: BTreeMap::new(), parent: ROOT });
        // The root has a name outside of the tree.
        if let Ok(root) = tree.inode_mut(ROOT) {
            root.names = 1;
        }
        tree
    }

    /// The date.
    pub(super) fn now(&self) -> Instant {
        SystemClock::now(&self.clock)
    }

    /// A new object that nothing leads to yet.
    pub(super) fn add(&mut self, content: Content) -> u64 {
        let (id, now) = (self.next, self.now());
        self.next += 1;
        self.inodes.insert(id, Inode { content, accessed: now, modified: now, changed: now, names: 0, open: 0 });
        id
    }

    pub(super) fn inode(&self, id: u64) -> Result<&Inode> {
        self.inodes.get(&id).ok_or_else(|| Code::NoEntry.into())
    }

    pub(super) fn inode_mut(&mut self, id: u64) -> Result<&mut Inode> {
        self.inodes.get_mut(&id).ok_or_else(|| Code::NoEntry.into())
    }

    /// The names in directory `id`.
    pub(super) fn entries(&self, id: u64) -> Result<&BTreeMap<String, u64>> {
        match &self.inode(id)?.content {
            Content::Directory { entries, .. } => Ok(entries),
            _ => Err(Code::NotDirectory.into()),
        }
    }

    /// Gives `child` the name `name` in directory `parent`, which had no such name.
    pub(super) fn enter(&mut self, parent: u64, name: &str, child: u64) -> Result<()> {
        let now = self.now();
        let directory = self.inode_mut(parent)?;
        if directory.names == 0 {
            return Err(Code::NoEntry.into());
        }
        let Content::Directory { entries, .. } = &mut directory.content else { return Err(Code::NotDirectory.into()) };
        entries.insert(name.to_string(), child);
        (directory.modified, directory.changed) = (now, now);
        let child = self.inode_mut(child)?;
        (child.names, child.changed) = (child.names + 1, now);
        if let Content::Directory { parent: above, .. } = &mut child.content {
            *above = parent;
        }
        Ok(())
    }

    /// Takes the name away; what it led to goes when nothing else holds it.
    pub(super) fn leave(&mut self, parent: u64, name: &str) -> Result<()> {
        let now = self.now();
        let directory = self.inode_mut(parent)?;
        let Content::Directory { entries, .. } = &mut directory.content else { return Err(Code::NotDirectory.into()) };
        let Some(child) = entries.remove(name) else { return Err(Code::NoEntry.into()) };
        (directory.modified, directory.changed) = (now, now);
        let inode = self.inode_mut(child)?;
        (inode.names, inode.changed) = (inode.names.saturating_sub(1), now);
        self.release(child);
        Ok(())
    }

    /// Forgets the object if neither a name nor a node holds it.
    pub(super) fn release(&mut self, id: u64) {
        let Some(inode) = self.inodes.get(&id) else { return };
        if inode.names > 0 || inode.open > 0 {
            return;
        }
        if let Content::File(bytes) = &inode.content {
            self.used = self.used.saturating_sub(bytes.len() as u64);
        }
        self.inodes.remove(&id);
    }

    /// Whether directory `id` is `above` or below it.
    pub(super) fn is_below(&self, mut id: u64, above: u64) -> bool {
        while id != above {
            match self.inode(id).map(|inode| &inode.content) {
                Ok(Content::Directory { parent, .. }) if id != ROOT => id = *parent,
                _ => return false,
            }
        }
        true
    }

    /// The bytes of file `id`, to be changed, after making it `size` bytes long.
    pub(super) fn resize(&mut self, id: u64, size: u64) -> Result<&mut Vec<u8>> {
        let (now, capacity, used) = (self.now(), self.capacity, self.used);
        let inode = self.inode_mut(id)?;
        let Content::File(bytes) = &mut inode.content else { return Err(Code::Invalid.into()) };
        let used = used - bytes.len() as u64;
        // Checked before anything is allocated: the size is a guest's word.
        let used = match used.checked_add(size) {
            Some(used) if used <= capacity => used,
            _ => return Err(Code::InsufficientSpace.into()),
        };
        bytes.resize(size as usize, 0);
        (inode.modified, inode.changed) = (now, now);
        self.used = used;
        match &mut self.inode_mut(id)?.content {
            Content::File(bytes) => Ok(bytes),
            _ => Err(Code::Invalid.into()),
        }
    }
}
