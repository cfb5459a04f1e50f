//! A place for bytes in a file.

use std::sync::Arc;
use std::task::{Context, Poll};

use crate::sys::{ByteSink, Node, Result};

/// The most that one write puts into the system's memory, so that one guest's write does not hold up the others.
const WRITE_BYTES: usize = 1024 * 1024;

/// Writes a file from an offset on, or at its end, straight out of the writer's memory.
pub struct FileWriter {
    node: Arc<dyn Node>,
    /// `None`: at the end, wherever that is.
    offset: Option<u64>,
}

impl FileWriter {
    pub(super) fn at(node: Arc<dyn Node>, offset: u64) -> Self {
        FileWriter { node, offset: Some(offset) }
    }

    pub(super) fn at_end(node: Arc<dyn Node>) -> Self {
        FileWriter { node, offset: None }
    }
}

impl ByteSink for FileWriter {
    fn poll_write(&mut self, _cx: &mut Context<'_>, buf: &[u8]) -> Poll<Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let buf = &buf[..buf.len().min(WRITE_BYTES)];
        Poll::Ready(match &mut self.offset {
            Some(offset) => self.node.write_at(*offset, buf).inspect(|n| *offset += *n as u64),
            None => self.node.append(buf),
        })
    }
}
