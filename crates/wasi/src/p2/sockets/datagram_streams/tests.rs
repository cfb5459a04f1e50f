//! Datagrams with permits, over a network in memory.

use std::net::SocketAddr;

use super::*;
use crate::NetworkPolicy;
use crate::p2::sockets::UdpSocket;
use crate::sim::SimNetwork;
use crate::sockets::NetworkGrant;
use crate::sys::Family;

fn cx() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

/// A bound socket, and where.
fn bound(network: &NetworkGrant) -> (UdpSocket, SocketAddr) {
    let mut socket = UdpSocket::new(network.udp_socket(Family::V4).expect("a socket"));
    assert_eq!(socket.stream(None).err(), Some(ErrorCode::InvalidState));
    assert_eq!(socket.finish_bind(), Err(ErrorCode::NotInProgress));
    socket.start_bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a free port");
    assert_eq!(socket.local_address(), Err(ErrorCode::InvalidState));
    socket.finish_bind().expect("it was started");
    let address = socket.local_address().expect("it is bound");
    (socket, address)
}

fn network() -> NetworkGrant {
    NetworkGrant::new(SimNetwork::new(), NetworkPolicy::inherit())
}

fn datagram(text: &str, to: Option<SocketAddr>) -> OutgoingDatagram {
    OutgoingDatagram { data: text.into(), remote_address: to.map(IpSocketAddress::from) }
}

#[test]
fn no_more_is_sent_than_permitted() {
    let network = network();
    let ((mut a, _), (_b, to)) = (bound(&network), bound(&network));
    let (_, mut outgoing) = a.stream(None).expect("it is bound");
    let two = [datagram("x", Some(to)), datagram("y", Some(to))];
    assert!(outgoing.send(&two).is_err(), "nothing was permitted");
    assert_eq!(outgoing.poll_check_send(&mut cx()), Poll::Ready(Ok(MOST_DATAGRAMS as u64)));
    for _ in 0..MOST_DATAGRAMS / 2 {
        assert_eq!(outgoing.send(&two).expect("it is permitted"), Ok(2));
    }
    assert!(outgoing.send(&two[..1]).is_err(), "the permit is used up");
    assert_eq!(outgoing.send(&[]).expect("nothing needs no permit"), Ok(0));
}

#[test]
fn datagrams_arrive_in_batches() {
    let network = network();
    let ((mut a, from), (mut b, to)) = (bound(&network), bound(&network));
    let (_, mut outgoing) = a.stream(Some(to)).expect("it is bound");
    let (mut incoming, _) = b.stream(None).expect("it is bound");
    assert!(incoming.poll_receive(&mut cx(), 9).is_pending() && incoming.poll_ready(&mut cx()).is_pending());
    assert!(outgoing.poll_check_send(&mut cx()).is_ready());
    let sent = [datagram("1", None), datagram("2", Some(to)), datagram("3", None), datagram("?", Some(from))];
    // The last one has another address than the stream.
    assert_eq!(outgoing.send(&sent).expect("it is permitted"), Ok(3));
    assert_eq!(outgoing.send(&sent[3..]).expect("it is permitted"), Err(ErrorCode::InvalidArgument));
    assert!(incoming.poll_ready(&mut cx()).is_ready());
    assert_eq!(incoming.poll_receive(&mut cx(), 0), Poll::Ready(Ok(Vec::new())));
    let Poll::Ready(Ok(first)) = incoming.poll_receive(&mut cx(), 2) else { panic!("three are there") };
    let received = |text: &str| IncomingDatagram { data: text.into(), remote_address: from.into() };
    assert_eq!(first, [received("1"), received("2")]);
    assert_eq!(incoming.poll_receive(&mut cx(), u64::MAX), Poll::Ready(Ok(vec![received("3")])));
}

#[test]
fn only_the_last_streams_work() {
    let network = network();
    let ((mut a, _), (_b, to)) = (bound(&network), bound(&network));
    let (mut incoming, mut outgoing) = a.stream(None).expect("it is bound");
    let (mut newer, _) = a.stream(Some(to)).expect("it is bound");
    assert_eq!(incoming.poll_receive(&mut cx(), 1), Poll::Ready(Err(ErrorCode::InvalidState)));
    assert_eq!(outgoing.poll_check_send(&mut cx()), Poll::Ready(Err(ErrorCode::InvalidState)));
    assert!(newer.poll_receive(&mut cx(), 1).is_pending());
}
