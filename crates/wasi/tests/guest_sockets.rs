//! A real guest that echoes TCP connections, over the simulated network and the OS's loopback.

use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::Poll;

use thalweg::{Component, Config, Engine, Linker, Result, Store};
use thalweg_wasi::native::OsNetwork;
use thalweg_wasi::sim::{Captured, SimNetwork, captured_output};
use thalweg_wasi::sockets::{NetworkGrant, TcpSocket};
use thalweg_wasi::sys::{ByteSink, ByteSource, Family, Network};
use thalweg_wasi::{NetworkPolicy, WasiBuilder, WasiContext};

/// Bytes that each client sends: none, a few, and more than any buffer on the way has room for.
const SENT: [usize; 3] = [0, 5, 1_000_003];

async fn guest(
    args: &[&str],
    stack: impl Network,
    policy: NetworkPolicy,
    out: thalweg_wasi::sys::Output,
) -> Result<Result<(), ()>> {
    let path = format!("{}/../../guests/tcp-echo-p3.wasm", env!("CARGO_MANIFEST_DIR"));
    let engine = Engine::new(Config::default())?;
    let component = Component::from_file(&engine, path)?;
    let mut linker = Linker::<WasiContext>::new(&engine);
    thalweg_wasi::add_to_linker(&mut linker)?;
    let builder = WasiBuilder::new().arg("tcp-echo").args(args.iter().copied()).stdout(out);
    let mut store = Store::new(&engine, builder.network_stack(stack).network(policy).build()?);
    let instance = linker.instantiate(&mut store, &component).await?;
    let run = instance.func::<(), Result<(), ()>>(&mut store, "wasi:cli/run@0.3.0#run")?;
    run.call(&mut store, ()).await
}

/// Where the guest listens, as soon as it has said so.
async fn address(out: &Captured) -> SocketAddr {
    poll_fn(|cx| match out.text().strip_prefix("listening ").and_then(|rest| rest.strip_suffix('\n')) {
        Some(address) => Poll::Ready(address.parse().expect("an address")),
        None => {
            // The output is written by whoever is polled beside this.
            cx.waker().wake_by_ref();
            Poll::Pending
        }
    })
    .await
}

/// Sends `length` bytes, half-closes, and wants the same bytes back.
async fn client(network: &NetworkGrant, address: SocketAddr, length: usize) {
    let socket: TcpSocket = network.tcp_socket(Family::V4).expect("a socket");
    socket.connect(address).await.expect("the guest listens");
    let (mut writer, mut reader) = (socket.writer().expect("the first"), socket.reader().expect("the first"));
    let sent: Vec<u8> = (0..length).map(|i| (i % 251) as u8).collect();
    let (mut left, mut got, mut buf, mut ended) = (sent.as_slice(), Vec::new(), vec![0; 4096], false);
    poll_fn(|cx| {
        while !left.is_empty() {
            let Poll::Ready(written) = writer.poll_write(cx, left) else { break };
            left = &left[written.expect("a connection")..];
        }
        if left.is_empty() && !ended {
            writer.end().expect("no failure");
            ended = true;
        }
        loop {
            match std::task::ready!(reader.poll_read(cx, &mut buf)).expect("no failure") {
                0 => return Poll::Ready(()),
                n => got.extend_from_slice(&buf[..n]),
            }
        }
    })
    .await;
    assert!(got == sent, "{} of {length} bytes came back", got.len());
}

/// All of `futures`, at the same time.
async fn together(mut futures: Vec<Pin<Box<dyn Future<Output = ()> + '_>>>) {
    poll_fn(|cx| {
        futures.retain_mut(|future| future.as_mut().poll(cx).is_pending());
        if futures.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

fn echo(stack: impl Network + Clone, mode: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (stdout, out) = captured_output();
    let count = SENT.len().to_string();
    let args = ["0", &count, mode];
    let network = NetworkGrant::new(stack.clone(), NetworkPolicy::inherit());
    let ended = Arc::new(Mutex::new(None));
    runtime.block_on(async {
        let guest = guest(&args, stack, NetworkPolicy::inherit(), stdout);
        let clients = async {
            let address = address(&out).await;
            together(SENT.iter().map(|&length| Box::pin(client(&network, address, length)) as _).collect()).await;
        };
        let guest = async { *ended.lock().expect("not poisoned") = Some(guest.await) };
        together(vec![Box::pin(guest), Box::pin(clients)]).await;
    });
    let ended = ended.lock().expect("not poisoned").take();
    assert_eq!(ended.expect("the guest ended").expect("no trap"), Ok(()));
    assert!(out.text().ends_with("done: Ok(())\n"), "{}", out.text());
}

#[test]
fn connections_are_echoed_without_the_guests_memory() {
    echo(SimNetwork::new(), "host");
    echo(OsNetwork, "host");
}

#[test]
fn connections_are_echoed_through_the_guests_memory() {
    echo(SimNetwork::new(), "guest");
    echo(OsNetwork, "guest");
}

#[test]
fn without_a_grant_the_guest_is_told_so() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    for policy in [NetworkPolicy::deny(), NetworkPolicy::inherit().tcp(false)] {
        let (stdout, out) = captured_output();
        let ended = runtime.block_on(async { pin!(guest(&[], OsNetwork, policy, stdout)).await });
        assert_eq!(ended.expect("no trap"), Err(()));
        assert_eq!(out.text(), "done: Err(ErrorCode::AccessDenied)\n");
    }
}
