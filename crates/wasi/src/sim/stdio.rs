//! Standard streams that a test feeds and looks at.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::sys::{ByteSink, ByteSource, Error, Input, Output, Result};

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An input that has what its [`InputFeed`] was given.
#[must_use]
pub fn fed_input() -> (Input, InputFeed) {
    let feed = InputFeed(Arc::default());
    (Input::new(Fed(feed.0.clone()), false), feed)
}

#[derive(Default)]
struct Feed {
    bytes: VecDeque<u8>,
    ended: Option<Result<()>>,
    waker: Option<Waker>,
}

/// Gives bytes to an input.
#[derive(Clone)]
pub struct InputFeed(Arc<Mutex<Feed>>);

impl InputFeed {
    /// More bytes.
    pub fn push(&self, bytes: &[u8]) {
        self.change(|feed| feed.bytes.extend(bytes));
    }

    /// No more bytes will come.
    pub fn end(&self) {
        self.change(|feed| feed.ended = Some(Ok(())));
    }

    /// Reads fail when the bytes so far are taken.
    pub fn fail(&self, error: Error) {
        self.change(|feed| feed.ended = Some(Err(error)));
    }

    fn change(&self, change: impl FnOnce(&mut Feed)) {
        let mut feed = lock(&self.0);
        change(&mut feed);
        let waker = feed.waker.take();
        drop(feed);
        waker.into_iter().for_each(Waker::wake);
    }
}

struct Fed(Arc<Mutex<Feed>>);

impl ByteSource for Fed {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<Result<usize>> {
        let mut feed = lock(&self.0);
        if feed.bytes.is_empty() {
            if let Some(ended) = &feed.ended {
                return Poll::Ready(ended.clone().map(|()| 0));
            }
            feed.waker = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let n = buf.len().min(feed.bytes.len());
        for (to, from) in buf.iter_mut().zip(feed.bytes.drain(..n)) {
            *to = from;
        }
        Poll::Ready(Ok(n))
    }
}

/// An output, and what was written to it.
#[must_use]
pub fn captured_output() -> (Output, Captured) {
    let captured = Captured(Arc::default());
    (Output::new(Capture(captured.0.clone()), false), captured)
}

#[derive(Default)]
struct Written {
    bytes: Vec<u8>,
    /// Bytes that may still be written; `None`: any number.
    room: Option<usize>,
    failed: Option<Error>,
    waker: Option<Waker>,
}

/// What was written to an output.
#[derive(Clone)]
pub struct Captured(Arc<Mutex<Written>>);

impl Captured {
    /// All bytes so far.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        lock(&self.0).bytes.clone()
    }

    /// All bytes so far as text; what is not UTF-8 is replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&lock(&self.0).bytes).into_owned()
    }

    /// From now on only `room` more bytes are taken, until this is called again.
    pub fn limit(&self, room: usize) {
        self.change(|written| written.room = Some(room));
    }

    /// From now on writes fail.
    pub fn fail(&self, error: Error) {
        self.change(|written| written.failed = Some(error));
    }

    fn change(&self, change: impl FnOnce(&mut Written)) {
        let mut written = lock(&self.0);
        change(&mut written);
        let waker = written.waker.take();
        drop(written);
        waker.into_iter().for_each(Waker::wake);
    }
}

struct Capture(Arc<Mutex<Written>>);

impl ByteSink for Capture {
    fn poll_write(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<Result<usize>> {
        let mut written = lock(&self.0);
        if let Some(error) = &written.failed {
            return Poll::Ready(Err(error.clone()));
        }
        let n = written.room.map_or(buf.len(), |room| room.min(buf.len()));
        if written.room == Some(0) {
            written.waker = Some(cx.waker().clone());
            return Poll::Pending;
        }
        written.bytes.extend_from_slice(&buf[..n]);
        written.room = written.room.map(|room| room - n);
        Poll::Ready(Ok(n))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::Code;

    fn read(input: &mut Input, buf: &mut [u8]) -> Poll<Result<usize>> {
        input.poll_read(&mut Context::from_waker(Waker::noop()), buf)
    }

    fn write(output: &mut Output, buf: &[u8]) -> Poll<Result<usize>> {
        output.poll_write(&mut Context::from_waker(Waker::noop()), buf)
    }

    #[test]
    fn two_readers_share_one_input() {
        let (mut first, feed) = fed_input();
        let mut second = first.clone();
        let mut buf = [0; 2];
        assert!(read(&mut first, &mut buf).is_pending());
        feed.push(b"abc");
        assert_eq!(read(&mut second, &mut []), Poll::Ready(Ok(0)), "asking takes nothing");
        assert_eq!(read(&mut second, &mut buf), Poll::Ready(Ok(2)));
        assert_eq!(&buf, b"ab");
        assert_eq!(read(&mut first, &mut buf), Poll::Ready(Ok(1)));
        feed.end();
        assert_eq!(read(&mut first, &mut buf), Poll::Ready(Ok(0)));
    }

    #[test]
    fn an_output_takes_what_fits_and_tells_of_a_broken_pipe() {
        let (mut output, captured) = captured_output();
        captured.limit(3);
        assert_eq!(write(&mut output, b"hello"), Poll::Ready(Ok(3)));
        assert!(write(&mut output, b"lo").is_pending());
        captured.limit(9);
        assert_eq!(write(&mut output, b"lo"), Poll::Ready(Ok(2)));
        captured.fail(Code::Pipe.into());
        assert_eq!(write(&mut output, b"!"), Poll::Ready(Err(Code::Pipe.into())));
        assert_eq!(captured.text(), "hello");
    }
}
