//! Permits, flushing, errors, blocking writes, the host going on, dropping.

use std::pin::pin;

use super::*;
use crate::p2::io::script::{Feed, drain};
use crate::p2::io::{IoError, MAX_WRITE_BYTES};
use crate::sys::{self, Code};

fn explain(error: sys::Error) -> IoError {
    IoError::with_code(error.to_string(), error.code())
}

fn stream(room: usize) -> (Feed, OutputStream) {
    let (feed, sink) = drain(room);
    (feed, OutputStream::new(sink, explain))
}

fn idle() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

fn permit(stream: &mut OutputStream) -> u64 {
    stream.check_write(&mut idle()).expect("the stream works")
}

fn write(stream: &mut OutputStream, bytes: &[u8]) -> Result<Result<(), Broken>> {
    stream.write(&mut idle(), bytes.to_vec())
}

fn is_ready(stream: &mut OutputStream) -> bool {
    stream.poll_ready(&mut idle()).is_ready()
}

#[test]
fn a_write_needs_a_permit_and_uses_it_up() {
    let (feed, mut stream) = stream(usize::MAX);
    assert!(write(&mut stream, b"x").is_err());
    assert!(matches!(write(&mut stream, b""), Ok(Ok(()))));
    assert_eq!(permit(&mut stream), MAX_WRITE_BYTES as u64);
    assert!(matches!(write(&mut stream, b"abc"), Ok(Ok(()))));
    assert!(matches!(write(&mut stream, &vec![0; MAX_WRITE_BYTES - 3]), Ok(Ok(()))));
    assert!(write(&mut stream, b"x").is_err());
    assert_eq!(feed.taken().len(), MAX_WRITE_BYTES);
}

#[test]
fn zeros_beyond_every_permit_are_not_allocated() {
    assert_eq!(zeroes(u64::MAX).len(), MAX_WRITE_BYTES + 1);
    assert!(bounded(4096).is_ok() && bounded(4097).is_err() && bounded(u64::MAX).is_err());
}

#[test]
fn a_slow_sink_gives_no_permit_until_it_took_everything() {
    let (feed, mut stream) = stream(2);
    permit(&mut stream);
    assert!(matches!(write(&mut stream, b"abcd"), Ok(Ok(()))));
    assert_eq!(feed.taken(), b"ab");
    assert_eq!(permit(&mut stream), 0);
    assert!(!is_ready(&mut stream));
    feed.make_room(1);
    assert_eq!(permit(&mut stream), 0);
    feed.make_room(9);
    assert!(is_ready(&mut stream) && is_ready(&mut stream));
    assert!(permit(&mut stream) > 0);
    assert_eq!(feed.taken(), b"abcd");
}

#[test]
fn a_flush_takes_the_permit_back_until_it_is_over() {
    let (feed, mut stream) = stream(usize::MAX);
    feed.hold_flush(true);
    permit(&mut stream);
    assert!(matches!(write(&mut stream, b"ab"), Ok(Ok(()))));
    assert!(stream.flush(&mut idle()).is_ok());
    assert!(write(&mut stream, b"c").is_err());
    assert_eq!(permit(&mut stream), 0);
    assert!(!is_ready(&mut stream));
    feed.hold_flush(false);
    assert!(is_ready(&mut stream));
    assert_eq!(feed.flushed(), 2);
    assert!(permit(&mut stream) > 0);
}

#[test]
fn a_failure_at_once_is_the_writes_own() {
    let (feed, mut stream) = stream(usize::MAX);
    permit(&mut stream);
    feed.fail(Code::InsufficientSpace);
    let Ok(Err(Broken::Failed(error))) = write(&mut stream, b"x") else { panic!("the write fails") };
    assert_eq!(error.code(), Some(&Code::InsufficientSpace));
    assert!(matches!(stream.check_write(&mut idle()), Err(Broken::Closed)));
    assert!(matches!(write(&mut stream, b"x"), Ok(Err(Broken::Closed))));
    assert!(matches!(stream.flush(&mut idle()), Err(Broken::Closed)));
    assert!(is_ready(&mut stream));
}

#[test]
fn a_failure_later_is_told_once() {
    let (feed, mut stream) = stream(1);
    permit(&mut stream);
    assert!(matches!(write(&mut stream, b"ab"), Ok(Ok(()))));
    feed.fail(Code::Pipe);
    assert!(is_ready(&mut stream) && is_ready(&mut stream));
    assert!(matches!(stream.check_write(&mut idle()), Err(Broken::Failed(_))));
    assert!(matches!(stream.check_write(&mut idle()), Err(Broken::Closed)));
}

#[test]
fn a_blocking_write_waits_for_its_flush() {
    let (feed, stream) = stream(1);
    feed.hold_flush(true);
    let mut writing = pin!(stream.write_all(b"abc".to_vec()));
    let waiter = feed.waiter();
    assert!(writing.as_mut().poll(&mut waiter.context()).is_pending());
    feed.make_room(9);
    assert!(waiter.woken());
    assert!(writing.as_mut().poll(&mut waiter.context()).is_pending());
    assert_eq!((feed.taken().as_slice(), feed.flushed()), (b"abc".as_slice(), 0));
    feed.hold_flush(false);
    assert!(waiter.woken());
    assert!(matches!(writing.as_mut().poll(&mut waiter.context()), Poll::Ready(Ok(()))));
    assert_eq!(feed.flushed(), 3);
}

#[test]
fn blocking_calls_fail_once_too() {
    let (feed, stream) = stream(0);
    let mut writing = pin!(stream.write_all(b"abc".to_vec()));
    assert!(writing.as_mut().poll(&mut idle()).is_pending());
    feed.fail(Code::Pipe);
    assert!(matches!(writing.as_mut().poll(&mut idle()), Poll::Ready(Err(Broken::Failed(_)))));
    assert!(matches!(pin!(stream.flush_all()).poll(&mut idle()), Poll::Ready(Err(Broken::Closed))));
}

#[test]
fn the_host_goes_on_writing_and_wakes_who_waits() {
    let (feed, mut stream) = stream(1);
    assert!(stream.driver().is_none());
    permit(&mut stream);
    assert!(matches!(write(&mut stream, b"abc"), Ok(Ok(()))));
    let mut driver = pin!(stream.driver().expect("two bytes are left"));
    assert!(stream.driver().is_none());
    let (host, guest) = (feed.waiter(), feed.waiter());
    assert!(driver.as_mut().poll(&mut host.context()).is_pending());
    assert!(stream.poll_ready(&mut guest.context()).is_pending());
    feed.make_room(9);
    assert!(host.woken() && guest.woken());
    assert!(driver.as_mut().poll(&mut host.context()).is_ready());
    assert_eq!(feed.taken(), b"abc");
    assert!(stream.driver().is_none());
}

#[test]
fn a_dropped_stream_still_gets_rid_of_what_it_accepted() {
    let (feed, mut stream) = stream(1);
    permit(&mut stream);
    assert!(matches!(write(&mut stream, b"abc"), Ok(Ok(()))));
    let mut driver = pin!(stream.driver().expect("two bytes are left"));
    drop(stream);
    assert!(driver.as_mut().poll(&mut idle()).is_pending());
    assert!(!feed.has_ended());
    feed.make_room(9);
    assert!(driver.as_mut().poll(&mut idle()).is_ready());
    assert_eq!(feed.taken(), b"abc");
    assert!(feed.has_ended());
}

#[test]
fn an_idle_stream_ends_with_its_drop() {
    let (feed, stream) = stream(1);
    drop(stream);
    assert!(feed.has_ended());
}
