//! A connection to ourselves.
use wasip2::sockets::network::{ErrorCode, IpAddressFamily, Network};
use wasip2::sockets::tcp::{ShutdownType, TcpSocket};
use wasip2::sockets::tcp_create_socket::create_tcp_socket;

use crate::{is_loopback, loopback, say, told};

/// Asks until it is more than "not yet", and waits in between.
fn finish<R>(socket: &TcpSocket, mut ask: impl FnMut(&TcpSocket) -> Result<R, ErrorCode>) -> Result<R, ErrorCode> {
    let ready = socket.subscribe();
    loop {
        match ask(socket) {
            Err(ErrorCode::WouldBlock) => ready.block(),
            answer => return answer,
        }
    }
}

pub fn calls(network: &Network) {
    let server = create_tcp_socket(IpAddressFamily::Ipv4).expect("a socket");
    say(&format!("start-bind: {:?}", server.start_bind(network, loopback())));
    say(&format!("finish-bind: {:?}", finish(&server, TcpSocket::finish_bind)));
    say(&format!("start-listen: {:?}", server.start_listen()));
    say(&format!("finish-listen: {:?}", finish(&server, TcpSocket::finish_listen)));
    say(&format!("listens: {} at loopback: {}", server.is_listening(), is_loopback(server.local_address())));
    say(&format!("accept: {}", told(server.accept().map(drop))));
    let client = create_tcp_socket(IpAddressFamily::Ipv4).expect("a socket");
    say(&format!("start-connect: {:?}", client.start_connect(network, server.local_address().expect("bound"))));
    let (from_server, to_server) = finish(&client, TcpSocket::finish_connect).expect("connected");
    let (accepted, from_client, to_client) = finish(&server, TcpSocket::accept).expect("a connection");
    say(&format!("remote address: {}", is_loopback(accepted.remote_address())));
    say(&format!("sent: {:?}", to_server.blocking_write_and_flush(b"question")));
    say(&format!("received: {:?}", from_client.blocking_read(100)));
    say(&format!("answered: {:?}", to_client.blocking_write_and_flush(b"answer")));
    say(&format!("received: {:?}", from_server.blocking_read(100)));
    say(&format!("shutdown: {:?}", client.shutdown(ShutdownType::Send)));
    say(&format!("the end: {:?}", from_client.blocking_read(100)));
    say(&format!("bound twice: {}", told(server.start_bind(network, loopback()))));
}
