//! Host ends of streams: producers and consumers that the store polls when a guest waits on the other end.
//!
//! Bytes go straight between the guest's memory and the producer or consumer. When both ends are the host's, they meet
//! in one buffer of the host, or the consumer takes them from where the producer has them.

use std::any::{Any, TypeId};
use std::collections::VecDeque;
use std::marker::PhantomData;
use std::task::{Context, Poll, Waker};

use crate::Result;
use crate::abi::{LiftCx, LowerCx, WitType};
use crate::stream::GuestBuffer;
use crate::types::ValType;

/// Whether an end goes on after a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// There may be more.
    Continue,
    /// This end is dropped now, after what was just copied.
    End,
}

/// The writable end of a `stream<T>` whose reader is a guest (or another part of the host).
pub trait StreamProducer<T>: Send + 'static {
    /// Puts items into `destination`, up to [`Destination::remaining`].
    ///
    /// Called only while a reader waits. `Ready(Continue)` with nothing put is allowed only when `remaining` is 0 (a
    /// reader that asks whether there is something to read). `Pending` means: nothing was put and `cx`'s waker will be
    /// woken. Dropping the producer means that the reader is gone or the store is.
    ///
    /// # Errors
    ///
    /// An error ends the whole store; errors of I/O belong into the interface's own future.
    fn poll_produce(&mut self, cx: &mut Context<'_>, destination: &mut Destination<'_, T>) -> Poll<Result<Flow>>;

    /// Where the items come from, for a consumer of the host that knows how to take them from there without a buffer in
    /// between ([`StreamConsumer::poll_take`]). `None`: there is no such way, or not now.
    fn origin(&mut self) -> Option<&mut dyn Any> {
        None
    }
}

/// The readable end of a `stream<T>` whose writer is a guest (or another part of the host).
pub trait StreamConsumer<T>: Send + 'static {
    /// Takes items from `source`, at most [`Source::remaining`].
    ///
    /// Called only while a writer waits. `Ready(Continue)` with nothing taken is allowed only when `remaining` is 0 (a
    /// writer that asks whether there is room). `Pending` means: nothing was taken and `cx`'s waker will be woken.
    ///
    /// # Errors
    ///
    /// An error ends the whole store; errors of I/O belong into the interface's own future.
    fn poll_consume(&mut self, cx: &mut Context<'_>, source: &mut Source<'_, T>) -> Poll<Result<Flow>>;

    /// Takes items straight from where a producer of the host has them ([`StreamProducer::origin`]).
    ///
    /// `None`: not from there, not now, or there is nothing more; then the items come by
    /// [`poll_consume`](Self::poll_consume), and their end by the producer. Otherwise as `poll_consume`, but
    /// `Ready(Continue)` means that something was taken.
    fn poll_take(&mut self, cx: &mut Context<'_>, origin: &mut dyn Any) -> Option<Poll<Result<Flow>>> {
        let _ = (cx, origin);
        None
    }

    /// The writer dropped its end: nothing more will come. The consumer is dropped after this.
    fn end(&mut self) {}
}

/// Where a producer puts its items.
pub struct Destination<'a, T> {
    raw: RawDestination<'a>,
    of: PhantomData<fn(T)>,
}

/// Where a consumer takes its items from.
pub struct Source<'a, T> {
    raw: RawSource<'a>,
    of: PhantomData<fn() -> T>,
}

/// Bytes on their way from a producer of the host to a consumer of the host.
pub(crate) struct HostBytes {
    /// Empty until a producer wants to write into it: where two ends know a way without a buffer, there is none.
    data: Box<[u8]>,
    capacity: usize,
    taken: usize,
    filled: usize,
}

impl HostBytes {
    /// An empty buffer with room for `capacity` bytes.
    pub(crate) fn new(capacity: usize) -> Self {
        HostBytes { data: Box::default(), capacity, taken: 0, filled: 0 }
    }

    /// Where bytes are written to.
    fn room(&mut self) -> &mut [u8] {
        if self.data.is_empty() {
            self.data = vec![0; self.capacity].into();
        }
        &mut self.data[self.filled..]
    }

    /// Whether every byte was taken.
    pub(crate) fn is_empty(&self) -> bool {
        self.taken == self.filled
    }

    /// Makes the whole room free again.
    pub(crate) fn reset(&mut self) {
        (self.taken, self.filled) = (0, 0);
    }
}

/// Items on their way from a producer of the host to a consumer of the host.
pub(crate) struct HostItems {
    /// The items, oldest first.
    pub(crate) items: VecDeque<Box<dyn Any + Send>>,
    /// How many may wait.
    pub(crate) capacity: usize,
}

