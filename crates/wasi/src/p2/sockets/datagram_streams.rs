//! Spec: wasi:sockets/udp: the resources incoming-datagram-stream and outgoing-datagram-stream.

use std::task::{Context, Poll, Waker};

use thalweg::{Access, Error, Linker, Resource, Result};

use super::udp::Source;
use super::{Answer, ErrorCode, UDP};
use crate::p2::io::{Pollable, Subscribe};
use crate::p2::wait;
use crate::sockets::IpSocketAddress;
use crate::table_resource::TableResource;
use crate::{WasiContext, WasiView};

/// The most datagrams that one call receives or may send.
const MOST_DATAGRAMS: usize = 16;

thalweg::wit_record! {
    /// Spec: wasi:sockets/udp.incoming-datagram.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct IncomingDatagram {
        data: Vec<u8> as "data",
        remote_address: IpSocketAddress as "remote-address",
    }
}

thalweg::wit_record! {
    /// Spec: wasi:sockets/udp.outgoing-datagram.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct OutgoingDatagram {
        data: Vec<u8> as "data",
        remote_address: Option<IpSocketAddress> as "remote-address",
    }
}

/// Datagrams from the network. Spec: wasi:sockets/udp.incoming-datagram-stream.
pub struct IncomingDatagramStream(Source);

impl IncomingDatagramStream {
    pub(super) fn new(source: Source) -> Self {
        IncomingDatagramStream(source)
    }

    /// At least one datagram and at most `most`; none if `most` is 0. Spec: `receive`.
    pub fn poll_receive(&mut self, cx: &mut Context<'_>, most: u64) -> Poll<Result<Vec<IncomingDatagram>, ErrorCode>> {
        let socket = self.0.socket()?;
        let most = most.min(MOST_DATAGRAMS as u64) as usize;
        let mut received = Vec::new();
        while received.len() < most {
            match socket.poll_receive(cx) {
                Poll::Ready(Ok((data, sender))) => {
                    received.push(IncomingDatagram { data, remote_address: sender.into() });
                }
                Poll::Ready(Err(error)) if received.is_empty() => return Poll::Ready(Err(error.into())),
                Poll::Pending if received.is_empty() => return Poll::Pending,
                Poll::Ready(Err(_)) | Poll::Pending => break,
            }
        }
        Poll::Ready(Ok(received))
    }
}

impl Subscribe for IncomingDatagramStream {
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self.0.socket() {
            Ok(socket) => socket.poll_receivable(cx),
            Err(_) => Poll::Ready(()),
        }
    }
}

/// Datagrams into the network. Spec: wasi:sockets/udp.outgoing-datagram-stream.
pub struct OutgoingDatagramStream {
    source: Source,
    /// How many datagrams the next call may send.
    permit: usize,
}

impl OutgoingDatagramStream {
    pub(super) fn new(source: Source) -> Self {
        OutgoingDatagramStream { source, permit: 0 }
    }

    /// How many datagrams may be sent. Spec: `check-send`. Pending means none.
    pub fn poll_check_send(&mut self, cx: &mut Context<'_>) -> Poll<Result<u64, ErrorCode>> {
        self.permit = 0;
        std::task::ready!(self.source.socket()?.poll_sendable(cx));
        self.permit = MOST_DATAGRAMS;
        Poll::Ready(Ok(self.permit as u64))
    }

    /// Sends as many of `datagrams` as possible at once; says how many. Spec: `send`.
    ///
    /// # Errors
    ///
    /// The outer one when they were not permitted.
    pub fn send(&mut self, datagrams: &[OutgoingDatagram]) -> Answer<u64> {
        if datagrams.len() > self.permit {
            let (sent, permit) = (datagrams.len(), self.permit);
            return Err(Error::host(format!(
                "wasi:sockets/udp.outgoing-datagram-stream.send: {sent} datagrams sent, {permit} permitted"
            ))
            .with_hint("call check-send first, and send no more than it answers"));
        }
        self.permit -= datagrams.len();
        let socket = match self.source.socket() {
            Ok(socket) => socket,
            Err(code) => return Ok(Err(code)),
        };
        let mut cx = Context::from_waker(Waker::noop());
        let mut sent = 0;
        for datagram in datagrams {
            match socket.poll_send(&mut cx, &datagram.data, datagram.remote_address.map(Into::into)) {
                Poll::Ready(Ok(())) => sent += 1,
                Poll::Ready(Err(error)) if sent == 0 => return Ok(Err(error.into())),
                Poll::Ready(Err(_)) | Poll::Pending => break,
            }
        }
        Ok(Ok(sent))
    }
}

impl Subscribe for OutgoingDatagramStream {
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self.source.socket() {
            Ok(socket) => socket.poll_sendable(cx),
            Err(_) => Poll::Ready(()),
        }
    }
}

type Incoming = Resource<IncomingDatagramStream>;
type Outgoing = Resource<OutgoingDatagramStream>;

/// Spec: incoming-datagram-stream.receive. "Nothing now" is said after a turn of the host.
async fn receive<T: WasiView>(access: Access<T>, (this, most): (Incoming, u64)) -> Answer<Vec<IncomingDatagram>> {
    let step = |wasi: &mut WasiContext, cx: &mut Context<'_>| wasi.table.get_mut(&this)?.poll_receive(cx, most).map(Ok);
    Ok(wait::soon(&access, step).await?.unwrap_or_else(|| Ok(Vec::new())))
}

/// Spec: outgoing-datagram-stream.check-send. "None now" is said after a turn of the host.
async fn check_send<T: WasiView>(access: Access<T>, (this,): (Outgoing,)) -> Answer<u64> {
    let step = |wasi: &mut WasiContext, cx: &mut Context<'_>| wasi.table.get_mut(&this)?.poll_check_send(cx).map(Ok);
    Ok(wait::soon(&access, step).await?.unwrap_or(Ok(0)))
}

pub(super) fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    linker
        .instance(UDP)?
        .table_resource::<IncomingDatagramStream>("incoming-datagram-stream")?
        .table_resource::<OutgoingDatagramStream>("outgoing-datagram-stream")?
        .func_async("[method]incoming-datagram-stream.receive", receive)?
        .func("[method]incoming-datagram-stream.subscribe", |mut caller, (this,): (Incoming,)| {
            Pollable::subscribe(&mut caller.data_mut().wasi().table, &this)
        })?
        .func_async("[method]outgoing-datagram-stream.check-send", check_send)?
        .func(
            "[method]outgoing-datagram-stream.send",
            |mut caller, (this, datagrams): (Outgoing, Vec<OutgoingDatagram>)| {
                caller.data_mut().wasi().table.get_mut(&this)?.send(&datagrams)
            },
        )?
        .func("[method]outgoing-datagram-stream.subscribe", |mut caller, (this,): (Outgoing,)| {
            Pollable::subscribe(&mut caller.data_mut().wasi().table, &this)
        })?;
    Ok(())
}

#[cfg(test)]
mod tests;
