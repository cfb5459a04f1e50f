//! Files in memory: one tree, the same rules and error codes as the OS's, directories in the order of their names.

mod names;
mod node;
mod tree;
mod walk;

use std::sync::{Arc, Mutex};

use node::SimNode;
use tree::{Content, Tree};

use super::SimClock;
use crate::sys::{Code, Follow, Node, OpenHow, Result};

/// A file system in memory. Clones share it.
#[derive(Clone)]
pub struct SimFiles(Arc<Mutex<Tree>>);

impl SimFiles {
    /// An empty file system whose files may hold `capacity` bytes in all.
    #[must_use]
    pub fn new(clock: SimClock, capacity: u64) -> Self {
        SimFiles(Arc::new(Mutex::new(Tree::new(clock, capacity))))
    }

    /// Its root directory, to be granted to a guest.
    #[must_use]
    pub fn root(&self) -> Arc<dyn Node> {
        SimNode::open(&self.0, tree::ROOT)
    }

    /// Puts a file in, with the directories on the way to it.
    ///
    /// # Errors
    ///
    /// As the operations on files.
    pub fn add_file(&self, path: &str, content: &[u8]) -> Result<()> {
        let root = self.root();
        for (at, _) in path.match_indices('/') {
            match root.create_directory_at(&path[..at]) {
                Err(error) if error.code() != Code::Exist => return Err(error),
                _ => {}
            }
        }
        let file = root.open_at(
            path,
            OpenHow {
                follow: Follow::Yes,
                create: true,
                directory: false,
                exclusive: false,
                truncate: true,
                read: true,
                write: true,
                file_sync: false,
                data_sync: false,
            },
        )?;
        if content.is_empty() { Ok(()) } else { file.write_at(0, content).map(drop) }
    }

    /// The content of a file.
    ///
    /// # Errors
    ///
    /// When there is no such file.
    pub fn read_file(&self, path: &str) -> Result<Vec<u8>> {
        let tree = tree::lock(&self.0);
        let id = walk::resolve(&tree, tree::ROOT, path, Follow::Yes)?;
        match &tree.inode(id)?.content {
            Content::File(bytes) => Ok(bytes.clone()),
            Content::Directory { .. } => Err(Code::IsDirectory.into()),
            Content::Link(_) => Err(Code::Loop.into()),
        }
    }
}
