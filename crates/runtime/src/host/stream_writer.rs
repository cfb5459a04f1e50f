//! A writable end of a stream in the host's hands.

use std::any::{Any, TypeId};
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::StreamReader;
use super::stream_ends::{Destination, Flow, HostProducer, RawDestination};
use crate::Result;
use crate::abi::WitType;

/// The writable end of a `stream<T>`, for code of the host that writes when it has something.
///
/// Nothing is kept between the two ends: [`write`](Self::write) lends the items until a guest reads, which takes them
/// straight into its memory. So a slow reader slows the writer down, and no item is lost or copied in between. Bytes
/// (`T = u8`) move as slices. If the reader turns out to be the host, a buffer of bounded size is between them.
///
/// Dropping it drops the end: the reader hears of it. A [`StreamProducer`](crate::StreamProducer) is the same the other way
/// round, for what the store should poll itself.
///
/// ```
/// use std::collections::VecDeque;
/// use thalweg::{ReaderDropped, StreamReader, StreamWriter};
///
/// /// A stream for a guest, and what writes it; spawn that with `Access::spawn`, or on any executor.
/// fn lines() -> (StreamReader<u8>, impl Future<Output = Result<(), ReaderDropped>>) {
///     let (mut writer, reader) = StreamWriter::pair();
///     let writing = async move {
///         let mut line = VecDeque::new();
///         for number in 0..3 {
///             line.extend(format!("line {number}\n").into_bytes());
///             writer.write_all(&mut line).await?;
///         }
///         Ok(())
///     };
///     (reader, writing)
/// }
/// # lines();
/// ```
///
/// Spec: `WritableStreamEnd`.
pub struct StreamWriter<T> {
    offer: Arc<Mutex<Offer<T>>>,
}

/// The reader dropped its end: nobody takes what is written. Spec: `CopyResult.DROPPED`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the reader dropped its end of the stream or future")]
pub struct ReaderDropped;

/// What the writer lends to the store.
struct Offer<T> {
    items: VecDeque<T>,
    /// How many of them the reader took.
    taken: usize,
    /// The reader found nothing to read.
    wanted: bool,
    writer: Option<Waker>,
    store: Option<Waker>,
    writer_dropped: bool,
    reader_dropped: bool,
}

fn lock<T>(offer: &Mutex<Offer<T>>) -> MutexGuard<'_, Offer<T>> {
    offer.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wake(waker: Option<&Waker>) {
    if let Some(waker) = waker {
        waker.wake_by_ref();
    }
}

fn keep(place: &mut Option<Waker>, waker: &Waker) {
    if !place.as_ref().is_some_and(|known| known.will_wake(waker)) {
        *place = Some(waker.clone());
    }
}

impl<T: WitType> StreamWriter<T> {
    /// A stream's two ends. The readable one is a result or an argument for a guest.
    #[must_use]
    pub fn pair() -> (Self, StreamReader<T>) {
        let offer = Arc::new(Mutex::new(Offer {
            items: VecDeque::new(),
            taken: 0,
            wanted: false,
            writer: None,
            store: None,
            writer_dropped: false,
            reader_dropped: false,
        }));
        let reader = StreamReader::of_producer(Box::new(Offered(offer.clone())));
        (StreamWriter { offer }, reader)
    }

    /// Waits until the reader takes some of `items`, from the front, and removes those; says how many it took. None are
    /// taken of none, at once.
    ///
    /// The items are lent while it waits. Dropping the future takes them back: what is not in `items` then was read.
    ///
    /// # Errors
    ///
    /// [`ReaderDropped`]; `items` has what was not taken.
    pub fn write<'a>(
        &'a mut self,
        items: &'a mut VecDeque<T>,
    ) -> impl Future<Output = Result<usize, ReaderDropped>> + Send + use<'a, T> {
        Write { offer: &self.offer, items, lent: false }
    }

    /// Waits until the reader has taken all of `items`. Dropping the future is as for [`write`](Self::write).
    ///
    /// # Errors
    ///
    /// [`ReaderDropped`]; `items` has what was not taken.
    pub async fn write_all(&mut self, items: &mut VecDeque<T>) -> Result<(), ReaderDropped> {
        while !items.is_empty() {
            self.write(items).await?;
        }
        Ok(())
    }

    /// Waits until somebody reads, so that items need not be made before. It is a hint: the reader may cancel its read.
    ///
    /// # Errors
    ///
    /// [`ReaderDropped`].
    pub async fn ready(&mut self) -> Result<(), ReaderDropped> {
        poll_fn(|cx| {
            let mut offer = lock(&self.offer);
            if offer.reader_dropped {
                return Poll::Ready(Err(ReaderDropped));
            }
            if offer.wanted {
                return Poll::Ready(Ok(()));
            }
            keep(&mut offer.writer, cx.waker());
            Poll::Pending
        })
        .await
    }

    /// Whether the reader dropped its end.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        lock(&self.offer).reader_dropped
    }
}

