//! A readable end of a future in the host's hands.

use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::abi::{Flat, FlatIter, LiftCx, LowerCx, Payload, WitType, as_one_handle, handles};
use crate::error::bug;
use crate::linker::HostTypes;
use crate::store::{Command, Mailbox};
use crate::stream::{FutureAny, SharedId};
use crate::types::ValType;
use crate::{Error, Result};

/// The readable end of a `future<T>`: from a guest (as a parameter: await it), or made from a Rust future or a
/// [`FutureWriter`](crate::FutureWriter) (as a result).
///
/// Awaiting gives `None` when the value can never come. Dropping it drops the end.
pub struct FutureReader<T: Payload> {
    inner: Option<Inner<T>>,
}

enum Inner<T> {
    /// The shared future exists in a store; nothing was asked of it.
    Shared { shared: SharedId, mailbox: Arc<Mailbox> },
    /// The value was asked for.
    Asked { shared: SharedId, mailbox: Arc<Mailbox>, cell: Arc<Mutex<Cell<T>>> },
    /// The future comes to be when it is lowered.
    Source(Box<dyn FutureSource>),
}

struct Cell<T> {
    value: Option<Option<T>>,
    waker: Option<Waker>,
}

/// A value to come from the host, type hidden.
pub(crate) trait FutureSource: Send {
    /// Whether the value is there.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>>;

    /// Takes the value for a reader of the host.
    fn take(&mut self) -> Option<Box<dyn Any + Send>>;

    /// Lowers the value into a guest's memory.
    fn store(&mut self, cx: &mut LowerCx<'_>, payload: Option<&ValType>, ptr: u64) -> Result<()>;
}

/// Where the host wants a guest's value, type hidden.
pub(crate) trait FutureTarget: Send {
    /// Lifts the value out of a guest's memory.
    fn load(&mut self, cx: &mut LiftCx<'_>, payload: Option<&ValType>, ptr: u64) -> Result<()>;

    /// The value will never come.
    fn never(&mut self);

    /// Takes the value of a source of the host.
    fn take_from(&mut self, source: &mut dyn FutureSource) -> Result<()>;
}

struct Producing<T> {
    future: Pin<Box<dyn Future<Output = Result<T>> + Send>>,
    value: Option<T>,
}

impl<T: Payload> FutureSource for Producing<T> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        if self.value.is_some() {
            return Poll::Ready(Ok(()));
        }
        self.future.as_mut().poll(cx).map_ok(|value| self.value = Some(value))
    }

    fn take(&mut self) -> Option<Box<dyn Any + Send>> {
        Some(Box::new(self.value.take()?))
    }

    fn store(&mut self, cx: &mut LowerCx<'_>, payload: Option<&ValType>, ptr: u64) -> Result<()> {
        let value = self.value.take().ok_or_else(|| bug!("a future's value was asked for before it was there"))?;
        value.store_payload(cx, payload, ptr)
    }
}

struct Waiting<T>(Arc<Mutex<Cell<T>>>);

impl<T> Waiting<T> {
    fn set(&self, value: Option<T>) {
        let mut cell = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cell.value = Some(value);
        if let Some(waker) = cell.waker.take() {
            waker.wake();
        }
    }
}

impl<T: Payload> FutureTarget for Waiting<T> {
    fn load(&mut self, cx: &mut LiftCx<'_>, payload: Option<&ValType>, ptr: u64) -> Result<()> {
        self.set(Some(T::load_payload(cx, payload, ptr)?));
        Ok(())
    }

    fn never(&mut self) {
        self.set(None);
    }

    fn take_from(&mut self, source: &mut dyn FutureSource) -> Result<()> {
        match source.take().map(|value| value.downcast::<T>()) {
            Some(Ok(value)) => {
                self.set(Some(*value));
                Ok(())
            }
            _ => Err(Error::host("a future of the host is read as another Rust type than it was made of")),
        }
    }
}

impl<T: Payload> FutureReader<T> {
    /// A future whose value `future` gives. An error of it ends the store.
    #[must_use]
    pub fn new(future: impl Future<Output = Result<T>> + Send + 'static) -> Self {
        Self::of_source(Box::new(Producing { future: Box::pin(future), value: None }))
    }

    pub(super) fn of_source(source: Box<dyn FutureSource>) -> Self {
        FutureReader { inner: Some(Inner::Source(source)) }
    }

    /// A future whose value is there already.
    #[must_use]
    pub fn ready(value: T) -> Self {
        Self::new(std::future::ready(Ok(value)))
    }

    fn lift(cx: &mut LiftCx<'_>, ty: &ValType, index: u32) -> Result<Self> {
        let ValType::Future(payload) = ty else { return Err(bug!("a future where the type is {ty}")) };
        let FutureAny(shared) = handles::lift_future(cx, index, payload)?;
        let mailbox = cx.store.state().mailbox.clone();
        Ok(FutureReader { inner: Some(Inner::Shared { shared, mailbox }) })
    }

    fn lower(mut self, cx: &mut LowerCx<'_>, ty: &ValType) -> Result<u32> {
        let ValType::Future(payload) = ty else { return Err(bug!("a future where the type is {ty}")) };
        let any = match self.inner.take() {
            Some(Inner::Shared { shared, .. }) => FutureAny(shared),
            Some(Inner::Source(source)) => handles::new_host_future(cx, source, payload)?,
            Some(Inner::Asked { .. }) => return Err(Error::host("a future that was awaited cannot be passed on")),
            None => return Err(bug!("a future reader without an end")),
        };
        handles::lower_future(cx, any, payload)
    }
}

impl<T: Payload> Future for FutureReader<T> {
    type Output = Result<Option<T>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(Inner::Shared { shared, mailbox }) = &self.inner {
            let cell = Arc::new(Mutex::new(Cell { value: None, waker: Some(cx.waker().clone()) }));
            mailbox.send(Command::ReadFuture { shared: *shared, target: Box::new(Waiting(cell.clone())) });
            self.inner = Some(Inner::Asked { shared: *shared, mailbox: mailbox.clone(), cell });
            return Poll::Pending;
        }
        match self.inner.as_mut() {
            Some(Inner::Asked { cell, .. }) => {
                let mut cell = cell.lock().unwrap_or_else(PoisonError::into_inner);
                match cell.value.take() {
                    Some(value) => Poll::Ready(Ok(value)),
                    None => {
                        cell.waker = Some(cx.waker().clone());
                        Poll::Pending
                    }
                }
            }
            Some(Inner::Source(_)) => Poll::Ready(Err(Error::host("a future made by the host cannot be awaited"))),
            _ => Poll::Ready(Ok(None)),
        }
    }
}

impl<T: Payload> Unpin for FutureReader<T> {}

impl<T: Payload> Drop for FutureReader<T> {
    fn drop(&mut self) {
        match self.inner.take() {
            Some(Inner::Shared { shared, mailbox } | Inner::Asked { shared, mailbox, .. }) => {
                mailbox.send(Command::DropReadable { shared });
            }
            Some(Inner::Source(_)) | None => {}
        }
    }
}

impl<T: Payload> WitType for FutureReader<T> {
    fn check(ty: &ValType, host: &HostTypes) -> Result<()> {
        match ty {
            ValType::Future(future) => {
                T::check_payload(future.payload.as_ref(), host).map_err(|error| error.at("future"))
            }
            other => Err(Error::link(format!("expected a future, found {other}"))),
        }
    }

    as_one_handle!();
}
