//! Bytes on their way in and out, one poll at a time.

use std::any::Any;
use std::task::{Context, Poll};

use super::Result;

/// Where bytes come from: a file at an offset, standard input, a socket.
pub trait ByteSource: Send + 'static {
    /// Puts bytes into the front of `buf` and says how many; `Ok(0)` means that no more will come.
    ///
    /// An empty `buf` asks only whether a read would be answered at once (with bytes, the end or an error): it is
    /// answered with `Ready(Ok(0))` and takes nothing. `Pending` takes nothing either, so a read can be given up.
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<Result<usize>>;

    /// What a sink may know how to take bytes from without a buffer in between: see [`ByteSink::poll_take`].
    fn origin(&mut self) -> Option<&mut dyn Any> {
        None
    }
}

/// Where bytes go: a file at an offset, standard output, a socket.
pub trait ByteSink: Send + 'static {
    /// Takes bytes from the front of `buf` and says how many, at least one.
    ///
    /// An empty `buf` asks only whether a write would be answered at once: it is answered with `Ready(Ok(0))`.
    /// `Pending` takes nothing, so a write can be given up.
    fn poll_write(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<Result<usize>>;

    /// Takes bytes from the [origin](ByteSource::origin) of a source, which goes on behind them. `None`: not from there, not
    /// now, or there are none; then they come by [`poll_write`](Self::poll_write).
    fn poll_take(&mut self, cx: &mut Context<'_>, origin: &mut dyn Any) -> Option<Poll<Result<()>>> {
        let _ = (cx, origin);
        None
    }

    /// `len` more bytes were accepted of a guest, and will be offered to [`poll_write`](Self::poll_write) as far as it
    /// takes them.
    fn accepted(&mut self, len: usize) {
        let _ = len;
    }

    /// Ready when everything taken so far has left this process.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let _ = cx;
        Poll::Ready(Ok(()))
    }

    /// Whoever accepted these bytes for this sink ends before it took them. They are lost, unless the sink has a way of its
    /// own to keep them.
    fn leave(&mut self, bytes: &[u8]) {
        let _ = bytes;
    }

    /// Nothing more will be written.
    ///
    /// # Errors
    ///
    /// When what was taken before could not be kept.
    fn end(&mut self) -> Result<()> {
        Ok(())
    }
}

impl<S: ByteSource + ?Sized> ByteSource for Box<S> {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<Result<usize>> {
        (**self).poll_read(cx, buf)
    }

    fn origin(&mut self) -> Option<&mut dyn Any> {
        (**self).origin()
    }
}

impl<S: ByteSink + ?Sized> ByteSink for Box<S> {
    fn poll_write(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<Result<usize>> {
        (**self).poll_write(cx, buf)
    }

    fn poll_take(&mut self, cx: &mut Context<'_>, origin: &mut dyn Any) -> Option<Poll<Result<()>>> {
        (**self).poll_take(cx, origin)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        (**self).poll_flush(cx)
    }

    fn accepted(&mut self, len: usize) {
        (**self).accepted(len);
    }

    fn leave(&mut self, bytes: &[u8]) {
        (**self).leave(bytes);
    }

    fn end(&mut self) -> Result<()> {
        (**self).end()
    }
}
