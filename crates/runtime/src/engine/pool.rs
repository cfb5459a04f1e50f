//! Stacks for continuations, from slabs (Linux).
//!
//! A chunk is one `NORESERVE` mapping of [`STACKS_PER_CHUNK`] places; a place is a guard and, above it, a stack. A place
//! costs nothing until it is first used. Freed stacks are used again, last freed first: its pages are the warmest.
//!
//! ```text
//! place:  | guard (never accessible) | stack, grows downwards <- top |
//! ```
//!
//! Guards are `MADV_GUARD_INSTALL` where the kernel has it (Linux 6.13), which leaves the whole chunk one mapping of the
//! kernel; else `mprotect`, which makes two of each stack and so ends at `vm.max_map_count` (about 32,000 stacks).

use std::ops::Range;
use std::ptr::NonNull;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::config::EngineOptions;

/// Places in one mapping.
const STACKS_PER_CHUNK: usize = 64;

/// Mappings at most: a million stacks.
const MAX_CHUNKS: usize = 1 << 14;

/// Free stacks that keep their memory, at most.
const MAX_IDLE_RESIDENT: usize = 256;

/// When there are more, so many lose it, those that were freed first: the kernel takes the pages of neighbours in one go.
const EMPTIED_AT_ONCE: usize = 64;

/// The largest stack there is. Larger ones are refused when they are asked for.
const MAX_STACK: usize = 1 << 30;

/// Pages below a stack that fault. More than one, because frames of C code may be larger than a page and do not probe.
const GUARD_PAGES: usize = 4;

/// `MADV_GUARD_INSTALL`; not in `libc` for every target yet.
const MADV_GUARD_INSTALL: libc::c_int = 102;

/// Makes the engine of `config` take its stacks from a pool of its own.
pub(super) fn install(config: &mut wasmtime::Config, options: &EngineOptions) {
    config.with_host_stack(Arc::new(StackPool::new(options.stack_size)));
}

/// The pool of one engine.
pub(super) struct StackPool {
    shared: Arc<Shared>,
}

/// What the pool and every stack in use own together: the mappings live as long as any of them.
struct Shared {
    page: usize,
    /// Bytes of one stack, whole pages, without the guard.
    stack: usize,
    places: Mutex<Places>,
}

#[derive(Default)]
struct Places {
    chunks: Vec<Chunk>,
    /// Places of the last chunk that were never used.
    fresh: usize,
    /// Free stacks whose pages hold what was there before.
    resident: Vec<Place>,
    /// Free stacks without pages: they read as zeros.
    empty: Vec<Place>,
    /// Whether the kernel refused to install a guard by advice.
    guards_by_protection: bool,
}

/// One mapping.
struct Chunk(NonNull<u8>);

// SAFETY: a chunk is an address range owned by the pool; nothing about it belongs to a thread.
unsafe impl Send for Chunk {}

/// The lowest address of a place: where its guard begins.
#[derive(Clone, Copy)]
struct Place(NonNull<u8>);

// SAFETY: as for `Chunk`: a number for an address range.
unsafe impl Send for Place {}
// SAFETY: as above; a shared reference to it gives a copy of the number, no access.
unsafe impl Sync for Place {}

impl StackPool {
    /// A pool of stacks of `stack_size` bytes, rounded up to whole pages. Maps nothing yet.
    pub(super) fn new(stack_size: usize) -> Self {
        // SAFETY: asks for a number.
        let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
        let page = usize::try_from(page).unwrap_or(4096);
        let stack = stack_size.clamp(1, MAX_STACK).next_multiple_of(page);
        StackPool { shared: Arc::new(Shared { page, stack, places: Mutex::default() }) }
    }
}

// SAFETY: each stack is page aligned, has a guard below it, and is owned by one `Stack` until that is dropped.
unsafe impl wasmtime::StackCreator for StackPool {
    fn new_stack(&self, size: usize, zeroed: bool) -> wasmtime::Result<Box<dyn wasmtime::StackMemory>> {
        if size > self.shared.stack {
            wasmtime::bail!("a stack of {size} bytes asked of a pool of {}-byte stacks", self.shared.stack);
        }
        let place = self.shared.take(zeroed)?;
        Ok(Box::new(Stack { shared: self.shared.clone(), place }))
    }
}

/// A stack in use.
struct Stack {
    shared: Arc<Shared>,
    place: Place,
}

// SAFETY: `range` is the pages of the place above its guard; they are mapped as long as `shared` lives.
unsafe impl wasmtime::StackMemory for Stack {
    fn top(&self) -> *mut u8 {
        self.place.0.as_ptr().wrapping_add(self.shared.place_size())
    }

    fn range(&self) -> Range<usize> {
        let low = self.place.0.as_ptr() as usize;
        low + self.shared.guard_size()..low + self.shared.place_size()
    }

    fn guard_range(&self) -> Range<*mut u8> {
        let low = self.place.0.as_ptr();
        low..low.wrapping_add(self.shared.guard_size())
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        self.shared.give_back(self.place);
    }
}

impl Shared {
    fn guard_size(&self) -> usize {
        self.page * GUARD_PAGES
    }

    fn place_size(&self) -> usize {
        self.guard_size() + self.stack
    }

    fn chunk_size(&self) -> usize {
        self.place_size() * STACKS_PER_CHUNK
    }

