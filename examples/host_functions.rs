//! Defines host functions: one that answers at once, and one that waits without holding anything up.

mod block_on;

use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};

use block_on::block_on;
use thalweg::{Component, Config, Engine, Linker, Result, Store};

/// A door: knocks on it, then waits until somebody opens.
const VISITOR: &str = r#"
(component
  (import "example:greeter/door@1.0.0" (instance $door
    (export "knock" (func (result u32)))
    (export "wait" (func async (param "guest" u32) (result u32)))))
  (core func $knock (canon lower (func $door "knock")))
  (core func $wait (canon lower (func $door "wait")))
  (core module $m
    (import "door" "knock" (func $knock (result i32)))
    (import "door" "wait" (func $wait (param i32) (result i32)))
    (func (export "visit") (result i32) (call $wait (call $knock))))
  (core instance $i (instantiate $m
    (with "door" (instance (export "knock" (func $knock)) (export "wait" (func $wait))))))
  (func (export "visit") async (result u32) (canon lift (core func $i "visit"))))
"#;

/// The embedder's state.
#[derive(Default)]
struct House {
    guests: u32,
}

/// Something that happens outside of the store.
#[derive(Default)]
struct Bell {
    rung: bool,
    waiting: Option<Waker>,
}

fn main() -> Result<()> {
    let engine = Engine::new(Config::new())?;
    let component = Component::from_bytes(&engine, VISITOR.as_bytes())?;
    let bell = Arc::new(Mutex::new(Bell::default()));

    let mut linker = Linker::<House>::new(&engine);
    let heard = bell.clone();
    linker
        .instance("example:greeter/door@1.0.0")?
        .func("knock", |mut caller, ()| {
            let mut house = caller.data_mut();
            house.guests += 1;
            Ok(house.guests)
        })?
        .func_async("wait", move |access, (guest,): (u32,)| {
            let bell = heard.clone();
            async move {
                listen(&bell).await;
                Ok(guest + access.with(|house| house.guests) * 100)
            }
        })?;

    let mut store = Store::new(&engine, House::default());
    block_on(async {
        let instance = linker.instantiate(&mut store, &component).await?;
        let visit = instance.func::<(), u32>(&mut store, "visit")?;
        let call = visit.start(&mut store, ())?;
        assert_eq!(store.data().guests, 1, "the guest has knocked and waits");
        ring(&bell);
        println!("visit: {}", store.finish(call).await?);
        Ok(())
    })
}

async fn listen(bell: &Mutex<Bell>) {
    poll_fn(|cx| {
        let mut bell = bell.lock().unwrap_or_else(PoisonError::into_inner);
        bell.waiting = Some(cx.waker().clone());
        if bell.rung { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

fn ring(bell: &Mutex<Bell>) {
    let mut bell = bell.lock().unwrap_or_else(PoisonError::into_inner);
    bell.rung = true;
    if let Some(a) = bell.waiting.take() {
        Waker::wake(a)
    }
}

#[test]
fn runs() -> Result<()> {
    main()
}
