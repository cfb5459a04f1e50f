//! Loading: bytes or text in, a checked component with its plan out.

use std::sync::Arc;

use super::{decode::decode, header, validate};
use crate::plan::{self, Plan};
use crate::{Features, Result};

/// A component that keeps every rule of the standard.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// The binary form.
    pub bytes: Arc<[u8]>,
    /// What instantiating it does.
    pub plan: Plan,
}

/// Loads a component from its binary form or from WAT.
pub(crate) fn load(bytes: &[u8], features: &Features) -> Result<Loaded> {
    let bytes: Arc<[u8]> = header::binary(bytes)?.into();
    header::check(&bytes)?;
    let definitions = match decode(&bytes, features.wasm_features()) {
        Ok(definitions) => definitions,
        Err(error) => return Err(header::truncation(&bytes, &error).unwrap_or_else(|| validate::malformed(&error))),
    };
    validate::validate(&bytes, features, &definitions)?;
    let plan = plan::build(&definitions)?;
    drop(definitions);
    Ok(Loaded { bytes, plan })
}
