//! From a file that was named on the command line to a component, ready to be instantiated.

mod plugs;
mod progress;
mod source;

pub use plugs::Plugs;
pub use source::{Source, io_text};

use thalweg::{Component, Config, Engine, Plug};

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

impl Precompiled {
    /// What `--allow-precompiled` says.
    pub fn from_flag(allowed: bool) -> Precompiled {
        if allowed { Precompiled::Allowed } else { Precompiled::Refused }
    }
}

/// The component in `source`, checked and linked with `plugs`, and the engine for it.
pub fn load(
    source: &Source,
    plugs: &Plugs,
    settings: &Settings,
    precompiled: Precompiled,
) -> Result<(Engine, Component), Failure> {
    let mut config = Config::new()
        .limits(settings.limits.clone())
        .features(settings.features()?)
        .optimize(settings.optimize)
        .adapters(settings.adapters)
        .epoch_interruption(settings.timeout.is_some())
        .fuel(settings.fuel.is_some())
        .allow_precompiled(precompiled == Precompiled::Allowed);
    if settings.cache {
        config = config.cache(None);
    }
    if let Some(report) = progress::reporter() {
        config = config.progress(report);
    }
    let engine = Engine::new(config)?;
    if !plugs.is_empty() {
        let plugs = plugs.read()?;
        let plugs: Vec<_> = plugs.iter().map(plug).collect();
        let component = Component::with_plugs(&engine, plug(source), &plugs)?;
        return Ok((engine, component));
    }
    let component = Component::from_bytes(&engine, &source.bytes);
    Ok((engine, component.map_err(|error| Failure::from(error).at(&source.name))?))
}

fn plug(source: &Source) -> Plug<'_> {
    Plug { name: &source.name, bytes: &source.bytes }
}
