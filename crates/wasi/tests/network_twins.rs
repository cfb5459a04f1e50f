//! The same checks over the simulated network and the OS's loopback: what a guest may do with a socket, and when.

use std::future::{Future, poll_fn};
use std::net::SocketAddr;

use thalweg_wasi::NetworkPolicy;
use thalweg_wasi::native::OsNetwork;
use thalweg_wasi::sim::SimNetwork;
use thalweg_wasi::sockets::{NetworkGrant, Range, TcpReader, TcpSocket, TcpState, TcpWriter};
use thalweg_wasi::sys::{ByteSink, ByteSource, Code, Direction, Family, Result, SocketOption};

fn at(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

fn code<R>(result: Result<R>) -> Option<Code> {
    result.err().map(|error| error.code())
}

/// Runs `check` over both networks, with everything granted.
fn with_twins<F: Future<Output = ()>>(check: impl Fn(NetworkGrant) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        check(NetworkGrant::new(SimNetwork::new(), NetworkPolicy::inherit())).await;
        check(NetworkGrant::new(OsNetwork, NetworkPolicy::inherit())).await;
    });
}

/// A socket that listens on the loopback, and its address.
fn listener(network: &NetworkGrant, local: &str) -> (TcpSocket, SocketAddr) {
    let socket = network.tcp_socket(Family::of(at(local))).expect("a socket");
    socket.bind(at(local)).expect("a free port");
    socket.listen().expect("it is bound");
    let address = socket.local_address().expect("it is bound");
    (socket, address)
}

async fn accept(listener: &TcpSocket) -> TcpSocket {
    poll_fn(|cx| listener.poll_accept(cx)).await.expect("a connection")
}

/// Both sides of a connection.
async fn connected(network: &NetworkGrant) -> (TcpSocket, TcpSocket) {
    let (listener, address) = listener(network, "127.0.0.1:0");
    let client = network.tcp_socket(Family::V4).expect("a socket");
    client.connect(address).await.expect("somebody listens");
    let server = accept(&listener).await;
    (client, server)
}

async fn write(writer: &mut TcpWriter, mut bytes: &[u8]) -> Result<()> {
    while !bytes.is_empty() {
        let written = poll_fn(|cx| writer.poll_write(cx, bytes)).await?;
        bytes = &bytes[written..];
    }
    Ok(())
}

async fn read_to_end(reader: &mut TcpReader) -> Vec<u8> {
    let (mut all, mut buf) = (Vec::new(), [0; 5000]);
    loop {
        match poll_fn(|cx| reader.poll_read(cx, &mut buf)).await.expect("no failure") {
            0 => return all,
            n => all.extend_from_slice(&buf[..n]),
        }
    }
}

#[test]
fn bytes_go_both_ways_and_each_way_ends_by_itself() {
    with_twins(|network| async move {
        let (client, server) = connected(&network).await;
        let (mut ask, mut hear) = (client.writer().expect("first"), server.reader().expect("first"));
        let (mut answer, mut listen) = (server.writer().expect("first"), client.reader().expect("first"));
        write(&mut ask, b"question").await.expect("a connection");
        ask.end().expect("no failure");
        assert_eq!(read_to_end(&mut hear).await, b"question");
        // The other way is still open, and outlives the handles to the socket.
        drop((client, server));
        write(&mut answer, b"answer").await.expect("a connection");
        drop(answer);
        assert_eq!(read_to_end(&mut listen).await, b"answer");
    });
}

#[test]
fn a_reader_that_asks_takes_nothing() {
    with_twins(|network| async move {
        let (client, server) = connected(&network).await;
        let (mut writer, mut reader) = (client.writer().expect("first"), server.reader().expect("first"));
        poll_fn(|cx| {
            assert!(reader.poll_read(cx, &mut []).is_pending());
            assert!(reader.poll_read(cx, &mut [0]).is_pending());
            std::task::Poll::Ready(())
        })
        .await;
        write(&mut writer, b"ab").await.expect("a connection");
        assert_eq!(poll_fn(|cx| reader.poll_read(cx, &mut [])).await, Ok(0));
        writer.end().expect("no failure");
        assert_eq!(read_to_end(&mut reader).await, b"ab");
    });
}

#[test]
fn several_connections_are_accepted() {
    with_twins(|network| async move {
        for local in ["127.0.0.1:0", "[::1]:0"] {
            let (listener, address) = listener(&network, local);
            let mut clients = Vec::new();
            for _ in 0..3 {
                let client = network.tcp_socket(Family::of(address)).expect("a socket");
                client.connect(address).await.expect("somebody listens");
                clients.push(client);
            }
            for client in &clients {
                let server = accept(&listener).await;
                assert_eq!(server.remote_address(), client.local_address());
                assert_eq!(server.local_address(), Ok(address));
                assert_eq!(server.state(), TcpState::Connected);
            }
        }
    });
}

