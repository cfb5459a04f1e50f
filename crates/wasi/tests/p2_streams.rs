//! WASI 0.2 as a guest meets it: what blocks suspends the guest until the simulated world moves, what is wrong traps.

use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use thalweg::{Component, Config, Engine, Instance, Linker, Result, Returns, Store};
use thalweg_wasi::sim::{Captured, InputFeed, SimClock, captured_output, fed_input};
use thalweg_wasi::sys::{Code, Instant};
use thalweg_wasi::{WasiBuilder, WasiContext};

struct World {
    store: Store<WasiContext>,
    instance: Instance,
    clock: SimClock,
    input: InputFeed,
    output: Captured,
}

fn world() -> World {
    let engine = Engine::new(Config::new()).expect("an engine");
    let component = Component::from_bytes(&engine, include_bytes!("p2/streams.wat")).expect("a component");
    let mut linker = Linker::new(&engine);
    thalweg_wasi::add_to_linker(&mut linker).expect("names are free");
    let clock = SimClock::new(Instant::default());
    let ((stdin, input), (stdout, output)) = (fed_input(), captured_output());
    let wasi = WasiBuilder::new().deterministic(&clock, 1).stdin(stdin).stdout(stdout).build().expect("a context");
    let mut store = Store::new(&engine, wasi);
    let instance = now(linker.instantiate(&mut store, &component)).expect("it links");
    World { store, instance, clock, input, output }
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// The result of what waits for nobody.
fn now<F: Future>(future: F) -> F::Output {
    match poll(pin!(future)) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

async fn call<R: Returns>(store: &mut Store<WasiContext>, instance: &Instance, name: &str) -> Result<R> {
    instance.func::<(), R>(store, name)?.call(store, ()).await
}

#[test]
fn poll_tells_everything_that_is_ready() {
    for (sent, elapsed, mask) in [(b"x".as_slice(), 0, 1), (b"", 50, 2), (b"x", 50, 3)] {
        let World { mut store, instance, clock, input, .. } = world();
        let func = instance.func::<(u64,), u32>(&mut store, "input-or-timer").expect("an export");
        let mut waiting = pin!(func.call(&mut store, (50,)));
        assert!(poll(waiting.as_mut()).is_pending());
        clock.advance(elapsed);
        input.push(sent);
        assert_eq!(now(waiting).expect("no trap"), mask);
    }
}

#[test]
fn a_read_that_does_not_wait_finds_nothing_and_one_that_waits_waits() {
    let World { mut store, instance, input, .. } = world();
    let mut reading = Box::pin(call::<u32>(&mut store, &instance, "read-twice"));
    assert!(poll(reading.as_mut()).is_pending());
    input.push(b"abcdef");
    assert_eq!(now(reading).expect("no trap"), 4);
    // The stream of another call goes on where the first left the input; then the end.
    input.end();
    let reading = call::<u32>(&mut store, &instance, "read-twice");
    assert_eq!(now(reading).expect("no trap"), 2 << 8 | 255);
}

#[test]
fn bytes_go_through_a_guest_in_order_and_the_end_is_told() {
    let World { mut store, instance, input, output, .. } = world();
    let mut copying = pin!(call::<u32>(&mut store, &instance, "cat"));
    for part in ["one ", "two ", "three"] {
        assert!(poll(copying.as_mut()).is_pending());
        input.push(part.as_bytes());
    }
    input.end();
    assert_eq!(now(copying).expect("no trap"), 1);
    assert_eq!(output.text(), "one two three");
}

#[test]
fn a_failure_of_the_input_reaches_the_guest_as_an_error() {
    let World { mut store, instance, input, .. } = world();
    input.fail(Code::Io.into());
    assert_eq!(now(call::<u32>(&mut store, &instance, "cat")).expect("no trap"), 0);
}

#[test]
fn a_timer_that_is_over_stays_ready() {
    let World { mut store, instance, clock, .. } = world();
    let mut waiting = pin!(call::<u32>(&mut store, &instance, "ready-again"));
    assert!(poll(waiting.as_mut()).is_pending());
    clock.advance(5);
    assert_eq!(now(waiting).expect("no trap"), 2);
}

#[test]
fn what_the_standard_forbids_ends_the_guest() {
    for (name, words) in [
        ("poll-nothing", "an empty list of pollables"),
        ("write-without-permit", "1 bytes written, 0 permitted"),
        ("write-too-much", "a blocking write of 4097 bytes, 4096 are allowed"),
        ("drop-parent-first", "has children"),
    ] {
        let World { mut store, instance, .. } = world();
        let error = now(call::<()>(&mut store, &instance, name)).expect_err(name);
        assert!(error.message().contains(words), "{name}: {error}");
    }
}
