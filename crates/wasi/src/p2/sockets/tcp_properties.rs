//! Spec: wasi:sockets/tcp.tcp-socket: its properties.

use thalweg::{Caller, Linker, LinkerInstance, Result};

use super::tcp::This;
use super::{Answer, TCP, answer};
use crate::WasiView;
use crate::sys::SocketOption;

pub(super) fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    let tcp = &mut linker.instance(TCP)?;
    narrow(tcp)?;
    let wide = [
        ("keep-alive-idle-time", SocketOption::KeepAliveIdle),
        ("keep-alive-interval", SocketOption::KeepAliveInterval),
        ("receive-buffer-size", SocketOption::ReceiveBuffer),
        ("send-buffer-size", SocketOption::SendBuffer),
    ];
    for (name, option) in wide {
        tcp.func(&format!("[method]tcp-socket.{name}"), move |mut caller, (this,): (This,)| {
            get(&mut caller, &this, option)
        })?
        .func(&format!("[method]tcp-socket.set-{name}"), move |mut caller, (this, value): (This, u64)| {
            set(&mut caller, &this, option, value)
        })?;
    }
    Ok(())
}

fn get<T: WasiView>(caller: &mut Caller<'_, T>, this: &This, option: SocketOption) -> Answer<u64> {
    answer(caller.data_mut().wasi().table.get(this)?.socket().option(option))
}

fn set<T: WasiView>(caller: &mut Caller<'_, T>, this: &This, option: SocketOption, value: u64) -> Answer<()> {
    answer(caller.data_mut().wasi().table.get(this)?.socket().set_option(option, value))
}

/// Those whose type is not `u64`.
fn narrow<T: WasiView>(tcp: &mut LinkerInstance<'_, T>) -> Result<()> {
    tcp.func("[method]tcp-socket.keep-alive-enabled", |mut caller, (this,): (This,)| {
        Ok(get(&mut caller, &this, SocketOption::KeepAlive)?.map(|value| value != 0))
    })?
    .func("[method]tcp-socket.set-keep-alive-enabled", |mut caller, (this, value): (This, bool)| {
        set(&mut caller, &this, SocketOption::KeepAlive, value.into())
    })?
    .func("[method]tcp-socket.keep-alive-count", |mut caller, (this,): (This,)| {
        Ok(get(&mut caller, &this, SocketOption::KeepAliveCount)?.map(|value| value as u32))
    })?
    .func("[method]tcp-socket.set-keep-alive-count", |mut caller, (this, value): (This, u32)| {
        set(&mut caller, &this, SocketOption::KeepAliveCount, value.into())
    })?
    .func("[method]tcp-socket.hop-limit", |mut caller, (this,): (This,)| {
        Ok(get(&mut caller, &this, SocketOption::HopLimit)?.map(|value| value as u8))
    })?
    .func("[method]tcp-socket.set-hop-limit", |mut caller, (this, value): (This, u8)| {
        set(&mut caller, &this, SocketOption::HopLimit, value.into())
    })?;
    Ok(())
}