impl HostItems {
    /// An empty buffer with room for `capacity` items.
    pub(crate) fn new(capacity: usize) -> Self {
        HostItems { items: VecDeque::new(), capacity }
    }
}

/// A destination whose element type is known to the other side only.
pub(crate) enum RawDestination<'a> {
    /// The memory of a guest that reads.
    Guest { cx: LowerCx<'a>, payload: Option<&'a ValType>, buffer: &'a mut GuestBuffer },
    /// A buffer of the host: bytes.
    Bytes(&'a mut HostBytes),
    /// A buffer of the host: items.
    Items(&'a mut HostItems),
}

/// A source whose element type is known to the other side only.
pub(crate) enum RawSource<'a> {
    /// The memory of a guest that writes.
    Guest { cx: LiftCx<'a>, payload: Option<&'a ValType>, buffer: &'a mut GuestBuffer },
    /// A buffer of the host: bytes.
    Bytes(&'a mut HostBytes),
    /// A buffer of the host: items.
    Items(&'a mut HostItems),
}

impl<'a, T> Destination<'a, T> {
    /// The same, its element type known.
    pub(super) fn of(raw: RawDestination<'a>) -> Self {
        Destination { raw, of: PhantomData }
    }
}

impl<T: WitType> Destination<'_, T> {
    /// How many items still fit.
    #[must_use]
    pub fn remaining(&self) -> usize {
        match &self.raw {
            RawDestination::Guest { buffer, .. } => buffer.remain() as usize,
            RawDestination::Bytes(host) => host.capacity - host.filled,
            RawDestination::Items(host) => host.capacity - host.items.len(),
        }
    }

    /// Puts one item.
    ///
    /// # Errors
    ///
    /// When there is no room, or lowering into the guest traps.
    pub fn push(&mut self, item: T) -> Result<()> {
        if self.remaining() == 0 {
            return Err(crate::Error::host("no room in the stream's destination"));
        }
        match &mut self.raw {
            RawDestination::Guest { cx, payload: Some(payload), buffer } => {
                item.store(cx, payload, buffer.ptr)?;
                buffer.advance(1);
                Ok(())
            }
            RawDestination::Items(host) => {
                host.items.push_back(Box::new(item));
                Ok(())
            }
            _ => Err(crate::error::bug!("an item pushed into a stream of bytes or of nothing")),
        }
    }
}

impl Destination<'_, u8> {
    /// The free room as bytes: write into its front, then [`advance`](Self::advance).
    ///
    /// # Errors
    ///
    /// A fault of the runtime only.
    pub fn bytes(&mut self) -> Result<&mut [u8]> {
        match &mut self.raw {
            RawDestination::Guest { cx, buffer, .. } => {
                let (start, length) = (buffer.ptr as usize, buffer.remain() as usize);
                cx.memory_mut()?.get_mut(start..start + length).ok_or_else(|| crate::Trap::PointerOutOfBounds.into())
            }
            RawDestination::Bytes(host) => Ok(host.room()),
            RawDestination::Items(_) => Err(crate::error::bug!("bytes asked of a stream of items")),
        }
    }

    /// Counts the first `n` bytes of [`bytes`](Self::bytes) as put.
    pub fn advance(&mut self, n: usize) {
        match &mut self.raw {
            RawDestination::Guest { buffer, .. } => buffer.advance((n as u32).min(buffer.remain())),
            RawDestination::Bytes(host) => host.filled = (host.filled + n).min(host.data.len()),
            RawDestination::Items(_) => {}
        }
    }

    /// Puts as many bytes of `from` as fit; says how many.
    ///
    /// # Errors
    ///
    /// A fault of the runtime only.
    pub fn write(&mut self, from: &[u8]) -> Result<usize> {
        let n = from.len().min(self.remaining());
        self.bytes()?[..n].copy_from_slice(&from[..n]);
        self.advance(n);
        Ok(n)
    }
}

impl<'a, T> Source<'a, T> {
    /// The same, its element type known.
    pub(super) fn of(raw: RawSource<'a>) -> Self {
        Source { raw, of: PhantomData }
    }
}

impl<T: WitType> Source<'_, T> {
    /// How many items there are.
    #[must_use]
    pub fn remaining(&self) -> usize {
        match &self.raw {
            RawSource::Guest { buffer, .. } => buffer.remain() as usize,
            RawSource::Bytes(host) => host.filled - host.taken,
            RawSource::Items(host) => host.items.len(),
        }
    }

    /// Takes the next item, if there is one.
    ///
    /// # Errors
    ///
    /// When lifting from the guest traps.
    pub fn pop(&mut self) -> Result<Option<T>> {
        if self.remaining() == 0 {
            return Ok(None);
        }
        match &mut self.raw {
            RawSource::Guest { cx, payload: Some(payload), buffer } => {
                let item = T::load(cx, payload, buffer.ptr)?;
                buffer.advance(1);
                Ok(Some(item))
            }
            RawSource::Items(host) => match host.items.pop_front().map(|item| item.downcast::<T>()) {
                Some(Ok(item)) => Ok(Some(*item)),
                _ => Err(crate::error::bug!("an item of another type in a stream")),
            },
            _ => Err(crate::error::bug!("an item popped from a stream of bytes or of nothing")),
        }
    }
}

impl Source<'_, u8> {
    /// What there is, as bytes: take from its front, then [`advance`](Self::advance).
    ///
    /// # Errors
    ///
    /// A fault of the runtime only.
    pub fn bytes(&self) -> Result<&[u8]> {
        match &self.raw {
            RawSource::Guest { cx, buffer, .. } => {
                let (start, length) = (buffer.ptr as usize, buffer.remain() as usize);
                cx.memory()?.get(start..start + length).ok_or_else(|| crate::Trap::PointerOutOfBounds.into())
            }
            RawSource::Bytes(host) => Ok(&host.data[host.taken..host.filled]),
            RawSource::Items(_) => Err(crate::error::bug!("bytes asked of a stream of items")),
        }
    }

    /// Counts the first `n` bytes of [`bytes`](Self::bytes) as taken.
    pub fn advance(&mut self, n: usize) {
        match &mut self.raw {
            RawSource::Guest { buffer, .. } => buffer.advance((n as u32).min(buffer.remain())),
            RawSource::Bytes(host) => host.taken = (host.taken + n).min(host.filled),
            RawSource::Items(_) => {}
        }
    }
}

