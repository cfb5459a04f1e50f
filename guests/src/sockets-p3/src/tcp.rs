//! A connection to ourselves.
use futures::join;
use wasip3::sockets::types::{IpAddressFamily, TcpSocket};

use crate::{is_loopback, loopback, say};

/// Sends all of `text` and ends that direction.
async fn send(socket: &TcpSocket, text: &[u8]) {
    let (mut tx, rx) = wasip3::wit_stream::new();
    let (sent, _) = join!(async { socket.send(rx).await }, async move { tx.write_all(text.to_vec()).await });
    say(format!("sent: {sent:?}")).await;
}

async fn receive(socket: &TcpSocket) {
    let (data, done) = socket.receive();
    let received = String::from_utf8(data.collect().await);
    say(format!("received: {received:?} {:?}", done.await)).await;
}

pub async fn calls() {
    let server = TcpSocket::create(IpAddressFamily::Ipv4).expect("a socket");
    say(format!("bind: {:?}", server.bind(loopback()))).await;
    let mut connections = server.listen().expect("it is granted");
    say(format!("listens: {} at loopback: {}", server.get_is_listening(), is_loopback(server.get_local_address()))).await;
    let client = TcpSocket::create(IpAddressFamily::Ipv4).expect("a socket");
    let to = server.get_local_address().expect("bound");
    say(format!("connect: {:?}", client.connect(to).await)).await;
    let accepted = connections.next().await.expect("a connection");
    say(format!("remote address: {}", is_loopback(accepted.get_remote_address()))).await;
    send(&client, b"question").await;
    receive(&accepted).await;
    send(&accepted, b"answer").await;
    receive(&client).await;
    say(format!("bound twice: {:?}", server.bind(loopback()))).await;
}
