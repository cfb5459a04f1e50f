//! What is known about sockets and can be set.
use wasip2::sockets::network::IpAddressFamily;
use wasip2::sockets::tcp_create_socket::create_tcp_socket;
use wasip2::sockets::udp_create_socket::create_udp_socket;

use crate::{say, told};

pub fn tcp() {
    let socket = create_tcp_socket(IpAddressFamily::Ipv4).expect("a socket");
    say(&format!("tcp: {:?}, listens: {}", socket.address_family(), socket.is_listening()));
    say(&format!("backlog: {:?}", socket.set_listen_backlog_size(5)));
    say(&format!("keep-alive: {:?} {:?}", socket.set_keep_alive_enabled(true), socket.keep_alive_enabled()));
    let second = 1_000_000_000;
    say(&format!("idle time: {:?} {:?}", socket.set_keep_alive_idle_time(20 * second), socket.keep_alive_idle_time()));
    say(&format!("interval: {:?} {:?}", socket.set_keep_alive_interval(3 * second), socket.keep_alive_interval()));
    say(&format!("count: {:?} {:?}", socket.set_keep_alive_count(4), socket.keep_alive_count()));
    say(&format!("hop limit: {:?} {:?} {}", socket.set_hop_limit(9), socket.hop_limit(), told(socket.set_hop_limit(0))));
    let enough = |size: Result<u64, _>| size.map(|size| size >= 8192);
    say(&format!("receive buffer: {:?} {:?}", socket.set_receive_buffer_size(8192), enough(socket.receive_buffer_size())));
    say(&format!("send buffer: {:?} {:?}", socket.set_send_buffer_size(8192), enough(socket.send_buffer_size())));
    say(&format!("remote address: {}", told(socket.remote_address().map(drop))));
}

pub fn udp() {
    let socket = create_udp_socket(IpAddressFamily::Ipv4).expect("a socket");
    say(&format!("udp: {:?}", socket.address_family()));
    say(&format!("hop limit: {:?} {:?}", socket.set_unicast_hop_limit(9), socket.unicast_hop_limit()));
    let enough = |size: Result<u64, _>| size.map(|size| size >= 8192);
    say(&format!("receive buffer: {:?} {:?}", socket.set_receive_buffer_size(8192), enough(socket.receive_buffer_size())));
    say(&format!("send buffer: {:?} {:?}", socket.set_send_buffer_size(8192), enough(socket.send_buffer_size())));
    say(&format!("local address: {}", told(socket.local_address().map(drop))));
}
