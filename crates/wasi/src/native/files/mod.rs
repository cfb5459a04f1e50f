//! Files and directories of the OS, reached only below the directories that were granted.

mod beneath;
mod directory;
mod names;
mod node;
mod place;
mod stat;

use std::path::Path;
use std::sync::Arc;

use rustix::fs::{CWD, Mode, OFlags, openat};

use super::errno::error;
use crate::sys::{Node, Result};

pub(crate) use node::OsNode;

/// Opens the directory at `path`, a path of the host, to be granted to a guest.
///
/// # Errors
///
/// When there is no such directory, or this process may not read it.
pub fn open_directory(path: &Path) -> Result<Arc<dyn Node>> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let fd = openat(CWD, path, flags, Mode::empty()).map_err(error)?;
    Ok(Arc::new(OsNode::new(fd)?))
}
