//! A place for bytes in a file.

use std::any::Any;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::FileReader;
use crate::sys::{BoxFuture, ByteSink, Node, Result};

/// The most that one write puts into the system's memory, so that one guest's write does not hold up the others.
const WRITE_BYTES: usize = 1024 * 1024;

/// The most that the system copies from file to file at once: what a guest that gives up does not stop any more.
const COPY_BYTES: usize = 8 * 1024 * 1024;

/// Writes a file from an offset on, or at its end, straight out of the writer's memory.
pub struct FileWriter {
    node: Arc<dyn Node>,
    /// `None`: at the end, wherever that is.
    offset: Option<u64>,
    copy: Copying,
}

/// Bytes that go from file to file by the system.
enum Copying {
    /// It may be tried.
    Possible,
    /// Some are on their way.
    Running(BoxFuture<Result<usize>>),
    /// The system can't, or had nothing more.
    Over,
}

impl FileWriter {
    pub(super) fn at(node: Arc<dyn Node>, offset: u64) -> Self {
        FileWriter { node, offset: Some(offset), copy: Copying::Possible }
    }

    pub(super) fn at_end(node: Arc<dyn Node>) -> Self {
        FileWriter { node, offset: None, copy: Copying::Over }
    }
}

impl ByteSink for FileWriter {
    fn poll_write(&mut self, _cx: &mut Context<'_>, buf: &[u8]) -> Poll<Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let buf = &buf[..buf.len().min(WRITE_BYTES)];
        Poll::Ready(match &mut self.offset {
            Some(offset) => self.node.write_at(*offset, buf).inspect(|n| *offset += *n as u64),
            None => self.node.append(buf),
        })
    }

    fn poll_take(&mut self, cx: &mut Context<'_>, origin: &mut dyn Any) -> Option<Poll<Result<()>>> {
        let reader = origin.downcast_mut::<FileReader>()?;
        let to = self.offset.as_mut()?;
        if let Copying::Possible = self.copy {
            let (source, offset) = reader.place();
            self.copy = match source.copy_later(offset, &*self.node, *to, COPY_BYTES) {
                Some(running) => Copying::Running(running),
                None => Copying::Over,
            };
        }
        let Copying::Running(running) = &mut self.copy else { return None };
        let Poll::Ready(copied) = running.as_mut().poll(cx) else { return Some(Poll::Pending) };
        match copied {
            Ok(n @ 1..) => {
                reader.skip(n);
                *to += n as u64;
                self.copy = Copying::Possible;
                Some(Poll::Ready(Ok(())))
            }
            // Reading and writing finds the end, or says what is wrong.
            Ok(0) | Err(_) => {
                self.copy = Copying::Over;
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::task::Waker;

    use super::*;
    use crate::native;
    use crate::sim::{SimClock, SimFiles};
    use crate::sys::{ByteSource, Follow, OpenHow};

    const SIZE: usize = 3 * COPY_BYTES / 2;

    fn open(folder: &Arc<dyn Node>, name: &str) -> Arc<dyn Node> {
        let how = OpenHow {
            read: true,
            write: true,
            create: true,
            exclusive: false,
            directory: false,
            truncate: false,
            file_sync: false,
            data_sync: false,
            follow: Follow::Yes,
        };
        folder.open_at(name, how).expect("it is opened")
    }

    /// Moves everything; says whether the system copied some of it.
    fn pump(reader: &mut FileReader, writer: &mut FileWriter, direct: bool) -> bool {
        let (mut cx, mut copied, mut buf) = (Context::from_waker(Waker::noop()), false, vec![0; 70_000]);
        loop {
            if direct && let Some(taken) = writer.poll_take(&mut cx, reader.origin().expect("nothing is held")) {
                assert!(matches!(taken, Poll::Ready(Ok(()))), "outside of a reactor nothing waits");
                copied = true;
                continue;
            }
            let Poll::Ready(Ok(n)) = reader.poll_read(&mut cx, &mut buf) else { panic!("it can't be read") };
            let mut rest = &buf[..n];
            if rest.is_empty() {
                return copied;
            }
            while !rest.is_empty() {
                let Poll::Ready(Ok(n)) = writer.poll_write(&mut cx, rest) else { panic!("it can't be written") };
                rest = &rest[n..];
            }
        }
    }

    fn contents(i: usize) -> u8 {
        (i * 31 % 251) as u8
    }

    #[test]
    fn the_system_copies_what_reading_and_writing_does() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        let bytes: Vec<u8> = (0..SIZE).map(contents).collect();
        std::fs::write(path("from"), &bytes).expect("it is written");
        let root = native::open_directory(folder.path()).expect("it is opened");
        for (name, direct) in [("direct", true), ("plain", false)] {
            std::fs::write(path(name), "head").expect("it is written");
            let (from, to) = (open(&root, "from"), open(&root, name));
            let copied = pump(&mut FileReader::new(from, 10), &mut FileWriter::at(to, 2), direct);
            assert_eq!(copied, direct);
            let expected = [&b"he"[..], &bytes[10..]].concat();
            assert!(std::fs::read(path(name)).expect("it is read") == expected, "{name}");
        }
    }

    #[test]
    fn what_the_system_does_not_copy_is_read_and_written() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("file"), "0123456789").expect("it is written");
        let root = native::open_directory(folder.path()).expect("it is opened");
        let file = open(&root, "file");
        // At the end of a file; and within one file, where the ranges overlap.
        assert!(!pump(&mut FileReader::new(file.clone(), 8), &mut FileWriter::at_end(open(&root, "end")), true));
        assert_eq!(std::fs::read(folder.path().join("end")).expect("it is read"), b"89");
        let mut reader = FileReader::new(file.clone(), 0);
        let mut writer = FileWriter::at(file.clone(), 5);
        let mut cx = Context::from_waker(Waker::noop());
        assert!(writer.poll_take(&mut cx, reader.origin().expect("nothing is held")).is_none());
        let sim = SimFiles::new(SimClock::default(), 1 << 20).root();
        let mut writer = FileWriter::at(open(&sim, "file"), 0);
        assert!(writer.poll_take(&mut cx, reader.origin().expect("nothing is held")).is_none());
    }
}
