//! What is known about sockets and can be set.
use wasip3::sockets::types::{ErrorCode, IpAddressFamily, TcpSocket, UdpSocket};

use crate::say;

fn enough(size: Result<u64, ErrorCode>) -> Result<bool, ErrorCode> {
    size.map(|size| size >= 8192)
}

pub async fn tcp() {
    let s = TcpSocket::create(IpAddressFamily::Ipv4).expect("a socket");
    say(format!("tcp: {:?}, listens: {}", s.get_address_family(), s.get_is_listening())).await;
    say(format!("backlog: {:?}", s.set_listen_backlog_size(5))).await;
    say(format!("keep-alive: {:?} {:?}", s.set_keep_alive_enabled(true), s.get_keep_alive_enabled())).await;
    let second = 1_000_000_000;
    say(format!("idle time: {:?} {:?}", s.set_keep_alive_idle_time(20 * second), s.get_keep_alive_idle_time())).await;
    say(format!("interval: {:?} {:?}", s.set_keep_alive_interval(3 * second), s.get_keep_alive_interval())).await;
    say(format!("count: {:?} {:?}", s.set_keep_alive_count(4), s.get_keep_alive_count())).await;
    say(format!("hop limit: {:?} {:?} {:?}", s.set_hop_limit(9), s.get_hop_limit(), s.set_hop_limit(0))).await;
    let size = enough(s.get_receive_buffer_size());
    say(format!("receive buffer: {:?} {size:?}", s.set_receive_buffer_size(8192))).await;
    let size = enough(s.get_send_buffer_size());
    say(format!("send buffer: {:?} {size:?}", s.set_send_buffer_size(8192))).await;
    say(format!("remote address: {:?}", s.get_remote_address().map(drop))).await;
}

pub async fn udp() {
    let s = UdpSocket::create(IpAddressFamily::Ipv4).expect("a socket");
    say(format!("udp: {:?}", s.get_address_family())).await;
    say(format!("hop limit: {:?} {:?}", s.set_unicast_hop_limit(9), s.get_unicast_hop_limit())).await;
    let size = enough(s.get_receive_buffer_size());
    say(format!("receive buffer: {:?} {size:?}", s.set_receive_buffer_size(8192))).await;
    let size = enough(s.get_send_buffer_size());
    say(format!("send buffer: {:?} {size:?}", s.set_send_buffer_size(8192))).await;
    say(format!("local address: {:?}", s.get_local_address().map(drop))).await;
}
