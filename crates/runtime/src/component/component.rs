//! A component that was loaded: immutable, cheap to clone, shared by its instances.

use std::borrow::Cow;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use super::binary::Binary;
use super::code::Code;
use super::composition::{Plug, compose, gather, give};
use super::header::binary;
use super::load::load_binary;
use super::{Engine, Loaded, precompiled};
use crate::engine::CoreEngine;
use crate::plan::Plan;
use crate::{Error, Result};

/// A component: checked and planned; compiled when it is first instantiated, or by [`Component::compile`].
#[derive(Clone)]
pub struct Component(Arc<Inner>);

struct Inner {
    binary: Binary,
    plan: Plan,
    engine: Engine,
    code: OnceLock<Code>,
}

impl Component {
    /// Loads a component from a file: binary, or text (WAT), or what [`precompile`](Self::precompile) gave, which is mapped:
    /// such a file may be replaced or deleted, but not written to, as long as the component is in use.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or is not a component.
    pub fn from_file(engine: &Engine, path: impl AsRef<Path>) -> Result<Component> {
        let path = path.as_ref();
        Component::read(engine, path).map_err(|error| error.at(path.display()))
    }

    fn read(engine: &Engine, path: &Path) -> Result<Component> {
        let mut file = File::open(path).map_err(Error::unreadable)?;
        if let Some(component) = Component::from_precompiled_file(engine, &file) {
            return component;
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(Error::unreadable)?;
        Component::from_vec(engine, bytes)
    }

    /// A component from a file with what [`precompile`](Self::precompile) gave, as [`from_file`](Self::from_file) says.
    /// None if the file has something else; it is not read then.
    ///
    /// # Errors
    ///
    /// When the engine does not take precompiled components, or this one is damaged or made for another engine.
    #[must_use]
    pub fn from_precompiled_file(engine: &Engine, file: &File) -> Option<Result<Component>> {
        precompiled::map(engine, file)
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
            return precompiled::read(engine, &bytes);
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
        match engine.cached(give(self.bytes()?, given)) {
            Ok(component) => Ok(component),
            Err(bytes) => Ok(Component::not_compiled(engine, compose(bytes, engine.features())?)),
        }
    }

    /// The component as a definition that others import.
    ///
    /// # Errors
    ///
    /// When it is several components, or its bytes are not whole.
    pub(crate) fn as_definition(&self) -> Result<&[u8]> {
        let bytes = self.bytes()?;
        if super::composition::is_composition(bytes) {
            return Err(Error::host("it was linked with other components")
                .with_hint("write it as one component first: `thalweg compose`"));
        }
        if super::shed::is_without_code(bytes) {
            return Err(Error::host("it is precompiled, and its own code is gone")
                .with_hint("give the component that it was compiled from"));
        }
        Ok(bytes)
    }

    fn not_compiled(engine: &Engine, loaded: Loaded) -> Component {
        let Loaded { bytes, plan } = engine.slim(loaded);
        Component(Arc::new(Inner { binary: Binary::Here(bytes), plan, engine: engine.clone(), code: OnceLock::new() }))
    }

    /// What it was made for.
    pub(crate) fn engine(&self) -> &Engine {
        &self.0.engine
    }

    /// A component whose code is at hand.
    pub(super) fn with_code(engine: &Engine, binary: Binary, plan: Plan, code: Code) -> Component {
        Component(Arc::new(Inner { binary, plan, engine: engine.clone(), code: code.into() }))
    }

    /// Whether `bytes` are the outcome of [`precompile`](Self::precompile).
    #[must_use]
    pub fn is_precompiled(bytes: &[u8]) -> bool {
        super::artifact::is_artifact(bytes)
    }

    /// Whether `file` has what [`precompile`](Self::precompile) gave; only its ends are read.
    #[must_use]
    pub fn is_precompiled_file(file: &File) -> bool {
        super::artifact::is_artifact_file(file)
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
        let code = self.0.engine.compile(&self.0.plan, self.bytes()?)?;
        Ok(self.0.code.get_or_init(|| code))
    }

    /// Its compiled code, if it is there already.
    pub(super) fn compiled(&self) -> Option<&Code> {
        self.0.code.get()
    }

    /// The core engine that compiles it.
    pub(crate) fn core(&self) -> &CoreEngine {
        self.0.engine.core()
    }

    /// What instantiating it does.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.0.plan
    }

    /// The component in binary form; of components that were linked with each other, all of them in a row. A large one that
    /// was precompiled has no code of core modules any more.
    ///
    /// # Errors
    ///
    /// When it was precompiled, so that it is only now read from its file, and that cannot be read or is damaged.
    pub fn bytes(&self) -> Result<&[u8]> {
        self.0.binary.bytes()
    }

    /// The component with its compiled code, for [`from_bytes`](Self::from_bytes) of an engine that allows it.
    ///
    /// # Errors
    ///
    /// A fault of the engine.
    pub fn precompile(&self) -> Result<Vec<u8>> {
        if !self.plan().needs.is_empty() {
            return Err(Error::link("the component imports definitions that nobody has given yet")
                .with_hint("precompile what `Linker::complete` makes of it"));
        }
        precompiled::write(&self.0.engine, self.bytes()?, self.plan(), self.code()?)
    }
}
