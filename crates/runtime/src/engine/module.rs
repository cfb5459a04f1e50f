//! A compiled core module.

use std::fs::File;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::config::CoreEngine;
use super::convert;
use super::func::Numbers;
use crate::{Error, ErrorKind, Result};

/// A compiled core module. Cheap to clone.
#[derive(Clone)]
pub(crate) struct CoreModule(pub(super) wasmtime::Module);

/// An export of a module: a number, and its type if it is a function.
pub(crate) struct CoreExport {
    pub(super) export: wasmtime::ModuleExport,
    pub(super) numbers: Option<Numbers>,
}

impl CoreModule {
    /// Compiles a core module's bytes.
    pub(crate) fn compile(engine: &CoreEngine, bytes: &[u8]) -> Result<Self> {
        let refused = |error: wasmtime::Error| Error::new(ErrorKind::Invalid, format!("{error:#}"));
        wasmtime::Module::from_binary(engine.inner(), bytes).map(CoreModule).map_err(refused)
    }

    /// Its imports as `(module, field)`, in order.
    pub(crate) fn imports(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.imports().map(|import| (import.module(), import.name()))
    }

    /// The names of its exports, in order.
    pub(crate) fn exports(&self) -> impl Iterator<Item = &str> {
        self.0.exports().map(|export| export.name())
    }

    /// The export `name`, to be found in each instance without its name.
    pub(crate) fn find_export(&self, name: &str) -> Option<CoreExport> {
        let export = self.0.get_export_index(name)?;
        let numbers = self.0.get_export(name)?.func().map(Numbers::of);
        Some(CoreExport { export, numbers })
    }

    /// [`find_export`](Self::find_export) of what is only handed on to other instances: its type is not looked up.
    pub(crate) fn find_handed_on(&self, name: &str) -> Option<CoreExport> {
        Some(CoreExport { export: self.0.get_export_index(name)?, numbers: None })
    }

    /// The compiled code as bytes for [`deserialize`](Self::deserialize).
    pub(crate) fn serialize(&self) -> Result<Vec<u8>> {
        self.0.serialize().map_err(convert::error)
    }

    /// Compiled code from bytes.
    ///
    /// # Safety
    ///
    /// The bytes must come from [`serialize`](Self::serialize) and be unchanged: they become machine code.
    pub(crate) unsafe fn deserialize(engine: &CoreEngine, bytes: &[u8]) -> Result<Self> {
        // SAFETY: the caller's promise.
        unsafe { wasmtime::Module::deserialize(engine.inner(), bytes) }.map(CoreModule).map_err(convert::error)
    }

    /// Compiled code that the loader vouches for: from a file that the embedder said it trusts.
    pub(crate) fn trusted(engine: &CoreEngine, bytes: &[u8]) -> Result<Self> {
        // SAFETY: `component/` calls this for such code only.
        unsafe { Self::deserialize(engine, bytes) }
    }

    /// Compiled code that the loader vouches for, mapped: from a file of the user's own cache that was checked against its
    /// sum and owner, or from one that the embedder said it trusts. The file may be deleted or replaced, but not written to,
    /// as long as the module is in use. What is behind the code in the file is mapped too, and not looked at.
    pub(crate) fn trusted_file(engine: &CoreEngine, code: File) -> Result<Self> {
        // SAFETY: `component/` calls this for such files only. The cache replaces files by renaming and never writes to one
        // that exists, and nobody but the user can. An embedder that trusts a file promises that nobody writes to it; the
        // command that makes such files replaces them by renaming.
        unsafe { wasmtime::Module::deserialize_open_file(engine.inner(), code) }.map(CoreModule).map_err(convert::error)
    }

    /// [`trusted_file`](Self::trusted_file) of what is at `range` of a file, which begins at a page. `None` where such
    /// code is not mapped.
    pub(crate) fn trusted_part(engine: &CoreEngine, file: &File, range: Range<u64>) -> Option<Result<Self>> {
        let mapping = engine.mapped().map(file, range).ok()?;
        // SAFETY: `component/` calls this for such files only, and nobody writes to the mapping, which is private and was
        // never writable. It is there until the engine says that the module's last user is gone.
        let module = unsafe { wasmtime::Module::deserialize_raw(engine.inner(), mapping.memory) };
        if module.is_err() {
            // SAFETY: there is no module.
            unsafe { engine.mapped().unmap(&mapping) };
        }
        Some(module.map(CoreModule).map_err(convert::error))
    }
}

