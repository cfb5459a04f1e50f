//! The bytes of a connection, both ways. Each way keeps the socket open, and ends its way when it is dropped.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use crate::sys::{ByteSink, ByteSource, Code, Direction, Result, TcpEndpoint};

/// What the peer sends.
pub struct TcpReader {
    endpoint: Arc<dyn TcpEndpoint>,
    ended: Arc<AtomicBool>,
}

impl TcpReader {
    pub(super) fn new(endpoint: Arc<dyn TcpEndpoint>, ended: Arc<AtomicBool>) -> Self {
        TcpReader { endpoint, ended }
    }
}

impl ByteSource for TcpReader {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<Result<usize>> {
        if self.ended.load(Ordering::Relaxed) {
            return Poll::Ready(Ok(0));
        }
        self.endpoint.poll_receive(cx, buf)
    }
}

impl Drop for TcpReader {
    fn drop(&mut self) {
        // The peer may have gone meanwhile; then there is nothing left to end.
        let _ = self.endpoint.shutdown(Direction::Receive);
    }
}

/// What the peer is sent.
pub struct TcpWriter(Arc<SendSide>);

impl TcpWriter {
    pub(super) fn new(side: Arc<SendSide>) -> Self {
        TcpWriter(side)
    }
}

impl ByteSink for TcpWriter {
    fn poll_write(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<Result<usize>> {
        self.0.poll_write(cx, buf)
    }

    fn end(&mut self) -> Result<()> {
        self.0.shut();
        Ok(())
    }
}

impl Drop for TcpWriter {
    fn drop(&mut self) {
        self.0.finish();
    }
}

/// The way to the peer. It can be shut while its writer still has bytes that the system did not take: they go first.
pub(super) struct SendSide {
    endpoint: Arc<dyn TcpEndpoint>,
    progress: Mutex<Progress>,
}

#[derive(Default)]
struct Progress {
    /// The last write was not taken as a whole: its rest will come.
    in_a_write: bool,
    /// Nothing is to be written after this write.
    shut: bool,
    /// The peer was told.
    ended: bool,
}

impl SendSide {
    pub(super) fn new(endpoint: Arc<dyn TcpEndpoint>) -> Self {
        SendSide { endpoint, progress: Mutex::default() }
    }

    fn poll_write(&self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<Result<usize>> {
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        if progress.shut && !progress.in_a_write {
            return Poll::Ready(Err(Code::Pipe.into()));
        }
        let sent = self.endpoint.poll_send(cx, buf);
        if !buf.is_empty() {
            progress.in_a_write = match &sent {
                Poll::Pending => true,
                Poll::Ready(Ok(n)) => *n < buf.len(),
                Poll::Ready(Err(_)) => false,
            };
            if progress.shut && !progress.in_a_write {
                self.tell_the_end(&mut progress);
            }
        }
        sent
    }

    /// Nothing is to be written after what was given before.
    pub(super) fn shut(&self) {
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        progress.shut = true;
        if !progress.in_a_write {
            self.tell_the_end(&mut progress);
        }
    }

    /// The writer is gone, and with it the rest of what it was writing.
    fn finish(&self) {
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        (progress.in_a_write, progress.shut) = (false, true);
        self.tell_the_end(&mut progress);
    }

    fn tell_the_end(&self, progress: &mut Progress) {
        if !std::mem::replace(&mut progress.ended, true) {
            // The peer may have gone meanwhile; then there is nothing left to end.
            let _ = self.endpoint.shutdown(Direction::Send);
        }
    }
}
