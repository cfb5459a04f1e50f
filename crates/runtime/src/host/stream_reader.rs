//! A readable end of a stream in the host's hands.

use std::collections::VecDeque;
use std::sync::Arc;

use super::stream_ends::{HostProducer, StreamConsumer, StreamProducer, erase_consumer, erase_producer};
use super::stream_read::{Read, SharedWanted, wanting};
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
/// [`read`](Self::read) it, or [`pipe`](Self::pipe) it into what the store should poll itself. Dropping it drops the end.
pub struct StreamReader<T> {
    inner: Option<Inner<T>>,
}

enum Inner<T> {
    /// The shared stream exists in a store.
    Shared { shared: SharedId, mailbox: Arc<Mailbox> },
    /// It is read by hand.
    Reading { shared: SharedId, mailbox: Arc<Mailbox>, wanted: SharedWanted<T> },
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
        StreamReader { inner: Some(Inner::Producer(producer)) }
    }

    /// Waits until something is written, and adds it to the back of `items`, at most `max` items; says how many came. None
    /// came if the writer dropped its end, or if `max` is 0.
    ///
    /// Nothing is taken from a guest before this is called, and never more than `max`. Bytes come as slices. Dropping
    /// the future leaves in `items` what came until then. After this the end can neither be piped nor passed on.
    ///
    /// # Errors
    ///
    /// The stream was made by the host, and no guest has had it.
    pub async fn read(&mut self, items: &mut VecDeque<T>, max: usize) -> Result<usize> {
        if let Some(Inner::Shared { shared, mailbox }) = &self.inner {
            let (wanted, consumer) = wanting();
            mailbox.send(Command::Consume { shared: *shared, consumer });
            self.inner = Some(Inner::Reading { shared: *shared, mailbox: mailbox.clone(), wanted });
        }
        match &self.inner {
            Some(Inner::Reading { wanted, .. }) => Read { wanted, items, max, lent: None }.await,
            _ => Err(Error::host("a stream made by the host cannot be read before a guest has had it")),
        }
    }

    /// Gives the end to `consumer`, which the store polls from now on. An end that was [read](Self::read) is dropped
    /// instead.
    pub fn pipe(mut self, consumer: impl StreamConsumer<T>) {
        match self.inner.take() {
            Some(Inner::Shared { shared, mailbox }) => {
                mailbox.send(Command::Consume { shared, consumer: erase_consumer(consumer) });
            }
            Some(Inner::Reading { shared, mailbox, .. }) => mailbox.send(Command::DropReadable { shared }),
            // A producer that never met a store has nobody to be polled by.
            Some(Inner::Producer(_)) | None => {}
        }
    }

    fn from_any(any: StreamAny, cx: &LiftCx<'_>) -> Self {
        let mailbox = cx.store.state().mailbox.clone();
        StreamReader { inner: Some(Inner::Shared { shared: any.0, mailbox }) }
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
            Some(Inner::Reading { shared, mailbox, .. }) => {
                mailbox.send(Command::DropReadable { shared });
                return Err(Error::host("a stream that was read cannot be passed on"));
            }
            None => return Err(bug!("a stream reader without an end")),
        };
        handles::lower_stream(cx, any, payload)
    }
}

impl<T> Drop for StreamReader<T> {
    fn drop(&mut self) {
        match self.inner.take() {
            Some(Inner::Shared { shared, mailbox } | Inner::Reading { shared, mailbox, .. }) => {
                mailbox.send(Command::DropReadable { shared });
            }
            Some(Inner::Producer(_)) | None => {}
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
