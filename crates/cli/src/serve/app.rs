//! A component that is ready to be instantiated, any number of times and on any thread.

use std::ffi::OsString;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use thalweg::{Engine, Linker, Prepared, Store};
use thalweg_wasi::WasiContext;
use thalweg_wasi::http::{Service, ServiceHandle};

use super::args::ServeArgs;
use super::epochs::Epochs;
use super::generation::Generation;
use super::pool::{PoolArgs, PoolPolicy};
use crate::load::{self, Loaded, Plugs, Precompiled, Source};
use crate::options::Settings;
use crate::report::Failure;
use crate::run::grants::Grants;

/// Loads the component of the command line, once or again.
pub struct Loader {
    file: OsString,
    plugs: Plugs,
    settings: Settings,
    precompiled: Precompiled,
    pool: PoolArgs,
}

impl Loader {
    /// What `args` says; `settings` has the time of a request.
    pub fn new(args: &ServeArgs, settings: Settings) -> Result<Loader, Failure> {
        if args.watch && std::iter::once(&args.file).chain(args.plugs.files()).any(|file| file == "-") {
            return Err(Failure::usage("standard input does not change, so `--watch` has nothing to watch"));
        }
        let precompiled = Precompiled::from_flag(args.allow_precompiled);
        let (file, plugs, pool) = (args.file.clone(), args.plugs.clone(), args.pool.clone());
        Ok(Loader { file, plugs, settings, precompiled, pool })
    }

    /// The files it loads, as they were named.
    pub fn files(&self) -> Vec<OsString> {
        std::iter::once(&self.file).chain(self.plugs.files()).cloned().collect()
    }

    /// Loads and links it.
    pub fn load(&self) -> Result<App, Failure> {
        let source = Source::read(&self.file)?;
        let plugs = self.plugs.read()?;
        let Loaded { engine, component, .. } = load::load(&source, &plugs, &self.settings, self.precompiled)?;
        let generation = Generation::of(component.plan()).map_err(|failure| failure.at(&source.name))?;
        let mut linker = Linker::<WasiContext>::new(&engine);
        thalweg_wasi::add_to_linker(&mut linker)?;
        let prepared = linker.prepare(&component)?;
        let epochs = Epochs::start(&engine, self.settings.timeout.unwrap_or(Duration::MAX));
        Ok(App { engine, prepared, policy: self.pool.policy(generation), epochs, fuel: self.settings.fuel })
    }
}

/// A component with everything that it is linked with.
pub struct App {
    engine: Engine,
    prepared: Prepared<WasiContext>,
    /// How its instances are used.
    pub policy: PoolPolicy,
    epochs: Epochs,
    fuel: Option<u64>,
}

/// An instance that answers what its [`ServiceHandle`] is given, while this is polled.
pub type Running = Pin<Box<dyn Future<Output = thalweg::Result<()>>>>;

impl App {
    /// A new instance in a store of its own.
    pub async fn instantiate(&self, grants: &Rc<Grants>) -> Result<(Running, ServiceHandle), Failure> {
        let mut store = Store::new(&self.engine, grants.context()?);
        if let Some(fuel) = self.fuel {
            store.set_fuel(fuel)?;
        }
        store.set_epoch_deadline(self.epochs.ticks());
        let instance = self.prepared.instantiate(&mut store).await?;
        let (service, handle) = Service::new(store, &instance)?;
        Ok((Box::pin(service.interrupt_after(self.epochs.ticks()).run()), handle))
    }
}
