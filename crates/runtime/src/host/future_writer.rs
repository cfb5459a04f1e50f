//! A writable end of a future in the host's hands.

use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::future_reader::FutureSource;
use super::{FutureReader, ReaderDropped};
use crate::abi::{LowerCx, Payload};
use crate::error::bug;
use crate::types::ValType;
use crate::{Error, Result};

/// The writable end of a `future<T>`, for code of the host that has the value later.
///
/// ```
/// use thalweg::{FutureReader, FutureWriter};
///
/// let (writer, reader): (FutureWriter<u32>, FutureReader<u32>) = FutureWriter::pair();
/// // `reader` is a result for a guest; when the value is there:
/// let written = writer.write(7);
/// // Nobody has to wait for it to be read.
/// drop(written);
/// # drop(reader);
/// ```
///
/// Dropping it without a value is an error of the host, as it is a trap for a guest: it ends the store of whoever reads.
///
/// Spec: `WritableFutureEnd`.
pub struct FutureWriter<T> {
    cell: Option<Arc<Mutex<Cell<T>>>>,
}

struct Cell<T> {
    state: State<T>,
    writer: Option<Waker>,
    store: Option<Waker>,
}

enum State<T> {
    /// There is no value yet.
    Empty,
    /// The value waits to be read.
    Written(T),
    /// The value was read.
    Read,
    /// The writer is gone, and there is no value.
    Abandoned,
    /// The reader is gone; the value that was not read, if it was there.
    ReaderDropped(Option<T>),
}

fn lock<T>(cell: &Mutex<Cell<T>>) -> MutexGuard<'_, Cell<T>> {
    cell.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T: Payload> FutureWriter<T> {
    /// A future's two ends. The readable one is a result or an argument for a guest.
    #[must_use]
    pub fn pair() -> (Self, FutureReader<T>) {
        let cell = Arc::new(Mutex::new(Cell { state: State::Empty, writer: None, store: None }));
        let reader = FutureReader::of_source(Box::new(Source { cell: cell.clone(), value: None }));
        (FutureWriter { cell: Some(cell) }, reader)
    }
}

impl<T> FutureWriter<T> {
    /// Gives the value; the reader takes it when it reads. What comes back can be awaited to know that it did, and can be
    /// dropped: the value stays.
    pub fn write(mut self, value: T) -> FutureWritten<T> {
        let cell = self.cell.take();
        if let Some(cell) = &cell {
            let mut cell = lock(cell);
            cell.state = match cell.state {
                State::ReaderDropped(_) => State::ReaderDropped(Some(value)),
                _ => State::Written(value),
            };
            if let Some(store) = cell.store.take() {
                store.wake();
            }
        }
        FutureWritten { cell }
    }

    /// Whether the reader dropped its end.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.cell.as_ref().is_none_or(|cell| matches!(lock(cell).state, State::ReaderDropped(_)))
    }
}

impl<T> Drop for FutureWriter<T> {
    fn drop(&mut self) {
        if let Some(cell) = &self.cell {
            let mut cell = lock(cell);
            if matches!(cell.state, State::Empty) {
                cell.state = State::Abandoned;
            }
            if let Some(store) = cell.store.take() {
                store.wake();
            }
        }
    }
}

/// A value that was written: await it to know that it was read.
///
/// Dropping it lets the value stay where it is; [`cancel`](Self::cancel) takes it back.
pub struct FutureWritten<T> {
    cell: Option<Arc<Mutex<Cell<T>>>>,
}

impl<T> FutureWritten<T> {
    /// Takes the value back, if it was not read: there is an end to write another one with.
    #[must_use]
    pub fn cancel(mut self) -> Option<(FutureWriter<T>, T)> {
        let cell = self.cell.take()?;
        let mut this = lock(&cell);
        let value = match std::mem::replace(&mut this.state, State::Read) {
            State::Written(value) => {
                this.state = State::Empty;
                value
            }
            State::ReaderDropped(Some(value)) => {
                this.state = State::ReaderDropped(None);
                value
            }
            other => {
                this.state = other;
                return None;
            }
        };
        drop(this);
        Some((FutureWriter { cell: Some(cell) }, value))
    }
}

impl<T> Future for FutureWritten<T> {
    type Output = Result<(), ReaderDropped>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(cell) = &self.cell else { return Poll::Ready(Err(ReaderDropped)) };
        let mut cell = lock(cell);
        match cell.state {
            State::Read => Poll::Ready(Ok(())),
            State::Written(_) => {
                cell.writer = Some(cx.waker().clone());
                Poll::Pending
            }
            _ => Poll::Ready(Err(ReaderDropped)),
        }
    }
}

/// The store's side of a [`FutureWriter`].
struct Source<T> {
    cell: Arc<Mutex<Cell<T>>>,
    /// The value, once the store was told that it is there: it cannot be taken back then.
    value: Option<T>,
}

impl<T: Payload> FutureSource for Source<T> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let mut cell = lock(&self.cell);
        match std::mem::replace(&mut cell.state, State::Read) {
            State::Written(value) => {
                self.value = Some(value);
                if let Some(writer) = cell.writer.take() {
                    writer.wake();
                }
                Poll::Ready(Ok(()))
            }
            State::Abandoned => {
                Poll::Ready(Err(Error::host("the host dropped the writable end of a future without writing a value")))
            }
            other => {
                cell.state = other;
                cell.store = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    fn take(&mut self) -> Option<Box<dyn Any + Send>> {
        Some(Box::new(self.value.take()?))
    }

    fn store(&mut self, cx: &mut LowerCx<'_>, payload: Option<&ValType>, ptr: u64) -> Result<()> {
        let value = self.value.take().ok_or_else(|| bug!("a future's value was asked for before it was there"))?;
        value.store_payload(cx, payload, ptr)
    }
}

impl<T> Drop for Source<T> {
    fn drop(&mut self) {
        let mut cell = lock(&self.cell);
        cell.state = match std::mem::replace(&mut cell.state, State::Read) {
            State::Read => State::Read,
            State::Written(value) => State::ReaderDropped(Some(value)),
            State::Empty | State::Abandoned => State::ReaderDropped(None),
            other => other,
        };
        if let Some(writer) = cell.writer.take() {
            writer.wake();
        }
    }
}
