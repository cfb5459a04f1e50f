//! Loading: bytes or text in, a checked component with its plan out.

use std::sync::Arc;

use super::composition::{is_composition, load_composition};
use super::definition::Definitions;
use super::{decode::decode, header, validate};
use crate::plan::{self, Plan};
use crate::{Features, Result};

/// A component that keeps every rule of the standard.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// The binary form; of components that were linked with each other, all of them in a row.
    pub bytes: Arc<[u8]>,
    /// What instantiating it does.
    pub plan: Plan,
}

/// Loads a component from its binary form or from WAT.
pub(crate) fn load(bytes: &[u8], features: &Features) -> Result<Loaded> {
    let bytes: Arc<[u8]> = header::binary(bytes)?.into();
    let definitions = check(&bytes, features)?;
    let plan = plan::build(&definitions)?;
    drop(definitions);
    Ok(Loaded { bytes, plan })
}

/// Loads again what was loaded, and so checked, before.
pub(super) fn reload(bytes: &[u8], features: &Features) -> Result<Loaded> {
    if is_composition(bytes) {
        return load_composition(bytes, features);
    }
    let bytes: Arc<[u8]> = bytes.into();
    let definitions = decode(&bytes, features.wasm_features()).map_err(|error| validate::malformed(&error))?;
    let plan = plan::build(&definitions)?;
    drop(definitions);
    Ok(Loaded { bytes, plan })
}

/// Checks a component in binary form; the result is what it lists.
pub(super) fn check<'a>(bytes: &'a [u8], features: &Features) -> Result<Definitions<'a>> {
    header::check(bytes)?;
    let definitions = match decode(bytes, features.wasm_features()) {
        Ok(definitions) => definitions,
        Err(error) => return Err(header::truncation(bytes, &error).unwrap_or_else(|| validate::malformed(&error))),
    };
    validate::validate(bytes, features, &definitions)?;
    Ok(definitions)
}
