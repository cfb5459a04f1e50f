//! Compiled code on disk, for the next run of the same component by the same user.
//!
//! What is read here becomes machine code, so a file is used only if nobody but us can have written it: the directory
//! and the file belong to us and no one else may write them; and only if it is whole, and an entry only if it was made for
//! exactly this key. Any other file is deleted, as if it had never been. No failure is reported: without the cache, things
//! are only slower.
//!
//! An entry: magic 8 | key 32 | modules: u32, each length u64 + sum 32 | kept: u64 + bytes | BLAKE3 of all before 32.
//! The code of each module is a file by itself, named by its sum, so that it can be mapped and needs no copy. Files are
//! replaced as a whole, never written to: code that is mapped stays as it was checked.

use std::fs::{DirBuilder, File};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat};

use super::artifact::{Fields, SUM, VERSION, seal, unseal};
use crate::plan::BUILD;

/// Bytes of all files together; beyond it the oldest go.
const MAX_CACHE_SIZE: u64 = 1 << 30;

/// Seconds after which a temporary file is one that its writer left behind.
const ABANDONED_AFTER: i64 = 3600;

const MAGIC: [u8; 8] = *b"thalcod4";

/// What temporary names begin with; other files are named by hexadecimal digits only.
const TEMPORARY: &str = ".tmp-";

/// Writing permission for others than the owner.
const FOREIGN_WRITE: u32 = 0o022;

/// Any permission for others than the owner.
const FOREIGN_ANY: u32 = 0o077;

/// A directory of compiled code that only this user can write.
pub(crate) struct CodeCache {
    /// Everything goes through this, so the directory that was checked is the one that is used.
    dir: OwnedFd,
    max_size: u64,
}

/// What is kept for a component.
pub(crate) struct Entry {
    /// The code of its modules, in their order.
    pub(crate) modules: Vec<File>,
    /// What a start needs besides.
    pub(crate) kept: Vec<u8>,
}

/// Which code: of this component, by this build, for this engine and processor.
#[derive(Clone, Copy)]
pub(crate) struct CacheKey([u8; SUM]);

impl CacheKey {
    /// The key of `component` for an engine with the compatibility hash `engine`.
    pub(crate) fn new(component: &[u8], engine: u64) -> Self {
        let mut hasher = blake3::Hasher::new();
        // A sum, a number, and three texts of which two cannot contain the separator: no two keys share an input.
        hasher.update(blake3::hash(component).as_bytes());
        hasher.update(&engine.to_le_bytes());
        // Builds that keep entries in another form leave each other's alone.
        hasher.update(&MAGIC);
        hasher.update(VERSION.as_bytes());
        hasher.update(&[0]);
        hasher.update(BUILD.as_bytes());
        hasher.update(&[0]);
        hasher.update(processor().as_bytes());
        CacheKey(hasher.finalize().into())
    }

    fn name(&self) -> String {
        name(&self.0)
    }
}

/// The name of a file.
fn name(sum: &[u8; SUM]) -> String {
    use std::fmt::Write;
    sum.iter().fold(String::with_capacity(2 * SUM), |mut name, byte| {
        let _ = write!(name, "{byte:02x}");
        name
    })
}

/// The processor's kind and the features that compiled code may use.
fn processor() -> String {
    let mut text = std::env::consts::ARCH.to_string();
    #[cfg(target_arch = "x86_64")]
    {
        macro_rules! features {
            ($($name:tt)*) => { [$(($name, std::arch::is_x86_feature_detected!($name))),*] };
        }
        let features = features!("sse3" "ssse3" "sse4.1" "sse4.2" "popcnt" "avx" "avx2" "fma" "bmi1" "bmi2" "lzcnt"
            "avx512bitalg" "avx512dq" "avx512f" "avx512vbmi" "avx512vl");
        for (name, _) in features.iter().filter(|(_, present)| *present) {
            text.push(' ');
            text.push_str(name);
        }
    }
    text
}

impl CodeCache {
    /// The cache in `dir`, else in the user's own place for caches. `None` if there is no place that only we can write.
    pub(crate) fn open(dir: Option<PathBuf>) -> Option<CodeCache> {
        let path = dir.or_else(default_dir)?;
        // What exists keeps its mode, which is looked at below.
        DirBuilder::new().recursive(true).mode(0o700).create(&path).ok()?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let dir = rustix::fs::open(&path, flags, Mode::empty()).ok()?;
        let stat = rustix::fs::fstat(&dir).ok()?;
        (is_ours(&stat) && stat.st_mode & FOREIGN_WRITE == 0).then_some(CodeCache { dir, max_size: MAX_CACHE_SIZE })
    }

    /// What is stored for `key`.
    pub(crate) fn load(&self, key: &CacheKey) -> Option<Entry> {
        let name = key.name();
        let (entry, size) = self.open_file(&name)?;
        match self.read_entry(entry, size, key) {
            Some(entry) => Some(entry),
            None => self.discard(&name),
        }
    }

