//! Streams of files.
use wasip2::filesystem::types::{Descriptor, filesystem_error_code};
use wasip2::io::poll::poll;
use wasip2::io::streams::{InputStream, OutputStream, StreamError};

use crate::{open, say};

/// The error with its code, if it has one of files.
fn told<R: core::fmt::Debug>(result: Result<R, StreamError>) -> String {
    match result {
        Err(StreamError::LastOperationFailed(error)) => {
            let code = filesystem_error_code(&error).map(|code| code.name());
            format!("{code:?}, in words: {}", !error.to_debug_string().is_empty())
        }
        result => format!("{result:?}"),
    }
}

pub fn calls(directory: &Descriptor) {
    let file = open(directory, "folder/stream");
    writing(&file.write_via_stream(0).expect("it may be written"));
    let appended = file.append_via_stream().expect("it may be written");
    say(&format!("append: {:?}", appended.blocking_write_and_flush(b"END")));
    reading(&file.read_via_stream(0).expect("it may be read"));
    splicing(&file, &open(directory, "folder/copy"));
    // No file is that long.
    let beyond = file.read_via_stream(u64::MAX).expect("it may be read");
    say(&format!("beyond: {}", told(beyond.blocking_read(1))));
    say(&format!("and then: {}", told(beyond.blocking_read(1))));
}

fn writing(out: &OutputStream) {
    out.subscribe().block();
    let room = out.check_write().expect("it is open");
    say(&format!("check-write: {}", room >= 6));
    say(&format!("write: {:?}, flush: {:?}, blocking-flush: {:?}", out.write(b"abcdef"), out.flush(), out.blocking_flush()));
    out.subscribe().block();
    let _ = out.check_write();
    say(&format!("write-zeroes: {:?}, blocking-flush: {:?}", out.write_zeroes(2), out.blocking_flush()));
    say(&format!("blocking-write-zeroes-and-flush: {:?}", out.blocking_write_zeroes_and_flush(1)));
}

fn reading(input: &InputStream) {
    let ready = input.subscribe();
    say(&format!("poll: {:?}", poll(&[&ready])));
    ready.block();
    say(&format!("ready: {}", ready.ready()));
    drop(ready);
    say(&format!("read: {:?}", input.read(2)));
    input.subscribe().block();
    say(&format!("skip: {:?}", input.skip(1)));
    say(&format!("blocking-skip: {:?}", input.blocking_skip(1)));
    say(&format!("blocking-read: {:?}", input.blocking_read(100)));
    say(&format!("at the end: {:?}", input.blocking_read(1)));
}

fn splicing(from: &Descriptor, to: &Descriptor) {
    let (input, out) = (from.read_via_stream(0).expect("readable"), to.write_via_stream(0).expect("writable"));
    say(&format!("blocking-splice: {:?}", out.blocking_splice(&input, 4)));
    input.subscribe().block();
    out.subscribe().block();
    say(&format!("splice: {:?}", out.splice(&input, 100)));
    say(&format!("splice at the end: {:?}", out.blocking_splice(&input, 100)));
    say(&format!("flush: {:?}", out.blocking_flush()));
    say(&format!("copied: {:?}", to.read(100, 0)));
}
