//! The validator's verdict as an error that says what is wrong, where, and which gate is closed.

use wasmparser::types::Types;
use wasmparser::{Validator, WasmFeatures};

use super::definition::Definitions;
use super::excerpt::excerpt;
use crate::{Error, ErrorKind, Features, Result};

/// Of the validator's words, which quote names.
const MAX_MESSAGE_LENGTH: usize = 600;

/// Checks `bytes` against every rule of the standard.
pub(super) fn validate(bytes: &[u8], features: &Features, definitions: &Definitions<'_>) -> Result<()> {
    let features = features.wasm_features();
    validate_with(&mut Validator::new_with_features(features), features, bytes, definitions).map(drop)
}

/// The same with a validator of these features; the result are the component's types.
pub(super) fn validate_with(
    validator: &mut Validator,
    features: WasmFeatures,
    bytes: &[u8],
    definitions: &Definitions<'_>,
) -> Result<Types> {
    let error = match validator.validate_all(bytes) {
        Ok(types) => return Ok(types),
        Err(error) => error,
    };
    // What is wrong with shared memories as well is said first: that they are not supported is no help then.
    let error = match error.missing_wasm_feature() {
        Some(WasmFeatures::THREADS) => {
            let mut validator = Validator::new_with_features(features | WasmFeatures::THREADS);
            validator.validate_all(bytes).err().unwrap_or(error)
        }
        _ => error,
    };
    Err(refused(ErrorKind::Invalid, &error, place(definitions, error.offset())))
}

/// Bytes that cannot even be read.
pub(super) fn malformed(error: &wasmparser::Error) -> Error {
    refused(ErrorKind::Malformed, error, None)
}

/// The validator's words.
pub(super) fn refused_by(error: &wasmparser::Error) -> String {
    excerpt(error.message().lines().collect::<Vec<_>>().join(": "), MAX_MESSAGE_LENGTH)
}

fn refused(kind: ErrorKind, error: &wasmparser::Error, place: Option<String>) -> Error {
    let what = if kind == ErrorKind::Malformed { "malformed" } else { "invalid" };
    let message = refused_by(error);
    let message = format!("the component is {what}: {message} (at byte {:#x})", error.offset());
    let refused = Error::new(kind, message);
    let refused = match place {
        Some(place) => refused.with_have(place),
        None => refused,
    };
    match error.missing_wasm_feature() {
        Some(flags) => refused.with_hint(missing(flags)),
        None => refused,
    }
}

fn missing(flags: WasmFeatures) -> String {
    match Features::gate_of(flags) {
        Some(gate) if gate.is_supported() => {
            let name = gate.name();
            format!(
                "it needs the feature `{name}`, which is off: -Wcomponent-model-{name}, or `Features` in an embedding"
            )
        }
        Some(gate) => format!("it needs the feature `{}`, which this runtime does not support", gate.name()),
        None => {
            let names: Vec<_> = flags.iter_names().map(|(name, _)| name.to_lowercase().replace('_', "-")).collect();
            format!("it needs `{}`, which this runtime does not support", names.join("`, `"))
        }
    }
}

/// In which module or nested component an offset is; none when it is in the root component itself.
fn place(definitions: &Definitions<'_>, offset: u64) -> Option<String> {
    let offset = usize::try_from(offset).ok()?;
    let modules = definitions.modules.iter().enumerate();
    if let Some((i, module)) = modules.into_iter().find(|(_, module)| module.range.contains(&offset)) {
        return Some(format!(
            "in core module {i} of the file (bytes {:#x}..{:#x})",
            module.range.start, module.range.end
        ));
    }
    let components = definitions.components.iter().enumerate().skip(1).filter(|(_, c)| c.range.contains(&offset));
    let (i, component) = components.min_by_key(|(_, component)| component.range.len())?;
    let name = component.name.map(|name| format!(" \"{name}\"")).unwrap_or_default();
    Some(format!("in nested component {i}{name} (bytes {:#x}..{:#x})", component.range.start, component.range.end))
}
