//! Spec: wasi:sockets/udp.udp-socket, a view over the one of 0.3.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use thalweg::{Caller, Linker, LinkerInstance, Resource, Result};

use super::network::Network;
use super::{Answer, ErrorCode, IncomingDatagramStream, OutgoingDatagramStream, UDP, answer};
use crate::WasiView;
use crate::p2::io::{Pollable, Subscribe};
use crate::sockets::{self, IpAddressFamily, IpSocketAddress};
use crate::sys::SocketOption;
use crate::table_resource::TableResource;

/// The host object behind wasi:sockets/udp.udp-socket.
pub struct UdpSocket {
    socket: sockets::UdpSocket,
    binding: bool,
    /// How often streams were made: only the last pair works.
    generation: Arc<AtomicU64>,
}

impl UdpSocket {
    /// A view over `socket`.
    #[must_use]
    pub fn new(socket: sockets::UdpSocket) -> Self {
        UdpSocket { socket, binding: false, generation: Arc::default() }
    }

    /// Spec: `start-bind`.
    ///
    /// # Errors
    ///
    /// As `bind` of 0.3, and while it is started already.
    pub fn start_bind(&mut self, local: SocketAddr) -> Result<(), ErrorCode> {
        if self.binding {
            return Err(ErrorCode::ConcurrencyConflict);
        }
        self.socket.bind(local)?;
        self.binding = true;
        Ok(())
    }

    /// Spec: `finish-bind`.
    ///
    /// # Errors
    ///
    /// When it was not started.
    pub fn finish_bind(&mut self) -> Result<(), ErrorCode> {
        if std::mem::replace(&mut self.binding, false) { Ok(()) } else { Err(ErrorCode::NotInProgress) }
    }

    /// A new pair of streams, with a peer or for everyone; pairs made before work no more. Spec: `stream`.
    ///
    /// # Errors
    ///
    /// When the socket is not bound, or the peer is none to send to or not granted.
    pub fn stream(
        &mut self,
        remote: Option<SocketAddr>,
    ) -> Result<(IncomingDatagramStream, OutgoingDatagramStream), ErrorCode> {
        if self.binding || !self.socket.is_bound() {
            return Err(ErrorCode::InvalidState);
        }
        match remote {
            Some(remote) => self.socket.connect(remote)?,
            None if self.socket.remote_address().is_ok() => self.socket.disconnect()?,
            None => {}
        }
        let mine = self.generation.fetch_add(1, Ordering::Relaxed) + 1;
        let source = Source { socket: self.socket.clone(), generation: self.generation.clone(), mine };
        Ok((IncomingDatagramStream::new(source.clone()), OutgoingDatagramStream::new(source)))
    }

    /// Spec: `local-address`.
    ///
    /// # Errors
    ///
    /// When the socket is not bound, or binding is not finished.
    pub fn local_address(&self) -> Result<SocketAddr, ErrorCode> {
        if self.binding { Err(ErrorCode::InvalidState) } else { Ok(self.socket.local_address()?) }
    }
}

impl Subscribe for UdpSocket {
    /// What can be started here is over at once.
    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

/// The socket behind a datagram stream, as long as no newer stream has taken its place.
#[derive(Clone)]
pub(super) struct Source {
    socket: sockets::UdpSocket,
    generation: Arc<AtomicU64>,
    mine: u64,
}

impl Source {
    /// The socket.
    pub(super) fn socket(&self) -> Result<&sockets::UdpSocket, ErrorCode> {
        if self.generation.load(Ordering::Relaxed) == self.mine {
            Ok(&self.socket)
        } else {
            Err(ErrorCode::InvalidState)
        }
    }
}

type This = Resource<UdpSocket>;
type Streams = (Resource<IncomingDatagramStream>, Resource<OutgoingDatagramStream>);

pub(super) fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    let udp = &mut linker.instance(UDP)?;
    udp.table_resource::<UdpSocket>("udp-socket")?;
    life(udp)?;
    addresses(udp)?;
    properties(udp)
}

