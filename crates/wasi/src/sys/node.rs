//! An open file or directory.

use std::any::Any;
use std::sync::Arc;

use super::{Advice, BoxFuture, DirEntry, Error, FileKind, Follow, MetadataHash, NewTimes, OpenHow, Result, Stat};

/// An open file or directory, with every operation of `wasi:filesystem` in neutral words.
///
/// Paths are relative to the node, which is then a directory; a path that would leave it (by `..`, by being absolute,
/// or through a symbolic link) fails with [`Code::NotPermitted`](super::Code::NotPermitted) and does nothing. An
/// operation between two nodes needs both of one family; a node of another family is
/// [`Code::CrossDevice`](super::Code::CrossDevice).
///
/// Calls return promptly: metadata is answered in place, and whatever may wait for a device is a future. Permissions of
/// preopens are not checked here (see [`Descriptor`](crate::filesystem::Descriptor)).
pub trait Node: Send + Sync + 'static {
    /// For operations between two nodes of one family.
    fn as_any(&self) -> &dyn Any;

    /// What it is.
    fn kind(&self) -> FileKind;

    /// Reads at `offset` without waiting for a device. `Ok(None)`: it would wait; use [`read_later`](Self::read_later).
    /// `Ok(Some(0))`: the end.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    fn read_now(&self, offset: u64, buf: &mut [u8]) -> Result<Option<usize>>;

    /// Reads up to `max` bytes at `offset`, waiting as it must; empty at the end.
    fn read_later(self: Arc<Self>, offset: u64, max: usize) -> BoxFuture<Result<Vec<u8>>>;

    /// Copies up to `max` bytes at `offset` to `to` of `target` without this process's memory; says how many, and gives an
    /// error for whatever cannot be done this way. `None`: these two know no such way.
    fn copy_later(&self, offset: u64, target: &dyn Node, to: u64, max: usize) -> Option<BoxFuture<Result<usize>>> {
        let _ = (offset, target, to, max);
        None
    }

    /// Writes at `offset` into the system's memory; says how many bytes were taken, at least one.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    fn write_at(&self, offset: u64, buf: &[u8]) -> Result<usize>;

    /// Writes at the end, whereever that is then; says how many bytes were taken, at least one.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    fn append(&self, buf: &[u8]) -> Result<usize>;

    /// Tells how reads of `length` bytes from `offset` (0: to the end) will go.
    ///
    /// # Errors
    ///
    /// When it is not a file.
    fn advise(&self, offset: u64, length: u64, advice: Advice) -> Result<()>;

    /// Waits until the content (and with `metadata` all metadata) is on the device.
    fn sync(self: Arc<Self>, metadata: bool) -> BoxFuture<Result<()>>;

    /// Cuts or fills up with zeros.
    ///
    /// # Errors
    ///
    /// When it cannot be written, or `size` is out of range.
    fn set_size(&self, size: u64) -> Result<()>;

    /// What is known about it.
    ///
    /// # Errors
    ///
    /// When the system does not tell.
    fn stat(&self) -> Result<Stat>;

    /// Sets timestamps.
    ///
    /// # Errors
    ///
    /// When they are not the caller's to set.
    fn set_times(&self, times: NewTimes) -> Result<()>;

    /// Changes when it is changed or replaced.
    ///
    /// # Errors
    ///
    /// When the system does not tell.
    fn metadata_hash(&self) -> Result<MetadataHash>;

    /// Whether both are the same object of the system.
    fn is_same(&self, other: &dyn Node) -> bool;

    /// The names in it, without `.` and `..`, in the order the family gives.
    ///
    /// # Errors
    ///
    /// When it is not a directory. Later errors are items.
    fn read_directory(&self) -> Result<Box<dyn Iterator<Item = Result<DirEntry>> + Send>>;

    /// Opens `path`.
    ///
    /// # Errors
    ///
    /// As POSIX `openat`.
    fn open_at(&self, path: &str, how: OpenHow) -> Result<Arc<dyn Node>>;

    /// What is known about `path`.
    ///
    /// # Errors
    ///
    /// As POSIX `fstatat`.
    fn stat_at(&self, path: &str, follow: Follow) -> Result<Stat>;

    /// Sets timestamps of `path`.
    ///
    /// # Errors
    ///
    /// As POSIX `utimensat`.
    fn set_times_at(&self, path: &str, follow: Follow, times: NewTimes) -> Result<()>;

    /// Changes when what is at `path` is changed or replaced.
    ///
    /// # Errors
    ///
    /// As POSIX `fstatat`.
    fn metadata_hash_at(&self, path: &str, follow: Follow) -> Result<MetadataHash>;

    /// Makes a directory.
    ///
    /// # Errors
    ///
    /// As POSIX `mkdirat`.
    fn create_directory_at(&self, path: &str) -> Result<()>;

    /// Removes an empty directory.
    ///
    /// # Errors
    ///
    /// As POSIX `unlinkat` with `AT_REMOVEDIR`.
    fn remove_directory_at(&self, path: &str) -> Result<()>;

    /// Removes a name that is not a directory's.
    ///
    /// # Errors
    ///
    /// As POSIX `unlinkat`.
    fn unlink_file_at(&self, path: &str) -> Result<()>;

    /// Gives what is at `old` the name `new` in `target`, instead.
    ///
    /// # Errors
    ///
    /// As POSIX `renameat`.
    fn rename_at(&self, old: &str, target: &dyn Node, new: &str) -> Result<()>;

    /// Gives what is at `old` the name `new` in `target`, too.
    ///
    /// # Errors
    ///
    /// As POSIX `linkat`; directories are refused.
    fn link_at(&self, old: &str, follow: Follow, target: &dyn Node, new: &str) -> Result<()>;

    /// Makes a symbolic link at `new` that says `content`.
    ///
    /// # Errors
    ///
    /// As POSIX `symlinkat`.
    fn symlink_at(&self, content: &str, new: &str) -> Result<()>;

    /// What the symbolic link at `path` says.
    ///
    /// # Errors
    ///
    /// As POSIX `readlinkat`; [`Code::IllegalByteSequence`](super::Code::IllegalByteSequence) when it is not Unicode.
    fn readlink_at(&self, path: &str) -> Result<String>;
}

impl dyn Node {
    /// `self` as a node of family `N`.
    ///
    /// # Errors
    ///
    /// [`Code::CrossDevice`](super::Code::CrossDevice) when it is of another one.
    pub fn of_family<N: 'static>(&self) -> Result<&N> {
        self.as_any().downcast_ref().ok_or_else(|| Error::from(super::Code::CrossDevice))
    }
}
