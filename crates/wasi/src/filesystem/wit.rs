//! The records, variants and flags of `wasi:filesystem/types`, and what they are in the words of the ports.

use super::{Flags, OpenRequest};
use crate::clocks::Instant;
use crate::sys;

thalweg::wit_variant! {
    /// Spec: `wasi:filesystem/types.descriptor-type`.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub enum DescriptorType {
        BlockDevice as "block-device",
        CharacterDevice as "character-device",
        Directory as "directory",
        Fifo as "fifo",
        SymbolicLink as "symbolic-link",
        RegularFile as "regular-file",
        Socket as "socket",
        Other(Option<String>) as "other",
    }
}

thalweg::wit_flags! {
    /// Spec: `wasi:filesystem/types.descriptor-flags`.
    pub struct DescriptorFlags {
        READ as "read",
        WRITE as "write",
        FILE_INTEGRITY_SYNC as "file-integrity-sync",
        DATA_INTEGRITY_SYNC as "data-integrity-sync",
        REQUESTED_WRITE_SYNC as "requested-write-sync",
        MUTATE_DIRECTORY as "mutate-directory",
    }
}

thalweg::wit_flags! {
    /// Spec: `wasi:filesystem/types.path-flags`.
    pub struct PathFlags {
        SYMLINK_FOLLOW as "symlink-follow",
    }
}

thalweg::wit_flags! {
    /// Spec: `wasi:filesystem/types.open-flags`.
    pub struct OpenFlags {
        CREATE as "create",
        DIRECTORY as "directory",
        EXCLUSIVE as "exclusive",
        TRUNCATE as "truncate",
    }
}

thalweg::wit_record! {
    /// Spec: `wasi:filesystem/types.descriptor-stat`.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct DescriptorStat {
        kind: DescriptorType as "type",
        link_count: u64 as "link-count",
        size: u64 as "size",
        data_access_timestamp: Option<Instant> as "data-access-timestamp",
        data_modification_timestamp: Option<Instant> as "data-modification-timestamp",
        status_change_timestamp: Option<Instant> as "status-change-timestamp",
    }
}

thalweg::wit_variant! {
    /// Spec: `wasi:filesystem/types.new-timestamp`.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum NewTimestamp {
        NoChange as "no-change",
        Now as "now",
        Timestamp(Instant) as "timestamp",
    }
}

thalweg::wit_record! {
    /// Spec: `wasi:filesystem/types.directory-entry`.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct DirectoryEntry {
        kind: DescriptorType as "type",
        name: String as "name",
    }
}

thalweg::wit_enum! {
    /// Spec: `wasi:filesystem/types.advice`.
    pub enum Advice {
        Normal as "normal",
        Sequential as "sequential",
        Random as "random",
        WillNeed as "will-need",
        DontNeed as "dont-need",
        NoReuse as "no-reuse",
    }
}

thalweg::wit_record! {
    /// Spec: `wasi:filesystem/types.metadata-hash-value`.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct MetadataHashValue {
        lower: u64 as "lower",
        upper: u64 as "upper",
    }
}

impl From<sys::FileKind> for DescriptorType {
    fn from(kind: sys::FileKind) -> Self {
        match kind {
            sys::FileKind::BlockDevice => DescriptorType::BlockDevice,
            sys::FileKind::CharacterDevice => DescriptorType::CharacterDevice,
            sys::FileKind::Directory => DescriptorType::Directory,
            sys::FileKind::Fifo => DescriptorType::Fifo,
            sys::FileKind::SymbolicLink => DescriptorType::SymbolicLink,
            sys::FileKind::RegularFile => DescriptorType::RegularFile,
            sys::FileKind::Socket => DescriptorType::Socket,
            sys::FileKind::Other => DescriptorType::Other(None),
        }
    }
}

impl From<sys::Stat> for DescriptorStat {
    fn from(stat: sys::Stat) -> Self {
        DescriptorStat {
            kind: stat.kind.into(),
            link_count: stat.link_count,
            size: stat.size,
            data_access_timestamp: stat.accessed.map(Instant::from),
            data_modification_timestamp: stat.modified.map(Instant::from),
            status_change_timestamp: stat.changed.map(Instant::from),
        }
    }
}

impl From<sys::DirEntry> for DirectoryEntry {
    fn from(entry: sys::DirEntry) -> Self {
        DirectoryEntry { kind: entry.kind.into(), name: entry.name }
    }
}

impl From<sys::MetadataHash> for MetadataHashValue {
    fn from(hash: sys::MetadataHash) -> Self {
        MetadataHashValue { lower: hash.lower, upper: hash.upper }
    }
}

impl From<NewTimestamp> for sys::NewTime {
    fn from(time: NewTimestamp) -> Self {
        match time {
            NewTimestamp::NoChange => sys::NewTime::Keep,
            NewTimestamp::Now => sys::NewTime::Now,
            NewTimestamp::Timestamp(at) => sys::NewTime::At(at.into()),
        }
    }
}

impl From<Advice> for sys::Advice {
    fn from(advice: Advice) -> Self {
        match advice {
            Advice::Normal => sys::Advice::Normal,
            Advice::Sequential => sys::Advice::Sequential,
            Advice::Random => sys::Advice::Random,
            Advice::WillNeed => sys::Advice::WillNeed,
            Advice::DontNeed => sys::Advice::DontNeed,
            Advice::NoReuse => sys::Advice::NoReuse,
        }
    }
}

impl From<PathFlags> for sys::Follow {
    fn from(flags: PathFlags) -> Self {
        sys::Follow::if_true(flags.contains(PathFlags::SYMLINK_FOLLOW))
    }
}

impl From<DescriptorFlags> for Flags {
    fn from(flags: DescriptorFlags) -> Self {
        Flags {
            read: flags.contains(DescriptorFlags::READ),
            write: flags.contains(DescriptorFlags::WRITE),
            file_integrity_sync: flags.contains(DescriptorFlags::FILE_INTEGRITY_SYNC),
            data_integrity_sync: flags.contains(DescriptorFlags::DATA_INTEGRITY_SYNC),
            requested_write_sync: flags.contains(DescriptorFlags::REQUESTED_WRITE_SYNC),
            mutate_directory: flags.contains(DescriptorFlags::MUTATE_DIRECTORY),
        }
    }
}

impl From<Flags> for DescriptorFlags {
    fn from(flags: Flags) -> Self {
        let named = [
            (flags.read, DescriptorFlags::READ),
            (flags.write, DescriptorFlags::WRITE),
            (flags.file_integrity_sync, DescriptorFlags::FILE_INTEGRITY_SYNC),
            (flags.data_integrity_sync, DescriptorFlags::DATA_INTEGRITY_SYNC),
            (flags.requested_write_sync, DescriptorFlags::REQUESTED_WRITE_SYNC),
            (flags.mutate_directory, DescriptorFlags::MUTATE_DIRECTORY),
        ];
        named.into_iter().filter(|(set, _)| *set).fold(DescriptorFlags::empty(), |all, (_, flag)| all | flag)
    }
}

/// The flags of `open-at` together.
pub(super) fn open_request(path: PathFlags, open: OpenFlags, flags: DescriptorFlags) -> OpenRequest {
    OpenRequest {
        follow: path.into(),
        create: open.contains(OpenFlags::CREATE),
        directory: open.contains(OpenFlags::DIRECTORY),
        exclusive: open.contains(OpenFlags::EXCLUSIVE),
        truncate: open.contains(OpenFlags::TRUNCATE),
        flags: flags.into(),
    }
}