#[test]
fn a_socket_lives_in_one_direction() {
    with_twins(|network| async move {
        let wrong = Some(Code::InvalidState);
        let (listener, address) = listener(&network, "127.0.0.1:0");
        assert!(listener.is_listening());
        assert_eq!(code(listener.listen()), wrong);
        assert_eq!(code(listener.bind(at("127.0.0.1:0"))), wrong);
        assert_eq!(code(listener.connect(address).await), wrong);
        assert_eq!(code(listener.reader()), wrong);
        let client = network.tcp_socket(Family::V4).expect("a socket");
        assert_eq!(code(client.local_address()), wrong);
        assert_eq!(code(client.shutdown(Direction::Send)), wrong);
        assert_eq!(code(poll_fn(|cx| client.poll_accept(cx)).await), wrong);
        client.connect(address).await.expect("somebody listens");
        assert_eq!(code(client.connect(address).await), wrong);
        assert_eq!(code(client.set_backlog(5)), wrong);
        client.reader().expect("the first");
        assert_eq!(code(client.reader()), wrong);
        client.writer().expect("the first");
        assert_eq!(code(client.writer()), wrong);
    });
}

#[test]
fn an_attempt_that_failed_closes_the_socket() {
    with_twins(|network| async move {
        let nobody = {
            let socket = network.tcp_socket(Family::V4).expect("a socket");
            socket.bind(at("127.0.0.1:0")).expect("a free port");
            socket.local_address().expect("it is bound")
        };
        let client = network.tcp_socket(Family::V4).expect("a socket");
        assert_eq!(code(client.connect(nobody).await), Some(Code::ConnectionRefused));
        assert_eq!(client.state(), TcpState::Closed);
        assert_eq!(code(client.bind(at("127.0.0.1:0"))), Some(Code::InvalidState));
    });
}

#[test]
fn addresses_that_make_no_sense_are_refused_and_change_nothing() {
    with_twins(|network| async move {
        let socket = network.tcp_socket(Family::V6).expect("a socket");
        for local in ["127.0.0.1:0", "[::ffff:127.0.0.1]:0", "[ff02::1]:0"] {
            assert_eq!(code(socket.bind(at(local))), Some(Code::Invalid), "{local}");
        }
        for remote in ["127.0.0.1:1", "[::ffff:127.0.0.1]:1", "[ff02::1]:1", "[::]:1", "[::1]:0"] {
            assert_eq!(code(socket.connect(at(remote)).await), Some(Code::Invalid), "{remote}");
        }
        assert_eq!(code(socket.bind(at("[2001:db8::1]:0"))), Some(Code::AddressNotBindable));
        socket.bind(at("[::1]:0")).expect("nothing has changed");
    });
}

#[test]
fn a_port_is_taken_once_and_free_again_afterwards() {
    with_twins(|network| async move {
        let (first, address) = listener(&network, "127.0.0.1:0");
        let second = network.tcp_socket(Family::V4).expect("a socket");
        assert_eq!(code(second.bind(address)), Some(Code::AddressInUse));
        let client = network.tcp_socket(Family::V4).expect("a socket");
        client.connect(address).await.expect("it listens");
        drop(accept(&first).await);
        drop(first);
        second.bind(address).expect("nobody has it any more");
    });
}

#[test]
fn accepted_sockets_have_the_listeners_properties() {
    with_twins(|network| async move {
        let (listener, address) = listener(&network, "127.0.0.1:0");
        let wanted = [
            (SocketOption::KeepAlive, 1),
            (SocketOption::KeepAliveIdle, 42_000_000_000),
            (SocketOption::KeepAliveInterval, 7_000_000_000),
            (SocketOption::KeepAliveCount, 5),
            (SocketOption::HopLimit, 33),
        ];
        for (option, value) in wanted {
            listener.set_option(option, value).expect("it is possible");
        }
        assert_eq!(code(listener.set_option(SocketOption::HopLimit, 0)), Some(Code::Invalid));
        let client = network.tcp_socket(Family::V4).expect("a socket");
        client.connect(address).await.expect("somebody listens");
        let server = accept(&listener).await;
        for (option, value) in wanted {
            assert_eq!(server.option(option), Ok(value), "{option:?}");
        }
    });
}

