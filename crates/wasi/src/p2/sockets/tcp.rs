//! Spec: wasi:sockets/tcp: the life of a tcp-socket and its streams.

use thalweg::{Access, Caller, Error, Linker, LinkerInstance, Resource, Result};

use super::error_code::explain;
use super::network::Network;
use super::{Answer, ErrorCode, TCP, TcpSocket, answer};
use crate::p2::io::{InputStream, OutputStream, Pollable};
use crate::p2::wait;
use crate::sockets::{self, IpAddressFamily, IpSocketAddress};
use crate::sys::Direction;
use crate::table_resource::TableResource;
use crate::{WasiContext, WasiView};

thalweg::wit_enum! {
    /// Spec: wasi:sockets/tcp.shutdown-type.
    pub enum ShutdownType {
        Receive as "receive",
        Send as "send",
        Both as "both",
    }
}

/// The handle that a method is called on.
pub(super) type This = Resource<TcpSocket>;
/// Both ways of a connection.
type Streams = (Resource<InputStream>, Resource<OutputStream>);

pub(super) fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    let tcp = &mut linker.instance(TCP)?;
    tcp.table_resource::<TcpSocket>("tcp-socket")?;
    starts(tcp)?;
    streams(tcp)?;
    addresses(tcp)
}

/// Lets `change` at the socket behind a handle.
fn with<T: WasiView, R>(
    caller: &mut Caller<'_, T>,
    this: &This,
    change: impl FnOnce(&mut TcpSocket) -> Result<R, ErrorCode>,
) -> Answer<R> {
    caller.data_mut().wasi().table.get_mut(this).map(change)
}

/// Handles to both ways of a connection.
fn push_streams(wasi: &mut WasiContext, socket: &sockets::TcpSocket) -> Answer<Streams> {
    let ends = socket.reader().and_then(|reader| Ok((reader, socket.writer()?)));
    let (reader, writer) = match ends {
        Ok(ends) => ends,
        Err(error) => return Ok(Err(error.into())),
    };
    let input = wasi.table.push(InputStream::new(reader, explain))?;
    let output = wasi.table.push(OutputStream::new(writer, explain))?;
    Ok(Ok((input, output)))
}

/// Spec: finish-connect. "Not yet" is said after a turn of the host.
async fn finish_connect<T: WasiView>(access: Access<T>, (this,): (This,)) -> Answer<Streams> {
    let step = |wasi: &mut WasiContext, cx: &mut std::task::Context<'_>| {
        wasi.table.get_mut(&this)?.poll_finish_connect(cx).map(Ok)
    };
    match wait::soon(&access, step).await? {
        None => Ok(Err(ErrorCode::WouldBlock)),
        Some(Err(code)) => Ok(Err(code)),
        Some(Ok(())) => access.with(|view| {
            let wasi = view.wasi();
            let socket = wasi.table.get(&this)?.socket().clone();
            push_streams(wasi, &socket)
        }),
    }
}

/// Spec: accept. "None yet" is said after a turn of the host.
async fn accept<T: WasiView>(
    access: Access<T>,
    (this,): (This,),
) -> Answer<(This, Resource<InputStream>, Resource<OutputStream>)> {
    let step =
        |wasi: &mut WasiContext, cx: &mut std::task::Context<'_>| wasi.table.get_mut(&this)?.poll_accept(cx).map(Ok);
    let socket = match wait::soon(&access, step).await? {
        None => return Ok(Err(ErrorCode::WouldBlock)),
        Some(Err(code)) => return Ok(Err(code)),
        Some(Ok(socket)) => socket,
    };
    access.with(|view| {
        let wasi = view.wasi();
        Ok(match push_streams(wasi, &socket)? {
            Ok((input, output)) => Ok((wasi.table.push(TcpSocket::new(socket))?, input, output)),
            Err(code) => Err(code),
        })
    })
}

fn starts<T: WasiView>(tcp: &mut LinkerInstance<'_, T>) -> Result<()> {
    tcp.func("[method]tcp-socket.start-bind", |mut caller, (this, _, local): (This, Network, IpSocketAddress)| {
        with(&mut caller, &this, |socket| socket.start_bind(local.into()))
    })?
    .func("[method]tcp-socket.finish-bind", |mut caller, (this,): (This,)| {
        with(&mut caller, &this, TcpSocket::finish_bind)
    })?
    .func("[method]tcp-socket.start-connect", |mut caller, (this, _, remote): (This, Network, IpSocketAddress)| {
        with(&mut caller, &this, |socket| socket.start_connect(remote.into()))
    })?
    .func_async("[method]tcp-socket.finish-connect", finish_connect)?
    .func("[method]tcp-socket.start-listen", |mut caller, (this,): (This,)| {
        with(&mut caller, &this, TcpSocket::start_listen)
    })?
    .func("[method]tcp-socket.finish-listen", |mut caller, (this,): (This,)| {
        with(&mut caller, &this, TcpSocket::finish_listen)
    })?
    .func_async("[method]tcp-socket.accept", accept)?;
    Ok(())
}

/// Spec: shutdown.
fn shutdown(socket: &TcpSocket, how: ShutdownType) -> Result<(), ErrorCode> {
    let socket = socket.settled()?;
    if matches!(how, ShutdownType::Receive | ShutdownType::Both) {
        socket.shutdown(Direction::Receive)?;
    }
    if matches!(how, ShutdownType::Send | ShutdownType::Both) {
        socket.shutdown(Direction::Send)?;
    }
    Ok(())
}

fn streams<T: WasiView>(tcp: &mut LinkerInstance<'_, T>) -> Result<()> {
    tcp.func("[method]tcp-socket.shutdown", |mut caller, (this, how): (This, ShutdownType)| {
        with(&mut caller, &this, |socket| shutdown(socket, how))
    })?
    .func("[method]tcp-socket.subscribe", |mut caller, (this,): (This,)| {
        Pollable::subscribe(&mut caller.data_mut().wasi().table, &this)
    })?;
    Ok(())
}

fn addresses<T: WasiView>(tcp: &mut LinkerInstance<'_, T>) -> Result<()> {
    tcp.func("[method]tcp-socket.local-address", |mut caller, (this,): (This,)| {
        with(&mut caller, &this, |socket| Ok(IpSocketAddress::from(socket.local_address()?)))
    })?
    .func("[method]tcp-socket.remote-address", |mut caller, (this,): (This,)| {
        with(&mut caller, &this, |socket| Ok(IpSocketAddress::from(socket.settled()?.remote_address()?)))
    })?
    .func("[method]tcp-socket.is-listening", |mut caller, (this,): (This,)| {
        Ok::<_, Error>(caller.data_mut().wasi().table.get(&this)?.socket().is_listening())
    })?
    .func("[method]tcp-socket.address-family", |mut caller, (this,): (This,)| {
        let family = caller.data_mut().wasi().table.get(&this)?.socket().family();
        Ok(IpAddressFamily::from(family))
    })?
    .func("[method]tcp-socket.set-listen-backlog-size", |mut caller, (this, value): (This, u64)| {
        answer(caller.data_mut().wasi().table.get(&this)?.socket().set_backlog(value))
    })?;
    Ok(())
}
