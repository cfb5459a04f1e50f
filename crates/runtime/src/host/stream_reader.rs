//! A readable end of a stream in the host's hands.

use std::marker::PhantomData;
use std::sync::Arc;

use super::stream_ends::{HostProducer, StreamConsumer, StreamProducer, erase_consumer, erase_producer};
use crate::abi::{Flat, FlatIter, LiftCx, LowerCx, WitType, as_one_handle, handles};
use crate::error::bug;
use crate::linker::HostTypes;
use crate::store::{Command, Mailbox};
use crate::stream::{SharedId, StreamAny};
use crate::types::ValType;
use crate::{Error, Result};

/// The readable end of a `stream<T>`: from a guest (as a parameter), or made from a [`StreamProducer`] or a
/// [`StreamWriter`](crate::StreamWriter) (as a result).
///
/// Dropping it drops the end.
pub struct StreamReader<T> {
    inner: Option<Inner>,
    of: PhantomData<fn() -> T>,
}

enum Inner {
    /// The shared stream exists in a store.
    Shared { shared: SharedId, mailbox: Arc<Mailbox> },
    /// The stream comes to be when it is lowered.
    Producer(Box<dyn HostProducer>),
}

impl<T: WitType> StreamReader<T> {
    /// A stream that `producer` writes.
    #[must_use]
    pub fn new(producer: impl StreamProducer<T>) -> Self {
        Self::of_producer(erase_producer(producer))
    }

    pub(super) fn of_producer(producer: Box<dyn HostProducer>) -> Self {
        StreamReader { inner: Some(Inner::Producer(producer)), of: PhantomData }
    }

    /// Gives the end to `consumer`, which the store polls from now on.
    pub fn pipe(mut self, consumer: impl StreamConsumer<T>) {
        match self.inner.take() {
            Some(Inner::Shared { shared, mailbox }) => {
                mailbox.send(Command::Consume { shared, consumer: erase_consumer(consumer) });
            }
            // A producer that never met a store has nobody to be polled by.
            Some(Inner::Producer(_)) | None => {}
        }
    }

    fn from_any(any: StreamAny, cx: &LiftCx<'_>) -> Self {
        let mailbox = cx.store.state().mailbox.clone();
        StreamReader { inner: Some(Inner::Shared { shared: any.0, mailbox }), of: PhantomData }
    }

    fn lift(cx: &mut LiftCx<'_>, ty: &ValType, index: u32) -> Result<Self> {
        let ValType::Stream(payload) = ty else { return Err(bug!("a stream where the type is {ty}")) };
        let any = handles::lift_stream(cx, index, payload)?;
        Ok(Self::from_any(any, cx))
    }

    fn lower(mut self, cx: &mut LowerCx<'_>, ty: &ValType) -> Result<u32> {
        let ValType::Stream(payload) = ty else { return Err(bug!("a stream where the type is {ty}")) };
        let any = match self.inner.take() {
            Some(Inner::Shared { shared, .. }) => StreamAny(shared),
            Some(Inner::Producer(producer)) => handles::new_host_stream(cx, producer, payload)?,
            None => return Err(bug!("a stream reader without an end")),
        };
        handles::lower_stream(cx, any, payload)
    }
}

impl<T> Drop for StreamReader<T> {
    fn drop(&mut self) {
        if let Some(Inner::Shared { shared, mailbox }) = self.inner.take() {
            mailbox.send(Command::DropReadable { shared });
        }
    }
}

impl<T: WitType> WitType for StreamReader<T> {
    fn check(ty: &ValType, host: &HostTypes) -> Result<()> {
        match ty {
            ValType::Stream(stream) => match &stream.payload {
                Some(payload) => T::check(payload, host).map_err(|error| error.at("stream")),
                None => Err(Error::link("expected a stream with a payload, found one without")),
            },
            other => Err(Error::link(format!("expected a stream, found {other}"))),
        }
    }

    as_one_handle!();
}
