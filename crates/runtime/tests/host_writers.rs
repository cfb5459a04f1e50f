//! Streams and futures that code of the host writes: `StreamWriter`, `FutureWriter`.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use thalweg::{
    Component, Config, Engine, Features, Flow, FutureReader, FutureWriter, Gate, Instance, Linker, ReaderDropped,
    Result, Source, StartedCall, Store, StreamConsumer, StreamReader, StreamWriter,
};
use thalweg_testkit::polling::poll;

/// Reads with reads that wait, folding what it gets.
fn reader(ty: &str, load: &str, size: u32) -> String {
    format!(
        r#"(component
  (type $S (stream {ty})) (type $F (future {ty}))
  (core module $Memory (memory (export "mem") 1))
  (core instance $memory (instantiate $Memory))
  (core func $read (canon stream.read $S (memory (core memory $memory "mem"))))
  (core func $drop (canon stream.drop-readable $S))
  (core func $future-read (canon future.read $F (memory (core memory $memory "mem"))))
  (core func $future-drop (canon future.drop-readable $F))
  (core func $new (canon waitable-set.new))
  (core func $join (canon waitable.join))
  (core func $wait (canon waitable-set.wait (memory (core memory $memory "mem"))))
  (core module $m
    (import "" "mem" (memory 1))
    (import "" "read" (func $read (param i32 i32 i32) (result i32)))
    (import "" "drop" (func $drop (param i32)))
    (import "" "future-read" (func $future-read (param i32 i32) (result i32)))
    (import "" "future-drop" (func $future-drop (param i32)))
    (import "" "new" (func $new (result i32)))
    (import "" "join" (func $join (param i32 i32)))
    (import "" "wait" (func $wait (param i32 i32) (result i32)))
    (func (export "take") (param $s i32) (param $chunk i32) (param $reads i32) (result i32)
      (local $hash i32) (local $got i32) (local $i i32)
      (block $end (loop $more
        (br_if $end (i32.eqz (local.get $reads)))
        (local.set $reads (i32.sub (local.get $reads) (i32.const 1)))
        (local.set $got (call $read (local.get $s) (i32.const 0) (local.get $chunk)))
        (local.set $i (i32.const 0))
        (loop $fold
          (if (i32.lt_u (local.get $i) (i32.shr_u (local.get $got) (i32.const 4))) (then
            (local.set $hash (i32.add (i32.mul (local.get $hash) (i32.const 31))
              ({load} (i32.mul (local.get $i) (i32.const {size})))))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br $fold))))
        (br_if $more (i32.eqz (i32.and (local.get $got) (i32.const 15))))))
      (call $drop (local.get $s))
      (local.get $hash))
    (func (export "idle") (param $s i32) (result i32)
      (local $set i32)
      (local.set $set (call $new))
      (call $join (local.get $s) (local.get $set))
      (drop (call $wait (local.get $set) (i32.const 0)))
      (i32.load (i32.const 4)))
    (func (export "get") (param $f i32) (param $read i32) (result i32)
      (if (local.get $read) (then (drop (call $future-read (local.get $f) (i32.const 0)))))
      (call $future-drop (local.get $f))
      ({load} (i32.const 0))))
  (core instance $i (instantiate $m (with "" (instance
    (export "mem" (memory $memory "mem")) (export "read" (func $read)) (export "drop" (func $drop))
    (export "future-read" (func $future-read)) (export "future-drop" (func $future-drop))
    (export "new" (func $new)) (export "join" (func $join)) (export "wait" (func $wait))))))
  (func (export "take") async (param "s" $S) (param "chunk" u32) (param "reads" u32) (result u32)
    (canon lift (core func $i "take")))
  (func (export "idle") async (param "s" $S) (result u32) (canon lift (core func $i "idle")))
  (func (export "get") async (param "f" $F) (param "read" bool) (result u32) (canon lift (core func $i "get"))))"#
    )
}

struct Guest {
    store: Store<()>,
    instance: Instance,
}

fn guest(text: &str) -> Guest {
    let mut features = Features::shipped();
    for gate in [Gate::MoreAsyncBuiltins, Gate::Forward] {
        features.open(gate).expect("supported");
    }
    let engine = Engine::new(Config::new().features(features)).expect("an engine");
    let component = Component::from_bytes(&engine, text.as_bytes()).expect("a component");
    let mut store = Store::new(&engine, ());
    let linker = Linker::new(&engine);
    let Poll::Ready(Ok(instance)) = poll(pin!(linker.instantiate(&mut store, &component))) else {
        panic!("instantiation waits")
    };
    Guest { store, instance }
}

