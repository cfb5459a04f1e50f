//! Spec: `wasi:sockets/types.tcp-socket`: its properties.

use thalweg::{Linker, LinkerInstance, Result};

use super::TYPES;
use super::tcp::{This, answer, get};
use crate::WasiView;
use crate::sys::SocketOption;

pub(super) fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    let types = &mut linker.instance(TYPES)?;
    types.func("[method]tcp-socket.set-listen-backlog-size", |mut caller, (this, value): (This, u64)| {
        answer(get(&mut caller, &this)?.set_backlog(value))
    })?;
    narrow(types)?;
    let wide = [
        ("keep-alive-idle-time", SocketOption::KeepAliveIdle),
        ("keep-alive-interval", SocketOption::KeepAliveInterval),
        ("receive-buffer-size", SocketOption::ReceiveBuffer),
        ("send-buffer-size", SocketOption::SendBuffer),
    ];
    for (name, option) in wide {
        types
            .func(&format!("[method]tcp-socket.get-{name}"), move |mut caller, (this,): (This,)| {
                answer(get(&mut caller, &this)?.option(option))
            })?
            .func(&format!("[method]tcp-socket.set-{name}"), move |mut caller, (this, value): (This, u64)| {
                answer(get(&mut caller, &this)?.set_option(option, value))
            })?;
    }
    Ok(())
}

/// Those whose type is not `u64`.
fn narrow<T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
    types
        .func("[method]tcp-socket.get-keep-alive-enabled", |mut caller, (this,): (This,)| {
            answer(get(&mut caller, &this)?.option(SocketOption::KeepAlive).map(|value| value != 0))
        })?
        .func("[method]tcp-socket.set-keep-alive-enabled", |mut caller, (this, value): (This, bool)| {
            answer(get(&mut caller, &this)?.set_option(SocketOption::KeepAlive, value.into()))
        })?
        .func("[method]tcp-socket.get-keep-alive-count", |mut caller, (this,): (This,)| {
            answer(get(&mut caller, &this)?.option(SocketOption::KeepAliveCount).map(|value| value as u32))
        })?
        .func("[method]tcp-socket.set-keep-alive-count", |mut caller, (this, value): (This, u32)| {
            answer(get(&mut caller, &this)?.set_option(SocketOption::KeepAliveCount, value.into()))
        })?
        .func("[method]tcp-socket.get-hop-limit", |mut caller, (this,): (This,)| {
            answer(get(&mut caller, &this)?.option(SocketOption::HopLimit).map(|value| value as u8))
        })?
        .func("[method]tcp-socket.set-hop-limit", |mut caller, (this, value): (This, u8)| {
            answer(get(&mut caller, &this)?.set_option(SocketOption::HopLimit, value.into()))
        })?;
    Ok(())
}
