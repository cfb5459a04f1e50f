//! A component that is ready to be instantiated, any number of times and on any thread.

use std::rc::Rc;
use std::time::Duration;

use thalweg::{Component, Engine, Linker, Store};
use thalweg_wasi::WasiContext;
use thalweg_wasi::http::{Service, ServiceHandle};

use super::epochs::Epochs;
use super::generation::Generation;
use crate::load::{self, Plugs, Precompiled, Source};
use crate::options::Settings;
use crate::report::Failure;
use crate::run::grants::Grants;

/// A component with everything that it is linked with.
pub struct App {
    engine: Engine,
    component: Component,
    linker: Linker<WasiContext>,
    /// How it answers.
    pub generation: Generation,
    epochs: Epochs,
    fuel: Option<u64>,
}

impl App {
    /// Loads and links what `source` contains.
    pub fn load(
        source: &Source,
        plugs: &Plugs,
        settings: &Settings,
        precompiled: Precompiled,
    ) -> Result<App, Failure> {
        let (engine, component) = load::load(source, plugs, settings, precompiled)?;
        let generation = Generation::of(component.plan()).map_err(|failure| failure.at(&source.name))?;
        if generation == Generation::IncomingHandler {
            return Err(Failure::new("the component answers requests by wasi:http/incoming-handler@0.2.x")
                .with_have("serve runs wasi:http/handler@0.3.x")
                .at(&source.name));
        }
        let mut linker = Linker::<WasiContext>::new(&engine);
        thalweg_wasi::add_to_linker(&mut linker)?;
        linker.check(&component)?;
        let limit = settings.timeout.unwrap_or(Duration::MAX);
        let epochs = Epochs::start(&engine, limit);
        Ok(App { engine, component, linker, generation, epochs, fuel: settings.fuel })
    }

    /// A new instance in a store of its own.
    pub async fn instantiate(&self, grants: &Rc<Grants>) -> Result<(Service<WasiContext>, ServiceHandle), Failure> {
        let mut store = Store::new(&self.engine, grants.context()?);
        if let Some(fuel) = self.fuel {
            store.set_fuel(fuel)?;
        }
        store.set_epoch_deadline(self.epochs.ticks());
        let instance = self.linker.instantiate(&mut store, &self.component).await?;
        let (service, handle) = Service::new(store, &instance)?;
        Ok((service.interrupt_after(self.epochs.ticks()), handle))
    }
}
