//! Calls every function of wasi:sockets (0.2) on loopback, and prints what they answer.
mod lookup;
mod properties;
mod tcp;
mod udp;

use wasip2::sockets::instance_network::instance_network;
use wasip2::sockets::network::{ErrorCode, IpSocketAddress, Ipv4SocketAddress};

struct Sockets;
wasip2::cli::command::export!(Sockets);

pub fn say(line: &str) {
    let _ = wasip2::cli::stdout::get_stdout().blocking_write_and_flush(format!("{line}\n").as_bytes());
}

/// What came of it; an error by its name.
pub fn told<R: core::fmt::Debug>(result: Result<R, ErrorCode>) -> String {
    match result {
        Ok(value) => format!("Ok({value:?})"),
        Err(error) => format!("Err({})", error.name()),
    }
}

/// Any free port of 127.0.0.1.
pub fn loopback() -> IpSocketAddress {
    IpSocketAddress::Ipv4(Ipv4SocketAddress { port: 0, address: (127, 0, 0, 1) })
}

/// Whether it is a port of 127.0.0.1.
pub fn is_loopback(address: Result<IpSocketAddress, ErrorCode>) -> bool {
    matches!(address, Ok(IpSocketAddress::Ipv4(address)) if address.address == (127, 0, 0, 1) && address.port != 0)
}

impl wasip2::exports::cli::run::Guest for Sockets {
    fn run() -> Result<(), ()> {
        let network = instance_network();
        properties::tcp();
        properties::udp();
        tcp::calls(&network);
        udp::calls(&network);
        lookup::calls(&network);
        Ok(())
    }
}
