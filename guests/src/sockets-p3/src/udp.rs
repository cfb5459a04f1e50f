//! Datagrams to ourselves.
use wasip3::sockets::types::{IpAddressFamily, UdpSocket};

use crate::{is_loopback, loopback, say};

pub async fn calls() {
    let (one, two) = (UdpSocket::create(IpAddressFamily::Ipv4), UdpSocket::create(IpAddressFamily::Ipv4));
    let (one, two) = (one.expect("a socket"), two.expect("a socket"));
    say(format!("bind: {:?} {:?}", one.bind(loopback()), two.bind(loopback()))).await;
    say(format!("local address: {}", is_loopback(one.get_local_address()))).await;
    let to = two.get_local_address().expect("bound");
    say(format!("without a peer: {:?} {:?}", one.get_remote_address().map(drop), one.send(b"lost".to_vec(), None).await)).await;
    say(format!("send: {:?}", one.send(b"first".to_vec(), Some(to)).await)).await;
    let (data, from) = two.receive().await.expect("a datagram");
    say(format!("received: {:?}, from the sender: {}", String::from_utf8(data), is_loopback(Ok(from)))).await;
    say(format!("connect: {:?}", two.connect(from))).await;
    say(format!("remote address: {}", is_loopback(two.get_remote_address()))).await;
    say(format!("send: {:?}", two.send(b"second".to_vec(), None).await)).await;
    let (data, _) = one.receive().await.expect("a datagram");
    say(format!("received: {:?}", String::from_utf8(data))).await;
    say(format!("disconnect: {:?} {:?}", two.disconnect(), two.disconnect())).await;
}
