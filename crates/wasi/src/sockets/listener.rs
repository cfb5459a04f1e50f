//! The sockets that a listening socket accepts, as a `stream<tcp-socket>`.

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use thalweg::{Access, Destination, Flow, Resource, StreamProducer};

use super::TcpSocket;
use crate::WasiView;
use crate::sys::{BoxFuture, Code, MonotonicClock};

/// How long accepting pauses when the system has no room for another socket, in nanoseconds.
const PAUSE: u64 = 50_000_000;

/// The writable end of the stream. It never ends by itself: a peer that gave up before it was accepted is passed over.
pub(super) struct Listener<T> {
    socket: TcpSocket,
    access: Access<T>,
    clock: Arc<dyn MonotonicClock>,
    pause: Option<BoxFuture<()>>,
}

impl<T: WasiView> Listener<T> {
    pub(super) fn new(socket: TcpSocket, access: Access<T>, clock: Arc<dyn MonotonicClock>) -> Self {
        Listener { socket, access, clock, pause: None }
    }
}

impl<T: WasiView> StreamProducer<Resource<TcpSocket>> for Listener<T> {
    fn poll_produce(
        &mut self,
        cx: &mut Context<'_>,
        destination: &mut Destination<'_, Resource<TcpSocket>>,
    ) -> Poll<thalweg::Result<Flow>> {
        if destination.remaining() == 0 {
            return self.socket.poll_acceptable(cx).map(|()| Ok(Flow::Continue));
        }
        loop {
            if let Some(pause) = &mut self.pause {
                ready!(pause.as_mut().poll(cx));
                self.pause = None;
            }
            match ready!(self.socket.poll_accept(cx)) {
                Ok(accepted) => {
                    let handle = self.access.with(|view| view.wasi().table.push(accepted))?;
                    destination.push(handle)?;
                    return Poll::Ready(Ok(Flow::Continue));
                }
                Err(error) => match error.code() {
                    Code::TooManyOpen | Code::InsufficientMemory => {
                        let when = self.clock.now().saturating_add(PAUSE);
                        self.pause = Some(self.clock.sleep_until(when));
                    }
                    Code::InvalidState | Code::Invalid | Code::BadDescriptor => return Poll::Ready(Ok(Flow::End)),
                    _ => {}
                },
            }
        }
    }
}
