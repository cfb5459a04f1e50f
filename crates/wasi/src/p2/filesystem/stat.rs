//! Spec: wasi:filesystem/types: the types that differ from those of 0.3, because time and what a file is do.

use crate::p2::clocks::Datetime;
use crate::sys::{self, Code, FileKind, NewTime, NewTimes, Stat};

thalweg::wit_enum! {
    /// What a file is. Spec: wasi:filesystem/types.descriptor-type.
    pub enum DescriptorType {
        Unknown as "unknown",
        BlockDevice as "block-device",
        CharacterDevice as "character-device",
        Directory as "directory",
        Fifo as "fifo",
        SymbolicLink as "symbolic-link",
        RegularFile as "regular-file",
        Socket as "socket",
    }
}

thalweg::wit_record! {
    /// What is known about a file. Spec: wasi:filesystem/types.descriptor-stat.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct DescriptorStat {
        kind: DescriptorType as "type",
        link_count: u64 as "link-count",
        size: u64 as "size",
        data_access_timestamp: Option<Datetime> as "data-access-timestamp",
        data_modification_timestamp: Option<Datetime> as "data-modification-timestamp",
        status_change_timestamp: Option<Datetime> as "status-change-timestamp",
    }
}

thalweg::wit_variant! {
    /// What a timestamp becomes. Spec: wasi:filesystem/types.new-timestamp.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum NewTimestamp {
        NoChange as "no-change",
        Now as "now",
        Timestamp(Datetime) as "timestamp",
    }
}

impl From<FileKind> for DescriptorType {
    fn from(kind: FileKind) -> Self {
        match kind {
            FileKind::BlockDevice => DescriptorType::BlockDevice,
            FileKind::CharacterDevice => DescriptorType::CharacterDevice,
            FileKind::Directory => DescriptorType::Directory,
            FileKind::Fifo => DescriptorType::Fifo,
            FileKind::SymbolicLink => DescriptorType::SymbolicLink,
            FileKind::RegularFile => DescriptorType::RegularFile,
            FileKind::Socket => DescriptorType::Socket,
            FileKind::Other => DescriptorType::Unknown,
        }
    }
}

impl From<Stat> for DescriptorStat {
    fn from(stat: Stat) -> Self {
        DescriptorStat {
            kind: stat.kind.into(),
            link_count: stat.link_count,
            size: stat.size,
            data_access_timestamp: stat.accessed.and_then(Datetime::of),
            data_modification_timestamp: stat.modified.and_then(Datetime::of),
            status_change_timestamp: stat.changed.and_then(Datetime::of),
        }
    }
}

impl TryFrom<NewTimestamp> for NewTime {
    type Error = Code;

    fn try_from(time: NewTimestamp) -> Result<Self, Code> {
        Ok(match time {
            NewTimestamp::NoChange => NewTime::Keep,
            NewTimestamp::Now => NewTime::Now,
            NewTimestamp::Timestamp(at) => NewTime::At(at.try_into()?),
        })
    }
}

/// Both timestamps that can be set.
pub(super) fn new_times(accessed: NewTimestamp, modified: NewTimestamp) -> sys::Result<NewTimes> {
    Ok(NewTimes { accessed: accessed.try_into()?, modified: modified.try_into()? })
}
