//! An open file or directory in memory.

use std::any::Any;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard};

use super::names;
use super::tree::{Content, Inode, Tree, lock};
use super::walk::resolve;
use crate::sys::{
    Advice, BoxFuture, Code, DirEntry, FileKind, Follow, Instant, MetadataHash, NewTime, NewTimes, Node, OpenHow,
    Result, Stat,
};

/// An open file or directory in memory.
pub(super) struct SimNode {
    tree: Arc<Mutex<Tree>>,
    id: u64,
    kind: FileKind,
    can_read: bool,
    can_write: bool,
}

impl SimNode {
    /// Opens directory `id`.
    pub(super) fn open(tree: &Arc<Mutex<Tree>>, id: u64) -> Arc<dyn Node> {
        if let Ok(inode) = lock(tree).inode_mut(id) {
            inode.open += 1;
        }
        Arc::new(SimNode { tree: tree.clone(), id, kind: FileKind::Directory, can_read: true, can_write: false })
    }

    fn lock(&self) -> MutexGuard<'_, Tree> {
        lock(&self.tree)
    }

    /// The directory of an operation's other side, which must be of the same tree.
    fn neighbour(&self, other: &dyn Node) -> Result<u64> {
        let other = other.of_family::<SimNode>()?;
        if Arc::ptr_eq(&self.tree, &other.tree) { Ok(other.id) } else { Err(Code::CrossDevice.into()) }
    }
}

impl Drop for SimNode {
    fn drop(&mut self) {
        let mut tree = lock(&self.tree);
        if let Ok(inode) = tree.inode_mut(self.id) {
            inode.open = inode.open.saturating_sub(1);
        }
        tree.release(self.id);
    }
}

fn hash(id: u64, inode: &Inode) -> MetadataHash {
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        (salt, id, inode.stat().size, inode.modified).hash(&mut hasher);
        hasher.finish()
    };
    MetadataHash { lower: half(0), upper: half(1) }
}

fn set_times(tree: &mut Tree, id: u64, times: NewTimes) -> Result<()> {
    let now = tree.now();
    let set = |old: Instant, new: NewTime| match new {
        NewTime::Keep => Ok(old),
        NewTime::Now => Ok(now),
        NewTime::At(at) if at.nanoseconds >= 1_000_000_000 => Err(Code::Invalid),
        NewTime::At(at) => Ok(at),
    };
    let inode = tree.inode_mut(id)?;
    let (accessed, modified) = (set(inode.accessed, times.accessed)?, set(inode.modified, times.modified)?);
    (inode.accessed, inode.modified, inode.changed) = (accessed, modified, now);
    Ok(())
}

impl Node for SimNode {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn kind(&self) -> FileKind {
        self.kind
    }

    fn read_now(&self, offset: u64, buf: &mut [u8]) -> Result<Option<usize>> {
        if i64::try_from(offset).is_err() {
            return Err(Code::Invalid.into());
        }
        if !self.can_read {
            return Err(Code::BadDescriptor.into());
        }
        match &self.lock().inode(self.id)?.content {
            Content::File(bytes) => {
                let rest = bytes.get(offset as usize..).unwrap_or(&[]);
                let n = rest.len().min(buf.len());
                buf[..n].copy_from_slice(&rest[..n]);
                Ok(Some(n))
            }
            _ => Err(Code::IsDirectory.into()),
        }
    }

    fn read_later(self: Arc<Self>, offset: u64, max: usize) -> BoxFuture<Result<Vec<u8>>> {
        let mut bytes = vec![0; max];
        let answer = self.read_now(offset, &mut bytes).map(|n| {
            bytes.truncate(n.unwrap_or(0));
            bytes
        });
        Box::pin(std::future::ready(answer))
    }

    fn write_at(&self, offset: u64, buf: &[u8]) -> Result<usize> {
        if !self.can_write {
            return Err(Code::BadDescriptor.into());
        }
        let end =
            offset.checked_add(buf.len() as u64).filter(|end| i64::try_from(*end).is_ok()).ok_or(Code::Invalid)?;
        let mut tree = self.lock();
        let size = tree.inode(self.id)?.stat().size.max(end);
        let bytes = tree.resize(self.id, size)?;
        bytes[offset as usize..end as usize].copy_from_slice(buf);
        Ok(buf.len())
    }

