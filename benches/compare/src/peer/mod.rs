//! Wasmtime's half.

pub mod calls;
mod host;
pub mod instantiate;
pub mod streams;
pub mod tasks;

use wasmtime_peer::component::{Component, ComponentNamedList, Instance, Lift, Linker, Lower, TypedFunc};
use wasmtime_peer::{Collector, Config, Engine, InstanceAllocationStrategy, Store};

use crate::block_on::block_on;
use crate::limits::{self, PLACES};
use crate::row::{Failure, Work, timed};

/// How the peer is set up. A row tries those that may suit it and takes the fastest.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Settings {
    /// Instances, memories and stacks from a pool.
    Pooling,
    /// Everything from the operating system when it is needed.
    OnDemand,
    /// On demand, and without async components: what a host of WASI 0.2 alone could choose.
    NoAsync,
}

impl Settings {
    const ALL: [Settings; 3] = [Settings::Pooling, Settings::OnDemand, Settings::NoAsync];

    /// Those of this name.
    pub fn named(name: &str) -> Result<Settings, Failure> {
        let found = Settings::ALL.into_iter().find(|settings| settings.name() == name);
        found.ok_or_else(|| format!("no settings are called `{name}`").into())
    }

    pub fn name(self) -> &'static str {
        match self {
            Settings::Pooling => "pooling",
            Settings::OnDemand => "on demand",
            Settings::NoAsync => "without async",
        }
    }
}

/// An instance and where it lives.
pub struct Guest {
    pub store: Store<()>,
    pub instance: Instance,
}

/// An engine for these settings. What both runtimes can choose is as in Thalweg: the collector, the sizes of stacks, the
/// optimisation, no interruption.
pub fn engine(settings: Settings) -> Result<Engine, Failure> {
    let mut config = Config::new();
    config.collector(Collector::Null);
    config.max_wasm_stack(512 << 10);
    config.async_stack_size(1 << 20);
    if settings == Settings::NoAsync {
        config.concurrency_support(false);
    } else {
        config.wasm_component_model_async(true);
        config.wasm_component_model_more_async_builtins(true);
        config.wasm_component_model_async_stackful(true);
    }
    if settings == Settings::Pooling {
        let mut pool = limits::pool();
        pool.total_component_instances(PLACES);
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    }
    Ok(Engine::new(&config)?)
}

/// Instantiates the component of this text.
pub fn guest(settings: Settings, text: &str) -> Result<Guest, Failure> {
    let engine = engine(settings)?;
    let component = Component::new(&engine, text)?;
    let mut linker = Linker::new(&engine);
    host::define(&mut linker, settings)?;
    let mut store = Store::new(&engine, ());
    let instance = match settings {
        Settings::NoAsync => linker.instantiate(&mut store, &component)?,
        _ => block_on(linker.instantiate_async(&mut store, &component))?,
    };
    Ok(Guest { store, instance })
}

impl Guest {
    pub fn func<P, R>(&mut self, name: &str) -> Result<TypedFunc<P, R>, Failure>
    where
        P: ComponentNamedList + Lower,
        R: ComponentNamedList + Lift,
    {
        Ok(self.instance.get_typed_func(&mut self.store, name)?)
    }
}

/// The guest does the work: its synchronous export `name` is told how often, and with how much.
pub fn repeated(settings: Settings, text: &str, name: &str, size: u32) -> Result<Work, Failure> {
    let mut guest = guest(settings, text)?;
    let func = guest.func::<(u32, u32), ()>(name)?;
    Ok(timed(move |n| Ok(func.call(&mut guest.store, (n as u32, size))?)))
}

/// The same with an async export.
pub fn repeated_async(settings: Settings, text: &str, name: &str, size: u32) -> Result<Work, Failure> {
    let mut guest = guest(settings, text)?;
    let func = guest.func::<(u32, u32), ()>(name)?;
    Ok(timed(move |n| {
        let run = guest.store.run_concurrent(async |store| func.call_concurrent(store, (n as u32, size)).await);
        Ok(block_on(run)??)
    }))
}
