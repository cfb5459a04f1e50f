//! `wasi:sockets`: TCP, UDP and the names of hosts, as far as a [`NetworkPolicy`] grants them.
//!
//! Making a socket and turning its knobs needs no grant: it touches no network. What a policy denies is to bind, connect,
//! listen and send, and to look a name up.

mod address;
mod error_code;
mod grant;
mod host_names;
mod ip_name_lookup;
mod listener;
mod name;
mod policy;
mod private;
mod tcp;
mod tcp_properties;
mod tcp_socket;
mod tcp_stream;
mod udp;
mod udp_socket;

use thalweg::{Linker, Result};

pub use address::{IpAddress, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress};
pub use error_code::{ErrorCode, LookupErrorCode};
pub use grant::NetworkGrant;
pub use host_names::HostName;
pub use policy::{NetworkPolicy, Range};
pub use tcp_socket::{TcpSocket, TcpState};
pub use tcp_stream::{TcpReader, TcpWriter};
pub use udp_socket::{MAX_DATAGRAM_BYTES, UdpSocket};

use crate::WasiView;

const TYPES: &str = "wasi:sockets/types@0.3.2";

/// Defines the package's interfaces.
///
/// # Errors
///
/// When one of the names is defined already.
pub fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    tcp::add_to_linker(linker)?;
    tcp_properties::add_to_linker(linker)?;
    udp::add_to_linker(linker)?;
    ip_name_lookup::add_to_linker(linker)
}
