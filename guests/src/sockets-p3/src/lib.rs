//! Calls every function of wasi:sockets (0.3) on loopback, and prints what they answer.
mod properties;
mod tcp;
mod udp;

use futures::join;
use wasip3::sockets::ip_name_lookup::resolve_addresses;
use wasip3::sockets::types::{ErrorCode, IpSocketAddress, Ipv4SocketAddress};

struct Sockets;
wasip3::cli::command::export!(Sockets);

pub async fn say(line: String) {
    let (mut tx, rx) = wasip3::wit_stream::new();
    let _ = join!(async { wasip3::cli::stdout::write_via_stream(rx).await }, async move {
        tx.write_all(format!("{line}\n").into_bytes()).await;
    });
}

/// Any free port of 127.0.0.1.
pub fn loopback() -> IpSocketAddress {
    IpSocketAddress::Ipv4(Ipv4SocketAddress { port: 0, address: (127, 0, 0, 1) })
}

/// Whether it is a port of 127.0.0.1.
pub fn is_loopback(address: Result<IpSocketAddress, ErrorCode>) -> bool {
    matches!(address, Ok(IpSocketAddress::Ipv4(address)) if address.address == (127, 0, 0, 1) && address.port != 0)
}

impl wasip3::exports::cli::run::Guest for Sockets {
    async fn run() -> Result<(), ()> {
        properties::tcp().await;
        properties::udp().await;
        tcp::calls().await;
        udp::calls().await;
        // An address is its own name, so nobody is asked.
        say(format!("addresses: {:?}", resolve_addresses("127.0.0.1".into()).await)).await;
        say(format!("no name: {:?}", resolve_addresses("not a name".into()).await.map(drop))).await;
        Ok(())
    }
}
