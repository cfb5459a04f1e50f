//! From a file that was named on the command line to a component, ready to be instantiated.

mod progress;
mod source;

pub use source::{Source, io_text};

use progress::ProgressLine;
use thalweg::{Component, Config, Engine};

use crate::options::Settings;
use crate::report::Failure;

/// What the command line says about code that was compiled before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precompiled {
    /// It may be run.
    Allowed,
    /// It is refused: it is trusted without a check, so running it takes a decision.
    Refused,
}

/// The component in `source`, compiled or taken from the cache, and the engine for it.
pub fn load(source: &Source, settings: &Settings, precompiled: Precompiled) -> Result<(Engine, Component), Failure> {
    let progress = ProgressLine::start();
    let mut config = Config::default()
        .limits(settings.limits.clone())
        .features(settings.features()?)
        .cache(settings.cache)
        .epoch_interruption(settings.timeout.is_some())
        .fuel(settings.fuel.is_some())
        .allow_precompiled(precompiled == Precompiled::Allowed);
    if let Some(report) = progress.reporter() {
        config = config.progress(report);
    }
    let engine = Engine::new(config)?;
    let component = component(&engine, source, precompiled).map_err(|failure| failure.at(&source.name));
    drop(progress);
    Ok((engine, component?))
}

fn component(engine: &Engine, source: &Source, precompiled: Precompiled) -> Result<Component, Failure> {
    if !Component::is_precompiled(&source.bytes) {
        return Ok(Component::from_bytes(engine, &source.bytes)?);
    }
    if precompiled == Precompiled::Refused {
        return Err(Failure::new("this is a precompiled component, which is run only when asked for")
            .with_help("add --allow-precompiled if you trust where the file comes from"));
    }
    Ok(Component::from_precompiled(engine, &source.bytes)?)
}
