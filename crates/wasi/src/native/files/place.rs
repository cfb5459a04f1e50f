//! Where a path's last component lives, for everything that works on a name and not on an open file.

use std::borrow::Cow;
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::readlinkat;
use rustix::io::Errno;

use super::beneath::open_parent;
use crate::native::errno::error;
use crate::sys::{Code, Result};

/// As many links as Linux follows in one path.
const MAX_LINKS: usize = 40;
/// As long as a path of Linux may be.
const MAX_PATH: usize = 4096;

/// What a path names.
pub(super) enum Place<'a> {
    /// A name in a directory.
    Name(Name<'a>),
    /// A directory by `.` or `..` at the end; `up` for the latter.
    Dots {
        /// By `..`.
        up: bool,
    },
}

/// A name in a directory: one component, neither `.` nor `..`, without a slash, so working on it without following it
/// cannot lead out of the directory.
pub(super) struct Name<'a> {
    /// The directory.
    pub(super) parent: Parent<'a>,
    /// The name in it.
    pub(super) name: Vec<u8>,
    /// The path ended in a slash: only a directory is meant.
    pub(super) slash: bool,
}

impl Name<'_> {
    /// The name as the kernel may see it: with the slash, where it never follows a link at the end.
    pub(super) fn with_slash(&self) -> Cow<'_, [u8]> {
        if self.slash { Cow::Owned([&*self.name, b"/"].concat()) } else { Cow::Borrowed(&self.name) }
    }
}

/// The directory that a name is in.
pub(super) enum Parent<'a> {
    /// The one that the path starts from.
    Root(&'a File),
    /// One below it.
    Below(OwnedFd),
}

impl Parent<'_> {
    /// A descriptor of its own.
    pub(super) fn into_owned(self, root: &File) -> Result<OwnedFd> {
        match self {
            Parent::Root(_) => open_parent(root, b"."),
            Parent::Below(fd) => Ok(fd),
        }
    }
}

impl AsFd for Parent<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Parent::Root(file) => file.as_fd(),
            Parent::Below(fd) => fd.as_fd(),
        }
    }
}

struct Split<'p> {
    parent: &'p [u8],
    name: &'p [u8],
    slash: bool,
}

fn split(path: &[u8]) -> Result<Split<'_>> {
    if path.starts_with(b"/") {
        return Err(Code::NotPermitted.into());
    }
    let end = path.iter().rposition(|byte| *byte != b'/').map_or(0, |last| last + 1);
    let trimmed = &path[..end];
    if trimmed.is_empty() {
        return Err(Code::NoEntry.into());
    }
    let (parent, name) = match trimmed.iter().rposition(|byte| *byte == b'/') {
        Some(slash) => (&trimmed[..slash], &trimmed[slash + 1..]),
        None => (&b""[..], trimmed),
    };
    Ok(Split { parent, name, slash: end < path.len() })
}

/// Where the last component of `path` lives; the component itself is not looked at.
pub(super) fn locate<'a>(root: &'a File, path: &[u8]) -> Result<Place<'a>> {
    let Split { parent, name, slash } = split(path)?;
    if name == b"." || name == b".." {
        // Opened only to know that the path is there and does not lead out.
        open_parent(root, path)?;
        return Ok(Place::Dots { up: name == b".." });
    }
    let parent = if parent.is_empty() { Parent::Root(root) } else { Parent::Below(open_parent(root, parent)?) };
    Ok(Place::Name(Name { parent, name: name.to_vec(), slash }))
}

/// Like [`locate`], but a slash at the end asks for a directory that is there.
pub(super) fn locate_existing<'a>(root: &'a File, path: &[u8]) -> Result<Place<'a>> {
    let place = locate(root, path)?;
    if matches!(&place, Place::Name(name) if name.slash) {
        open_parent(root, path)?;
    }
    Ok(place)
}

/// Like [`locate`]; with `links`, links at the end are followed until the name of something else (or of nothing) is
/// reached. Each step is resolved from `root` again, so it cannot lead out.
pub(super) fn follow<'a>(root: &'a File, path: &[u8], links: bool) -> Result<Place<'a>> {
    let mut path = Cow::Borrowed(path);
    for _ in 0..=MAX_LINKS {
        let place = locate(root, &path)?;
        let Place::Name(name) = &place else { return Ok(place) };
        if !links {
            return Ok(place);
        }
        let content = match readlinkat(&name.parent, &*name.name, Vec::new()) {
            Ok(content) => content.into_bytes(),
            Err(Errno::INVAL | Errno::NOENT) => return Ok(place),
            Err(errno) => return Err(error(errno)),
        };
        let Split { parent, slash, .. } = split(&path)?;
        path = Cow::Owned(joined(parent, &content, slash)?);
    }
    Err(Code::Loop.into())
}

fn joined(parent: &[u8], content: &[u8], slash: bool) -> Result<Vec<u8>> {
    if content.starts_with(b"/") {
        return Err(Code::NotPermitted.into());
    }
    let mut path = Vec::with_capacity(parent.len() + content.len() + 2);
    if !parent.is_empty() {
        path.extend_from_slice(parent);
        path.push(b'/');
    }
    path.extend_from_slice(content);
    if slash {
        path.push(b'/');
    }
    if path.len() < MAX_PATH { Ok(path) } else { Err(Code::NameTooLong.into()) }
}
