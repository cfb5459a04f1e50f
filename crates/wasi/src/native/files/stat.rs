//! What the OS knows about a file, in the words of the ports.

use std::hash::{DefaultHasher, Hash, Hasher};

use rustix::fs::{FileType, Stat as OsStat, Timestamps, UTIME_NOW, UTIME_OMIT};
use rustix::time::Timespec;

use crate::sys::{Code, FileKind, Instant, MetadataHash, NewTime, NewTimes, Result, Stat};

/// What kind of file the OS says it is.
pub(super) fn kind(file_type: FileType) -> FileKind {
    match file_type {
        FileType::RegularFile => FileKind::RegularFile,
        FileType::Directory => FileKind::Directory,
        FileType::Symlink => FileKind::SymbolicLink,
        FileType::Fifo => FileKind::Fifo,
        FileType::Socket => FileKind::Socket,
        FileType::CharacterDevice => FileKind::CharacterDevice,
        FileType::BlockDevice => FileKind::BlockDevice,
        FileType::Unknown => FileKind::Other,
    }
}

/// What the OS says about a file.
#[allow(clippy::unnecessary_cast, reason = "the widths of these fields differ between platforms")]
pub(super) fn stat(os: &OsStat) -> Stat {
    Stat {
        kind: kind(FileType::from_raw_mode(os.st_mode)),
        link_count: os.st_nlink as u64,
        size: u64::try_from(os.st_size).unwrap_or(0),
        accessed: instant(os.st_atime as i64, os.st_atime_nsec as u64),
        modified: instant(os.st_mtime as i64, os.st_mtime_nsec as u64),
        changed: instant(os.st_ctime as i64, os.st_ctime_nsec as u64),
    }
}

fn instant(seconds: i64, nanoseconds: u64) -> Option<Instant> {
    let nanoseconds = u32::try_from(nanoseconds).ok().filter(|nanoseconds| *nanoseconds < 1_000_000_000)?;
    Some(Instant { seconds, nanoseconds })
}

/// A hash over which object it is, and when and to what size it was last changed.
pub(super) fn metadata_hash(os: &OsStat) -> MetadataHash {
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        (salt, os.st_dev, os.st_ino, os.st_size, os.st_mtime, os.st_mtime_nsec).hash(&mut hasher);
        hasher.finish()
    };
    MetadataHash { lower: half(0), upper: half(1) }
}

/// Timestamps for the OS.
pub(super) fn timestamps(times: NewTimes) -> Result<Timestamps> {
    Ok(Timestamps { last_access: timespec(times.accessed)?, last_modification: timespec(times.modified)? })
}

fn timespec(time: NewTime) -> Result<Timespec> {
    match time {
        NewTime::Keep => Ok(Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT }),
        NewTime::Now => Ok(Timespec { tv_sec: 0, tv_nsec: UTIME_NOW }),
        // Out of range are also the two numbers above, which would mean something else than the guest said.
        NewTime::At(at) if at.nanoseconds >= 1_000_000_000 => Err(Code::Invalid.into()),
        NewTime::At(at) => Ok(Timespec { tv_sec: at.seconds, tv_nsec: at.nanoseconds.into() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nanoseconds_out_of_range_are_refused() {
        for nanoseconds in [1_000_000_000, UTIME_NOW as u32, UTIME_OMIT as u32, u32::MAX] {
            assert!(timespec(NewTime::At(Instant { seconds: 0, nanoseconds })).is_err());
        }
        assert!(timespec(NewTime::At(Instant { seconds: i64::MIN, nanoseconds: 999_999_999 })).is_ok());
    }
}