#[test]
fn datagrams_come_from_the_peer_only() {
    with_twins(|network| async move {
        let [a, b, other] = [(); 3].map(|()| network.udp_socket(Family::V4).expect("a socket"));
        assert_eq!(code(poll_fn(|cx| a.poll_receive(cx)).await), Some(Code::InvalidState));
        assert_eq!(code(poll_fn(|cx| a.poll_send(cx, b"?", None)).await), Some(Code::Invalid));
        a.bind(at("127.0.0.1:0")).expect("a free port");
        let to_a = a.local_address().expect("it is bound");
        // What is sent before has the system bind.
        poll_fn(|cx| other.poll_send(cx, b"early", Some(to_a))).await.expect("it is there");
        b.connect(to_a).expect("it is there");
        let to_b = b.local_address().expect("connecting binds");
        a.connect(to_b).expect("it is there");
        assert_eq!(a.remote_address(), Ok(to_b));
        poll_fn(|cx| b.poll_send(cx, b"hello", None)).await.expect("it is there");
        let (data, sender) = poll_fn(|cx| a.poll_receive(cx)).await.expect("a datagram");
        assert_eq!((data.as_slice(), sender), (b"hello".as_slice(), to_b));
        assert_eq!(code(poll_fn(|cx| a.poll_send(cx, b"?", Some(to_a))).await), Some(Code::Invalid));
        a.disconnect().expect("it has a peer");
        assert_eq!(a.local_address(), Ok(to_a));
        assert_eq!(code(a.disconnect()), Some(Code::InvalidState));
        poll_fn(|cx| other.poll_send(cx, b"late", Some(to_a))).await.expect("it is there");
        assert_eq!(poll_fn(|cx| a.poll_receive(cx)).await.expect("a datagram").0, b"late");
    });
}

#[test]
fn a_datagram_has_a_longest_length() {
    with_twins(|network| async move {
        let socket = network.udp_socket(Family::V4).expect("a socket");
        let send = async |length: usize| {
            let data = vec![0; length];
            code(poll_fn(|cx| socket.poll_send(cx, &data, Some(at("127.0.0.1:9")))).await)
        };
        assert_eq!(send(65_508).await, Some(Code::MessageSize));
        assert_eq!(send(1 << 20).await, Some(Code::MessageSize));
    });
}

#[test]
fn without_a_grant_sockets_can_be_made_and_nothing_else() {
    let denied = Some(Code::Access);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let network = NetworkGrant::new(OsNetwork, NetworkPolicy::deny());
        let tcp = network.tcp_socket(Family::V4).expect("a socket");
        tcp.set_option(SocketOption::HopLimit, 9).expect("a property");
        assert_eq!(tcp.option(SocketOption::HopLimit), Ok(9));
        assert_eq!(code(tcp.bind(at("127.0.0.1:0"))), denied);
        assert_eq!(code(tcp.listen()), denied);
        assert_eq!(code(tcp.connect(at("127.0.0.1:9")).await), denied);
        assert_eq!(tcp.state(), TcpState::Unbound);
        let udp = network.udp_socket(Family::V6).expect("a socket");
        assert_eq!(code(udp.bind(at("[::1]:0"))), denied);
        assert_eq!(code(udp.connect(at("[::1]:9"))), denied);
        assert_eq!(code(poll_fn(|cx| udp.poll_send(cx, b"", Some(at("[::1]:9")))).await), denied);
        assert_eq!(code(udp.local_address()), Some(Code::InvalidState));
        assert_eq!(network.resolve("localhost").err().map(|error| error.code()), denied);
    });
}

#[test]
fn a_range_grants_its_addresses_only() {
    let range = Range { address: [127, 0, 0, 0].into(), prefix: 8, ports: 0..=u16::MAX };
    let network = NetworkGrant::new(SimNetwork::new(), NetworkPolicy::deny().allow(range));
    let socket = network.tcp_socket(Family::V4).expect("a socket");
    // Not bound to an address, it would be open to all of them.
    assert_eq!(code(socket.listen()), Some(Code::Access));
    socket.bind(at("127.0.0.1:0")).expect("it is in the range");
    socket.listen().expect("it is bound");
    let other = network.tcp_socket(Family::V6).expect("a socket");
    assert_eq!(code(other.bind(at("[::1]:0"))), Some(Code::Access));
}

#[test]
fn names_are_found_where_they_were_put() {
    let stack = SimNetwork::new();
    stack.add_name("Home", [127, 0, 0, 1]);
    let network = NetworkGrant::new(stack, NetworkPolicy::deny().name_lookup(true));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let resolve = |name: &str| runtime.block_on(async { network.resolve(name)?.await });
    assert_eq!(resolve("hOME"), Ok(vec![[127, 0, 0, 1].into()]));
    assert_eq!(resolve("::1"), Ok(vec!["::1".parse().expect("an address")]));
    assert_eq!(code(resolve("nowhere")), Some(Code::NameUnresolvable));
    assert_eq!(code(resolve("not a name")), Some(Code::Invalid));
}
