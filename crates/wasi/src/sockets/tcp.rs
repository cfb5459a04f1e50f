//! Spec: `wasi:sockets/types.tcp-socket`: its life and its streams.

use thalweg::{Access, Caller, Linker, LinkerInstance, Resource, Result, StreamReader};

use super::listener::Listener;
use super::{ErrorCode, IpAddressFamily, IpSocketAddress, TYPES, TcpSocket};
use crate::WasiView;
use crate::byte_stream::{read_end, write_end};
use crate::sys;
use crate::table_resource::TableResource;

/// The handle that a method is called on.
pub(super) type This = Resource<TcpSocket>;

pub(super) fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    let types = &mut linker.instance(TYPES)?;
    types.table_resource::<TcpSocket>("tcp-socket")?;
    life(types)?;
    streams(types)?;
    addresses(types)
}

/// The socket behind a handle; cloning it shares it.
pub(super) fn get<T: WasiView>(caller: &mut Caller<'_, T>, this: &This) -> Result<TcpSocket> {
    caller.data_mut().wasi().table.get(this).cloned()
}

/// A result in WIT's words.
pub(super) fn answer<R>(result: sys::Result<R>) -> Result<Result<R, ErrorCode>> {
    Ok(result.map_err(ErrorCode::from))
}

/// Spec: `connect`.
async fn connect<T: WasiView>(
    access: Access<T>,
    (this, remote): (This, IpSocketAddress),
) -> Result<Result<(), ErrorCode>> {
    let socket = access.with(|view| view.wasi().table.get(&this).cloned())?;
    answer(socket.connect(remote.into()).await)
}

/// Spec: `listen`.
fn listen<T: WasiView>(
    caller: &mut Caller<'_, T>,
    this: &This,
) -> Result<Result<StreamReader<Resource<TcpSocket>>, ErrorCode>> {
    let socket = get(caller, this)?;
    if let Err(error) = socket.listen() {
        return Ok(Err(error.into()));
    }
    let clock = caller.data_mut().wasi().monotonic_clock.clone();
    Ok(Ok(StreamReader::new(Listener::new(socket, caller.access(), clock))))
}

fn life<T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
    types
        .func("[static]tcp-socket.create", |mut caller, (family,): (IpAddressFamily,)| {
            let mut data = caller.data_mut();
            let wasi = data.wasi();
            match wasi.network.tcp_socket(family.into()) {
                Ok(socket) => Ok(Ok(wasi.table.push(socket)?)),
                Err(error) => Ok(Err(ErrorCode::from(error))),
            }
        })?
        .func("[method]tcp-socket.bind", |mut caller, (this, local): (This, IpSocketAddress)| {
            answer(get(&mut caller, &this)?.bind(local.into()))
        })?
        .func_async("[method]tcp-socket.connect", connect)?
        .func("[method]tcp-socket.listen", |mut caller, (this,): (This,)| listen(&mut caller, &this))?;
    Ok(())
}

fn streams<T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
    types
        .func("[method]tcp-socket.send", |mut caller, (this, data): (This, StreamReader<u8>)| {
            Ok(write_end::<ErrorCode>(data, get(&mut caller, &this)?.writer()))
        })?
        .func("[method]tcp-socket.receive", |mut caller, (this,): (This,)| {
            Ok(read_end::<ErrorCode>(get(&mut caller, &this)?.reader()))
        })?;
    Ok(())
}

fn addresses<T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
    types
        .func("[method]tcp-socket.get-local-address", |mut caller, (this,): (This,)| {
            answer(get(&mut caller, &this)?.local_address().map(IpSocketAddress::from))
        })?
        .func("[method]tcp-socket.get-remote-address", |mut caller, (this,): (This,)| {
            answer(get(&mut caller, &this)?.remote_address().map(IpSocketAddress::from))
        })?
        .func("[method]tcp-socket.get-is-listening", |mut caller, (this,): (This,)| {
            Ok(get(&mut caller, &this)?.is_listening())
        })?
        .func("[method]tcp-socket.get-address-family", |mut caller, (this,): (This,)| {
            Ok(IpAddressFamily::from(get(&mut caller, &this)?.family()))
        })?;
    Ok(())
}