impl<T> Drop for StreamWriter<T> {
    fn drop(&mut self) {
        let mut offer = lock(&self.offer);
        offer.writer_dropped = true;
        let store = offer.store.take();
        drop(offer);
        wake(store.as_ref());
    }
}

/// The future of [`StreamWriter::write`].
struct Write<'a, T> {
    offer: &'a Mutex<Offer<T>>,
    items: &'a mut VecDeque<T>,
    /// The items are in the offer.
    lent: bool,
}

impl<T> Write<'_, T> {
    /// Takes back what was not taken.
    fn take_back(&mut self, offer: &mut Offer<T>) -> usize {
        self.lent = false;
        mem::swap(self.items, &mut offer.items);
        mem::take(&mut offer.taken)
    }
}

impl<T> Future for Write<'_, T> {
    type Output = Result<usize, ReaderDropped>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let mut offer = lock(this.offer);
        if this.lent {
            if offer.taken > 0 {
                return Poll::Ready(Ok(this.take_back(&mut offer)));
            }
            if offer.reader_dropped {
                this.take_back(&mut offer);
                return Poll::Ready(Err(ReaderDropped));
            }
        } else {
            if offer.reader_dropped {
                return Poll::Ready(Err(ReaderDropped));
            }
            if this.items.is_empty() {
                return Poll::Ready(Ok(0));
            }
            mem::swap(this.items, &mut offer.items);
            (this.lent, offer.wanted) = (true, false);
            wake(offer.store.as_ref());
        }
        keep(&mut offer.writer, cx.waker());
        Poll::Pending
    }
}

impl<T> Drop for Write<'_, T> {
    fn drop(&mut self) {
        if self.lent {
            self.take_back(&mut lock(self.offer));
        }
    }
}

/// The store's side of a [`StreamWriter`].
struct Offered<T>(Arc<Mutex<Offer<T>>>);

/// Moves items from the front of `items` into the reader's room; says how many.
fn give<T: WitType>(items: &mut VecDeque<T>, destination: RawDestination<'_>) -> Result<usize> {
    if let Some(bytes) = (items as &mut dyn Any).downcast_mut::<VecDeque<u8>>() {
        let mut destination = Destination::<u8>::of(destination);
        let (front, back) = bytes.as_slices();
        let moved = destination.write(front)? + destination.write(back)?;
        bytes.drain(..moved);
        return Ok(moved);
    }
    let mut destination = Destination::<T>::of(destination);
    let moved = destination.remaining().min(items.len());
    for item in items.drain(..moved) {
        destination.push(item)?;
    }
    Ok(moved)
}

impl<T: WitType> HostProducer for Offered<T> {
    fn poll(&mut self, cx: &mut Context<'_>, destination: RawDestination<'_>) -> Poll<Result<Flow>> {
        let mut offer = lock(&self.0);
        if offer.items.is_empty() {
            if offer.writer_dropped {
                return Poll::Ready(Ok(Flow::End));
            }
            keep(&mut offer.store, cx.waker());
            offer.wanted = true;
            wake(offer.writer.as_ref());
            return Poll::Pending;
        }
        let moved = give(&mut offer.items, destination)?;
        offer.taken += moved;
        if moved > 0 {
            wake(offer.writer.as_ref());
        }
        Poll::Ready(Ok(Flow::Continue))
    }

    fn is_bytes(&self) -> bool {
        TypeId::of::<T>() == TypeId::of::<u8>()
    }

    fn origin(&mut self) -> Option<&mut dyn Any> {
        None
    }

    fn attach(&mut self, waker: &Waker) {
        keep(&mut lock(&self.0).store, waker);
    }

    fn ends_unread(&self) -> Option<bool> {
        Some(lock(&self.0).writer_dropped)
    }
}

impl<T> Drop for Offered<T> {
    fn drop(&mut self) {
        let mut offer = lock(&self.0);
        offer.reader_dropped = true;
        let writer = offer.writer.take();
        drop(offer);
        wake(writer.as_ref());
    }
}
