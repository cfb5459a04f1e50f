//! A core module by itself: what an embedder gives to a component that imports one.

use std::fmt::{self, Debug, Formatter};
use std::path::Path;
use std::sync::Arc;

use wasmparser::Validator;

use super::Engine;
use super::header::binary;
use super::validate::malformed;
use crate::{Error, ErrorKind, Result};

/// A core module, checked. It is compiled with the component that imports it: see
/// [`LinkerInstance::module`](crate::LinkerInstance::module). Cheap to clone.
#[derive(Clone)]
pub struct Module(Arc<[u8]>);

impl Module {
    /// Loads a module from its bytes: binary, or text (WAT).
    ///
    /// # Errors
    ///
    /// When they are not a core module.
    pub fn from_bytes(engine: &Engine, bytes: &[u8]) -> Result<Module> {
        let bytes = binary(bytes)?;
        if wasmparser::Parser::is_component(&bytes) {
            return Err(Error::new(ErrorKind::Invalid, "this is a component, not a core module")
                .with_hint("give it to an import of a component: `LinkerInstance::component`"));
        }
        let features = engine.features().wasm_features();
        Validator::new_with_features(features).validate_all(&bytes).map_err(|error| malformed(&error))?;
        Ok(Module(bytes.as_ref().into()))
    }

    /// Loads a module from a file: binary, or text (WAT).
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or is not a core module.
    pub fn from_file(engine: &Engine, path: impl AsRef<Path>) -> Result<Module> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(Error::unreadable);
        bytes.and_then(|bytes| Module::from_bytes(engine, &bytes)).map_err(|error| error.at(path.display()))
    }

    /// The module in binary form.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Debug for Module {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "Module({} bytes)", self.0.len())
    }
}
