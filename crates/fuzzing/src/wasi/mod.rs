//! WASI: whatever a guest calls, with whatever, the host neither panics nor hangs.

mod call;
mod guest;
mod host;
mod words;

use std::rc::Rc;
use std::sync::Arc;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use thalweg::{Component, Config, Engine, Error, Features, Instance, Limits, Linker, Prepared, ReturnVal, StartedCall};
use thalweg::{Store, Val};
use thalweg_testkit::abi::Random;
use thalweg_wasi::WasiContext;

use crate::{no_bug, shows};
use call::{Call, Handles};
use guest::{Guest, guest};
use host::World;

/// Calls of one run.
const CALLS: usize = 60;
/// Stores for one input.
const STORES: usize = 5;
/// Functions that are looked at until there are handles for one.
const LOOKS: usize = 6;
/// What is called first, so that there are handles to call others with.
const FIRST: [&str; 3] = ["preopens@0.2.12#get-directories", "preopens@0.3.2#get-directories", "#instance-network"];
/// Calls that have not ended, at once.
const MAX_UNDER_WAY: usize = 12;
/// Polls after each call: far more than any needs, since nothing in these worlds goes on by itself.
const POLLS: usize = 10_000;
const MAX_MEMORY_SIZE: u64 = 64 << 20;
/// Fuel for copying values, which is all that the guest does.
const FUEL: u64 = 1 << 32;

struct Prepares {
    engine: Engine,
    guest: Guest,
    prepared: Prepared<WasiContext>,
}

static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let mut limits = Limits::default();
    limits.max_memory_size = MAX_MEMORY_SIZE;
    let config = Config::new().features(Features::all()).limits(limits).fuel(true).optimize(false);
    Engine::new(config).expect("an engine")
});

thread_local! {
    static PREPARED: Rc<Prepares> = Rc::new(prepares());
}

fn prepares() -> Prepares {
    let guest = guest();
    let component = Component::from_bytes(&ENGINE, &guest.bytes).unwrap_or_else(|error| panic!("{error:?}"));
    let mut linker = Linker::new(&ENGINE);
    thalweg_wasi::add_to_linker(&mut linker).expect("every name is defined once");
    let prepared = linker.prepare(&component).unwrap_or_else(|error| panic!("{error:?}"));
    Prepares { engine: ENGINE.clone(), guest, prepared }
}

/// The first byte chooses the ports, the others which functions are called, with what, and when the world goes on. After a
/// trap the rest is for another store.
pub fn wasi(data: &[u8]) {
    let prepares = PREPARED.with(Rc::clone);
    let mut random = Random::of_bytes(data);
    let number = random.below(8);
    for _ in 0..STORES {
        let mut world = World::new(number);
        let mut store = Store::new(&prepares.engine, world.context());
        store.set_fuel(FUEL).expect("an engine that counts fuel");
        let mut run = Run { world, woken: Arc::default(), under_way: Vec::new(), handles: Handles::default() };
        if let Err(error) = run.go(&prepares, &mut store, &mut random) {
            if shows() {
                eprintln!("{error:?}");
            }
            no_bug(&error);
        }
        if !random.has_more() {
            break;
        }
    }
}

struct Run<'a> {
    world: World,
    woken: Arc<Woken>,
    under_way: Vec<(&'a Call, StartedCall<ReturnVal>)>,
    handles: Handles,
}

impl<'a> Run<'a> {
    fn go(&mut self, all: &'a Prepares, store: &mut Store<WasiContext>, random: &mut Random) -> Result<(), Error> {
        let instance = self.instantiate(all, store)?;
        for call in all.guest.calls.iter().filter(|call| FIRST.iter().any(|first| call.what.ends_with(first))) {
            self.call(call, Vec::new(), store, instance)?;
        }
        self.progress(all, store)?;
        for _ in 0..CALLS {
            if !random.has_more() {
                break;
            }
            match random.below(16) {
                0 => self.world.go_on(random),
                1 if !self.under_way.is_empty() => {
                    let at = random.below(self.under_way.len());
                    drop(self.under_way.swap_remove(at));
                }
                _ => {
                    let calls = &all.guest.calls;
                    let looks = (0..LOOKS).find_map(|_| {
                        let call = &calls[random.below(calls.len())];
                        Some((call, call.args(&all.guest.resolve, &mut self.handles, random)?))
                    });
                    if let Some((call, args)) = looks {
                        self.call(call, args, store, instance)?;
                    }
                }
            }
            self.progress(all, store)?;
        }
        // What waits for time ends; the rest waits for ever, and is dropped with the store.
        self.world.go_on(random);
        self.progress(all, store)
    }

    fn instantiate(&self, all: &Prepares, store: &mut Store<WasiContext>) -> Result<Instance, Error> {
        let mut future = std::pin::pin!(all.prepared.instantiate(store));
        match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(instance) => instance,
            Poll::Pending => panic!("nothing starts by itself"),
        }
    }

    fn call(
        &mut self,
        call: &'a Call,
        args: Vec<Val>,
        store: &mut Store<WasiContext>,
        instance: Instance,
    ) -> Result<(), Error> {
        if self.under_way.len() >= MAX_UNDER_WAY {
            drop(self.under_way.remove(0));
        }
        let func = instance.func_dynamic(store, &format!("calls#{}", call.name))?;
        if shows() {
            eprintln!("{} {args:?}", call.what);
        }
        let started = func.start(store, args)?;
        self.under_way.push((call, started));
        Ok(())
    }

    /// Polls until nothing moves any more, and takes the results that there are.
    fn progress(&mut self, all: &Prepares, store: &mut Store<WasiContext>) -> Result<(), Error> {
        let waker = Waker::from(self.woken.clone());
        for poll in 0.. {
            assert!(poll < POLLS, "it goes on for ever");
            self.woken.0.store(false, Ordering::SeqCst);
            if let Poll::Ready(result) = store.poll_progress(&mut Context::from_waker(&waker)) {
                result?;
                break;
            }
            if !self.woken.0.load(Ordering::SeqCst) {
                break;
            }
        }
        for (call, mut started) in std::mem::take(&mut self.under_way) {
            match store.result_of(&mut started) {
                None => self.under_way.push((call, started)),
                Some(Ok(ReturnVal(result))) => self.take(all, call, result),
                Some(Err(error)) => no_bug(&error),
            }
        }
        Ok(())
    }

    fn take(&mut self, all: &Prepares, call: &Call, result: Option<Val>) {
        if shows() {
            eprintln!("  {} = {result:?}", call.what);
        }
        if let Some(Val::Tuple(wide)) = result
            && let Some(result) = wide.first()
        {
            call.keep(&all.guest.resolve, result, &mut self.handles);
        }
    }
}

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}
