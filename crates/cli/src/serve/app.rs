//! A component that is ready to be instantiated, any number of times and on any thread.

use std::ffi::OsString;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use thalweg::{Engine, Linker, Prepared, Store};
use thalweg_wasi::WasiContext;
use thalweg_wasi::http::{Service, ServiceHandle};

use super::args::ServeArgs;
use super::chain::{self, Link};
use super::epochs::Epochs;
use super::generation::Generation;
use super::next::Next;
use super::pool::{PoolArgs, PoolPolicy};
use crate::load::{self, Definition, Loaded, Plugs, Precompiled, Source};
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

    /// Loads and links it, and what it hands requests on to.
    pub fn load(&self) -> Result<App, Failure> {
        let links = chain::divide(Source::open(&self.file)?, self.plugs.read()?);
        // They are for the component of the command line and what is linked with it.
        let definitions = self.plugs.read_definitions()?;
        let first = links.len().saturating_sub(1);
        let mut links = links.into_iter().rev().enumerate().map(|(i, link)| {
            let definitions: &[Definition] = if i == first { &definitions } else { &[] };
            (link, definitions)
        });
        let (last, definitions) = links.next().ok_or_else(|| Failure::new("there is nothing to serve"))?;
        links.try_fold(self.load_link(&last, definitions, None)?, |next, (link, definitions)| {
            self.load_link(&link, definitions, Some(next))
        })
    }

    fn load_link(&self, link: &Link<Source>, definitions: &[Definition], next: Option<App>) -> Result<App, Failure> {
        let name = &link.root.name;
        let loaded = load::load(&link.root, &link.plugs, definitions, &self.settings, self.precompiled);
        let Loaded { engine, component, .. } = loaded.map_err(|failure| self.explained(failure))?;
        let generation = Generation::of(component.plan()).map_err(|failure| failure.at(name))?;
        let mut linker = Linker::<WasiContext>::new(&engine);
        thalweg_wasi::add_to_linker(&mut linker)?;
        let prepared = linker.prepare(&component)?;
        let epochs = Epochs::start(&engine, self.settings.timeout.unwrap_or(Duration::MAX));
        let (policy, fuel, next) = (self.pool.policy(generation), self.settings.fuel, next.map(Arc::new));
        Ok(App { engine, prepared, policy, epochs, fuel, next })
    }

    /// Code that was compiled for another use has to be compiled for this one.
    fn explained(&self, failure: Failure) -> Failure {
        if self.precompiled == Precompiled::Allowed && failure.message.contains("other settings") {
            return failure.with_help(
                "a server interrupts guests, which takes code made for that: `thalweg compile` makes it of a component \
                 that answers HTTP requests, with the same options as `serve` has (-W, -O)",
            );
        }
        failure
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
    /// What it hands requests on to, where the two can't be linked.
    pub next: Option<Arc<App>>,
}

/// An instance that answers what its [`ServiceHandle`] is given, while this is polled.
pub type Running = Pin<Box<dyn Future<Output = thalweg::Result<()>>>>;

impl App {
    /// A new instance in a store of its own.
    pub async fn instantiate(
        &self,
        grants: &Rc<Grants>,
        next: Option<Arc<Next>>,
    ) -> Result<(Running, ServiceHandle), Failure> {
        let mut context = grants.context()?;
        if let Some(next) = next {
            context.http.handler = Some(next);
        }
        let mut store = Store::new(&self.engine, context);
        if let Some(fuel) = self.fuel {
            store.set_fuel(fuel)?;
        }
        store.set_epoch_deadline(self.epochs.ticks());
        let instance = self.prepared.instantiate(&mut store).await?;
        let (service, handle) = Service::new(store, &instance)?;
        Ok((Box::pin(service.interrupt_after(self.epochs.ticks()).run()), handle))
    }
}
