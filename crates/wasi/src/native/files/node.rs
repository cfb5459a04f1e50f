//! An open file or directory of the OS.

use std::any::Any;
use std::fs::File;
use std::io::{IoSlice, IoSliceMut};
use std::num::NonZeroU64;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use rustix::fs::{
    Advice as OsAdvice, Dir, FileType, Mode, OFlags, copy_file_range, fadvise, fdatasync, fstat, fsync, ftruncate,
    futimens,
};
use rustix::io::{Errno, ReadWriteFlags, pread, preadv2, pwrite, pwritev2, retry_on_intr};

use super::beneath::open_beneath;
use super::directory::Names;
use super::{names, stat};
use crate::native::blocking::blocking;
use crate::native::errno::error;
use crate::sys::{
    Advice, BoxFuture, Code, DirEntry, FileKind, Follow, MetadataHash, NewTimes, Node, OpenHow, Result, Stat,
};

/// New files, before the process's umask.
const FILE_MODE: Mode =
    Mode::RUSR.union(Mode::WUSR).union(Mode::RGRP).union(Mode::WGRP).union(Mode::ROTH).union(Mode::WOTH);

/// An open file or directory of the OS.
pub(crate) struct OsNode {
    file: Arc<File>,
    kind: FileKind,
}

impl OsNode {
    /// What `fd` is open for is up to its maker.
    pub(crate) fn new(fd: OwnedFd) -> Result<Self> {
        let found = fstat(&fd).map_err(error)?;
        Ok(OsNode { file: Arc::new(fd.into()), kind: stat::kind(FileType::from_raw_mode(found.st_mode)) })
    }
}

/// Offsets of the OS are signed, and the largest unsigned one would mean "where the file is".
fn in_range(offset: u64) -> Result<()> {
    if i64::try_from(offset).is_ok() { Ok(()) } else { Err(Code::Invalid.into()) }
}

fn open_flags(how: OpenHow) -> OFlags {
    // Without NONBLOCK, opening a named pipe would wait for its other end.
    let mut flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    flags |= match (how.read, how.write) {
        (_, false) => OFlags::RDONLY,
        (false, true) => OFlags::WRONLY,
        (true, true) => OFlags::RDWR,
    };
    flags.set(OFlags::NOFOLLOW, how.follow == Follow::No);
    flags.set(OFlags::CREATE, how.create);
    flags.set(OFlags::EXCL, how.create && how.exclusive);
    flags.set(OFlags::DIRECTORY, how.directory);
    flags.set(OFlags::TRUNC, how.truncate);
    flags.set(OFlags::SYNC, how.file_sync);
    if how.data_sync {
        flags |= OFlags::DSYNC;
    }
    flags
}

impl Node for OsNode {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn kind(&self) -> FileKind {
        self.kind
    }

    fn read_now(&self, offset: u64, buf: &mut [u8]) -> Result<Option<usize>> {
        in_range(offset)?;
        let answer =
            retry_on_intr(|| preadv2(&self.file, &mut [IoSliceMut::new(&mut *buf)], offset, ReadWriteFlags::NOWAIT));
        match answer {
            Ok(n) => Ok(Some(n)),
            Err(Errno::AGAIN | Errno::OPNOTSUPP | Errno::NOSYS) => Ok(None),
            Err(errno) => Err(error(errno)),
        }
    }

    fn read_later(self: Arc<Self>, offset: u64, max: usize) -> BoxFuture<Result<Vec<u8>>> {
        let file = self.file.clone();
        blocking(move || {
            in_range(offset)?;
            let mut bytes = vec![0; max];
            let n = retry_on_intr(|| pread(&file, &mut *bytes, offset)).map_err(error)?;
            bytes.truncate(n);
            Ok(bytes)
        })
    }

    fn copy_later(&self, offset: u64, target: &dyn Node, to: u64, max: usize) -> Option<BoxFuture<Result<usize>>> {
        let target = target.of_family::<OsNode>().ok()?;
        if self.kind != FileKind::RegularFile || target.kind != FileKind::RegularFile {
            return None;
        }
        let (source, target) = (self.file.clone(), target.file.clone());
        Some(blocking(move || {
            in_range(offset)?;
            in_range(to)?;
            retry_on_intr(|| copy_file_range(&source, Some(&mut offset.clone()), &target, Some(&mut to.clone()), max))
                .map_err(error)
        }))
    }

