//! wasi:sockets of 0.2: the same sockets as in 0.3, with operations that are started and finished, and pollables.

mod create_socket;
mod datagram_streams;
mod error_code;
mod ip_name_lookup;
mod network;
mod tcp;
mod tcp_properties;
mod tcp_socket;
mod udp;

use thalweg::{Linker, Result};

pub use datagram_streams::{IncomingDatagramStream, OutgoingDatagramStream};
pub use error_code::ErrorCode;
pub use ip_name_lookup::ResolveAddressStream;
pub use tcp_socket::TcpSocket;
pub use udp::UdpSocket;

use crate::{WasiView, sys};

const TCP: &str = "wasi:sockets/tcp@0.2.12";
const UDP: &str = "wasi:sockets/udp@0.2.12";

/// What a function of the package gives: an answer in WIT's words, or a fault of the guest or the host.
type Answer<R> = Result<Result<R, ErrorCode>>;

/// A result in WIT's words.
fn answer<R>(result: sys::Result<R>) -> Answer<R> {
    Ok(result.map_err(ErrorCode::from))
}

/// Defines the package's interfaces.
///
/// # Errors
///
/// When one of the names is defined already.
pub fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    network::add_to_linker(linker)?;
    ip_name_lookup::add_to_linker(linker)?;
    create_socket::add_to_linker(linker)?;
    tcp::add_to_linker(linker)?;
    tcp_properties::add_to_linker(linker)?;
    udp::add_to_linker(linker)?;
    datagram_streams::add_to_linker(linker)
}
