//! Compiled code in the midst of a file, mapped from where it is.
//!
//! The engine maps a file from its beginning only. Code from elsewhere it takes as memory that others own: it is told here
//! how to make such memory executable, and tells us when nobody uses it any more. That works only with code that has no
//! unwind information, for the engine would look at it once more afterwards.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::fd::AsRawFd;
use std::ptr::NonNull;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The mappings that modules run from.
#[derive(Default)]
pub(super) struct MappedCode(Mutex<Mappings>);

#[derive(Default)]
struct Mappings {
    /// By their first addresses: where they end, and their number.
    all: BTreeMap<usize, (usize, u64)>,
    /// How many were made.
    made: u64,
}

/// A mapping that was made just now. Its memory may be gone when the module in it is.
pub(super) struct Mapping {
    /// What is mapped.
    pub(super) memory: NonNull<[u8]>,
    /// Tells it from a later one at the same address.
    number: u64,
}

impl MappedCode {
    /// Has the engine of `config` ask this for what is done with code.
    pub(super) fn install(self: &Arc<Self>, config: &mut wasmtime::Config) {
        config.with_custom_code_memory(Some(self.clone()));
    }

    /// Maps `range` of `file`, to be read.
    ///
    /// # Errors
    ///
    /// What the system says; it wants a range that is in the file and begins at a page.
    pub(super) fn map(&self, file: &File, range: Range<u64>) -> io::Result<Mapping> {
        let invalid = || io::Error::from(io::ErrorKind::InvalidInput);
        let length = range.end.checked_sub(range.start).and_then(|length| usize::try_from(length).ok());
        let (Some(length), Ok(offset)) = (length, libc::off_t::try_from(range.start)) else { return Err(invalid()) };
        // What is behind the end of a file can be mapped, and is no memory.
        if file.metadata()?.len() < range.end {
            return Err(invalid());
        }
        // Held until the mapping is entered: its address may have been that of another one, which is taken out first.
        let mut mappings = self.lock();
        let (access, flags) = (libc::PROT_READ, libc::MAP_PRIVATE);
        // SAFETY: a new mapping at an address of the kernel's choice touches nothing that exists.
        let start = unsafe { libc::mmap(std::ptr::null_mut(), length, access, flags, file.as_raw_fd(), offset) };
        let start = (start != libc::MAP_FAILED).then_some(start.cast::<u8>()).and_then(NonNull::new);
        let Some(start) = start else { return Err(io::Error::last_os_error()) };
        mappings.made += 1;
        let number = mappings.made;
        mappings.all.insert(start.addr().get(), (start.addr().get() + length, number));
        Ok(Mapping { memory: NonNull::slice_from_raw_parts(start, length), number })
    }

    /// Takes a mapping back that no module came of, unless the engine gave it back by itself.
    ///
    /// # Safety
    ///
    /// No module uses it.
    pub(super) unsafe fn unmap(&self, mapping: &Mapping) {
        let mut mappings = self.lock();
        let start = mapping.memory.addr().get();
        if let Some(&(end, number)) = mappings.all.get(&start)
            && number == mapping.number
        {
            mappings.all.remove(&start);
            // SAFETY: it was mapped by `map`, is mapped since it was in the list, and nobody uses it by the caller's
            // promise.
            unsafe { unmap(start..end) };
        }
    }

    fn lock(&self) -> MutexGuard<'_, Mappings> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// # Safety
///
/// `range` was mapped by [`MappedCode::map`], and nobody uses it.
unsafe fn unmap(range: Range<usize>) {
    let start = std::ptr::with_exposed_provenance_mut(range.start);
    // SAFETY: the caller's promise.
    unsafe { libc::munmap(start, range.end - range.start) };
}

impl wasmtime::CustomCodeMemory for MappedCode {
    fn required_alignment(&self) -> usize {
        page_size()
    }

    fn publish_executable(&self, code: *const u8, length: usize) -> wasmtime::Result<()> {
        if length == 0 {
            return Ok(());
        }
        let access = libc::PROT_READ | libc::PROT_EXEC;
        // SAFETY: the engine asks it for the code of a module that it just made, whole pages that hold nothing else. It has
        // made its own memory read-only, and ours was never anything else: nothing is lost but writing.
        match unsafe { libc::mprotect(code.cast_mut().cast(), length, access) } {
            0 => Ok(()),
            _ => Err(wasmtime::format_err!("cannot make code executable: {}", io::Error::last_os_error())),
        }
    }

