//! Loading: bytes or text in, a checked component with its plan out.

use super::cancellable::Readable;
use super::composition::{is_composition, plan_composition};
use super::definition::Definitions;
use super::{decode::decode, header, validate};
use crate::plan::{self, Plan};
use crate::{Features, Result};

/// A component that keeps every rule of the standard.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// The binary form; of components that were linked with each other, all of them in a row.
    pub bytes: Vec<u8>,
    /// What instantiating it does.
    pub plan: Plan,
}

/// Loads a component from its binary form or from WAT.
#[cfg(test)]
pub(crate) fn load(bytes: &[u8], features: &Features) -> Result<Loaded> {
    load_binary(header::binary(bytes)?.into_owned(), features)
}

/// Loads a component from its binary form.
pub(super) fn load_binary(bytes: Vec<u8>, features: &Features) -> Result<Loaded> {
    let source = Readable::new(&bytes, features)?;
    let validate = |bytes: &[u8], definitions: &Definitions<'_>| validate::validate(bytes, features, definitions);
    let plan = plan::build(&check_with(&source, features, validate)?)?;
    drop(source);
    Ok(Loaded { bytes, plan })
}

/// The plan of what was loaded, and so checked, before.
pub(super) fn plan_again(bytes: &[u8], features: &Features) -> Result<Plan> {
    if is_composition(bytes) {
        return plan_composition(bytes, features);
    }
    let source = Readable::new(bytes, features)?;
    let definitions = decode(&source, features).map_err(|error| validate::malformed(&error))?;
    plan::build(&definitions)
}

/// Checks a component in binary form, by `validate` for everything but its form; the result is what it lists.
pub(super) fn check_with<'a>(
    source: &'a Readable<'_>,
    features: &Features,
    validate: impl FnOnce(&[u8], &Definitions<'_>) -> Result<()>,
) -> Result<Definitions<'a>> {
    header::check(&source.bytes)?;
    let definitions = match decode(source, features) {
        Ok(definitions) => definitions,
        Err(error) => {
            return Err(header::truncation(&source.bytes, &error).unwrap_or_else(|| validate::malformed(&error)));
        }
    };
    validate(&source.bytes, &definitions)?;
    Ok(definitions)
}
