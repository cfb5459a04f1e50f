//! A component that was loaded: immutable, cheap to clone, shared by its instances.

use std::borrow::Cow;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use super::code::Code;
use super::composition::{Plug, compose, gather, give};
use super::header::binary;
use super::load::load_binary;
use super::{Engine, Loaded};
use crate::engine::CoreModule;
use crate::plan::Plan;
use crate::{Error, Result};

/// A component: checked and planned; compiled when it is first instantiated, or by [`Component::compile`].
#[derive(Clone)]
pub struct Component(Arc<Inner>);

struct Inner {
    loaded: Loaded,
    engine: Engine,
    code: OnceLock<Code>,
}

impl Component {
    /// Loads a component from a file: binary, or text (WAT).
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or is not a component.
    pub fn from_file(engine: &Engine, path: impl AsRef<Path>) -> Result<Component> {
        let path = path.as_ref();
        read(path).and_then(|bytes| Component::from_vec(engine, bytes)).map_err(|error| error.at(path.display()))
    }

    /// Loads a component from its bytes: binary, or text (WAT).
    ///
    /// # Errors
    ///
    /// When they are not a component.
    pub fn from_bytes(engine: &Engine, bytes: &[u8]) -> Result<Component> {
        Component::from_cow(engine, bytes.into())
    }

    /// [`from_bytes`](Self::from_bytes) of bytes that the component keeps, without a copy of them.
    ///
    /// # Errors
    ///
    /// When they are not a component.
    pub fn from_vec(engine: &Engine, bytes: Vec<u8>) -> Result<Component> {
        Component::from_cow(engine, bytes.into())
    }

    fn from_cow(engine: &Engine, bytes: Cow<'_, [u8]>) -> Result<Component> {
        if super::artifact::is_artifact(&bytes) {
            return engine.read_precompiled(&bytes);
        }
        let bytes = match binary(&bytes)? {
            Cow::Owned(binary) => binary,
            Cow::Borrowed(_) => bytes.into_owned(),
        };
        match engine.cached(bytes) {
            Ok(component) => Ok(component),
            Err(bytes) => Ok(Component::not_compiled(engine, load_binary(bytes, engine.features())?)),
        }
    }

    /// Loads `root` and links it with `plugs`: what the root imports and a plug exports is served by the plug, and so are
    /// the imports of the plugs; what is left over stays an import, of one component with the exports of the root.
    ///
    /// Names match as in a [`Linker`](crate::Linker). Each plug is instantiated once. Where several export the same, an
    /// import is served by the next plug after the one that imports it, in the order given, else by the first, so that
    /// components that wrap each other can be given from the outside to the inside.
    ///
    /// # Errors
    ///
    /// When one is not a component, serves an import with another type, is not needed, or when they need each other.
    pub fn with_plugs(engine: &Engine, root: Plug<'_>, plugs: &[Plug<'_>]) -> Result<Component> {
        match engine.cached(gather(root, plugs)?) {
            Ok(component) => Ok(component),
            Err(bytes) => Ok(Component::not_compiled(engine, compose(bytes, engine.features())?)),
        }
    }

    /// The component with the definitions that it imports: each under its name, which is `interface#name` within an
    /// instance. They are planned, compiled and cached as one.
    pub(crate) fn with_definitions(&self, given: &[(String, &[u8])]) -> Result<Component> {
        let engine = &self.0.engine;
        match engine.cached(give(self.bytes(), given)) {
            Ok(component) => Ok(component),
            Err(bytes) => Ok(Component::not_compiled(engine, compose(bytes, engine.features())?)),
        }
    }

    /// Whether it was made of several.
    pub(crate) fn is_composition(&self) -> bool {
        super::composition::is_composition(self.bytes())
    }

    fn not_compiled(engine: &Engine, loaded: Loaded) -> Component {
        Component(Arc::new(Inner { loaded, engine: engine.clone(), code: OnceLock::new() }))
    }

    /// A component whose code is at hand.
    pub(super) fn with_code(engine: &Engine, loaded: Loaded, code: Code) -> Component {
        Component(Arc::new(Inner { loaded, engine: engine.clone(), code: code.into() }))
    }

    /// Whether `bytes` are the outcome of [`precompile`](Self::precompile).
    #[must_use]
    pub fn is_precompiled(bytes: &[u8]) -> bool {
        super::artifact::is_artifact(bytes)
    }

    /// Compiles the core modules, unless that was done before.
    ///
    /// # Errors
    ///
    /// When the core engine refuses a module.
    pub fn compile(&self) -> Result<()> {
        self.code().map(drop)
    }

    /// Its compiled code.
    pub(crate) fn code(&self) -> Result<&Code> {
        if let Some(code) = self.0.code.get() {
            return Ok(code);
        }
        let loaded = &self.0.loaded;
        let modules = self.0.engine.compile(loaded)?;
        let code = Code::new(self.0.engine.core(), &loaded.plan, modules, self.0.engine.has_adapters())?;
        Ok(self.0.code.get_or_init(|| code))
    }

    /// What instantiating it does.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.0.loaded.plan
    }

    /// The component in binary form; of components that were linked with each other, all of them in a row.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0.loaded.bytes
    }

    /// The component with its compiled code, for [`from_bytes`](Self::from_bytes) of an engine that allows it.
    ///
    /// # Errors
    ///
    /// A fault of the engine.
    pub fn precompile(&self) -> Result<Vec<u8>> {
        let code = self.code()?.modules().map(CoreModule::serialize).collect::<Result<Vec<_>>>()?;
        self.0.engine.write_precompiled(&self.0.loaded, code)
    }

    /// The glue around the built-ins that can wait.
    pub(crate) fn glue(&self) -> Result<Option<&CoreModule>> {
        Ok(self.code()?.glue.as_ref())
    }
}

/// The bytes of a file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| {
        Error::new(crate::ErrorKind::Host, format!("cannot read the file: {error}")).with_source(error)
    })
}
