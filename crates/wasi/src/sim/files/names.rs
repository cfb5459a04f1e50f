//! Operations on names in a tree.

use super::tree::{Content, Tree};
use super::walk::{Place, existing, resolve, walk};
use crate::sys::{Code, FileKind, Follow, OpenHow, Result};

/// Opens or makes what is at `path`; says which object that is.
pub(super) fn open(tree: &mut Tree, root: u64, path: &str, how: OpenHow) -> Result<u64> {
    let exclusive = how.create && how.exclusive;
    let slash = path.ends_with('/');
    let follow = if exclusive {
        Follow::No
    } else if slash {
        Follow::Yes
    } else {
        how.follow
    };
    let id = match walk(tree, root, path, follow)? {
        Place::Dots { id, .. } => id,
        Place::Name { target: Some(_), .. } if exclusive => return Err(Code::Exist.into()),
        Place::Name { target: Some(id), slash, .. } => {
            if slash && tree.inode(id)?.kind() != FileKind::Directory {
                return Err(Code::NotDirectory.into());
            }
            id
        }
        Place::Name { slash: true, .. } if how.create => return Err(Code::IsDirectory.into()),
        Place::Name { target: None, parent, name, .. } if how.create => {
            let id = tree.add(Content::File(Vec::new()));
            if let Err(error) = tree.enter(parent, &name, id) {
                tree.release(id);
                return Err(error);
            }
            return Ok(id);
        }
        Place::Name { .. } => return Err(Code::NoEntry.into()),
    };
    match tree.inode(id)?.kind() {
        FileKind::SymbolicLink => Err(Code::Loop.into()),
        FileKind::Directory if how.create || how.write || how.truncate => Err(Code::IsDirectory.into()),
        FileKind::RegularFile if how.directory => Err(Code::NotDirectory.into()),
        FileKind::RegularFile if how.truncate => tree.resize(id, 0).map(|_| id),
        _ => Ok(id),
    }
}

/// Makes something new at `path`.
pub(super) fn create(tree: &mut Tree, root: u64, path: &str, content: Content) -> Result<()> {
    let is_directory = matches!(content, Content::Directory { .. });
    match walk(tree, root, path, Follow::No)? {
        Place::Dots { .. } | Place::Name { target: Some(_), .. } => Err(Code::Exist.into()),
        Place::Name { slash: true, .. } if !is_directory => Err(Code::NoEntry.into()),
        Place::Name { parent, name, .. } => {
            let id = tree.add(content);
            tree.enter(parent, &name, id).inspect_err(|_| tree.release(id))
        }
    }
}

/// Removes an empty directory.
pub(super) fn remove_directory(tree: &mut Tree, root: u64, path: &str) -> Result<()> {
    match existing(tree, root, path)? {
        Place::Dots { up: true, .. } => Err(Code::NotEmpty.into()),
        Place::Dots { .. } => Err(Code::Invalid.into()),
        Place::Name { target: None, .. } => Err(Code::NoEntry.into()),
        Place::Name { parent, name, target: Some(id), .. } => {
            if !tree.entries(id)?.is_empty() {
                return Err(Code::NotEmpty.into());
            }
            tree.leave(parent, &name)
        }
    }
}

/// Removes a name that is not a directory's.
pub(super) fn unlink(tree: &mut Tree, root: u64, path: &str) -> Result<()> {
    match existing(tree, root, path)? {
        Place::Dots { .. } | Place::Name { slash: true, .. } => Err(Code::IsDirectory.into()),
        Place::Name { target: None, .. } => Err(Code::NoEntry.into()),
        Place::Name { parent, name, target: Some(id), .. } => match tree.inode(id)?.kind() {
            FileKind::Directory => Err(Code::IsDirectory.into()),
            _ => tree.leave(parent, &name),
        },
    }
}

/// Moves a name.
pub(super) fn rename(tree: &mut Tree, root: u64, old: &str, target: u64, new: &str) -> Result<()> {
    let (old, new) = (walk(tree, root, old, Follow::No)?, walk(tree, target, new, Follow::No)?);
    let (
        Place::Name { parent: old_parent, name: old_name, target: moved, slash: old_slash },
        Place::Name { parent: new_parent, name: new_name, target: replaced, slash: new_slash },
    ) = (old, new)
    else {
        return Err(Code::Busy.into());
    };
    let Some(moved) = moved else { return Err(Code::NoEntry.into()) };
    let is_directory = tree.inode(moved)?.kind() == FileKind::Directory;
    if (old_slash || new_slash) && !is_directory {
        return Err(Code::NotDirectory.into());
    }
    if replaced == Some(moved) {
        return Ok(());
    }
    if is_directory && tree.is_below(new_parent, moved) {
        return Err(Code::Invalid.into());
    }
    if let Some(replaced) = replaced {
        match (is_directory, tree.inode(replaced)?.kind() == FileKind::Directory) {
            (true, false) => return Err(Code::NotDirectory.into()),
            (false, true) => return Err(Code::IsDirectory.into()),
            (true, true) if !tree.entries(replaced)?.is_empty() => return Err(Code::NotEmpty.into()),
            _ => tree.leave(new_parent, &new_name)?,
        }
    }
    // Entered first, so that the object is never without a name.
    tree.enter(new_parent, &new_name, moved)?;
    tree.leave(old_parent, &old_name)
}

/// Gives a file a second name.
pub(super) fn link(tree: &mut Tree, root: u64, old: &str, follow: Follow, target: u64, new: &str) -> Result<()> {
    let id = match walk(tree, root, old, follow)? {
        Place::Dots { .. } => return Err(Code::NotPermitted.into()),
        Place::Name { slash: true, .. } => {
            resolve(tree, root, old, Follow::Yes)?;
            return Err(Code::NotPermitted.into());
        }
        Place::Name { target, .. } => target,
    };
    match walk(tree, target, new, Follow::No)? {
        _ if id.is_none() => Err(Code::NoEntry.into()),
        Place::Dots { .. } | Place::Name { target: Some(_), .. } => Err(Code::Exist.into()),
        Place::Name { slash: true, .. } => Err(Code::NoEntry.into()),
        Place::Name { parent, name, .. } => {
            let id = id.unwrap_or_default();
            if tree.inode(id)?.kind() == FileKind::Directory {
                return Err(Code::NotPermitted.into());
            }
            tree.enter(parent, &name, id)
        }
    }
}

/// What a symbolic link says.
pub(super) fn readlink(tree: &Tree, root: u64, path: &str) -> Result<String> {
    match existing(tree, root, path)? {
        Place::Name { target: None, .. } => Err(Code::NoEntry.into()),
        Place::Name { target: Some(id), slash: false, .. } => match &tree.inode(id)?.content {
            Content::Link(path) => Ok(path.clone()),
            _ => Err(Code::Invalid.into()),
        },
        _ => Err(Code::Invalid.into()),
    }
}