    fn write_at(&self, offset: u64, buf: &[u8]) -> Result<usize> {
        in_range(offset)?;
        retry_on_intr(|| pwrite(&self.file, buf, offset)).map_err(error)
    }

    fn append(&self, buf: &[u8]) -> Result<usize> {
        let parts = [IoSlice::new(buf)];
        retry_on_intr(|| pwritev2(&self.file, &parts, 0, ReadWriteFlags::APPEND)).map_err(error)
    }

    fn advise(&self, offset: u64, length: u64, advice: Advice) -> Result<()> {
        in_range(offset)?;
        let advice = match advice {
            Advice::Normal => OsAdvice::Normal,
            Advice::Sequential => OsAdvice::Sequential,
            Advice::Random => OsAdvice::Random,
            Advice::WillNeed => OsAdvice::WillNeed,
            Advice::DontNeed => OsAdvice::DontNeed,
            Advice::NoReuse => OsAdvice::NoReuse,
        };
        // A length beyond the signed range reaches the end as well.
        let length = NonZeroU64::new(length).filter(|length| i64::try_from(length.get()).is_ok());
        fadvise(&self.file, offset, length, advice).map_err(error)
    }

    fn sync(self: Arc<Self>, metadata: bool) -> BoxFuture<Result<()>> {
        let file = self.file.clone();
        blocking(move || if metadata { fsync(&file) } else { fdatasync(&file) }.map_err(error))
    }

    fn set_size(&self, size: u64) -> Result<()> {
        if i64::try_from(size).is_err() {
            return Err(Code::FileTooLarge.into());
        }
        ftruncate(&self.file, size).map_err(error)
    }

    fn stat(&self) -> Result<Stat> {
        fstat(&self.file).map(|os| stat::stat(&os)).map_err(error)
    }

    fn set_times(&self, times: NewTimes) -> Result<()> {
        futimens(&self.file, &stat::timestamps(times)?).map_err(error)
    }

    fn metadata_hash(&self) -> Result<MetadataHash> {
        fstat(&self.file).map(|os| stat::metadata_hash(&os)).map_err(error)
    }

    fn is_same(&self, other: &dyn Node) -> bool {
        let Ok(other) = other.of_family::<OsNode>() else { return false };
        match (fstat(&self.file), fstat(&other.file)) {
            (Ok(a), Ok(b)) => (a.st_dev, a.st_ino) == (b.st_dev, b.st_ino),
            _ => false,
        }
    }

    fn read_directory(&self) -> Result<Box<dyn Iterator<Item = Result<DirEntry>> + Send>> {
        // A descriptor of its own, so that several readers do not share one position.
        Ok(Box::new(Names::new(Dir::read_from(&self.file).map_err(error)?)))
    }

    fn open_at(&self, path: &str, how: OpenHow) -> Result<Arc<dyn Node>> {
        let fd = open_beneath(&self.file, path.as_bytes(), open_flags(how), FILE_MODE)?;
        Ok(Arc::new(OsNode::new(fd)?))
    }

    fn stat_at(&self, path: &str, follow: Follow) -> Result<Stat> {
        names::stat(&self.file, path, follow).map(|os| stat::stat(&os))
    }

    fn set_times_at(&self, path: &str, follow: Follow, times: NewTimes) -> Result<()> {
        names::set_times(&self.file, path, follow, &stat::timestamps(times)?)
    }

    fn metadata_hash_at(&self, path: &str, follow: Follow) -> Result<MetadataHash> {
        names::stat(&self.file, path, follow).map(|os| stat::metadata_hash(&os))
    }

    fn create_directory_at(&self, path: &str) -> Result<()> {
        names::create_directory(&self.file, path)
    }

    fn remove_directory_at(&self, path: &str) -> Result<()> {
        names::remove_directory(&self.file, path)
    }

    fn unlink_file_at(&self, path: &str) -> Result<()> {
        names::unlink(&self.file, path)
    }

    fn rename_at(&self, old: &str, target: &dyn Node, new: &str) -> Result<()> {
        names::rename(&self.file, old, &target.of_family::<OsNode>()?.file, new)
    }

    fn link_at(&self, old: &str, follow: Follow, target: &dyn Node, new: &str) -> Result<()> {
        names::link(&self.file, old, follow, &target.of_family::<OsNode>()?.file, new)
    }

    fn symlink_at(&self, content: &str, new: &str) -> Result<()> {
        names::symlink(&self.file, content, new)
    }

    fn readlink_at(&self, path: &str) -> Result<String> {
        names::readlink(&self.file, path)
    }
}