fn of_bytes() -> Guest {
    guest(&reader("u8", "i32.load8_u", 1))
}

fn of_numbers() -> Guest {
    guest(&reader("u32", "i32.load", 4))
}

impl Guest {
    fn take<T: thalweg::WitType>(&mut self, reader: StreamReader<T>, chunk: u32, reads: u32) -> StartedCall<u32> {
        let take = self.instance.func::<(StreamReader<T>, u32, u32), u32>(&mut self.store, "take").expect("take");
        take.start(&mut self.store, (reader, chunk, reads)).expect("starts")
    }

    fn get(&mut self, reader: FutureReader<u32>, read: bool) -> StartedCall<u32> {
        let get = self.instance.func::<(FutureReader<u32>, bool), u32>(&mut self.store, "get").expect("get");
        get.start(&mut self.store, (reader, read)).expect("starts")
    }

    /// Runs the store and `writing` until both stand still.
    fn turns<F: Future + ?Sized>(&mut self, mut writing: Pin<&mut F>) -> Poll<F::Output> {
        for _ in 0..100 {
            if let Poll::Ready(output) = poll(writing.as_mut()) {
                return Poll::Ready(output);
            }
            let _ = self.store.poll_progress(&mut Context::from_waker(Waker::noop()));
        }
        Poll::Pending
    }

    fn result<R: Send + 'static>(&mut self, call: StartedCall<R>) -> Result<R> {
        match poll(pin!(self.store.finish(call))) {
            Poll::Ready(result) => result,
            Poll::Pending => panic!("the call waits for the host"),
        }
    }
}

fn fold(values: impl IntoIterator<Item = u32>) -> u32 {
    values.into_iter().fold(0, |hash, value| hash.wrapping_mul(31).wrapping_add(value))
}

#[test]
fn bytes_arrive_in_order_however_they_are_read() {
    let mut guest = of_bytes();
    let (mut writer, reader) = StreamWriter::pair();
    // A ring that wraps: two slices.
    let mut bytes: VecDeque<u8> = (50..100).collect();
    bytes.rotate_left(20);
    let expected: Vec<u32> = bytes.iter().map(|&byte| byte.into()).collect();
    let call = guest.take(reader, 7, u32::MAX);
    assert_eq!(guest.turns(pin!(writer.write_all(&mut bytes))), Poll::Ready(Ok(())));
    drop(writer);
    assert_eq!(guest.result(call).expect("a result"), fold(expected));
}

#[test]
fn items_go_in_batches() {
    let mut guest = of_numbers();
    let (mut writer, reader) = StreamWriter::pair();
    let mut items: VecDeque<u32> = (0..10).collect();
    let call = guest.take(reader, 4, u32::MAX);
    let mut taken = Vec::new();
    while !items.is_empty() {
        let Poll::Ready(Ok(count)) = guest.turns(pin!(writer.write(&mut items))) else { panic!("nobody reads") };
        taken.push(count);
    }
    assert_eq!(taken.iter().sum::<usize>(), 10, "no more were taken than there are");
    drop(writer);
    assert_eq!(guest.result(call).expect("a result"), fold(0..10));
}

#[test]
fn a_write_waits_for_its_reader_and_gives_back_what_was_not_read() {
    let mut guest = of_numbers();
    let (mut writer, reader) = StreamWriter::pair();
    let mut items: VecDeque<u32> = (0..5).collect();
    assert_eq!(guest.turns(pin!(writer.write(&mut items))), Poll::Pending, "nobody reads");
    assert_eq!(items.len(), 5, "nothing is kept of a write that was dropped");
    assert!(guest.turns(pin!(writer.ready())).is_pending());
    let call = guest.take(reader, 3, 1);
    assert_eq!(guest.turns(pin!(writer.ready())), Poll::Ready(Ok(())));
    assert_eq!(guest.turns(pin!(writer.write_all(&mut items))), Poll::Ready(Err(ReaderDropped)));
    assert_eq!(items, [3, 4], "what was not read");
    assert!(writer.is_closed());
    assert_eq!(guest.result(call).expect("a result"), fold(0..3));
}