/// A producer whose item type is hidden.
pub(crate) trait HostProducer: Send {
    /// See [`StreamProducer::poll_produce`].
    fn poll(&mut self, cx: &mut Context<'_>, destination: RawDestination<'_>) -> Poll<Result<Flow>>;

    /// Whether the items are bytes.
    fn is_bytes(&self) -> bool;

    /// The stream exists from now on; waking `waker` lets the store look at this end.
    fn attach(&mut self, _waker: &Waker) {}

    /// Whether it is over though nobody reads; none if it ends only when it is polled.
    fn ends_unread(&self) -> Option<bool> {
        None
    }

    /// See [`StreamProducer::origin`].
    fn origin(&mut self) -> Option<&mut dyn Any>;
}

/// A consumer whose item type is hidden.
pub(crate) trait HostConsumer: Send {
    /// See [`StreamConsumer::poll_consume`].
    fn poll(&mut self, cx: &mut Context<'_>, source: RawSource<'_>) -> Poll<Result<Flow>>;

    /// See [`StreamConsumer::poll_take`].
    fn take(&mut self, cx: &mut Context<'_>, origin: &mut dyn Any) -> Option<Poll<Result<Flow>>>;

    /// See [`StreamConsumer::end`].
    fn end(&mut self);
}

struct Typed<T, E> {
    end: E,
    of: PhantomData<fn() -> T>,
}

impl<T: WitType, P: StreamProducer<T>> HostProducer for Typed<T, P> {
    fn poll(&mut self, cx: &mut Context<'_>, destination: RawDestination<'_>) -> Poll<Result<Flow>> {
        self.end.poll_produce(cx, &mut Destination::of(destination))
    }

    fn is_bytes(&self) -> bool {
        TypeId::of::<T>() == TypeId::of::<u8>()
    }

    fn origin(&mut self) -> Option<&mut dyn Any> {
        self.end.origin()
    }
}

impl<T: WitType, C: StreamConsumer<T>> HostConsumer for Typed<T, C> {
    fn poll(&mut self, cx: &mut Context<'_>, source: RawSource<'_>) -> Poll<Result<Flow>> {
        self.end.poll_consume(cx, &mut Source::of(source))
    }

    fn take(&mut self, cx: &mut Context<'_>, origin: &mut dyn Any) -> Option<Poll<Result<Flow>>> {
        self.end.poll_take(cx, origin)
    }

    fn end(&mut self) {
        self.end.end();
    }
}

/// Hides the item type of a producer.
pub(crate) fn erase_producer<T: WitType>(end: impl StreamProducer<T>) -> Box<dyn HostProducer> {
    Box::new(Typed { end, of: PhantomData })
}

/// Hides the item type of a consumer.
pub(crate) fn erase_consumer<T: WitType>(end: impl StreamConsumer<T>) -> Box<dyn HostConsumer> {
    Box::new(Typed { end, of: PhantomData })
}