    fn append(&self, buf: &[u8]) -> Result<usize> {
        let end = self.lock().inode(self.id)?.stat().size;
        self.write_at(end, buf)
    }

    fn advise(&self, offset: u64, _length: u64, _advice: Advice) -> Result<()> {
        if i64::try_from(offset).is_ok() { Ok(()) } else { Err(Code::Invalid.into()) }
    }

    fn sync(self: Arc<Self>, _metadata: bool) -> BoxFuture<Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn set_size(&self, size: u64) -> Result<()> {
        if !self.can_write {
            return Err(Code::Invalid.into());
        }
        if i64::try_from(size).is_err() {
            return Err(Code::FileTooLarge.into());
        }
        self.lock().resize(self.id, size).map(drop)
    }

    fn stat(&self) -> Result<Stat> {
        Ok(self.lock().inode(self.id)?.stat())
    }

    fn set_times(&self, times: NewTimes) -> Result<()> {
        set_times(&mut self.lock(), self.id, times)
    }

    fn metadata_hash(&self) -> Result<MetadataHash> {
        Ok(hash(self.id, self.lock().inode(self.id)?))
    }

    fn is_same(&self, other: &dyn Node) -> bool {
        self.neighbour(other).is_ok_and(|id| id == self.id)
    }

    fn read_directory(&self) -> Result<Box<dyn Iterator<Item = Result<DirEntry>> + Send>> {
        let tree = self.lock();
        let mut entries = Vec::new();
        for (name, id) in tree.entries(self.id)? {
            entries.push(Ok(DirEntry { kind: tree.inode(*id)?.kind(), name: name.clone() }));
        }
        Ok(Box::new(entries.into_iter()))
    }

    fn open_at(&self, path: &str, how: OpenHow) -> Result<Arc<dyn Node>> {
        let mut tree = self.lock();
        let id = names::open(&mut tree, self.id, path, how)?;
        let inode = tree.inode_mut(id)?;
        inode.open += 1;
        let (tree, kind) = (self.tree.clone(), inode.kind());
        Ok(Arc::new(SimNode { tree, id, kind, can_read: how.read, can_write: how.write }))
    }

    fn stat_at(&self, path: &str, follow: Follow) -> Result<Stat> {
        let tree = self.lock();
        Ok(tree.inode(resolve(&tree, self.id, path, follow)?)?.stat())
    }

    fn set_times_at(&self, path: &str, follow: Follow, times: NewTimes) -> Result<()> {
        let mut tree = self.lock();
        let id = resolve(&tree, self.id, path, follow)?;
        set_times(&mut tree, id, times)
    }

    fn metadata_hash_at(&self, path: &str, follow: Follow) -> Result<MetadataHash> {
        let tree = self.lock();
        let id = resolve(&tree, self.id, path, follow)?;
        Ok(hash(id, tree.inode(id)?))
    }

    fn create_directory_at(&self, path: &str) -> Result<()> {
        let content = Content::Directory { entries: Default::default(), parent: self.id };
        names::create(&mut self.lock(), self.id, path, content)
    }

    fn remove_directory_at(&self, path: &str) -> Result<()> {
        names::remove_directory(&mut self.lock(), self.id, path)
    }

    fn unlink_file_at(&self, path: &str) -> Result<()> {
        names::unlink(&mut self.lock(), self.id, path)
    }

    fn rename_at(&self, old: &str, target: &dyn Node, new: &str) -> Result<()> {
        let target = self.neighbour(target)?;
        names::rename(&mut self.lock(), self.id, old, target, new)
    }

    fn link_at(&self, old: &str, follow: Follow, target: &dyn Node, new: &str) -> Result<()> {
        let target = self.neighbour(target)?;
        names::link(&mut self.lock(), self.id, old, follow, target, new)
    }

    fn symlink_at(&self, content: &str, new: &str) -> Result<()> {
        if content.is_empty() {
            return Err(Code::NoEntry.into());
        }
        names::create(&mut self.lock(), self.id, new, Content::Link(content.to_string()))
    }

    fn readlink_at(&self, path: &str) -> Result<String> {
        names::readlink(&self.lock(), self.id, path)
    }
}
