//! Writes a stream that a guest reads: the writer waits while the guest does not read, and hears when it stops.

mod block_on;

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use block_on::block_on;
use thalweg::{Component, Config, Engine, Linker, ReaderDropped, Result, Store, StreamReader, StreamWriter};

/// Counts bytes until the stream ends or `limit` is reached, 16 at a time.
const COUNTER: &str = r#"
(component
  (type $bytes (stream u8))
  (core module $libc (memory (export "memory") 1))
  (core instance $libc (instantiate $libc))
  (core func $read (canon stream.read $bytes async (memory (core memory $libc "memory"))))
  (core func $drop (canon stream.drop-readable $bytes))
  (core func $new (canon waitable-set.new))
  (core func $join (canon waitable.join))
  (core func $wait (canon waitable-set.wait (memory (core memory $libc "memory"))))
  (core module $m
    (import "" "memory" (memory 1))
    (import "" "read" (func $read (param i32 i32 i32) (result i32)))
    (import "" "drop" (func $drop (param i32)))
    (import "" "new" (func $new (result i32)))
    (import "" "join" (func $join (param i32 i32)))
    (import "" "wait" (func $wait (param i32 i32) (result i32)))
    (func (export "count") (param $stream i32) (param $limit i32) (result i32)
      (local $set i32) (local $outcome i32) (local $count i32)
      (local.set $set (call $new))
      (call $join (local.get $stream) (local.get $set))
      (loop $more
        (local.set $outcome (call $read (local.get $stream) (i32.const 16) (i32.const 16)))
        (if (i32.eq (local.get $outcome) (i32.const -1)) (then
          (drop (call $wait (local.get $set) (i32.const 0)))
          (local.set $outcome (i32.load (i32.const 4)))))
        (local.set $count (i32.add (local.get $count) (i32.shr_u (local.get $outcome) (i32.const 4))))
        (br_if $more (i32.and
          (i32.eqz (i32.and (local.get $outcome) (i32.const 15)))
          (i32.lt_u (local.get $count) (local.get $limit)))))
      (call $drop (local.get $stream))
      (local.get $count)))
  (core instance $i (instantiate $m (with "" (instance
    (export "memory" (memory $libc "memory")) (export "read" (func $read)) (export "drop" (func $drop))
    (export "new" (func $new)) (export "join" (func $join)) (export "wait" (func $wait))))))
  (func (export "count") async (param "bytes" $bytes) (param "limit" u32) (result u32)
    (canon lift (core func $i "count"))))
"#;

fn main() -> Result<()> {
    let engine = Engine::new(Config::new())?;
    let component = Component::from_bytes(&engine, COUNTER.as_bytes())?;
    let linker = Linker::<()>::new(&engine);
    let mut store = Store::new(&engine, ());
    block_on(async {
        let instance = linker.instantiate(&mut store, &component).await?;
        let count = instance.func::<(StreamReader<u8>, u32), u32>(&mut store, "count")?;

        // All is read: the guest sees the end when the writer is dropped.
        let (mut writer, reader) = StreamWriter::pair();
        let call = count.start(&mut store, (reader, u32::MAX))?;
        let writing = async move { writer.write_all(&mut VecDeque::from(vec![1; 100])).await };
        let (count_of_all, written) = both(store.finish(call), writing).await;
        println!("the guest counted {}, the writer is told {written:?}", count_of_all?);

        // The guest stops at 32: the writer keeps what nobody took.
        let (mut writer, reader) = StreamWriter::pair();
        let call = count.start(&mut store, (reader, 32))?;
        let mut bytes = VecDeque::from(vec![1; 100]);
        let (count_of_some, written) = both(store.finish(call), writer.write_all(&mut bytes)).await;
        println!("the guest counted {}, the writer is told {written:?}", count_of_some?);
        assert_eq!((written, bytes.len()), (Err(ReaderDropped), 68));
        Ok(())
    })
}

/// Runs two futures beside each other. Any executor or its `join` will do.
async fn both<A: Future, B: Future>(a: A, b: B) -> (A::Output, B::Output) {
    let (mut a, mut b) = (pin!(a), pin!(b));
    let (mut first, mut second) = (None, None);
    poll_fn(|cx| {
        if first.is_none() {
            first = ready(a.as_mut().poll(cx));
        }
        if second.is_none() {
            second = ready(b.as_mut().poll(cx));
        }
        match (first.take(), second.take()) {
            (Some(first), Some(second)) => Poll::Ready((first, second)),
            kept => {
                (first, second) = kept;
                Poll::Pending
            }
        }
    })
    .await
}

fn ready<T>(poll: Poll<T>) -> Option<T> {
    match poll {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

#[test]
fn runs() -> Result<()> {
    main()
}
