//! From a path to the place that it names, never leaving the directory that it starts from.

use super::tree::{Content, Tree};
use crate::sys::{Code, FileKind, Follow, Result};

/// As many links as Linux follows in one path.
const MAX_LINKS: usize = 40;
/// As long as a name may be.
const MAX_NAME: usize = 255;

/// What a path names.
pub(super) enum Place {
    /// A name in a directory, and what it leads to.
    Name { parent: u64, name: String, target: Option<u64>, slash: bool },
    /// A directory, by `.` or `..` at the end; `up` for the latter.
    Dots { id: u64, up: bool },
}

/// The place that `path` names. A link at the end is followed as `follow` says.
pub(super) fn walk(tree: &Tree, root: u64, path: &str, follow: Follow) -> Result<Place> {
    let mut work = Work::default();
    let mut slash = work.push(path)?;
    if work.todo.is_empty() {
        return Err(Code::NoEntry.into());
    }
    let mut stack = vec![root];
    loop {
        let top = stack.last().copied().unwrap_or(root);
        let Some(name) = work.todo.pop() else { return Ok(Place::Dots { id: top, up: false }) };
        let is_last = work.todo.is_empty();
        if name == "." || name == ".." {
            let up = name == "..";
            if up && stack.len() == 1 {
                return Err(Code::NotPermitted.into());
            }
            if up {
                stack.pop();
            }
            if is_last {
                return Ok(Place::Dots { id: stack.last().copied().unwrap_or(root), up });
            }
            continue;
        }
        if name.len() > MAX_NAME {
            return Err(Code::NameTooLong.into());
        }
        let target = tree.entries(top)?.get(&name).copied();
        let content = target.map(|id| tree.inode(id)).transpose()?.map(|inode| &inode.content);
        match content {
            Some(Content::Link(path)) if !is_last || follow == Follow::Yes => slash |= work.push(path)?,
            _ if is_last => return Ok(Place::Name { parent: top, name, target, slash }),
            Some(Content::Directory { .. }) => stack.extend(target),
            Some(_) => return Err(Code::NotDirectory.into()),
            None => return Err(Code::NoEntry.into()),
        }
    }
}

/// Components that are still to be walked, the next one last.
#[derive(Default)]
struct Work {
    todo: Vec<String>,
    paths: usize,
}

impl Work {
    /// Puts the components of `path` before the others; says whether it ended in a slash.
    fn push(&mut self, path: &str) -> Result<bool> {
        if path.starts_with('/') {
            return Err(Code::NotPermitted.into());
        }
        if path.contains('\0') {
            return Err(Code::Invalid.into());
        }
        if self.paths > MAX_LINKS {
            return Err(Code::Loop.into());
        }
        self.paths += 1;
        self.todo.extend(path.split('/').rev().filter(|component| !component.is_empty()).map(str::to_string));
        Ok(path.ends_with('/'))
    }
}

/// The object at `path`.
pub(super) fn resolve(tree: &Tree, root: u64, path: &str, follow: Follow) -> Result<u64> {
    // A slash asks what the link leads to, whatever else was said.
    let follow = if path.ends_with('/') { Follow::Yes } else { follow };
    match walk(tree, root, path, follow)? {
        Place::Dots { id, .. } => Ok(id),
        Place::Name { target: None, .. } => Err(Code::NoEntry.into()),
        Place::Name { target: Some(id), slash, .. } => {
            if slash && tree.inode(id)?.kind() != FileKind::Directory {
                return Err(Code::NotDirectory.into());
            }
            Ok(id)
        }
    }
}

/// The place of `path` without following a link at the end; a slash there asks for a directory that is there.
pub(super) fn existing(tree: &Tree, root: u64, path: &str) -> Result<Place> {
    if path.ends_with('/') {
        resolve(tree, root, path, Follow::Yes)?;
    }
    walk(tree, root, path, Follow::No)
}
