//! A guest's file or directory: an open node, and what may be done with it.

use std::sync::Arc;

use super::{DirectoryReader, FileReader, FileWriter};
use crate::sys::{Advice, Code, FileKind, Follow, MetadataHash, NewTimes, Node, OpenHow, Result, Stat};

/// Spec: `wasi:filesystem/types.descriptor-flags`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags {
    /// Content can be read.
    pub read: bool,
    /// Content can be written.
    pub write: bool,
    /// Each write waits for the device: content and metadata.
    pub file_integrity_sync: bool,
    /// Each write waits for the device: content.
    pub data_integrity_sync: bool,
    /// Each read waits for writes to be on the device.
    pub requested_write_sync: bool,
    /// Names can be made and removed.
    pub mutate_directory: bool,
}

/// What a guest asks of `open-at`. Spec: `wasi:filesystem/types.open-flags`, with `path-flags` and `descriptor-flags`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenRequest {
    /// Whether a link at the end is followed.
    pub follow: Follow,
    /// Make a regular file if there is nothing.
    pub create: bool,
    /// Refuse anything but a directory.
    pub directory: bool,
    /// With `create`: refuse what exists.
    pub exclusive: bool,
    /// Make a regular file empty.
    pub truncate: bool,
    /// What the descriptor will be for.
    pub flags: Flags,
}

/// What may be done below a preopened directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DirPerms {
    /// Nothing below can be changed: not content, not names, not timestamps.
    ReadOnly,
    /// Everything.
    ReadWrite,
}

/// The host object behind `wasi:filesystem/types.descriptor`, of 0.2 and 0.3. Clones share the open file.
///
/// Whether anything may be changed comes from the preopen and goes down to everything opened below it, so no way of
/// opening gets around it. `mutate-directory` in a descriptor's flags tells what was asked for; in a writable preopen its
/// absence does not take the right away, since C libraries leave it out when they open a directory to work in.
#[derive(Clone)]
pub struct Descriptor {
    node: Arc<dyn Node>,
    flags: Flags,
    perms: DirPerms,
}

impl Descriptor {
    /// The descriptor of a preopened directory.
    #[must_use]
    pub fn preopen(node: Arc<dyn Node>, perms: DirPerms) -> Self {
        let mutate_directory = perms == DirPerms::ReadWrite;
        Descriptor { node, flags: Flags { read: true, mutate_directory, ..Flags::default() }, perms }
    }

    /// The open file or directory.
    #[must_use]
    pub fn node(&self) -> &Arc<dyn Node> {
        &self.node
    }

    /// Spec: `get-flags`.
    #[must_use]
    pub fn flags(&self) -> Flags {
        self.flags
    }

    /// Spec: `get-type`.
    #[must_use]
    pub fn kind(&self) -> FileKind {
        self.node.kind()
    }

    fn directory(&self) -> Result<()> {
        if self.kind() == FileKind::Directory { Ok(()) } else { Err(Code::NotDirectory.into()) }
    }

    fn mutable(&self) -> Result<()> {
        if self.perms == DirPerms::ReadWrite { Ok(()) } else { Err(Code::ReadOnly.into()) }
    }

    fn mutable_directory(&self) -> Result<()> {
        self.directory()?;
        self.mutable()
    }

    fn not_directory(&self) -> Result<()> {
        if self.kind() == FileKind::Directory { Err(Code::IsDirectory.into()) } else { Ok(()) }
    }

    fn readable(&self) -> Result<()> {
        self.not_directory()?;
        if self.flags.read { Ok(()) } else { Err(Code::BadDescriptor.into()) }
    }

    fn writable(&self) -> Result<()> {
        self.not_directory()?;
        if self.flags.write { Ok(()) } else { Err(Code::BadDescriptor.into()) }
    }

    /// The bytes from `offset` to the end. Spec: `read-via-stream`.
    ///
    /// # Errors
    ///
    /// When it is a directory, or was not opened for reading.
    pub fn reader(&self, offset: u64) -> Result<FileReader> {
        self.readable()?;
        Ok(FileReader::new(self.node.clone(), offset))
    }

