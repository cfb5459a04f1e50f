//! Standard input: a regular file in place, everything else on a thread that reads only while somebody waits.

use std::os::fd::BorrowedFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use rustix::fs::FileType;
use rustix::io::{Errno, retry_on_intr};

use super::errno::error;
use super::standard::Standard;
use crate::sys::{ByteSource, Code, Error, Input, Result};

/// How much the thread reads at once.
const READ_BYTES: usize = 64 * 1024;

/// This process's standard input.
#[must_use]
pub fn stdin() -> Input {
    input(Standard::of(rustix::stdio::stdin()))
}

pub(super) fn input(Standard { fd, kind, is_terminal }: Standard) -> Input {
    match kind {
        FileType::RegularFile => Input::new(FileStdin { fd }, false),
        _ => Input::new(ThreadStdin::new(fd), is_terminal),
    }
}

/// A regular file: reading it waits for nobody.
struct FileStdin {
    fd: BorrowedFd<'static>,
}

impl ByteSource for FileStdin {
    fn poll_read(&mut self, _cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        Poll::Ready(retry_on_intr(|| rustix::io::read(self.fd, &mut *buf)).map_err(error))
    }
}

/// A pipe or a terminal. What the thread has read stays here until somebody takes it, so a reader that gives up loses
/// no byte, and nothing is read before somebody asks.
struct ThreadStdin {
    fd: BorrowedFd<'static>,
    shared: Arc<Shared>,
    started: bool,
}

impl ThreadStdin {
    fn new(fd: BorrowedFd<'static>) -> Self {
        ThreadStdin { fd, shared: Arc::default(), started: false }
    }
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    asked: Condvar,
}

#[derive(Default)]
struct State {
    held: Vec<u8>,
    taken: usize,
    /// The thread is to read, or reading.
    wanted: bool,
    /// Nothing more will come, and why.
    ended: Option<Result<()>>,
    waker: Option<Waker>,
}

impl State {
    fn answer(&mut self, buf: &mut [u8]) -> Option<Result<usize>> {
        let left = &self.held[self.taken..];
        if left.is_empty() {
            return self.ended.clone().map(|ended| ended.map(|()| 0));
        }
        let n = buf.len().min(left.len());
        buf[..n].copy_from_slice(&left[..n]);
        self.taken += n;
        Some(Ok(n))
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read_while_asked(&self, fd: BorrowedFd<'_>) {
        let mut buf = vec![0; READ_BYTES];
        loop {
            let mut state = self.lock();
            while !state.wanted {
                state = self.asked.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            drop(state);
            let answer = read_waiting(fd, &mut buf);
            let mut state = self.lock();
            state.wanted = false;
            match answer {
                Ok(0) => state.ended = Some(Ok(())),
                Ok(n) => {
                    state.held.clear();
                    state.held.extend_from_slice(&buf[..n]);
                    state.taken = 0;
                }
                Err(errno) => state.ended = Some(Err(error(errno))),
            }
            let (waker, ended) = (state.waker.take(), state.ended.is_some());
            drop(state);
            waker.into_iter().for_each(Waker::wake);
            if ended {
                return;
            }
        }
    }
}

/// Reads, also when whoever shares the terminal has made it non-blocking.
fn read_waiting(fd: BorrowedFd<'_>, buf: &mut [u8]) -> rustix::io::Result<usize> {
    loop {
        match retry_on_intr(|| rustix::io::read(fd, &mut *buf)) {
            Err(Errno::AGAIN) => std::thread::sleep(std::time::Duration::from_millis(5)),
            answer => return answer,
        }
    }
}

impl ByteSource for ThreadStdin {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<Result<usize>> {
        let mut state = self.shared.lock();
        if let Some(answer) = state.answer(buf) {
            return Poll::Ready(answer);
        }
        state.waker = Some(cx.waker().clone());
        state.wanted = true;
        drop(state);
        if self.started {
            self.shared.asked.notify_one();
            return Poll::Pending;
        }
        // The thread is never joined: it may sit in a read that nothing can interrupt when the process ends.
        let (shared, fd) = (self.shared.clone(), self.fd);
        let thread = std::thread::Builder::new().name("stdin".into()).spawn(move || shared.read_while_asked(fd));
        match thread {
            Ok(_) => {
                self.started = true;
                Poll::Pending
            }
            Err(failed) => Poll::Ready(Err(Error::new(Code::Io, failed.to_string()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::os::fd::AsFd;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn read(source: &mut ThreadStdin, buf: &mut [u8]) -> Result<usize> {
        loop {
            let wakes = Arc::new(Wakes::default());
            let waker = Waker::from(wakes.clone());
            if let Poll::Ready(answer) = source.poll_read(&mut Context::from_waker(&waker), buf) {
                return answer;
            }
            while wakes.0.load(Ordering::SeqCst) == 0 {
                std::thread::yield_now();
            }
        }
    }

    #[test]
    fn a_reader_that_gives_up_loses_nothing() {
        let (reader, mut writer) = std::io::pipe().expect("a pipe");
        let reader: &'static _ = Box::leak(Box::new(reader));
        let mut source = ThreadStdin::new(reader.as_fd());
        let mut buf = [0; 3];
        let given_up = source.poll_read(&mut Context::from_waker(Waker::noop()), &mut buf);
        assert!(given_up.is_pending());
        writer.write_all(b"hello").expect("room");
        assert_eq!(read(&mut source, &mut []), Ok(0), "asking takes nothing");
        assert_eq!(read(&mut source, &mut buf), Ok(3));
        assert_eq!(&buf, b"hel");
        assert_eq!(read(&mut source, &mut buf), Ok(2));
        drop(writer);
        assert_eq!(read(&mut source, &mut buf), Ok(0));
        assert_eq!(read(&mut source, &mut buf), Ok(0), "the end stays the end");
    }
}