    /// The last use of a module's memory is over; ours is unmapped. The engine unmaps its own next, and never writes to it.
    fn unpublish_executable(&self, code: *const u8, _: usize) -> wasmtime::Result<()> {
        let mut mappings = self.lock();
        let before = mappings.all.range(..=code.addr()).next_back();
        if let Some((&start, &(end, _))) = before
            && code.addr() < end
        {
            mappings.all.remove(&start);
            // SAFETY: mapped by `map`, and mapped still, or it would not be in the list. The engine calls this when the
            // memory of the module in it is dropped, behind which are no counted references any more; all that it does
            // with it afterwards is to take back unwind information, of which our code has none (`CoreEngine::new`).
            unsafe { unmap(start..end) };
        }
        Ok(())
    }
}

fn page_size() -> usize {
    // SAFETY: asks for a number.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(page).unwrap_or(4096)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::engine::{CoreEngine, CoreExterns, CoreInstance, CoreModule, EngineOptions, EngineStore};
    use crate::store::State;

    /// Two modules with images and a table each, in one file; the offsets of both, and the end.
    fn modules(engine: &CoreEngine) -> (tempfile::NamedTempFile, [u64; 3]) {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let mut ends = [0; 3];
        for module in [0, 1] {
            let text = format!(
                r#"(module (memory 1) (table 3 funcref) (elem (i32.const 0) $g) (func $g (result i32) (i32.load8_u (i32.const {module})))
                (data (i32.const {module}) "{}")
                (func (export "f") (result i32) (call_indirect (result i32) (i32.const 0)))
                (func (export "trap") (result i32) (call_indirect (result i32) (i32.const 1))))"#,
                char::from(b'a' + module)
            );
            let mut code = CoreModule::compile(engine, &wat::parse_str(text).unwrap()).unwrap().serialize().unwrap();
            code.resize(code.len().next_multiple_of(page_size()), 0);
            file.write_all(&code).unwrap();
            let module = usize::from(module);
            ends[module + 1] = ends[module] + code.len() as u64;
        }
        (file, ends)
    }

    fn mapped(file: &tempfile::NamedTempFile) -> usize {
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        maps.lines().filter(|line| line.ends_with(file.path().to_str().unwrap())).count()
    }

    /// Makes an instance, and gives the module back before it runs.
    fn run(engine: &CoreEngine, module: CoreModule) -> u64 {
        let mut store = EngineStore::new(engine, State::for_tests());
        let mut store = store.as_mut();
        let instance = CoreInstance::new(&mut store, &module, &CoreExterns::default()).unwrap();
        drop(module);
        // A memory checker would report the read that the engine catches.
        if std::env::var("THALWEG_STRESS_FAULTS").as_deref() != Ok("0") {
            let trap = instance.func(&mut store, "trap").unwrap();
            assert!(trap.call(&mut store, &[]).is_err());
        }
        instance.func(&mut store, "f").unwrap().call(&mut store, &[]).unwrap()
    }

    #[test]
    fn code_runs_from_the_midst_of_a_file_as_long_as_anybody_uses_it() {
        let engine = CoreEngine::new(&EngineOptions::default()).unwrap();
        let (file, [first, second, end]) = modules(&engine);
        let open = || File::open(file.path()).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let a = CoreModule::trusted_part(&engine, &open(), first..second).unwrap().unwrap();
                        let b = CoreModule::trusted_part(&engine, &open(), second..end).unwrap().unwrap();
                        let again = b.clone();
                        assert_eq!([run(&engine, b), run(&engine, a)], [u64::from(b'b'), u64::from(b'a')]);
                        assert_eq!(run(&engine, again), u64::from(b'b'));
                    }
                });
            }
        });
        assert_eq!(mapped(&file), 0, "nothing is left");
    }

    #[test]
    fn what_is_no_code_is_not_left_mapped() {
        let engine = CoreEngine::new(&EngineOptions::default()).unwrap();
        let (file, [first, second, end]) = modules(&engine);
        let open = || File::open(file.path()).unwrap();
        let page = page_size() as u64;
        for range in [page..end, second - page..end] {
            assert!(CoreModule::trusted_part(&engine, &open(), range).is_some_and(|module| module.is_err()));
        }
        for range in [first + 1..second, second..end + 1, end..second, end..u64::MAX] {
            assert!(CoreModule::trusted_part(&engine, &open(), range).is_none());
        }
        // Code for another engine: whole, and refused.
        let other = CoreEngine::new(&EngineOptions { fuel: true, ..EngineOptions::default() }).unwrap();
        assert!(CoreModule::trusted_part(&other, &open(), first..second).is_some_and(|module| module.is_err()));
        assert_eq!(mapped(&file), 0, "nothing is left");
    }
}
