//! The names in a directory of the OS.

use rustix::fs::{AtFlags, Dir, DirEntry as OsEntry, FileType, statat};

use super::stat::kind;
use crate::native::errno::error;
use crate::sys::{Code, DirEntry, Result};

/// Reads a directory from its start, some names at a time.
pub(super) struct Names(Dir);

impl Names {
    pub(super) fn new(dir: Dir) -> Self {
        Names(dir)
    }

    fn entry(&self, entry: &OsEntry) -> Result<Option<DirEntry>> {
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            return Ok(None);
        }
        let file_type = match entry.file_type() {
            // Some file systems do not say it in the directory.
            FileType::Unknown => match statat(self.0.fd().map_err(error)?, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => FileType::from_raw_mode(stat.st_mode),
                Err(_) => FileType::Unknown,
            },
            known => known,
        };
        let name = name.to_str().map_err(|_| Code::IllegalByteSequence)?.to_owned();
        Ok(Some(DirEntry { kind: kind(file_type), name }))
    }
}

impl Iterator for Names {
    type Item = Result<DirEntry>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.0.read()? {
                Ok(entry) => match self.entry(&entry).transpose() {
                    None => {}
                    some => return some,
                },
                Err(errno) => return Some(Err(error(errno))),
            }
        }
    }
}
