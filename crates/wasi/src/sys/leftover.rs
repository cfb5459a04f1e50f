//! What a sink was left with by writers that are gone: it goes out before anything else does.

use std::collections::VecDeque;
use std::task::{Context, Poll, ready};

use super::{ByteSink, Code, Error, Result};

/// The most bytes that wait without a writer. Where more come, nobody is reading: what is beyond is lost.
const MAX_LEFT_BYTES: usize = 1 << 20;

/// A sink, and what it was left with.
pub(super) struct Leftover<S> {
    sink: S,
    left: VecDeque<u8>,
}

impl<S> Leftover<S> {
    pub(super) fn new(sink: S) -> Self {
        Leftover { sink, left: VecDeque::new() }
    }
}

impl<S: ByteSink> Leftover<S> {
    /// Ready when nothing is left, or when the sink is broken.
    fn poll_left(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        while !self.left.is_empty() {
            match ready!(self.sink.poll_write(cx, self.left.as_slices().0)) {
                Ok(taken) if taken > 0 => drop(self.left.drain(..taken.min(self.left.len()))),
                other => {
                    self.left.clear();
                    other?;
                    return Poll::Ready(Err(Error::new(Code::Io, "the sink takes no bytes")));
                }
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: ByteSink> ByteSink for Leftover<S> {
    fn poll_write(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<Result<usize>> {
        ready!(self.poll_left(cx))?;
        self.sink.poll_write(cx, buf)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        ready!(self.poll_left(cx))?;
        self.sink.poll_flush(cx)
    }

    fn leave(&mut self, bytes: &[u8]) {
        let room = MAX_LEFT_BYTES.saturating_sub(self.left.len());
        self.left.extend(&bytes[..room.min(bytes.len())]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::Waker;

    /// Takes two bytes at a time, as long as there is room.
    struct Narrow {
        got: Vec<u8>,
        room: usize,
    }

    impl ByteSink for Narrow {
        fn poll_write(&mut self, _cx: &mut Context<'_>, buf: &[u8]) -> Poll<Result<usize>> {
            let taken = buf.len().min(2).min(self.room);
            if taken == 0 {
                return Poll::Pending;
            }
            self.got.extend(&buf[..taken]);
            self.room -= taken;
            Poll::Ready(Ok(taken))
        }
    }

    #[test]
    fn what_was_left_goes_first() {
        let cx = &mut Context::from_waker(Waker::noop());
        let mut sink = Leftover::new(Narrow { got: Vec::new(), room: 3 });
        sink.leave(b"first");
        assert!(sink.poll_write(cx, b"second").is_pending());
        assert!(sink.poll_flush(cx).is_pending());
        sink.sink.room = 4;
        assert_eq!(sink.poll_write(cx, b"second"), Poll::Ready(Ok(2)));
        assert_eq!(sink.poll_flush(cx), Poll::Ready(Ok(())));
        assert_eq!(sink.sink.got, b"firstse");
    }

    #[test]
    fn what_nobody_reads_is_bounded() {
        let mut sink = Leftover::new(Narrow { got: Vec::new(), room: 0 });
        for _ in 0..3 {
            sink.leave(&vec![7; MAX_LEFT_BYTES / 2 + 1]);
        }
        assert_eq!(sink.left.len(), MAX_LEFT_BYTES);
    }
}