#[test]
fn a_write_that_was_read_before_it_was_dropped_counts() {
    let mut guest = of_numbers();
    let (mut writer, reader) = StreamWriter::pair();
    let mut items: VecDeque<u32> = (0..5).collect();
    let call = guest.take(reader, 3, 1);
    {
        let mut write = pin!(writer.write(&mut items));
        assert!(poll(write.as_mut()).is_pending());
        let _ = guest.store.poll_progress(&mut Context::from_waker(Waker::noop()));
    }
    assert_eq!(items, [3, 4]);
    assert_eq!(guest.result(call).expect("a result"), fold(0..3));
}

#[test]
fn an_idle_reader_hears_that_the_writer_is_gone() {
    let mut guest = of_bytes();
    let (writer, reader) = StreamWriter::<u8>::pair();
    let idle = guest.instance.func::<(StreamReader<u8>,), u32>(&mut guest.store, "idle").expect("idle");
    let call = idle.start(&mut guest.store, (reader,)).expect("starts");
    assert!(guest.turns(pin!(std::future::pending::<()>())).is_pending());
    drop(writer);
    assert_eq!(guest.result(call).expect("a result"), 1, "DROPPED, nothing read");
}

#[test]
fn a_reader_that_never_came_to_a_guest_is_gone_too() {
    let (mut writer, reader) = StreamWriter::pair();
    let mut items = VecDeque::from([1u32]);
    drop(reader);
    assert_eq!(poll(pin!(writer.write(&mut items))), Poll::Ready(Err(ReaderDropped)));
    assert_eq!(items, [1]);
}

#[test]
fn a_future_gets_its_value() {
    let mut guest = of_numbers();
    let (writer, reader) = FutureWriter::pair();
    let call = guest.get(reader, true);
    assert!(guest.turns(pin!(std::future::pending::<()>())).is_pending());
    let written = writer.write(42);
    assert_eq!(guest.turns(pin!(written)), Poll::Ready(Ok(())));
    assert_eq!(guest.result(call).expect("a result"), 42);
}

#[test]
fn a_value_is_there_when_it_is_read_later_and_can_be_taken_back_before() {
    let mut guest = of_numbers();
    let (writer, reader) = FutureWriter::pair();
    let (writer, value) = writer.write(1).cancel().expect("it was not read");
    drop(writer.write(value + 1));
    let call = guest.get(reader, true);
    assert_eq!(guest.result(call).expect("a result"), 2);
}

#[test]
fn a_value_that_nobody_reads_comes_back() {
    let mut guest = of_numbers();
    let (writer, reader) = FutureWriter::pair();
    let mut written = writer.write(1);
    let call = guest.get(reader, false);
    guest.result(call).expect("a result");
    assert_eq!(poll(Pin::new(&mut written)), Poll::Ready(Err(ReaderDropped)));
    let (writer, value) = written.cancel().expect("it was not read");
    assert_eq!((writer.is_closed(), value), (true, 1));
}

#[test]
fn a_future_that_is_never_written_is_an_error_of_its_reader() {
    let mut guest = of_numbers();
    let (writer, reader) = FutureWriter::<u32>::pair();
    let call = guest.get(reader, true);
    drop(writer);
    let error = guest.result(call).expect_err("there is no value");
    assert!(error.to_string().contains("without writing"), "{error}");
}

/// Gives back another stream and forwards its own to it: at once, or when `go` is called.
const RELAY: &str = r#"(component
  (type $S (stream u8))
  (core func $new (canon stream.new $S))
  (core func $forward (canon stream.forward $S))
  (core module $m
    (import "" "new" (func $new (result i64)))
    (import "" "forward" (func $forward (param i32 i32)))
    (global $from (mut i32) (i32.const 0))
    (global $to (mut i32) (i32.const 0))
    (func (export "relay") (param $s i32) (param $now i32) (result i32)
      (local $both i64)
      (local.set $both (call $new))
      (global.set $from (local.get $s))
      (global.set $to (i32.wrap_i64 (i64.shr_u (local.get $both) (i64.const 32))))
      (if (local.get $now) (then (call $go)))
      (i32.wrap_i64 (local.get $both)))
    (func $go (export "go") (call $forward (global.get $from) (global.get $to))))
  (core instance $i (instantiate $m (with "" (instance (export "new" (func $new)) (export "forward" (func $forward))))))
  (func (export "relay") (param "s" $S) (param "now" bool) (result $S) (canon lift (core func $i "relay")))
  (func (export "go") (canon lift (core func $i "go"))))"#;

/// Keeps what comes, and that nothing more will.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<(Vec<u8>, bool)>>);