    fn read_entry(&self, entry: File, size: u64, key: &CacheKey) -> Option<Entry> {
        let mut bytes = Vec::with_capacity(usize::try_from(size).ok()?);
        entry.take(size).read_to_end(&mut bytes).ok()?;
        let mut fields = Fields(unseal(&bytes)?);
        if fields.array() != Some(MAGIC) || fields.array() != Some(key.0) {
            return None;
        }
        let mut modules = Vec::new();
        for _ in 0..fields.u32()? {
            let (length, sum) = (fields.u64()?, fields.array()?);
            modules.push(self.load_module(length, &sum)?);
        }
        let kept = fields.bytes()?.to_vec();
        fields.is_empty().then_some(Entry { modules, kept })
    }

    /// The file with a module's code, checked.
    fn load_module(&self, length: u64, sum: &[u8; SUM]) -> Option<File> {
        let name = name(sum);
        let (mut file, size) = self.open_file(&name)?;
        let mut hasher = blake3::Hasher::new();
        let whole = size == length && hasher.update_reader(&mut file).is_ok();
        if whole && hasher.finalize().as_bytes() == sum { Some(file) } else { self.discard(&name) }
    }

    /// A file that only we can have written, and its size. Another one of this name is deleted.
    fn open_file(&self, name: &str) -> Option<(File, u64)> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match rustix::fs::openat(&self.dir, name, flags, Mode::empty()) {
            Ok(file) => file,
            Err(rustix::io::Errno::NOENT) => return None,
            Err(_) => return self.discard(name),
        };
        let stat = rustix::fs::fstat(&file).ok()?;
        let is_file = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
        let size = u64::try_from(stat.st_size).ok()?;
        if !is_file || !is_ours(&stat) || stat.st_mode & FOREIGN_ANY != 0 || size > self.max_size {
            return self.discard(name);
        }
        Some((File::from(file), size))
    }

    /// Deletes what cannot be used.
    fn discard<T>(&self, name: &str) -> Option<T> {
        let _ = rustix::fs::unlinkat(&self.dir, name, AtFlags::empty());
        None
    }

    /// Stores `modules`, and what is `kept` with them, for `key`, then makes room.
    pub(crate) fn store(&self, key: &CacheKey, modules: &[Vec<u8>], kept: &[u8]) {
        if modules.iter().map(|module| module.len() as u64).sum::<u64>() > self.max_size {
            return;
        }
        let mut entry = MAGIC.to_vec();
        entry.extend(key.0);
        entry.extend((modules.len() as u32).to_le_bytes());
        for module in modules {
            let sum = blake3::hash(module).into();
            entry.extend((module.len() as u64).to_le_bytes());
            entry.extend(sum);
            self.write_file(&name(&sum), module);
        }
        entry.extend((kept.len() as u64).to_le_bytes());
        entry.extend(kept);
        self.write_file(&key.name(), &seal(entry));
        let _ = self.make_room();
    }

    fn write_file(&self, name: &str, bytes: &[u8]) {
        let temporary = temporary_name();
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        // One that exists is another writer's, and stays.
        let Ok(file) = rustix::fs::openat(&self.dir, &temporary, flags, Mode::RUSR | Mode::WUSR) else { return };
        // No sync: a file torn by a crash has a wrong sum. By the renaming, readers see the old file or the new one,
        // nothing between.
        let written = File::from(file).write_all(bytes).is_ok();
        if !written || rustix::fs::renameat(&self.dir, &temporary, &self.dir, name).is_err() {
            let _ = self.discard::<()>(&temporary);
        }
    }

    /// Deletes the oldest files beyond the bound, and what crashed writers left.
    fn make_room(&self) -> Option<()> {
        let now = std::time::UNIX_EPOCH.elapsed().ok()?.as_secs() as i64;
        let mut entries = Vec::new();
        for (name, stat) in self.files()? {
            if is_entry_name(&name) {
                entries.push((stat.st_mtime, stat.st_mtime_nsec, name, u64::try_from(stat.st_size).ok()?));
            } else if name.starts_with(TEMPORARY) && now - stat.st_mtime > ABANDONED_AFTER {
                let _ = self.discard::<()>(&name);
            }
        }
        entries.sort();
        let mut size: u64 = entries.iter().map(|entry| entry.3).sum();
        for (_, _, name, bytes) in entries {
            if size <= self.max_size {
                break;
            }
            let _ = self.discard::<()>(&name);
            size -= bytes;
        }
        Some(())
    }

    fn files(&self) -> Option<Vec<(String, Stat)>> {
        let names =
            Dir::read_from(&self.dir).ok()?.filter_map(|entry| entry.ok()?.file_name().to_str().ok().map(String::from));
        let with_stat = |name: String| {
            let stat = rustix::fs::statat(&self.dir, &name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
            Some((name, stat))
        };
        Some(names.filter_map(with_stat).collect())
    }
}

fn is_ours(stat: &Stat) -> bool {
    stat.st_uid == rustix::process::geteuid().as_raw()
}

fn is_entry_name(name: &str) -> bool {
    name.len() == 2 * SUM && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A name that no other writer uses: the process and the time tell others from us, a counter our own threads apart.
fn temporary_name() -> String {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    let time = std::time::UNIX_EPOCH.elapsed().map_or(0, |time| time.as_nanos());
    format!("{TEMPORARY}{}-{time:x}-{count}", std::process::id())
}

fn default_dir() -> Option<PathBuf> {
    let absolute = |variable| std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    let caches = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")))?;
    Some(caches.join("thalweg"))
}

#[cfg(test)]
#[path = "cache_tests.rs"]
mod tests;
