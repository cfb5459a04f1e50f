//! Spec: `wasi:sockets/types.udp-socket`.

use std::future::poll_fn;

use thalweg::{Access, Caller, Linker, LinkerInstance, Resource, Result};

use super::tcp::answer;
use super::{ErrorCode, IpAddressFamily, IpSocketAddress, TYPES, UdpSocket};
use crate::WasiView;
use crate::sys::SocketOption;
use crate::table_resource::TableResource;

type This = Resource<UdpSocket>;

pub(super) fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    let types = &mut linker.instance(TYPES)?;
    types.table_resource::<UdpSocket>("udp-socket")?;
    life(types)?;
    types.func_async("[method]udp-socket.send", send)?.func_async("[method]udp-socket.receive", receive)?;
    addresses(types)?;
    properties(types)
}

/// The socket behind a handle; cloning it shares it.
fn get<T: WasiView>(caller: &mut Caller<'_, T>, this: &This) -> Result<UdpSocket> {
    caller.data_mut().wasi().table.get(this).cloned()
}

/// Spec: `send`.
async fn send<T: WasiView>(
    access: Access<T>,
    (this, data, remote): (This, Vec<u8>, Option<IpSocketAddress>),
) -> Result<Result<(), ErrorCode>> {
    let socket = access.with(|view| view.wasi().table.get(&this).cloned())?;
    let remote = remote.map(Into::into);
    answer(poll_fn(|cx| socket.poll_send(cx, &data, remote)).await)
}

/// Spec: `receive`.
async fn receive<T: WasiView>(
    access: Access<T>,
    (this,): (This,),
) -> Result<Result<(Vec<u8>, IpSocketAddress), ErrorCode>> {
    let socket = access.with(|view| view.wasi().table.get(&this).cloned())?;
    let received = poll_fn(|cx| socket.poll_receive(cx)).await;
    answer(received.map(|(data, sender)| (data, sender.into())))
}

fn life<T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
    types
        .func("[static]udp-socket.create", |mut caller, (family,): (IpAddressFamily,)| {
            let mut data = caller.data_mut();
            let wasi = data.wasi();
            match wasi.network.udp_socket(family.into()) {
                Ok(socket) => Ok(Ok(wasi.table.push(socket)?)),
                Err(error) => Ok(Err(ErrorCode::from(error))),
            }
        })?
        .func("[method]udp-socket.bind", |mut caller, (this, local): (This, IpSocketAddress)| {
            answer(get(&mut caller, &this)?.bind(local.into()))
        })?
        .func("[method]udp-socket.connect", |mut caller, (this, remote): (This, IpSocketAddress)| {
            answer(get(&mut caller, &this)?.connect(remote.into()))
        })?
        .func("[method]udp-socket.disconnect", |mut caller, (this,): (This,)| {
            answer(get(&mut caller, &this)?.disconnect())
        })?;
    Ok(())
}

fn addresses<T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
    types
        .func("[method]udp-socket.get-local-address", |mut caller, (this,): (This,)| {
            answer(get(&mut caller, &this)?.local_address().map(IpSocketAddress::from))
        })?
        .func("[method]udp-socket.get-remote-address", |mut caller, (this,): (This,)| {
            answer(get(&mut caller, &this)?.remote_address().map(IpSocketAddress::from))
        })?
        .func("[method]udp-socket.get-address-family", |mut caller, (this,): (This,)| {
            Ok(IpAddressFamily::from(get(&mut caller, &this)?.family()))
        })?;
    Ok(())
}

fn properties<T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
    types
        .func("[method]udp-socket.get-unicast-hop-limit", |mut caller, (this,): (This,)| {
            answer(get(&mut caller, &this)?.option(SocketOption::HopLimit).map(|value| value as u8))
        })?
        .func("[method]udp-socket.set-unicast-hop-limit", |mut caller, (this, value): (This, u8)| {
            answer(get(&mut caller, &this)?.set_option(SocketOption::HopLimit, value.into()))
        })?;
    let buffers =
        [("receive-buffer-size", SocketOption::ReceiveBuffer), ("send-buffer-size", SocketOption::SendBuffer)];
    for (name, option) in buffers {
        types
            .func(&format!("[method]udp-socket.get-{name}"), move |mut caller, (this,): (This,)| {
                answer(get(&mut caller, &this)?.option(option))
            })?
            .func(&format!("[method]udp-socket.set-{name}"), move |mut caller, (this, value): (This, u64)| {
                answer(get(&mut caller, &this)?.set_option(option, value))
            })?;
    }
    Ok(())
}
