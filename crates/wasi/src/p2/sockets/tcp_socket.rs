//! A TCP socket with operations that are started and finished: a view over the one of 0.3.

use std::net::SocketAddr;
use std::task::{Context, Poll};

use super::ErrorCode;
use crate::p2::io::Subscribe;
use crate::sockets;
use crate::sys;

/// The host object behind wasi:sockets/tcp.tcp-socket.
pub struct TcpSocket {
    socket: sockets::TcpSocket,
    pending: Option<Pending>,
}

/// What was started and is not finished.
enum Pending {
    Bind,
    Listen,
    Connect {
        /// How it went, once that is known.
        outcome: Option<sys::Result<()>>,
    },
}

type Outcome<R> = Result<R, ErrorCode>;

impl TcpSocket {
    /// A view over `socket`.
    #[must_use]
    pub fn new(socket: sockets::TcpSocket) -> Self {
        TcpSocket { socket, pending: None }
    }

    /// The socket, for everything that is not started and finished.
    ///
    /// # Errors
    ///
    /// While something is started, whatever it makes of the socket is not there yet.
    pub fn settled(&self) -> Outcome<&sockets::TcpSocket> {
        if self.pending.is_some() { Err(ErrorCode::InvalidState) } else { Ok(&self.socket) }
    }

    /// Spec: `local-address`.
    ///
    /// # Errors
    ///
    /// When the socket is not bound, or binding is not finished.
    pub fn local_address(&self) -> Outcome<SocketAddr> {
        match self.pending {
            Some(Pending::Bind) => Err(ErrorCode::InvalidState),
            _ => Ok(self.socket.local_address()?),
        }
    }

    /// The socket, for its properties.
    #[must_use]
    pub fn socket(&self) -> &sockets::TcpSocket {
        &self.socket
    }

    /// Nothing else may be started.
    fn begin(&self) -> Outcome<()> {
        if self.pending.is_some() { Err(ErrorCode::ConcurrencyConflict) } else { Ok(()) }
    }

    /// Spec: `start-bind`.
    ///
    /// # Errors
    ///
    /// As `bind` of 0.3, and while something else is started.
    pub fn start_bind(&mut self, local: SocketAddr) -> Outcome<()> {
        self.begin()?;
        self.socket.bind(local)?;
        self.pending = Some(Pending::Bind);
        Ok(())
    }

    /// Spec: `finish-bind`.
    ///
    /// # Errors
    ///
    /// When it was not started.
    pub fn finish_bind(&mut self) -> Outcome<()> {
        match self.pending {
            Some(Pending::Bind) => self.pending = None,
            _ => return Err(ErrorCode::NotInProgress),
        }
        Ok(())
    }

    /// Spec: `start-listen`.
    ///
    /// # Errors
    ///
    /// While something else is started, or when the socket is not bound.
    pub fn start_listen(&mut self) -> Outcome<()> {
        self.begin()?;
        if self.socket.state() != sockets::TcpState::Bound {
            return Err(ErrorCode::InvalidState);
        }
        self.pending = Some(Pending::Listen);
        Ok(())
    }

    /// Spec: `finish-listen`.
    ///
    /// # Errors
    ///
    /// When it was not started, and as `listen` of 0.3.
    pub fn finish_listen(&mut self) -> Outcome<()> {
        match self.pending {
            Some(Pending::Listen) => self.pending = None,
            _ => return Err(ErrorCode::NotInProgress),
        }
        Ok(self.socket.listen()?)
    }

    /// Spec: `start-connect`.
    ///
    /// # Errors
    ///
    /// As `connect` of 0.3, and while something else is started.
    pub fn start_connect(&mut self, remote: SocketAddr) -> Outcome<()> {
        self.begin()?;
        self.socket.start_connect(remote)?;
        self.pending = Some(Pending::Connect { outcome: None });
        Ok(())
    }

    /// Spec: `finish-connect`. Pending means "would block".
    pub fn poll_finish_connect(&mut self, cx: &mut Context<'_>) -> Poll<Outcome<()>> {
        let Some(Pending::Connect { outcome }) = &mut self.pending else {
            return Poll::Ready(Err(ErrorCode::NotInProgress));
        };
        let outcome = match outcome.take() {
            Some(outcome) => outcome,
            None => std::task::ready!(self.socket.poll_connect(cx)),
        };
        self.pending = None;
        Poll::Ready(outcome.map_err(ErrorCode::from))
    }

    /// Spec: `accept`. Pending means "would block".
    pub fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<Outcome<sockets::TcpSocket>> {
        self.socket.poll_accept(cx).map_err(ErrorCode::from)
    }
}

impl Subscribe for TcpSocket {
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.pending {
            Some(Pending::Connect { outcome: outcome @ None }) => {
                self.socket.poll_connect(cx).map(|over| *outcome = Some(over))
            }
            Some(_) => Poll::Ready(()),
            None => self.socket.poll_acceptable(cx),
        }
    }
}

#[cfg(test)]
mod tests;