    fn lock(&self) -> MutexGuard<'_, Places> {
        // No code that can panic runs between related changes, so a poisoned lock protects sound data.
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A free place, its stack full of zeros if `zeroed`.
    fn take(&self, zeroed: bool) -> wasmtime::Result<Place> {
        let mut places = self.lock();
        if let Some(place) = places.resident.pop() {
            drop(places);
            if zeroed && !self.empty(&[place]) {
                let stack = place.0.as_ptr().wrapping_add(self.guard_size());
                // SAFETY: the stack of a place that is not in use, all of it mapped and writable.
                unsafe { std::ptr::write_bytes(stack, 0, self.stack) };
            }
            return Ok(place);
        }
        if let Some(place) = places.empty.pop() {
            return Ok(place);
        }
        self.take_fresh(&mut places)
    }

    /// A place that was never used.
    fn take_fresh(&self, places: &mut Places) -> wasmtime::Result<Place> {
        if places.fresh == 0 {
            if places.chunks.len() == MAX_CHUNKS {
                wasmtime::bail!("all {} stacks of the pool are in use", MAX_CHUNKS * STACKS_PER_CHUNK);
            }
            places.chunks.push(self.map_chunk()?);
            places.fresh = STACKS_PER_CHUNK;
        }
        let Some(chunk) = places.chunks.last() else { wasmtime::bail!("the pool has no chunk") };
        let index = STACKS_PER_CHUNK - places.fresh;
        // SAFETY: `index` is less than `STACKS_PER_CHUNK`, so the place lies in the chunk.
        let place = Place(unsafe { chunk.0.add(index * self.place_size()) });
        self.install_guard(place, &mut places.guards_by_protection)?;
        places.fresh -= 1;
        Ok(place)
    }

    fn map_chunk(&self) -> wasmtime::Result<Chunk> {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        let access = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a new mapping at an address of the kernel's choice touches nothing that exists.
        let start = unsafe { libc::mmap(std::ptr::null_mut(), self.chunk_size(), access, flags, -1, 0) };
        let start = (start != libc::MAP_FAILED).then_some(start.cast::<u8>()).and_then(NonNull::new);
        let Some(start) = start else { return Err(last_error("cannot map memory for stacks")) };
        // A huge page would give each stack two megabytes at its first touch. Kernels without huge pages refuse the
        // advice, which is as good.
        // SAFETY: advice about the mapping made above.
        unsafe { libc::madvise(start.as_ptr().cast(), self.chunk_size(), libc::MADV_NOHUGEPAGE) };
        Ok(Chunk(start))
    }

    fn install_guard(&self, place: Place, by_protection: &mut bool) -> wasmtime::Result<()> {
        let guard = place.0.as_ptr().cast();
        if !*by_protection {
            // SAFETY: the guard's pages belong to a place that is not in use; they hold nothing.
            if unsafe { libc::madvise(guard, self.guard_size(), MADV_GUARD_INSTALL) } == 0 {
                return Ok(());
            }
            *by_protection = true;
        }
        // SAFETY: as above.
        match unsafe { libc::mprotect(guard, self.guard_size(), libc::PROT_NONE) } {
            0 => Ok(()),
            _ => Err(last_error("cannot protect the guard of a stack")),
        }
    }

    /// Gives the pages of stacks back to the kernel; they read as zeros then. `false` when the kernel refuses. The
    /// places lie side by side, in order. Guards between them stay: those by advice are no pages, and it leaves them.
    fn empty(&self, places: &[Place]) -> bool {
        let (Some(first), Some(last)) = (places.first(), places.last()) else { return true };
        let start = first.0.as_ptr().wrapping_add(self.guard_size());
        let end = last.0.as_ptr().wrapping_add(self.place_size());
        // SAFETY: the stacks of places that are not in use, and guards; nobody reads what they held.
        unsafe { libc::madvise(start.cast(), end.addr() - start.addr(), libc::MADV_DONTNEED) == 0 }
    }

    fn give_back(&self, place: Place) {
        let mut places = self.lock();
        places.resident.push(place);
        if places.resident.len() <= MAX_IDLE_RESIDENT {
            return;
        }
        let mut coldest: Vec<_> = places.resident.drain(..EMPTIED_AT_ONCE).collect();
        drop(places);
        coldest.sort_unstable_by_key(|place| place.0);
        let neighbours = |a: &Place, b: &Place| a.0.as_ptr().wrapping_add(self.place_size()) == b.0.as_ptr();
        let mut emptied = true;
        for run in coldest.chunk_by(neighbours) {
            emptied = emptied && self.empty(run);
            let mut places = self.lock();
            // A kernel that refuses (locked memory) leaves the stacks as they are: resident, more than intended.
            if emptied { places.empty.extend(run) } else { places.resident.extend(run) }
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let size = self.chunk_size();
        let places = self.places.get_mut().unwrap_or_else(PoisonError::into_inner);
        for chunk in places.chunks.drain(..) {
            // SAFETY: made by `map_chunk` with this size; no stack is in use, for each would own this `Shared`.
            unsafe { libc::munmap(chunk.0.as_ptr().cast(), size) };
        }
    }
}

fn last_error(what: &str) -> wasmtime::Error {
    wasmtime::format_err!("{what}: {}", std::io::Error::last_os_error())
}

#[cfg(test)]
#[path = "pool_tests.rs"]
mod tests;
