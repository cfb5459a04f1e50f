//! `cancellable`: an immediate of built-ins that wait, which the rules of August 2026 have and the parser refuses.
//!
//! Under those rules the parser and the validator get a copy of the bytes in which every such immediate is zero, and where
//! it was one is noted. The copy is as long as the original, so offsets mean the same in both.
//!
//! Spec: Binary.md at 6d28164, "Canonical Definitions": `cancel?`.

use std::borrow::Cow;

use wasmparser::{BinaryReader, CanonicalFunction, Encoding, Parser, Payload, WasmFeatures};

use crate::{Error, ErrorKind, Features, Result};

/// `thread.yield`, `waitable-set.{wait,poll}`, `thread.suspend` and what follows it.
const WITH_CANCELLABLE: [u8; 8] = [0x0c, 0x20, 0x21, 0x29, 0x2a, 0x2b, 0x2c, 0x2d];
/// Those of them that name a memory after it.
const WITH_MEMORY: [u8; 2] = [0x20, 0x21];
/// `stream.forward` and `future.forward`, which those rules do not have.
const NOT_YET: [u8; 2] = [0x2e, 0x2f];

/// A component's bytes as the parser takes them.
pub(super) struct Readable<'a> {
    /// The bytes.
    pub(super) bytes: Cow<'a, [u8]>,
    /// Where definitions begin that are `cancellable`, in order.
    cancellable: Vec<u64>,
}

impl<'a> Readable<'a> {
    /// Takes the immediates out of `bytes`, if the rules of `features` have them.
    pub(super) fn new(bytes: &'a [u8], features: &Features) -> Result<Self> {
        let mut this = Readable { bytes: Cow::Borrowed(bytes), cancellable: Vec::new() };
        if !features.async_rules().are_of_august_2026() {
            return Ok(this);
        }
        for place in places(bytes, features.wasm_features())? {
            if bytes.get(place) != Some(&0) {
                this.cancellable.push(place as u64 - 1);
                if let Some(byte) = this.bytes.to_mut().get_mut(place) {
                    *byte = 0;
                }
            }
        }
        Ok(this)
    }

    /// Whether the definition that begins at `offset` is `cancellable`.
    pub(super) fn is_cancellable(&self, offset: u64) -> bool {
        self.cancellable.binary_search(&offset).is_ok()
    }
}

/// Where `bytes`, a component in binary form, have an immediate `cancellable`, in order, whether it is set or not.
/// Tools that write components for the [rules of August 2026](crate::AsyncRules::August2026) with a writer of today set
/// it there.
///
/// # Errors
///
/// When such an immediate is neither 0 nor 1. What else may be wrong with the bytes is not looked at; nothing is found
/// behind it.
pub fn cancellable_immediates(bytes: &[u8]) -> Result<Vec<usize>> {
    places(bytes, Features::all().wasm_features())
}

fn places(bytes: &[u8], features: WasmFeatures) -> Result<Vec<usize>> {
    let mut parser = Parser::new(0);
    parser.set_features(features);
    let mut places = Vec::new();
    for payload in parser.parse_all(bytes) {
        match payload {
            // Only components are looked into, not what else can stand at their place.
            Ok(Payload::Version { encoding: Encoding::Module, range, .. }) if range.start == 0 => break,
            Ok(Payload::ComponentCanonicalSection(section)) => {
                let end = section.range().end;
                let mut at = section.original_position();
                for _ in 0..section.count() {
                    match definition(bytes, at..end, features, &mut places)? {
                        Some(next) => at = next,
                        // The parser says what is wrong.
                        None => break,
                    }
                }
            }
            Ok(_) => {}
            Err(_) => break,
        }
    }
    Ok(places)
}

