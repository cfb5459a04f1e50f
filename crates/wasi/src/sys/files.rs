//! The words of files: what they are, how they are opened, what is known about them.

use super::Instant;

/// Spec: `wasi:filesystem/types.descriptor-type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// A block device.
    BlockDevice,
    /// A character device.
    CharacterDevice,
    /// A directory.
    Directory,
    /// A named pipe.
    Fifo,
    /// A symbolic link.
    SymbolicLink,
    /// A regular file.
    RegularFile,
    /// A socket.
    Socket,
    /// Something else, or not known.
    Other,
}

/// Whether a symbolic link at the end of a path is followed; those on the way always are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follow {
    /// The link itself is meant.
    No,
    /// What the link leads to is meant.
    Yes,
}

impl Follow {
    /// `Yes` if `follow`.
    #[must_use]
    pub fn if_true(follow: bool) -> Self {
        if follow { Follow::Yes } else { Follow::No }
    }
}

/// Spec: `wasi:filesystem/types.descriptor-stat`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stat {
    /// What it is.
    pub kind: FileKind,
    /// How many names it has.
    pub link_count: u64,
    /// Bytes of a regular file; bytes of the path in a symbolic link.
    pub size: u64,
    /// Last read.
    pub accessed: Option<Instant>,
    /// Last change of the content.
    pub modified: Option<Instant>,
    /// Last change of the metadata.
    pub changed: Option<Instant>,
}

/// A name in a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirEntry {
    /// What it names.
    pub kind: FileKind,
    /// The name, one component.
    pub name: String,
}

/// What a timestamp becomes. Spec: `wasi:filesystem/types.new-timestamp`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewTime {
    /// What it was.
    Keep,
    /// The moment of the call.
    Now,
    /// This moment.
    At(Instant),
}

/// Both timestamps that can be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewTimes {
    /// Of the last read.
    pub accessed: NewTime,
    /// Of the last change of the content.
    pub modified: NewTime,
}

/// How reads will go. Spec: `wasi:filesystem/types.advice`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advice {
    /// Nothing known.
    Normal,
    /// From low offsets to high ones.
    Sequential,
    /// In no order.
    Random,
    /// Soon.
    WillNeed,
    /// Not soon.
    DontNeed,
    /// Once.
    NoReuse,
}

/// 128 bits that change when an object is changed or replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MetadataHash {
    /// 64 of them.
    pub lower: u64,
    /// The other 64.
    pub upper: u64,
}

/// How a path is opened. Permissions were checked by then: a node does what it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenHow {
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
    /// Content will be read.
    pub read: bool,
    /// Content will be written.
    pub write: bool,
    /// Each write waits for the device: content and metadata.
    pub file_sync: bool,
    /// Each write waits for the device: content.
    pub data_sync: bool,
}
