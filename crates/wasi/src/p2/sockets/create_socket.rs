//! Spec: wasi:sockets/tcp-create-socket, wasi:sockets/udp-create-socket.

use thalweg::{Linker, Result};

use super::{ErrorCode, TcpSocket, UdpSocket};
use crate::WasiView;
use crate::sockets::IpAddressFamily;

pub(super) fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    linker.instance("wasi:sockets/tcp-create-socket@0.2.12")?.func(
        "create-tcp-socket",
        |mut caller, (family,): (IpAddressFamily,)| {
            let mut data = caller.data_mut();
            let wasi = data.wasi();
            match wasi.network.tcp_socket(family.into()) {
                Ok(socket) => wasi.table.push(TcpSocket::new(socket)).map(Ok),
                Err(error) => Ok(Err(ErrorCode::from(error))),
            }
        },
    )?;
    linker.instance("wasi:sockets/udp-create-socket@0.2.12")?.func(
        "create-udp-socket",
        |mut caller, (family,): (IpAddressFamily,)| {
            let mut data = caller.data_mut();
            let wasi = data.wasi();
            match wasi.network.udp_socket(family.into()) {
                Ok(socket) => wasi.table.push(UdpSocket::new(socket)).map(Ok),
                Err(error) => Ok(Err(ErrorCode::from(error))),
            }
        },
    )?;
    Ok(())
}
