//! A future of the host that is ready when it is asked again.

use std::pin::Pin;
use std::task::{Context, Poll};

#[derive(Default)]
pub struct PendingOnce {
    asked: bool,
}

impl Future for PendingOnce {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.asked {
            return Poll::Ready(());
        }
        self.asked = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
