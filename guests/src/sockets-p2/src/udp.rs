//! Datagrams to ourselves.
use wasip2::sockets::network::{IpAddressFamily, Network};
use wasip2::sockets::udp::{OutgoingDatagram, UdpSocket};
use wasip2::sockets::udp_create_socket::create_udp_socket;

use crate::{is_loopback, loopback, say, told};

fn bound(network: &Network) -> UdpSocket {
    let socket = create_udp_socket(IpAddressFamily::Ipv4).expect("a socket");
    say(&format!("start-bind: {:?}", socket.start_bind(network, loopback())));
    socket.subscribe().block();
    say(&format!("finish-bind: {:?}", socket.finish_bind()));
    socket
}

pub fn calls(network: &Network) {
    let (one, two) = (bound(network), bound(network));
    say(&format!("local address: {}", is_loopback(one.local_address())));
    let to = two.local_address().expect("bound");
    let (_, out) = one.stream(Some(to)).expect("a stream");
    say(&format!("remote address: {}", is_loopback(one.remote_address())));
    let (incoming, unconnected) = two.stream(None).expect("a stream");
    say(&format!("without a peer: {}", told(two.remote_address().map(drop))));
    say(&format!("nothing yet: {:?}", incoming.receive(10).map(|datagrams| datagrams.len())));
    out.subscribe().block();
    say(&format!("check-send: {:?}", out.check_send().map(|room| room > 0)));
    let datagram = |text: &[u8]| OutgoingDatagram { data: text.to_vec(), remote_address: None };
    say(&format!("send: {:?}", out.send(&[datagram(b"first")])));
    incoming.subscribe().block();
    let received = incoming.receive(10).expect("a datagram");
    let from = received[0].remote_address;
    say(&format!("received: {:?}, from the sender: {}", received[0].data, is_loopback(Ok(from))));
    unconnected.subscribe().block();
    say(&format!("check-send: {:?}", unconnected.check_send().map(|room| room > 0)));
    say(&format!("without an address: {}", told(unconnected.send(&[datagram(b"lost")]))));
}
