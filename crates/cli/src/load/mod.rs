//! From a file that was named on the command line to a component, ready to be instantiated.

mod plugs;
mod progress;
mod source;

pub use plugs::{Definition, Plugs};
pub use source::{Source, io_text};

use std::borrow::Cow;
use std::fs::File;

use thalweg::{Component, Config, Engine, Linker, Plug};

use crate::module;
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

/// A component, checked.
pub struct Loaded {
    /// What compiled it.
    pub engine: Engine,
    /// The component.
    pub component: Component,
    /// Whether the file has a core module, and the component was made around it.
    pub is_module: bool,
}

/// The component in `source`, or around the core module in it, linked with `plugs`, with the `definitions` that it imports.
pub fn load(
    source: &Source,
    plugs: &[Source],
    definitions: &[Definition],
    settings: &Settings,
    precompiled: Precompiled,
) -> Result<Loaded, Failure> {
    whole(load_parts(source, plugs, settings, precompiled)?, definitions)
}

/// The same to be looked at: definitions may be missing.
pub fn load_to_inspect(
    source: &Source,
    plugs: &[Source],
    definitions: &[Definition],
    settings: &Settings,
    precompiled: Precompiled,
) -> Result<Loaded, Failure> {
    let loaded = load_parts(source, plugs, settings, precompiled)?;
    if definitions.is_empty() { Ok(loaded) } else { whole(loaded, definitions) }
}

fn load_parts(
    source: &Source,
    plugs: &[Source],
    settings: &Settings,
    precompiled: Precompiled,
) -> Result<Loaded, Failure> {
    let engine = engine(settings, precompiled)?;
    match &source.mapped {
        Some(file) if plugs.is_empty() => load_mapped(engine, &source.name, file),
        // It can't be linked, which is said by who would do it.
        Some(_) => load_bytes(engine, &source.name, Cow::Owned(source.read_mapped()?), plugs),
        None => load_bytes(engine, &source.name, Cow::Borrowed(&source.bytes), plugs),
    }
}

/// The same, without a copy of what was read: the bytes are gone from `source`.
pub fn load_taken(
    source: &mut Source,
    plugs: &[Source],
    definitions: &[Definition],
    settings: &Settings,
    precompiled: Precompiled,
) -> Result<Loaded, Failure> {
    if source.mapped.is_some() {
        return load(source, plugs, definitions, settings, precompiled);
    }
    let bytes = std::mem::take(&mut source.bytes);
    whole(load_bytes(engine(settings, precompiled)?, &source.name, Cow::Owned(bytes), plugs)?, definitions)
}

fn engine(settings: &Settings, precompiled: Precompiled) -> Result<Engine, Failure> {
    let mut config = Config::new()
        .limits(settings.limits.clone())
        .features(settings.features()?)
        .optimize(settings.optimize)
        .pooling(settings.pooled)
        .adapters(settings.adapters)
        .keep_shims(settings.keep_shims)
        .epoch_interruption(settings.timeout.is_some())
        .fuel(settings.fuel.is_some())
        .allow_precompiled(precompiled == Precompiled::Allowed);
    if settings.cache {
        config = config.cache(None);
    }
    if let Some(report) = progress::reporter() {
        config = config.progress(report);
    }
    Ok(Engine::new(config)?)
}

fn load_mapped(engine: Engine, name: &str, file: &File) -> Result<Loaded, Failure> {
    let component = Component::from_precompiled_file(&engine, file)
        .unwrap_or_else(|| Err(thalweg::Error::host("the file was changed while it was opened")))
        .map_err(|error| Failure::from(error).at(name))?;
    Ok(Loaded { engine, component, is_module: false })
}

fn load_bytes(engine: Engine, name: &str, bytes: Cow<'_, [u8]>, plugs: &[Source]) -> Result<Loaded, Failure> {
    let mut bytes = binary(bytes);
    let is_module = module::is_module(&bytes);
    if is_module {
        bytes = module::wrap(&bytes).map_err(|failure| failure.at(name))?.into();
    }
    let component = if plugs.is_empty() {
        let component = match bytes {
            Cow::Owned(bytes) => Component::from_vec(&engine, bytes),
            Cow::Borrowed(bytes) => Component::from_bytes(&engine, bytes),
        };
        component.map_err(|error| Failure::from(error).at(name))?
    } else {
        let plugs: Vec<_> = plugs.iter().map(|plug| Plug { name: &plug.name, bytes: &plug.bytes }).collect();
        Component::with_plugs(&engine, Plug { name, bytes: &bytes }, &plugs)?
    };
    Ok(Loaded { engine, component, is_module })
}

/// The component with the `definitions` that it imports.
fn whole(loaded: Loaded, definitions: &[Definition]) -> Result<Loaded, Failure> {
    if loaded.component.plan().needs.is_empty() {
        if definitions.is_empty() {
            return Ok(loaded);
        }
        return Err(Failure::new("the component imports no core module and no component")
            .with_help("leave `--define` out; `--plug` serves functions and instances"));
    }
    let mut linker = Linker::new(&loaded.engine);
    for definition in definitions {
        let defined = definition.define(&loaded.engine, &mut linker);
        defined.map_err(|error| Failure::from(error).at(&definition.source.name))?;
    }
    Ok(Loaded { component: linker.complete(&loaded.component)?, ..loaded })
}

/// The binary form of a module or component in text form. What is neither stays as it is: the runtime says why.
fn binary(bytes: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    match wat::parse_bytes(&bytes) {
        Ok(Cow::Owned(binary)) => Cow::Owned(binary),
        _ => bytes,
    }
}