/// Compiles `modules` on at most `threads` threads (and never more than the machine has); the result has their order.
///
/// # Errors
///
/// The error of the first module, by order, that does not compile; it says which.
pub(crate) fn compile_all(engine: &CoreEngine, modules: &[&[u8]], threads: usize) -> Result<Vec<CoreModule>> {
    let available = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = threads.min(available).min(modules.len()).max(1);
    let next = AtomicUsize::new(0);
    let work = || {
        let take = || Some(next.fetch_add(1, Ordering::Relaxed)).filter(|&index| index < modules.len());
        std::iter::from_fn(take).map(|index| (index, CoreModule::compile(engine, modules[index]))).collect::<Vec<_>>()
    };
    let mut compiled = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut compiled = work();
        for other in others {
            // A panic goes on in the caller's thread.
            compiled.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        compiled
    });
    compiled.sort_by_key(|(index, _)| *index);
    compiled
        .into_iter()
        .map(|(index, module)| module.map_err(|error| error.at(format!("core module {index}"))))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{CoreExterns, EngineOptions, EngineStore};
    use crate::store::State;

    fn engine() -> CoreEngine {
        CoreEngine::new(&EngineOptions::default()).unwrap()
    }

    fn number(number: u32) -> Vec<u8> {
        wat::parse_str(format!(r#"(module (func (export "f") (result i32) i32.const {number}))"#)).unwrap()
    }

    fn value_of(engine: &CoreEngine, module: &CoreModule) -> u64 {
        let mut store = EngineStore::new(engine, State::for_tests());
        let mut store = store.as_mut();
        let instance = crate::engine::CoreInstance::new(&mut store, module, &CoreExterns::default()).unwrap();
        instance.func(&mut store, "f").unwrap().call(&mut store, &[]).unwrap()
    }

    #[test]
    fn modules_come_back_in_their_order() {
        let engine = engine();
        let bytes: Vec<_> = (0..20).map(number).collect();
        let bytes: Vec<_> = bytes.iter().map(Vec::as_slice).collect();
        for threads in [0, 1, 2, 64] {
            let modules = compile_all(&engine, &bytes, threads).unwrap();
            let values: Vec<_> = modules.iter().map(|module| value_of(&engine, module)).collect();
            assert_eq!(values, (0..20).collect::<Vec<_>>());
        }
        assert!(compile_all(&engine, &[], 4).unwrap().is_empty());
    }

    #[test]
    fn the_error_names_the_first_module_that_does_not_compile() {
        let good = number(1);
        let error = compile_all(&engine(), &[&good, b"bad", &good, b"worse"], 4).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.message().starts_with("core module 1: "), "{error}");
    }

    #[test]
    fn compiled_code_comes_back_from_its_bytes() {
        let engine = engine();
        let bytes = CoreModule::compile(&engine, &number(9)).unwrap().serialize().unwrap();
        // SAFETY: the bytes are what `serialize` gave.
        let module = unsafe { CoreModule::deserialize(&engine, &bytes) }.unwrap();
        assert_eq!(value_of(&engine, &module), 9);
    }

    #[test]
    fn compiled_code_comes_back_from_a_file_that_is_gone_by_then() {
        let engine = engine();
        let bytes = CoreModule::compile(&engine, &number(9)).unwrap().serialize().unwrap();
        let path = tempfile::NamedTempFile::new().unwrap().into_temp_path();
        std::fs::write(&path, bytes).unwrap();
        let module = CoreModule::trusted_file(&engine, File::open(&path).unwrap()).unwrap();
        path.close().unwrap();
        assert_eq!(value_of(&engine, &module), 9);
        assert!(CoreModule::trusted_file(&engine, File::open("/dev/null").unwrap()).is_err());
    }
}
