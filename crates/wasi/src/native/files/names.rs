//! Operations on names below a directory.

use std::fs::File;

use rustix::fs::{
    AtFlags, Mode, OFlags, Stat as OsStat, Timestamps, fstat, linkat, mkdirat, readlinkat, renameat, symlinkat,
    unlinkat, utimensat,
};

use super::beneath::{open_beneath, open_parent};
use super::place::{Place, follow, locate, locate_existing};
use crate::native::errno::error;
use crate::sys::{Code, Follow, Result};

/// New directories, before the process's umask.
const DIRECTORY_MODE: Mode = Mode::RWXU.union(Mode::RWXG).union(Mode::RWXO);

/// Looks `path` up and asks the OS about what is there.
pub(super) fn stat(root: &File, path: &str, follow: Follow) -> Result<OsStat> {
    let flags = match follow {
        Follow::Yes => OFlags::PATH,
        Follow::No => OFlags::PATH | OFlags::NOFOLLOW,
    };
    let fd = open_beneath(root, path.as_bytes(), flags, Mode::empty())?;
    fstat(fd).map_err(error)
}

/// Sets timestamps of what `path` names.
pub(super) fn set_times(root: &File, path: &str, links: Follow, times: &Timestamps) -> Result<()> {
    let nofollow = AtFlags::SYMLINK_NOFOLLOW;
    match follow(root, path.as_bytes(), links == Follow::Yes)? {
        Place::Name(name) if !name.slash => utimensat(&name.parent, &*name.name, times, nofollow),
        _ => utimensat(open_parent(root, path.as_bytes())?, ".", times, nofollow),
    }
    .map_err(error)
}

/// Makes a directory.
pub(super) fn create_directory(root: &File, path: &str) -> Result<()> {
    match locate(root, path.as_bytes())? {
        Place::Name(name) => mkdirat(&name.parent, &*name.name, DIRECTORY_MODE).map_err(error),
        Place::Dots { .. } => Err(Code::Exist.into()),
    }
}

/// Removes an empty directory.
pub(super) fn remove_directory(root: &File, path: &str) -> Result<()> {
    match locate_existing(root, path.as_bytes())? {
        Place::Name(name) => unlinkat(&name.parent, &*name.name, AtFlags::REMOVEDIR).map_err(error),
        Place::Dots { up: true } => Err(Code::NotEmpty.into()),
        Place::Dots { up: false } => Err(Code::Invalid.into()),
    }
}

/// Removes a name that is not a directory's.
pub(super) fn unlink(root: &File, path: &str) -> Result<()> {
    match locate_existing(root, path.as_bytes())? {
        Place::Name(name) if name.slash => Err(Code::IsDirectory.into()),
        Place::Name(name) => unlinkat(&name.parent, &*name.name, AtFlags::empty()).map_err(error),
        Place::Dots { .. } => Err(Code::IsDirectory.into()),
    }
}

/// Moves a name.
pub(super) fn rename(root: &File, old: &str, target: &File, new: &str) -> Result<()> {
    match (locate(root, old.as_bytes())?, locate(target, new.as_bytes())?) {
        (Place::Name(old), Place::Name(new)) => {
            renameat(&old.parent, &*old.with_slash(), &new.parent, &*new.with_slash()).map_err(error)
        }
        _ => Err(Code::Busy.into()),
    }
}

/// Gives a file a second name.
pub(super) fn link(root: &File, old: &str, links: Follow, target: &File, new: &str) -> Result<()> {
    let old = match follow(root, old.as_bytes(), links == Follow::Yes)? {
        Place::Name(name) if name.slash => {
            open_parent(root, old.as_bytes())?;
            return Err(Code::NotPermitted.into());
        }
        Place::Name(name) => name,
        Place::Dots { .. } => return Err(Code::NotPermitted.into()),
    };
    match locate(target, new.as_bytes())? {
        // Without `SYMLINK_FOLLOW`: what is linked is exactly the name that was found, were it a link by now.
        Place::Name(new) => {
            linkat(&old.parent, &*old.name, &new.parent, &*new.with_slash(), AtFlags::empty()).map_err(error)
        }
        Place::Dots { .. } => Err(Code::Exist.into()),
    }
}

/// Makes a symbolic link.
pub(super) fn symlink(root: &File, content: &str, new: &str) -> Result<()> {
    match locate(root, new.as_bytes())? {
        Place::Name(name) => symlinkat(content, &name.parent, &*name.with_slash()).map_err(error),
        Place::Dots { .. } => Err(Code::Exist.into()),
    }
}

/// What a symbolic link says.
pub(super) fn readlink(root: &File, path: &str) -> Result<String> {
    match locate_existing(root, path.as_bytes())? {
        Place::Name(name) if !name.slash => {
            let content = readlinkat(&name.parent, &*name.name, Vec::new()).map_err(error)?;
            content.into_string().map_err(|_| Code::IllegalByteSequence.into())
        }
        _ => Err(Code::Invalid.into()),
    }
}
