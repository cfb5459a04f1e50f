//! Waiting for host objects that live behind the lock of [`Access`]: it is held during a poll, never between polls.

use std::future::poll_fn;
use std::task::{Context, Poll};

use thalweg::{Access, Result};

use crate::{WasiContext, WasiView};

/// Waits until `step` is ready.
pub(super) async fn until<T: WasiView, R>(
    access: &Access<T>,
    mut step: impl FnMut(&mut WasiContext, &mut Context<'_>) -> Poll<Result<R>>,
) -> Result<R> {
    poll_fn(|cx| access.with(|view| step(view.wasi(), cx))).await
}

/// What `step` gives now or after one turn of the host's loop.
///
/// A guest that asks an operation that never blocks in a loop has nothing else that would let the host's loop turn; the
/// answer "not now" costs it one turn, so what it waits for can happen.
pub(super) async fn soon<T: WasiView, R>(
    access: &Access<T>,
    mut step: impl FnMut(&mut WasiContext, &mut Context<'_>) -> Poll<Result<R>>,
) -> Result<Option<R>> {
    let mut turned = false;
    poll_fn(|cx| match access.with(|view| step(view.wasi(), cx)) {
        Poll::Ready(result) => Poll::Ready(result.map(Some)),
        Poll::Pending if turned => Poll::Ready(Ok(None)),
        Poll::Pending => {
            turned = true;
            cx.waker().wake_by_ref();
            Poll::Pending
        }
    })
    .await
}

/// What `step` gives now; whoever waits is remembered for it.
pub(super) async fn once<T: WasiView, R>(
    access: &Access<T>,
    mut step: impl FnMut(&mut WasiContext, &mut Context<'_>) -> Result<R>,
) -> Result<R> {
    poll_fn(|cx| Poll::Ready(access.with(|view| step(view.wasi(), cx)))).await
}
