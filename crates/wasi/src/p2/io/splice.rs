//! wasi:io/streams: `splice` and `blocking-splice`, from one stream's source to another's sink without the guest.

use std::task::{Context, Poll, ready};

use thalweg::{Access, Linker, Resource, ResourceTable, Result};

use super::latch::Broken;
use super::stream_error::{Told, tell};
use super::{InputStream, OutputStream, STREAMS};
use crate::WasiView;
use crate::p2::wait;

/// How many bytes went over, or which side is broken.
type Spliced = Result<u64, Broken>;

/// Moves what can be moved: what the sink permits, the source has and the guest wants. Pending while that is nothing.
fn poll_splice(
    table: &mut ResourceTable,
    sink: &Resource<OutputStream>,
    source: &Resource<InputStream>,
    len: u64,
    cx: &mut Context<'_>,
) -> Poll<Result<Spliced>> {
    let permit = match table.get_mut(sink)?.check_write(cx) {
        Ok(0) if len > 0 => return Poll::Pending,
        Ok(permit) => permit,
        Err(broken) => return Poll::Ready(Ok(Err(broken))),
    };
    let bytes = match ready!(table.get_mut(source)?.poll_read(cx, len.min(permit))) {
        Ok(bytes) => bytes,
        Err(broken) => return Poll::Ready(Ok(Err(broken))),
    };
    let moved = bytes.len() as u64;
    Poll::Ready(table.get_mut(sink)?.write(cx, bytes).map(|written| written.map(|()| moved)))
}

/// Tells the guest, and lets the host go on with what the sink did not take at once.
fn told<T: WasiView>(access: &Access<T>, sink: &Resource<OutputStream>, spliced: Spliced) -> Told<u64> {
    let (driver, told) = access.with(|view| {
        let table = &mut view.wasi().table;
        let driver = table.get(sink).ok().and_then(OutputStream::driver);
        (driver, tell(table, spliced))
    });
    if let Some(driver) = driver {
        access.spawn(driver);
    }
    told
}

/// Spec: wasi:io/streams.output-stream.splice. "Nothing now" is said after a turn of the host.
async fn splice<T: WasiView>(
    access: Access<T>,
    (sink, source, len): (Resource<OutputStream>, Resource<InputStream>, u64),
) -> Told<u64> {
    let spliced = wait::soon(&access, |wasi, cx| poll_splice(&mut wasi.table, &sink, &source, len, cx)).await?;
    told(&access, &sink, spliced.unwrap_or(Ok(0)))
}

/// Spec: wasi:io/streams.output-stream.blocking-splice.
async fn blocking_splice<T: WasiView>(
    access: Access<T>,
    (sink, source, len): (Resource<OutputStream>, Resource<InputStream>, u64),
) -> Told<u64> {
    let spliced = wait::until(&access, |wasi, cx| poll_splice(&mut wasi.table, &sink, &source, len, cx)).await?;
    told(&access, &sink, spliced)
}

/// Spec: wasi:io/streams.output-stream.
pub(super) fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    linker
        .instance(STREAMS)?
        .func_async("[method]output-stream.splice", splice)?
        .func_async("[method]output-stream.blocking-splice", blocking_splice)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;
    use crate::p2::io::script::{Feed, drain, pipe};
    use crate::p2::io::{IoError, MAX_READ_BYTES};
    use crate::sys::{Code, Error};

    struct Ends {
        table: ResourceTable,
        from: Feed,
        to: Feed,
        source: Resource<InputStream>,
        sink: Resource<OutputStream>,
    }

    fn explain(error: Error) -> IoError {
        IoError::new(error.to_string())
    }

    fn ends(room: usize) -> Ends {
        let mut table = ResourceTable::new();
        let ((from, source), (to, sink)) = (pipe(), drain(room));
        let source = table.push(InputStream::new(source, explain)).expect("room");
        let sink = table.push(OutputStream::new(sink, explain)).expect("room");
        Ends { table, from, to, source, sink }
    }

    impl Ends {
        fn splice(&mut self, len: u64) -> Poll<Spliced> {
            let mut cx = Context::from_waker(Waker::noop());
            poll_splice(&mut self.table, &self.sink, &self.source, len, &mut cx)
                .map(|spliced| spliced.expect("no trap"))
        }
    }

    #[test]
    fn bytes_go_over_as_far_as_both_sides_are_ready() {
        let mut ends = ends(4);
        assert!(ends.splice(9).is_pending());
        ends.from.send(b"abcdef");
        assert!(matches!(ends.splice(2), Poll::Ready(Ok(2))));
        assert!(matches!(ends.splice(u64::MAX), Poll::Ready(Ok(4))));
        assert_eq!(ends.to.taken(), b"abcd");
        ends.from.send(b"g");
        assert!(ends.splice(1).is_pending());
        assert!(matches!(ends.splice(0), Poll::Ready(Ok(0))));
        ends.to.make_room(9);
        assert!(matches!(ends.splice(1), Poll::Ready(Ok(1))));
        assert_eq!(ends.to.taken(), b"abcdefg");
    }

    #[test]
    fn the_end_of_the_source_and_failures_of_the_sink_are_told() {
        let mut ends = ends(usize::MAX);
        ends.from.send(&vec![1; MAX_READ_BYTES as usize]);
        ends.from.end();
        assert!(matches!(ends.splice(u64::MAX), Poll::Ready(Ok(MAX_READ_BYTES))));
        assert!(matches!(ends.splice(1), Poll::Ready(Err(Broken::Closed))));
        let mut ends = self::ends(usize::MAX);
        ends.from.send(b"a");
        ends.to.fail(Code::Pipe);
        assert!(matches!(ends.splice(1), Poll::Ready(Err(Broken::Failed(_)))));
        assert!(matches!(ends.splice(1), Poll::Ready(Err(Broken::Closed))));
    }
}