/// Looks at the canonical definition at the start of `range`; gives where the next one begins.
fn definition(
    bytes: &[u8],
    range: std::ops::Range<u64>,
    features: WasmFeatures,
    places: &mut Vec<usize>,
) -> Result<Option<u64>> {
    let (Ok(start), Ok(end)) = (usize::try_from(range.start), usize::try_from(range.end)) else { return Ok(None) };
    let Some((code, rest)) = bytes.get(start..end).and_then(<[u8]>::split_first) else { return Ok(None) };
    if NOT_YET.contains(code) {
        return Err(malformed(format!("invalid leading byte ({code:#x}) for canonical function"), start)
            .with_have("it needs rules that are newer than those of `async-2026-08`, which are on"));
    }
    if !WITH_CANCELLABLE.contains(code) {
        let mut reader = BinaryReader::new_features(&bytes[start..end], range.start, features);
        let read = reader.read::<CanonicalFunction>();
        return Ok(read.ok().map(|_| reader.original_position()));
    }
    match rest.first() {
        Some(0 | 1) => places.push(start + 1),
        Some(other) => {
            return Err(malformed(format!("invalid boolean value {other:#x} for `cancellable`"), start + 1));
        }
        None => return Ok(None),
    }
    let mut reader = BinaryReader::new_features(&bytes[start + 2..end], range.start + 2, features);
    if WITH_MEMORY.contains(code) && reader.read_var_u32().is_err() {
        return Ok(None);
    }
    Ok(Some(reader.original_position()))
}

fn malformed(message: String, at: usize) -> Error {
    Error::new(ErrorKind::Malformed, format!("the component is malformed: {message} (at byte {at:#x})"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AsyncRules, Gate};

    fn older() -> Features {
        let mut features = Features::all();
        *features.set_async_rules(AsyncRules::August2026)
    }

    /// A component with a nested one, each of which has built-ins with and without the immediate.
    fn component() -> Vec<u8> {
        wat::parse_str(
            r#"(component
                (component (core func (canon thread.yield)) (core func (canon waitable-set.new)))
                (core module $m (memory (export "m") 1)) (core instance $m (instantiate $m))
                (type $s (stream u8))
                (core func (canon stream.read $s async (memory (core memory $m "m"))))
                (core func (canon waitable-set.wait (memory (core memory $m "m"))))
                (core func (canon waitable-set.poll (memory (core memory $m "m")))))"#,
        )
        .unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn immediates_are_found_and_taken_out() {
        let mut bytes = component();
        let before = bytes.clone();
        let places = places(&bytes, older().wasm_features()).unwrap_or_default();
        assert_eq!(places.iter().map(|&at| bytes[at - 1]).collect::<Vec<_>>(), [0x0c, 0x20, 0x21]);
        for &at in &places[1..] {
            bytes[at] = 1;
        }
        let readable = Readable::new(&bytes, &older()).unwrap_or_else(|error| panic!("{error:?}"));
        assert!(readable.bytes == before);
        let set: Vec<_> = places.iter().map(|&at| readable.is_cancellable(at as u64 - 1)).collect();
        assert_eq!(set, [false, true, true]);
        let current = Readable::new(&bytes, &Features::all()).unwrap_or_else(|error| panic!("{error:?}"));
        assert!(matches!(current.bytes, Cow::Borrowed(_)), "without the older rules nothing is looked at");
    }

    #[test]
    fn neither_zero_nor_one_is_an_error() {
        let mut bytes = component();
        let last = places(&bytes, older().wasm_features()).unwrap_or_default()[2];
        bytes[last] = 2;
        let refused = Readable::new(&bytes, &older()).err().map(|error| error.to_string());
        assert!(refused.is_some_and(|error| error.contains("invalid boolean value 0x2")));
    }

    #[test]
    fn any_change_is_taken_or_refused() {
        let bytes = component();
        let mut features = older();
        assert!(features.open(Gate::Threading).is_ok());
        for at in 0..bytes.len() {
            for byte in [0, 1, 2, 0x2e, 0x7f, 0x80, 0xff] {
                let mut changed = bytes.clone();
                changed[at] = byte;
                if let Err(error) = crate::component::load(&changed, &features) {
                    assert!(error.kind() != ErrorKind::Bug, "{error:?}");
                }
                if let Err(error) = crate::component::load(&changed[..at], &features) {
                    assert!(error.kind() != ErrorKind::Bug, "{error:?}");
                }
            }
        }
    }
}
