//! Reading a stream by hand: [`StreamReader::read`](super::StreamReader::read).

use std::any::Any;
use std::collections::VecDeque;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::stream_ends::{Flow, HostConsumer, RawSource, Source};
use crate::Result;
use crate::abi::WitType;

/// What the reader lends to the store.
pub(super) struct Wanted<T> {
    items: VecDeque<T>,
    /// How many items the store may still add.
    room: usize,
    ended: bool,
    reader: Option<Waker>,
    store: Option<Waker>,
}

/// What reader and store share.
pub(super) type SharedWanted<T> = Arc<Mutex<Wanted<T>>>;

fn lock<T>(wanted: &Mutex<Wanted<T>>) -> MutexGuard<'_, Wanted<T>> {
    wanted.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Nothing is wanted yet; and the store's side of that.
pub(super) fn wanting<T: WitType>() -> (SharedWanted<T>, Box<dyn HostConsumer>) {
    let wanted = Wanted { items: VecDeque::new(), room: 0, ended: false, reader: None, store: None };
    let wanted = Arc::new(Mutex::new(wanted));
    (wanted.clone(), Box::new(Wanting(wanted)))
}

/// The future of `StreamReader::read`.
pub(super) struct Read<'a, T> {
    pub(super) wanted: &'a Mutex<Wanted<T>>,
    pub(super) items: &'a mut VecDeque<T>,
    pub(super) max: usize,
    /// How many items there were before, once they are lent.
    pub(super) lent: Option<usize>,
}

impl<T> Read<'_, T> {
    /// Takes back the items, with what came.
    fn take_back(&mut self, wanted: &mut Wanted<T>) {
        wanted.room = 0;
        mem::swap(self.items, &mut wanted.items);
        self.lent = None;
    }
}

impl<T> Future for Read<'_, T> {
    type Output = Result<usize>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let mut wanted = lock(this.wanted);
        match this.lent {
            Some(before) => {
                let came = wanted.items.len() - before;
                if came > 0 || wanted.ended {
                    this.take_back(&mut wanted);
                    return Poll::Ready(Ok(came));
                }
            }
            None => {
                if wanted.ended || this.max == 0 {
                    return Poll::Ready(Ok(0));
                }
                mem::swap(this.items, &mut wanted.items);
                (this.lent, wanted.room) = (Some(wanted.items.len()), this.max);
                if let Some(store) = wanted.store.take() {
                    store.wake();
                }
            }
        }
        wanted.reader = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl<T> Drop for Read<'_, T> {
    fn drop(&mut self) {
        if self.lent.is_some() {
            self.take_back(&mut lock(self.wanted));
        }
    }
}

/// The store's side.
struct Wanting<T>(SharedWanted<T>);

impl<T> Wanting<T> {
    fn end_now(&self) {
        let mut wanted = lock(&self.0);
        wanted.ended = true;
        if let Some(reader) = wanted.reader.take() {
            reader.wake();
        }
    }
}

/// Moves items out of what is written to the back of `items`, up to `room`; says how many.
fn take<T: WitType>(items: &mut VecDeque<T>, room: usize, source: RawSource<'_>) -> Result<usize> {
    if let Some(bytes) = (items as &mut dyn Any).downcast_mut::<VecDeque<u8>>() {
        let mut source = Source::<u8>::of(source);
        let taken = room.min(source.remaining());
        bytes.extend(&source.bytes()?[..taken]);
        source.advance(taken);
        return Ok(taken);
    }
    let mut source = Source::<T>::of(source);
    let taken = room.min(source.remaining());
    for _ in 0..taken {
        items.extend(source.pop()?);
    }
    Ok(taken)
}

impl<T: WitType> HostConsumer for Wanting<T> {
    fn poll(&mut self, cx: &mut Context<'_>, source: RawSource<'_>) -> Poll<Result<Flow>> {
        let mut wanted = lock(&self.0);
        if wanted.room == 0 {
            wanted.store = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let room = wanted.room;
        let taken = take(&mut wanted.items, room, source)?;
        wanted.room -= taken;
        if taken > 0
            && let Some(reader) = wanted.reader.take()
        {
            reader.wake();
        }
        Poll::Ready(Ok(Flow::Continue))
    }

    fn take(&mut self, _: &mut Context<'_>, _: &mut dyn Any) -> Option<Poll<Result<Flow>>> {
        None
    }

    fn end(&mut self) {
        self.end_now();
    }
}

impl<T> Drop for Wanting<T> {
    fn drop(&mut self) {
        self.end_now();
    }
}
