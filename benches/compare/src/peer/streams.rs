//! Streams between the host and a guest: bytes are copied between the guest's memory and a buffer of the host.

use std::pin::Pin;
use std::task::{Context, Poll};

use wasmtime_peer::component::{Destination, Source, StreamConsumer, StreamProducer, StreamReader, StreamResult};
use wasmtime_peer::{AsContextMut, Result, StoreContextMut};

use super::Settings;
use crate::block_on::block_on;
use crate::counted::Counted;
use crate::row::{Failure, Work, timed};

/// Writes as many bytes.
pub struct Producer {
    pub left: u64,
    pub bytes: Vec<u8>,
}

impl StreamProducer<()> for Producer {
    type Item = u8;
    type Buffer = Option<u8>;

    fn poll_produce<'a>(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        store: StoreContextMut<'a, ()>,
        destination: Destination<'a, u8, Option<u8>>,
        _finish: bool,
    ) -> Poll<Result<StreamResult>> {
        let mut direct = destination.as_direct(store, self.bytes.len());
        let room = direct.remaining().len().min(self.bytes.len());
        let n = room.min(usize::try_from(self.left).unwrap_or(usize::MAX));
        direct.remaining()[..n].copy_from_slice(&self.bytes[..n]);
        direct.mark_written(n);
        self.left -= n as u64;
        Poll::Ready(Ok(if self.left == 0 { StreamResult::Dropped } else { StreamResult::Completed }))
    }
}

/// Copies what it gets and counts it.
struct Consumer {
    got: u64,
    bytes: Vec<u8>,
    counted: Counted,
}

impl StreamConsumer<()> for Consumer {
    type Item = u8;

    fn poll_consume(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        store: StoreContextMut<'_, ()>,
        source: Source<'_, u8>,
        _finish: bool,
    ) -> Poll<Result<StreamResult>> {
        let mut direct = source.as_direct(store);
        let n = direct.remaining().len().min(self.bytes.len());
        self.bytes[..n].copy_from_slice(&direct.remaining()[..n]);
        direct.mark_read(n);
        self.got += n as u64;
        Poll::Ready(Ok(StreamResult::Completed))
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        self.counted.finish(self.got);
    }
}

/// A guest reads `n` chunks from another guest or from the host.
pub fn run(settings: Settings, text: &str, chunk: u32) -> Result<Work, Failure> {
    let mut guest = super::guest(settings, text)?;
    let func = guest.func::<(u32, u64), (u64,)>("run")?;
    Ok(timed(move |n| {
        let total = n * u64::from(chunk);
        let run = guest.store.run_concurrent(async |store| func.call_concurrent(store, (chunk, total)).await);
        let (got,) = block_on(run)??;
        crate::rows::same(got, total)
    }))
}

/// The host reads `n` chunks from a guest.
pub fn consume(settings: Settings, text: &str, chunk: u32) -> Result<Work, Failure> {
    let mut guest = super::guest(settings, text)?;
    let func = guest.func::<(u32, u64), (StreamReader<u8>,)>("produce")?;
    Ok(timed(move |n| {
        let total = n * u64::from(chunk);
        let counted = Counted::default();
        let consumer = Consumer { got: 0, bytes: vec![0; 65536], counted: counted.clone() };
        let run = guest.store.run_concurrent(async |store| -> Result<u64> {
            let (reader,) = func.call_concurrent(store, (chunk, total)).await?;
            store.with(|mut store| reader.pipe(store.as_context_mut(), consumer))?;
            Ok(counted.await)
        });
        let got = block_on(run)??;
        crate::rows::same(got, total)
    }))
}
