//! A script's steps in the runtime.

use std::future::Future;
use std::pin::pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};

use thalweg::{Choose, Component, Config, Engine, Error, Features, Gate, Instance, Linker, Result, Store, Val};

use crate::driver;
use crate::script::{Step, Word};

/// The most drivers that a script has; the least are 2.
pub const MOST: usize = 4;

static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let mut features = Features::shipped();
    for gate in [Gate::MoreAsyncBuiltins, Gate::AsyncStackful, Gate::Forward] {
        features.open(gate).expect("a gate that is supported");
    }
    Engine::new(Config::new().features(features)).expect("an engine")
});

/// The components, compiled when first needed: two to four drivers, which block or not.
static COMPONENTS: [LazyLock<Component>; 6] = [
    LazyLock::new(|| compile(2, false)),
    LazyLock::new(|| compile(3, false)),
    LazyLock::new(|| compile(4, false)),
    LazyLock::new(|| compile(2, true)),
    LazyLock::new(|| compile(3, true)),
    LazyLock::new(|| compile(4, true)),
];

fn compile(count: usize, blocking: bool) -> Component {
    Component::from_bytes(&ENGINE, driver::world(count, blocking).as_bytes()).expect("the drivers are a component")
}

/// Drivers that live in a store.
pub struct Guests {
    store: Store<()>,
    instance: Instance,
}

fn finish<R>(future: impl Future<Output = Result<R>>) -> Result<R> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => Err(Error::host("a function that is not async waits for the host")),
    }
}

impl Guests {
    /// `count` drivers; `choose` makes the store's choices.
    ///
    /// # Errors
    ///
    /// Faults of the runtime only.
    pub fn new(count: usize, blocking: bool, choose: Choose) -> Result<Self> {
        let component = &COMPONENTS[count.clamp(2, MOST) - 2 + 3 * usize::from(blocking)];
        let mut store = Store::new(&ENGINE, ());
        store.set_choose(choose);
        store.set_turns_per_poll(1);
        let instance = finish(Linker::new(&ENGINE).instantiate(&mut store, component))?;
        Ok(Guests { store, instance })
    }

    /// What `step` answers.
    ///
    /// # Errors
    ///
    /// A trap of a guest; anything else is a fault of the runtime.
    pub fn step(&mut self, step: &Step) -> Result<u32> {
        match step.word {
            Word::Tick => match self.store.poll_progress(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(idle) => idle.map(|()| 0),
                Poll::Pending => Ok(1),
            },
            Word::Pass { .. } => {
                let kind = step.name().strip_prefix("pass-").unwrap_or_default();
                let value = self.call(step.instance, &format!("out-{kind}"), vec![Val::U32(step.args[0])])?;
                number(self.call(step.args[1], &format!("in-{kind}"), vec![value])?)
            }
            _ => {
                let args = step.args().iter().map(|&number| Val::U32(number)).collect();
                number(self.call(step.instance, &step.name().replace('.', "-"), args)?)
            }
        }
    }

    fn call(&mut self, driver: u32, name: &str, args: Vec<Val>) -> Result<Val> {
        let func = self.instance.func_dynamic(&mut self.store, &format!("d{driver}#{name}"))?;
        let store = &mut self.store;
        // More than one turn: a function that is not async takes none.
        finish(func.call(store, args))?.ok_or_else(|| Error::host("a function without a result"))
    }
}

fn number(value: Val) -> Result<u32> {
    match value {
        Val::U32(number) => Ok(number),
        other => Err(Error::host(format!("{other:?} is not a number"))),
    }
}
