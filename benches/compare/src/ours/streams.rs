//! Streams between the host and a guest: bytes are copied between the guest's memory and a buffer of the host.

use std::task::{Context, Poll};

use thalweg::{Destination, Flow, Result, Source, StreamConsumer, StreamProducer, StreamReader};

use crate::block_on::block_on;
use crate::counted::Counted;
use crate::row::{Failure, Work, timed};

/// Writes as many bytes.
pub struct Producer {
    pub left: u64,
    pub bytes: Vec<u8>,
}

impl StreamProducer<u8> for Producer {
    fn poll_produce(&mut self, _: &mut Context<'_>, destination: &mut Destination<'_, u8>) -> Poll<Result<Flow>> {
        let n = self.bytes.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let n = destination.write(&self.bytes[..n])?;
        self.left -= n as u64;
        Poll::Ready(Ok(if self.left == 0 { Flow::End } else { Flow::Continue }))
    }
}

/// Copies what it gets and counts it.
struct Consumer {
    got: u64,
    bytes: Vec<u8>,
    counted: Counted,
}

impl StreamConsumer<u8> for Consumer {
    fn poll_consume(&mut self, _: &mut Context<'_>, source: &mut Source<'_, u8>) -> Poll<Result<Flow>> {
        let n = source.remaining().min(self.bytes.len());
        self.bytes[..n].copy_from_slice(&source.bytes()?[..n]);
        source.advance(n);
        self.got += n as u64;
        Poll::Ready(Ok(Flow::Continue))
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        self.counted.finish(self.got);
    }
}

/// A guest reads `n` chunks from another guest or from the host.
pub fn run(text: &str, chunk: u32) -> Result<Work, Failure> {
    let mut guest = super::guest(text)?;
    let func = guest.func::<(u32, u64), u64>("run")?;
    Ok(timed(move |n| {
        let total = n * u64::from(chunk);
        let got = block_on(func.call(&mut guest.store, (chunk, total)))?;
        crate::rows::same(got, total)
    }))
}

/// The host reads `n` chunks from a guest.
pub fn consume(text: &str, chunk: u32) -> Result<Work, Failure> {
    let mut guest = super::guest(text)?;
    let func = guest.func::<(u32, u64), StreamReader<u8>>("produce")?;
    Ok(timed(move |n| {
        let total = n * u64::from(chunk);
        let counted = Counted::default();
        block_on(async {
            let reader = func.call(&mut guest.store, (chunk, total)).await?;
            reader.pipe(Consumer { got: 0, bytes: vec![0; 65536], counted: counted.clone() });
            guest.store.settle().await
        })?;
        crate::rows::same(counted.count().unwrap_or(0), total)
    }))
}
