//! End and emptiness, errors, readiness, bounds, sharing.

use std::task::Waker;

use super::*;
use crate::p2::io::IoError;
use crate::p2::io::script::{Step, pipe, scripted};
use crate::sys::{Code, Error, Input};

fn stream(steps: impl IntoIterator<Item = Step>) -> InputStream {
    InputStream::new(scripted(steps), explain)
}

fn explain(error: Error) -> IoError {
    IoError::with_code(error.to_string(), error.code())
}

fn read(stream: &mut InputStream, len: u64) -> Poll<Result<Vec<u8>, Broken>> {
    stream.poll_read(&mut Context::from_waker(Waker::noop()), len)
}

fn is_ready(stream: &mut InputStream) -> bool {
    stream.poll_ready(&mut Context::from_waker(Waker::noop())).is_ready()
}

fn bytes(polled: Poll<Result<Vec<u8>, Broken>>) -> Vec<u8> {
    match polled {
        Poll::Ready(Ok(bytes)) => bytes,
        other => panic!("bytes expected, found {other:?}"),
    }
}

#[test]
fn empty_is_not_the_end() {
    let mut stream = stream([Step::Wait, Step::Bytes(b"ab"), Step::End]);
    assert!(read(&mut stream, 10).is_pending());
    assert_eq!(bytes(read(&mut stream, 10)), b"ab");
    assert!(matches!(read(&mut stream, 10), Poll::Ready(Err(Broken::Closed))));
    assert!(matches!(read(&mut stream, 10), Poll::Ready(Err(Broken::Closed))));
}

#[test]
fn a_failure_is_told_once_with_its_code() {
    let mut stream = stream([Step::Bytes(b"a"), Step::Fail(Code::Io)]);
    assert_eq!(bytes(read(&mut stream, 10)), b"a");
    assert!(
        matches!(read(&mut stream, 10), Poll::Ready(Err(Broken::Failed(error))) if error.code() == Some(&Code::Io))
    );
    assert!(matches!(read(&mut stream, 10), Poll::Ready(Err(Broken::Closed))));
}

#[test]
fn a_failure_makes_ready_and_is_kept_for_the_read() {
    let mut stream = stream([Step::Fail(Code::Io)]);
    assert!(is_ready(&mut stream));
    assert!(is_ready(&mut stream));
    assert!(matches!(read(&mut stream, 0), Poll::Ready(Err(Broken::Failed(_)))));
    assert!(matches!(read(&mut stream, 0), Poll::Ready(Err(Broken::Closed))));
    assert!(is_ready(&mut stream));
}

#[test]
fn readiness_takes_nothing_and_stays() {
    let (feed, source) = pipe();
    let mut stream = InputStream::new(source, explain);
    assert!(!is_ready(&mut stream));
    feed.send(b"xyz");
    assert!(is_ready(&mut stream) && is_ready(&mut stream));
    assert_eq!(bytes(read(&mut stream, 2)), b"xy");
    assert!(is_ready(&mut stream));
    assert_eq!(bytes(read(&mut stream, 2)), b"z");
    assert!(!is_ready(&mut stream));
    feed.end();
    assert!(is_ready(&mut stream));
    assert!(matches!(read(&mut stream, 1), Poll::Ready(Err(Broken::Closed))));
    assert!(is_ready(&mut stream));
}

#[test]
fn reading_nothing_never_waits() {
    let mut stream = stream([Step::Wait, Step::End]);
    assert_eq!(bytes(read(&mut stream, 0)), b"");
    assert!(read(&mut stream, 1).is_pending());
}

#[test]
fn a_guest_cannot_ask_for_more_memory_than_the_bound() {
    let (feed, source) = pipe();
    let mut stream = InputStream::new(source, explain);
    feed.send(&vec![7; 2 * MAX_READ_BYTES as usize]);
    assert_eq!(bytes(read(&mut stream, u64::MAX)).len() as u64, MAX_READ_BYTES);
}

#[test]
fn streams_over_one_input_share_its_bytes() {
    let (feed, source) = pipe();
    let input = Input::new(source, false);
    let mut first = InputStream::new(input.clone(), explain);
    let mut second = InputStream::new(input, explain);
    feed.send(b"one two");
    assert!(is_ready(&mut first) && is_ready(&mut second));
    assert_eq!(bytes(read(&mut second, 4)), b"one ");
    assert_eq!(bytes(read(&mut first, 4)), b"two");
    assert!(!is_ready(&mut first) && !is_ready(&mut second));
}

#[test]
fn everyone_who_waits_is_woken() {
    let (feed, source) = pipe();
    let mut stream = InputStream::new(source, explain);
    let (first, second) = (feed.waiter(), feed.waiter());
    assert!(stream.poll_ready(&mut first.context()).is_pending());
    assert!(stream.poll_ready(&mut second.context()).is_pending());
    feed.send(b"x");
    assert!(first.woken() && second.woken());
}