impl StreamConsumer<u8> for Kept {
    fn poll_consume(&mut self, _: &mut Context<'_>, source: &mut Source<'_, u8>) -> Poll<Result<Flow>> {
        let bytes = source.bytes()?.to_vec();
        source.advance(bytes.len());
        self.0.lock().expect("no panic").0.extend(bytes);
        Poll::Ready(Ok(Flow::Continue))
    }

    fn end(&mut self) {
        self.0.lock().expect("no panic").1 = true;
    }
}

#[test]
fn a_guest_forwards_from_host_to_host() {
    for at_once in [true, false] {
        let mut guest = guest(RELAY);
        let (mut writer, reader) = StreamWriter::<u8>::pair();
        let relay = guest.instance.func::<(StreamReader<u8>, bool), StreamReader<u8>>(&mut guest.store, "relay");
        let call = relay.expect("relay").start(&mut guest.store, (reader, at_once)).expect("starts");
        let forwarded = guest.result(call).expect("a stream");
        let kept = Kept::default();
        forwarded.pipe(kept.clone());
        let mut bytes = VecDeque::from(*b"first");
        if !at_once {
            assert!(guest.turns(pin!(writer.write_all(&mut bytes))).is_pending(), "nobody reads yet");
            let go = guest.instance.func::<(), ()>(&mut guest.store, "go").expect("go");
            let call = go.start(&mut guest.store, ()).expect("starts");
            guest.result(call).expect("forwards");
        }
        assert_eq!(guest.turns(pin!(writer.write_all(&mut bytes))), Poll::Ready(Ok(())));
        assert_eq!(guest.turns(pin!(writer.write_all(&mut VecDeque::from(*b", last")))), Poll::Ready(Ok(())));
        drop(writer);
        assert!(guest.turns(pin!(std::future::pending::<()>())).is_pending());
        assert_eq!(*kept.0.lock().expect("no panic"), (b"first, last".to_vec(), true));
        assert_eq!(guest.store.live().streams_and_futures, 0, "nothing is left");
    }
}

/// A stream that the host reads by hand, written by the host through a guest.
fn relayed(guest: &mut Guest) -> (StreamWriter<u8>, StreamReader<u8>) {
    let (writer, reader) = StreamWriter::<u8>::pair();
    let relay = guest.instance.func::<(StreamReader<u8>, bool), StreamReader<u8>>(&mut guest.store, "relay");
    let call = relay.expect("relay").start(&mut guest.store, (reader, true)).expect("starts");
    (writer, guest.result(call).expect("a stream"))
}

#[test]
fn a_stream_is_read_by_hand_as_far_as_is_asked() {
    let mut guest = guest(RELAY);
    let (mut writer, mut reader) = relayed(&mut guest);
    let mut items = VecDeque::from(*b"<");
    assert!(guest.turns(pin!(reader.read(&mut items, 4))).is_pending(), "nothing is written");
    let mut bytes = VecDeque::from(*b"0123456789");
    let mut write = Box::pin(writer.write_all(&mut bytes));
    assert!(poll(write.as_mut()).is_pending());
    let Poll::Ready(Ok(4)) = guest.turns(pin!(reader.read(&mut items, 4))) else { panic!("it was written") };
    assert_eq!(items, *b"<0123");
    let Poll::Ready(Ok(6)) = guest.turns(pin!(reader.read(&mut items, 100))) else { panic!("it was written") };
    assert!(poll(write.as_mut()).is_ready());
    drop(write);
    drop(writer);
    let Poll::Ready(Ok(0)) = guest.turns(pin!(reader.read(&mut items, 100))) else { panic!("the writer is gone") };
    assert_eq!(items, *b"<0123456789");
}

#[test]
fn what_came_before_a_read_was_dropped_is_kept() {
    let mut guest = guest(RELAY);
    let (mut writer, mut reader) = relayed(&mut guest);
    let mut items = VecDeque::new();
    let mut bytes = VecDeque::from(*b"abc");
    {
        let mut read = pin!(reader.read(&mut items, 2));
        assert!(poll(read.as_mut()).is_pending());
        // The third goes into the buffer between two ends of the host.
        assert_eq!(guest.turns(pin!(writer.write_all(&mut bytes))), Poll::Ready(Ok(())));
    }
    assert_eq!(items, *b"ab");
    let Poll::Ready(Ok(1)) = guest.turns(pin!(reader.read(&mut items, 2))) else { panic!("it was written") };
    assert_eq!(items, *b"abc");
    drop(reader);
    assert_eq!(guest.turns(pin!(writer.write(&mut VecDeque::from(*b"d")))), Poll::Ready(Err(ReaderDropped)));
}
