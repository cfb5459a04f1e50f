//! What is started must be finished, over a network in memory.

use std::task::Waker;

use super::*;
use crate::NetworkPolicy;
use crate::sim::SimNetwork;
use crate::sockets::NetworkGrant;
use crate::sys::{Direction, Family};

fn at(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

fn cx() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

fn socket(network: &NetworkGrant) -> TcpSocket {
    TcpSocket::new(network.tcp_socket(Family::V4).expect("a socket"))
}

fn network() -> NetworkGrant {
    NetworkGrant::new(SimNetwork::new(), NetworkPolicy::inherit())
}

/// A socket that listens, and where.
fn listener(network: &NetworkGrant) -> (TcpSocket, SocketAddr) {
    let mut socket = socket(network);
    socket.start_bind(at("127.0.0.1:0")).expect("a free port");
    socket.finish_bind().expect("it was started");
    socket.start_listen().expect("it is bound");
    socket.finish_listen().expect("it was started");
    let address = socket.local_address().expect("it is bound");
    (socket, address)
}

#[test]
fn binding_counts_when_it_is_finished() {
    let mut socket = socket(&network());
    assert_eq!(socket.finish_bind(), Err(ErrorCode::NotInProgress));
    socket.start_bind(at("127.0.0.1:0")).expect("a free port");
    assert_eq!(socket.local_address(), Err(ErrorCode::InvalidState));
    assert_eq!(socket.start_bind(at("127.0.0.1:0")), Err(ErrorCode::ConcurrencyConflict));
    assert_eq!(socket.start_listen(), Err(ErrorCode::ConcurrencyConflict));
    assert!(socket.poll_ready(&mut cx()).is_ready());
    socket.finish_bind().expect("it was started");
    assert_eq!(socket.finish_bind(), Err(ErrorCode::NotInProgress));
    assert_eq!(socket.start_bind(at("127.0.0.1:0")), Err(ErrorCode::InvalidState));
    assert!(socket.local_address().is_ok());
}

#[test]
fn listening_needs_an_address_and_is_finished() {
    let network = network();
    let mut unbound = socket(&network);
    assert_eq!(unbound.start_listen(), Err(ErrorCode::InvalidState));
    assert_eq!(unbound.finish_listen(), Err(ErrorCode::NotInProgress));
    let (mut listener, _) = listener(&network);
    assert!(listener.socket().is_listening());
    assert_eq!(listener.start_listen(), Err(ErrorCode::InvalidState));
    assert!(listener.poll_accept(&mut cx()).is_pending());
    assert!(listener.poll_ready(&mut cx()).is_pending());
}

#[test]
fn connecting_is_over_when_it_is_finished() {
    let network = network();
    let (mut listener, address) = listener(&network);
    let mut client = socket(&network);
    assert_eq!(client.poll_finish_connect(&mut cx()), Poll::Ready(Err(ErrorCode::NotInProgress)));
    client.start_connect(address).expect("somebody listens");
    // Asking whether it is over, also twice, does not finish it.
    assert!(client.poll_ready(&mut cx()).is_ready() && client.poll_ready(&mut cx()).is_ready());
    assert_eq!(client.start_connect(address), Err(ErrorCode::ConcurrencyConflict));
    assert!(client.settled().is_err());
    assert_eq!(client.poll_finish_connect(&mut cx()), Poll::Ready(Ok(())));
    assert_eq!(client.start_connect(address), Err(ErrorCode::InvalidState));
    assert!(listener.poll_ready(&mut cx()).is_ready());
    let Poll::Ready(Ok(server)) = listener.poll_accept(&mut cx()) else { panic!("a connection waits") };
    assert_eq!(server.remote_address(), client.settled().expect("it is finished").local_address());
    assert!(listener.poll_ready(&mut cx()).is_pending());
    assert!(server.shutdown(Direction::Send).is_ok() && server.shutdown(Direction::Send).is_ok());
}

#[test]
fn a_policy_is_asked_when_something_is_started() {
    let network = NetworkGrant::new(SimNetwork::new(), NetworkPolicy::deny());
    let mut socket = socket(&network);
    assert_eq!(socket.start_bind(at("127.0.0.1:0")), Err(ErrorCode::AccessDenied));
    assert_eq!(socket.start_connect(at("127.0.0.1:9")), Err(ErrorCode::AccessDenied));
    assert_eq!(socket.finish_bind(), Err(ErrorCode::NotInProgress));
}
