//! A file's bytes from an offset on.

use std::any::Any;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use crate::sys::{BoxFuture, ByteSource, Node, Result};

/// How much is read at once when the device must be waited for.
const READ_LATER_BYTES: usize = 128 * 1024;

/// Reads a file from an offset to its end: straight into the reader's memory when the system has the bytes at hand,
/// else by way of a buffer that is filled elsewhere.
pub struct FileReader {
    node: Arc<dyn Node>,
    offset: u64,
    later: Option<BoxFuture<Result<Vec<u8>>>>,
    /// What a read that waited brought, and how much of it was taken.
    held: Vec<u8>,
    taken: usize,
}

impl FileReader {
    pub(super) fn new(node: Arc<dyn Node>, offset: u64) -> Self {
        FileReader { node, offset, later: None, held: Vec::new(), taken: 0 }
    }

    /// Up to `max` bytes; empty at the end.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub async fn read_some(&mut self, max: usize) -> Result<Vec<u8>> {
        let mut buf = vec![0; max.min(READ_LATER_BYTES)];
        let n = std::future::poll_fn(|cx| self.poll_read(cx, &mut buf)).await?;
        buf.truncate(n);
        Ok(buf)
    }

    /// The file, and where reading goes on.
    pub(super) fn place(&self) -> (&Arc<dyn Node>, u64) {
        (&self.node, self.offset)
    }

    /// The next `n` bytes were read by somebody else.
    pub(super) fn skip(&mut self, n: usize) {
        self.offset += n as u64;
    }

    fn take_held(&mut self, buf: &mut [u8]) -> usize {
        let n = buf.len().min(self.held.len() - self.taken);
        buf[..n].copy_from_slice(&self.held[self.taken..self.taken + n]);
        self.taken += n;
        self.offset += n as u64;
        n
    }
}

impl ByteSource for FileReader {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<Result<usize>> {
        if buf.is_empty() {
            // The next read may wait for a device, never for somebody else: it counts as ready.
            return Poll::Ready(Ok(0));
        }
        if let Some(later) = &mut self.later {
            let bytes = ready!(later.as_mut().poll(cx));
            self.later = None;
            (self.held, self.taken) = (bytes?, 0);
            return Poll::Ready(Ok(self.take_held(buf)));
        }
        if self.taken < self.held.len() {
            return Poll::Ready(Ok(self.take_held(buf)));
        }
        if let Some(n) = self.node.read_now(self.offset, buf)? {
            self.offset += n as u64;
            return Poll::Ready(Ok(n));
        }
        self.later = Some(self.node.clone().read_later(self.offset, READ_LATER_BYTES));
        self.poll_read(cx, buf)
    }

    fn origin(&mut self) -> Option<&mut dyn Any> {
        let nothing_held = self.later.is_none() && self.taken == self.held.len();
        nothing_held.then_some(self)
    }
}
