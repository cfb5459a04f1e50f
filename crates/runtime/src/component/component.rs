//! A component that was loaded: immutable, cheap to clone, shared by its instances.

use std::path::Path;
use std::sync::Arc;

use super::{Engine, load};
use crate::canon::encode_glue;
use crate::engine::CoreModule;
use crate::error::bug;
use crate::plan::{ModuleIndex, Plan};
use crate::{Error, Result};

/// A component: checked, planned and compiled.
#[derive(Clone)]
pub struct Component(Arc<Inner>);

struct Inner {
    bytes: Arc<[u8]>,
    plan: Plan,
    /// The plan's core modules, compiled.
    modules: Vec<CoreModule>,
    /// See `canon::encode_glue`.
    glue: Option<CoreModule>,
}

impl Component {
    /// Loads a component from a file: binary, or text (WAT).
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or is not a component.
    pub fn from_file(engine: &Engine, path: impl AsRef<Path>) -> Result<Component> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(|error| {
            Error::new(crate::ErrorKind::Host, format!("cannot read the file: {error}")).with_source(error)
        });
        Component::from_bytes(engine, &bytes.map_err(|error| error.at(path.display()))?)
            .map_err(|error| error.at(path.display()))
    }

    /// Loads a component from its bytes: binary, or text (WAT).
    ///
    /// # Errors
    ///
    /// When they are not a component.
    pub fn from_bytes(engine: &Engine, bytes: &[u8]) -> Result<Component> {
        if super::artifact::is_artifact(bytes) {
            return engine.read_precompiled(bytes);
        }
        let loaded = load(bytes, engine.features())?;
        let glue = encode_glue(&loaded.plan);
        let code = engine.compile(&loaded, glue.as_deref())?;
        Component::assemble(loaded, code, glue.is_some())
    }

    /// A component whose code is at hand: the plan's modules, then the glue if it has any.
    pub(super) fn assemble(loaded: super::Loaded, mut modules: Vec<CoreModule>, has_glue: bool) -> Result<Component> {
        let glue = if has_glue { modules.pop() } else { None };
        if modules.len() != loaded.plan.modules.len() {
            return Err(bug!("{} modules were compiled of {}", modules.len(), loaded.plan.modules.len()));
        }
        Ok(Component(Arc::new(Inner { bytes: loaded.bytes, plan: loaded.plan, modules, glue })))
    }

    /// What instantiating it does.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.0.plan
    }

    /// The component in binary form.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0.bytes
    }

    /// The component with its compiled code, for [`from_bytes`](Self::from_bytes) of an engine that allows it.
    ///
    /// # Errors
    ///
    /// A fault of the engine.
    pub fn precompile(&self, engine: &Engine) -> Result<Vec<u8>> {
        let code = self.0.modules.iter().chain(&self.0.glue).map(CoreModule::serialize).collect::<Result<Vec<_>>>()?;
        engine.write_precompiled(&self.0.bytes, &code)
    }

    /// A core module of the plan.
    pub(crate) fn module(&self, index: ModuleIndex) -> Result<CoreModule> {
        self.0.modules.get(index.at()).cloned().ok_or_else(|| bug!("no core module {}", index.0))
    }

    /// The glue around the built-ins that can wait.
    pub(crate) fn glue(&self) -> Option<&CoreModule> {
        self.0.glue.as_ref()
    }
}