/// Lets `change` at the socket behind a handle.
fn with<T: WasiView, R>(
    caller: &mut Caller<'_, T>,
    this: &This,
    change: impl FnOnce(&mut UdpSocket) -> Result<R, ErrorCode>,
) -> Answer<R> {
    caller.data_mut().wasi().table.get_mut(this).map(change)
}

/// Spec: stream.
fn stream<T: WasiView>(caller: &mut Caller<'_, T>, (this, remote): (This, Option<IpSocketAddress>)) -> Answer<Streams> {
    let streams = with(caller, &this, |socket| socket.stream(remote.map(Into::into)))?;
    let mut data = caller.data_mut();
    let table = &mut data.wasi().table;
    match streams {
        Ok((incoming, outgoing)) => Ok(Ok((table.push(incoming)?, table.push(outgoing)?))),
        Err(code) => Ok(Err(code)),
    }
}

fn life<T: WasiView>(udp: &mut LinkerInstance<'_, T>) -> Result<()> {
    udp.func("[method]udp-socket.start-bind", |mut caller, (this, _, local): (This, Network, IpSocketAddress)| {
        with(&mut caller, &this, |socket| socket.start_bind(local.into()))
    })?
    .func("[method]udp-socket.finish-bind", |mut caller, (this,): (This,)| {
        with(&mut caller, &this, UdpSocket::finish_bind)
    })?
    .func("[method]udp-socket.stream", |mut caller, params| stream(&mut caller, params))?
    .func("[method]udp-socket.subscribe", |mut caller, (this,): (This,)| {
        Pollable::subscribe(&mut caller.data_mut().wasi().table, &this)
    })?;
    Ok(())
}

fn addresses<T: WasiView>(udp: &mut LinkerInstance<'_, T>) -> Result<()> {
    udp.func("[method]udp-socket.local-address", |mut caller, (this,): (This,)| {
        with(&mut caller, &this, |socket| Ok(IpSocketAddress::from(socket.local_address()?)))
    })?
    .func("[method]udp-socket.remote-address", |mut caller, (this,): (This,)| {
        with(&mut caller, &this, |socket| Ok(IpSocketAddress::from(socket.socket.remote_address()?)))
    })?
    .func("[method]udp-socket.address-family", |mut caller, (this,): (This,)| {
        Ok(IpAddressFamily::from(caller.data_mut().wasi().table.get(&this)?.socket.family()))
    })?;
    Ok(())
}

fn get<T: WasiView>(caller: &mut Caller<'_, T>, this: &This, option: SocketOption) -> Answer<u64> {
    answer(caller.data_mut().wasi().table.get(this)?.socket.option(option))
}

fn set<T: WasiView>(caller: &mut Caller<'_, T>, this: &This, option: SocketOption, value: u64) -> Answer<()> {
    answer(caller.data_mut().wasi().table.get(this)?.socket.set_option(option, value))
}

fn properties<T: WasiView>(udp: &mut LinkerInstance<'_, T>) -> Result<()> {
    udp.func("[method]udp-socket.unicast-hop-limit", |mut caller, (this,): (This,)| {
        Ok(get(&mut caller, &this, SocketOption::HopLimit)?.map(|value| value as u8))
    })?
    .func("[method]udp-socket.set-unicast-hop-limit", |mut caller, (this, value): (This, u8)| {
        set(&mut caller, &this, SocketOption::HopLimit, value.into())
    })?;
    let buffers =
        [("receive-buffer-size", SocketOption::ReceiveBuffer), ("send-buffer-size", SocketOption::SendBuffer)];
    for (name, option) in buffers {
        udp.func(&format!("[method]udp-socket.{name}"), move |mut caller, (this,): (This,)| {
            get(&mut caller, &this, option)
        })?
        .func(&format!("[method]udp-socket.set-{name}"), move |mut caller, (this, value): (This, u64)| {
            set(&mut caller, &this, option, value)
        })?;
    }
    Ok(())
}