    /// A place for bytes from `offset` on. Spec: `write-via-stream`.
    ///
    /// # Errors
    ///
    /// When it is a directory, or was not opened for writing.
    pub fn writer(&self, offset: u64) -> Result<FileWriter> {
        self.writable()?;
        Ok(FileWriter::at(self.node.clone(), offset))
    }

    /// A place for bytes at the end. Spec: `append-via-stream`.
    ///
    /// # Errors
    ///
    /// When it is a directory, or was not opened for writing.
    pub fn appender(&self) -> Result<FileWriter> {
        self.writable()?;
        Ok(FileWriter::at_end(self.node.clone()))
    }

    /// Up to `max` bytes at `offset` (0.2: `read`); empty at the end.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub async fn read(&self, offset: u64, max: usize) -> Result<Vec<u8>> {
        self.reader(offset)?.read_some(max).await
    }

    /// Writes at `offset` (0.2: `write`); says how many bytes were taken.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn write(&self, offset: u64, buf: &[u8]) -> Result<usize> {
        self.writable()?;
        if buf.is_empty() { Ok(0) } else { self.node.write_at(offset, buf) }
    }

    /// The names in it. Spec: `read-directory`.
    ///
    /// # Errors
    ///
    /// When it is not a directory.
    pub fn read_directory(&self) -> Result<DirectoryReader> {
        self.directory()?;
        self.node.read_directory()
    }

    /// Spec: `advise`.
    ///
    /// # Errors
    ///
    /// When it is not a file.
    pub fn advise(&self, offset: u64, length: u64, advice: Advice) -> Result<()> {
        self.not_directory().map_err(|_| Code::BadDescriptor)?;
        self.node.advise(offset, length, advice)
    }

    /// Spec: `sync`, and `sync-data` without `metadata`.
    ///
    /// # Errors
    ///
    /// When the device fails.
    pub async fn sync(&self, metadata: bool) -> Result<()> {
        // Nothing can be pending of a descriptor that cannot write; the standard makes it a success.
        if !self.flags.write {
            return Ok(());
        }
        self.node.clone().sync(metadata).await
    }

    /// Spec: `set-size`.
    ///
    /// # Errors
    ///
    /// When it cannot be written, or `size` is out of range.
    pub fn set_size(&self, size: u64) -> Result<()> {
        self.writable()?;
        self.node.set_size(size)
    }

    /// Spec: `stat`.
    ///
    /// # Errors
    ///
    /// When the system does not tell.
    pub fn stat(&self) -> Result<Stat> {
        self.node.stat()
    }

    /// Spec: `set-times`.
    ///
    /// # Errors
    ///
    /// When it is below a read-only preopen, or the timestamps are out of range.
    pub fn set_times(&self, times: NewTimes) -> Result<()> {
        self.mutable()?;
        self.node.set_times(times)
    }

    /// Spec: `metadata-hash`.
    ///
    /// # Errors
    ///
    /// When the system does not tell.
    pub fn metadata_hash(&self) -> Result<MetadataHash> {
        self.node.metadata_hash()
    }

    /// Spec: `is-same-object`.
    #[must_use]
    pub fn is_same(&self, other: &Descriptor) -> bool {
        self.node.is_same(&*other.node)
    }

    /// Spec: `stat-at`.
    ///
    /// # Errors
    ///
    /// As POSIX `fstatat`.
    pub fn stat_at(&self, path: &str, follow: Follow) -> Result<Stat> {
        self.directory()?;
        self.node.stat_at(path, follow)
    }

    /// Spec: `metadata-hash-at`.
    ///
    /// # Errors
    ///
    /// As POSIX `fstatat`.
    pub fn metadata_hash_at(&self, path: &str, follow: Follow) -> Result<MetadataHash> {
        self.directory()?;
        self.node.metadata_hash_at(path, follow)
    }

    /// Spec: `set-times-at`.
    ///
    /// # Errors
    ///
    /// As POSIX `utimensat`; read-only preopens refuse.
    pub fn set_times_at(&self, path: &str, follow: Follow, times: NewTimes) -> Result<()> {
        self.mutable_directory()?;
        self.node.set_times_at(path, follow, times)
    }

    /// Spec: `create-directory-at`.
    ///
    /// # Errors
    ///
    /// As POSIX `mkdirat`; read-only preopens refuse.
    pub fn create_directory_at(&self, path: &str) -> Result<()> {
        self.mutable_directory()?;
        self.node.create_directory_at(path)
    }

    /// Spec: `remove-directory-at`.
    ///
    /// # Errors
    ///
    /// As POSIX `unlinkat`; read-only preopens refuse.
    pub fn remove_directory_at(&self, path: &str) -> Result<()> {
        self.mutable_directory()?;
        self.node.remove_directory_at(path)
    }

    /// Spec: `unlink-file-at`.
    ///
    /// # Errors
    ///
    /// As POSIX `unlinkat`; read-only preopens refuse.
    pub fn unlink_file_at(&self, path: &str) -> Result<()> {
        self.mutable_directory()?;
        self.node.unlink_file_at(path)
    }

    /// Spec: `rename-at`.
    ///
    /// # Errors
    ///
    /// As POSIX `renameat`; both sides must be writable.
    pub fn rename_at(&self, old: &str, target: &Descriptor, new: &str) -> Result<()> {
        self.mutable_directory()?;
        target.mutable_directory()?;
        self.node.rename_at(old, &*target.node, new)
    }

    /// Spec: `link-at`.
    ///
    /// # Errors
    ///
    /// As POSIX `linkat`; both sides must be writable, or a second name would open a way to change the first.
    pub fn link_at(&self, old: &str, follow: Follow, target: &Descriptor, new: &str) -> Result<()> {
        self.mutable_directory()?;
        target.mutable_directory()?;
        self.node.link_at(old, follow, &*target.node, new)
    }

    /// Spec: `symlink-at`.
    ///
    /// # Errors
    ///
    /// As POSIX `symlinkat`; absolute contents are refused; read-only preopens refuse.
    pub fn symlink_at(&self, content: &str, new: &str) -> Result<()> {
        self.mutable_directory()?;
        if content.starts_with('/') {
            return Err(Code::NotPermitted.into());
        }
        self.node.symlink_at(content, new)
    }

    /// Spec: `readlink-at`.
    ///
    /// # Errors
    ///
    /// As POSIX `readlinkat`; absolute contents are not shown.
    pub fn readlink_at(&self, path: &str) -> Result<String> {
        self.directory()?;
        let content = self.node.readlink_at(path)?;
        if content.starts_with('/') { Err(Code::NotPermitted.into()) } else { Ok(content) }
    }

    /// Spec: `open-at`.
    ///
    /// # Errors
    ///
    /// As POSIX `openat`; read-only preopens refuse everything but reading.
    pub fn open_at(&self, path: &str, request: OpenRequest) -> Result<Descriptor> {
        self.directory()?;
        if request.create && request.directory {
            return Err(Code::Invalid.into());
        }
        let asked = request.flags;
        // Making and emptying a file are writes, whatever the flags say.
        let write = asked.write || request.create || request.truncate;
        let read = asked.read || !asked.write;
        if write || asked.mutate_directory {
            self.mutable()?;
        }
        let node = self.node.open_at(
            path,
            OpenHow {
                follow: request.follow,
                create: request.create,
                directory: request.directory,
                exclusive: request.exclusive,
                truncate: request.truncate,
                read,
                write,
                file_sync: asked.file_integrity_sync,
                data_sync: asked.data_integrity_sync,
            },
        )?;
        let is_directory = node.kind() == FileKind::Directory;
        let flags = Flags { read, write, mutate_directory: asked.mutate_directory && is_directory, ..asked };
        Ok(Descriptor { node, flags, perms: self.perms })
    }
}
