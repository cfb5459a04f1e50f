//! Words in a memory of generated code that the host reads and writes without a look at the engine's store.

use std::ptr::NonNull;

use super::memory::CoreMemory;
use super::store::StoreMut;

/// A word in a memory that cannot grow, so that it stays where it is; valid as long as its store lives. It is kept only
/// where it ends with the store: in its state, or beside it.
#[derive(Clone, Copy)]
pub(crate) struct SharedWord(NonNull<u32>);

// SAFETY: a word is used only by whoever executes the store (contract 1).
unsafe impl Send for SharedWord {}
// SAFETY: a shared word gives nothing without contract 1.
unsafe impl Sync for SharedWord {}

impl SharedWord {
    /// The word at `at`, if the memory cannot grow and has one there.
    pub(crate) fn of(store: &mut StoreMut<'_>, memory: CoreMemory, at: u32) -> Option<SharedWord> {
        let ty = memory.0.ty(&store.context);
        let stays = ty.maximum() == Some(ty.minimum()) && !ty.is_shared() && at.is_multiple_of(4);
        let place = store.memory_mut(memory).get_mut(at as usize..)?.first_chunk_mut::<4>()?;
        stays.then(|| SharedWord(NonNull::from(place).cast()))
    }

    /// What it is.
    #[inline]
    pub(crate) fn get(self) -> u32 {
        // SAFETY: the word was found inside of a memory that cannot grow, so it is there as long as the store, and nobody
        // else uses it now (contract 1): no wasm runs meanwhile. It is aligned, for memories begin at a page.
        u32::from_le(unsafe { self.0.read() })
    }

    /// Changes it.
    #[inline]
    pub(crate) fn set(self, word: u32) {
        // SAFETY: as above; nothing borrows the memory, which takes the store.
        unsafe { self.0.write(word.to_le()) };
    }
}

/// So many words in a row in such a memory, valid as long.
#[derive(Clone, Copy)]
pub(crate) struct SharedWords<const N: usize>(NonNull<[u32; N]>);

// SAFETY: as for a word.
unsafe impl<const N: usize> Send for SharedWords<N> {}
// SAFETY: as for a word.
unsafe impl<const N: usize> Sync for SharedWords<N> {}

impl<const N: usize> SharedWords<N> {
    /// The words from `at` on, if the memory cannot grow and has as many there.
    pub(crate) fn of(store: &mut StoreMut<'_>, memory: CoreMemory, at: u32) -> Option<Self> {
        let last = at.checked_add(4 * (N as u32).checked_sub(1)?)?;
        let first = SharedWord::of(store, memory, at)?;
        SharedWord::of(store, memory, last)?;
        Some(SharedWords(first.0.cast()))
    }

    /// Word `n`.
    #[inline(always)]
    pub(crate) fn get(self, n: usize) -> u32 {
        self.word(n).get()
    }

    /// Changes word `n`.
    #[inline(always)]
    pub(crate) fn set(self, n: usize, word: u32) {
        self.word(n).set(word);
    }

    #[inline(always)]
    fn word(self, n: usize) -> SharedWord {
        assert!(n < N, "word {n} of {N}");
        // SAFETY: it is less than `N`, and the first and the last of `N` words were found in one memory, so this one is
        // there.
        SharedWord(unsafe { self.0.cast::<u32>().add(n) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{CoreEngine, CoreExterns, CoreInstance, CoreModule, EngineOptions, EngineStore};
    use crate::store::State;

    #[test]
    fn words_in_a_row_are_the_words() {
        let engine = CoreEngine::new(&EngineOptions::default()).unwrap();
        let text = r#"(module (memory (export "fixed") 1 1) (memory (export "grows") 1 2))"#;
        let module = CoreModule::compile(&engine, &wat::parse_str(text).unwrap()).unwrap();
        let mut store = EngineStore::new(&engine, State::for_tests());
        let store = &mut store.as_mut();
        let instance = CoreInstance::new(store, &module, &CoreExterns::default()).unwrap();
        let [fixed, grows] = ["fixed", "grows"].map(|name| instance.export(store, name).unwrap().memory().unwrap());
        let page = 1 << 16;
        for at in [0, 64, page - 32] {
            let words = SharedWords::<8>::of(store, fixed, at).unwrap();
            for n in 0..8 {
                words.set(n, at + n as u32);
                let one = SharedWord::of(store, fixed, at + 4 * n as u32).unwrap();
                assert_eq!((one.get(), words.get(n)), (at + n as u32, at + n as u32));
            }
            assert_eq!(store.memory(fixed)[at as usize + 4..][..4], (at + 1).to_le_bytes());
        }
        let none = [(fixed, 1), (fixed, page - 28), (fixed, page), (fixed, u32::MAX - 3), (grows, 0)];
        assert!(none.into_iter().all(|(memory, at)| SharedWords::<8>::of(store, memory, at).is_none()));
        assert!(SharedWords::<0>::of(store, fixed, 0).is_none());
    }

    #[test]
    fn host_and_guest_see_the_same_word() {
        let text = r#"(module (memory (export "fixed") 1 1) (memory (export "grows") 1 2)
            (func (export "add") (param i32) (result i32)
                (i32.store (local.get 0) (i32.add (i32.load (local.get 0)) (i32.const 1)))
                (drop (memory.grow 0 (i32.const 1)))
                (drop (memory.grow 1 (i32.const 1)))
                (i32.load (local.get 0))))"#;
        let engine = CoreEngine::new(&EngineOptions::default()).unwrap();
        let module = CoreModule::compile(&engine, &wat::parse_str(text).unwrap()).unwrap();
        let mut store = EngineStore::new(&engine, State::for_tests());
        let store = &mut store.as_mut();
        let instance = CoreInstance::new(store, &module, &CoreExterns::default()).unwrap();
        let [fixed, grows] = ["fixed", "grows"].map(|name| instance.export(store, name).unwrap().memory().unwrap());
        let add = instance.func(store, "add").unwrap();
        for at in [0, 8, (1 << 16) - 4] {
            let word = SharedWord::of(store, fixed, at).unwrap();
            for round in 0..1000 {
                word.set(round);
                assert_eq!(add.call(store, &[u64::from(at)]).unwrap(), u64::from(round + 1));
                assert_eq!(word.get(), round + 1);
                assert_eq!(store.memory(fixed)[at as usize..][..4], (round + 1).to_le_bytes());
            }
        }
        let none = [(fixed, 1), (fixed, 1 << 16), (fixed, (1 << 16) - 2), (grows, 0)];
        assert!(none.into_iter().all(|(memory, at)| SharedWord::of(store, memory, at).is_none()));
    }
}
