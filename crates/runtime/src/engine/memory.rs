//! A linear memory.

use std::ops::Range;

use super::store::StoreMut;
use crate::error::bug;
use crate::{Result, Trap};

/// A linear memory of a store; a number, cheap to copy.
#[derive(Clone, Copy)]
pub(crate) struct CoreMemory(pub(super) wasmtime::Memory);

/// Copies `length` bytes from one memory to another, or within one.
///
/// # Errors
///
/// A trap when either range is outside of its memory.
pub(crate) fn copy_memory(
    store: &mut StoreMut<'_>,
    (from, from_ptr): (CoreMemory, u64),
    (to, to_ptr): (CoreMemory, u64),
    length: u32,
) -> Result<()> {
    let (from_ptr, to_ptr, length) = (from_ptr as usize, to_ptr as usize, length as usize);
    let source = store.memory(from).get(from_ptr..).and_then(|rest| rest.get(..length));
    let source = source.ok_or(Trap::PointerOutOfBounds)?.as_ptr();
    let target = store.memory_mut(to).get_mut(to_ptr..).and_then(|rest| rest.get_mut(..length));
    let target = target.ok_or(Trap::PointerOutOfBounds)?;
    // SAFETY: both ranges were just found inside of their memories, nothing ran in between that could move them, and
    // `copy` allows that they overlap when the two memories are one.
    unsafe { std::ptr::copy(source, target.as_mut_ptr(), length) };
    Ok(())
}

/// Hands a range of one memory, for reading, and a range of another, for writing, to `body`.
///
/// # Errors
///
/// A trap when either range is outside of its memory; a fault when the ranges overlap; what `body` says.
pub(crate) fn convert_memory<R>(
    store: &mut StoreMut<'_>,
    (from, source): (CoreMemory, Range<usize>),
    (to, target): (CoreMemory, Range<usize>),
    body: impl FnOnce(&[u8], &mut [u8]) -> Result<R>,
) -> Result<R> {
    let source = store.memory(from).get(source).ok_or(Trap::PointerOutOfBounds)?.as_ptr_range();
    let target = store.memory_mut(to).get_mut(target).ok_or(Trap::PointerOutOfBounds)?;
    let place = target.as_ptr_range();
    if source.start < place.end && place.start < source.end {
        return Err(bug!("a range of memory is converted into itself"));
    }
    let length = source.end.addr() - source.start.addr();
    // SAFETY: the range was just found inside of its memory, and does not overlap `target`. Nothing can run or grow a
    // memory as long as `target` borrows the store, which `body` does not have.
    let source = unsafe { std::slice::from_raw_parts(source.start, length) };
    body(source, target)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{CoreEngine, CoreExterns, CoreInstance, CoreModule, EngineOptions, EngineStore};
    use crate::store::State;

    const PAGE: usize = 1 << 16;

    fn store() -> (EngineStore, [CoreMemory; 2]) {
        let text =
            r#"(module (memory (export "a") 1 1) (memory (export "b") 2) (data (memory 0) (i32.const 8) "text"))"#;
        let engine = CoreEngine::new(&EngineOptions::default()).unwrap();
        let module = CoreModule::compile(&engine, &wat::parse_str(text).unwrap()).unwrap();
        let mut store = EngineStore::new(&engine, State::for_tests());
        let instance = CoreInstance::new(&mut store.as_mut(), &module, &CoreExterns::default()).unwrap();
        let memories = ["a", "b"].map(|name| instance.export(&mut store.as_mut(), name).unwrap().memory().unwrap());
        (store, memories)
    }

    #[test]
    fn ranges_go_from_memory_to_memory() {
        let (mut store, [a, b]) = store();
        copy_memory(&mut store.as_mut(), (a, 8), (b, 2 * PAGE as u64 - 4), 4).unwrap();
        assert_eq!(store.as_mut().memory(b)[2 * PAGE - 4..], *b"text");
        let upper = |source: &[u8], target: &mut [u8]| {
            target.copy_from_slice(&source.to_ascii_uppercase());
            Ok(source.len())
        };
        assert_eq!(convert_memory(&mut store.as_mut(), (a, 8..12), (b, 0..4), upper).unwrap(), 4);
        assert_eq!(convert_memory(&mut store.as_mut(), (b, 0..4), (b, 4..8), upper).unwrap(), 4);
        assert_eq!(store.as_mut().memory(b)[..8], *b"TEXTTEXT");
    }

    #[test]
    fn ranges_outside_of_a_memory_and_ranges_that_overlap_are_refused() {
        let (mut store, [a, b]) = store();
        let never = |_: &[u8], _: &mut [u8]| -> Result<()> { panic!("called") };
        let out = [
            convert_memory(&mut store.as_mut(), (a, PAGE - 1..PAGE + 1), (b, 0..2), never),
            convert_memory(&mut store.as_mut(), (a, 0..2), (b, 2 * PAGE - 1..2 * PAGE + 1), never),
            copy_memory(&mut store.as_mut(), (a, PAGE as u64), (b, 0), 1),
            copy_memory(&mut store.as_mut(), (b, 0), (a, u64::MAX), 1),
        ];
        for result in out {
            assert_eq!(result.unwrap_err().as_trap(), Some(Trap::PointerOutOfBounds));
        }
        assert!(convert_memory(&mut store.as_mut(), (b, 0..4), (b, 3..9), never).is_err());
        copy_memory(&mut store.as_mut(), (b, 0), (b, 1), 4).unwrap();
    }
}
