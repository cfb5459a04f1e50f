//! What the cache gives back, and above all what it does not.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use super::*;

struct Place {
    _temp: tempfile::TempDir,
    path: PathBuf,
    cache: CodeCache,
}

fn place() -> Place {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("a/thalweg");
    let cache = CodeCache::open(Some(path.clone())).unwrap();
    Place { _temp: temp, path, cache }
}

fn key(name: &str) -> CacheKey {
    CacheKey::new(name.as_bytes(), 7)
}

fn modules() -> Vec<Vec<u8>> {
    vec![vec![1; 1000], Vec::new(), vec![3; 10]]
}

/// The file of a module's code.
fn file_of(place: &Place, module: &[u8]) -> PathBuf {
    place.path.join(name(blake3::hash(module).as_bytes()))
}

/// What is kept for a key, as bytes: of the modules, and what is kept with them.
fn loaded(cache: &CodeCache, name: &str) -> Option<(Vec<Vec<u8>>, Vec<u8>)> {
    let Entry { modules, kept } = cache.load(&key(name))?;
    let read = |mut file: File| {
        let mut bytes = Vec::new();
        // It was read to its end for its sum.
        std::io::Seek::rewind(&mut file).unwrap();
        file.read_to_end(&mut bytes).unwrap();
        bytes
    };
    Some((modules.into_iter().map(read).collect(), kept))
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

impl Place {
    /// The cache with one entry, and the entry's file.
    fn with_entry(&self) -> PathBuf {
        self.cache.store(&key("x"), &modules(), b"kept");
        self.path.join(key("x").name())
    }

    fn refuses_and_deletes(&self, entry: &Path) {
        assert!(self.cache.load(&key("x")).is_none());
        assert!(fs::symlink_metadata(entry).is_err(), "the entry is still there");
    }
}

#[test]
fn what_is_stored_is_loaded_by_us_alone() {
    let place = place();
    assert!(place.cache.load(&key("x")).is_none());
    let entry = place.with_entry();
    assert_eq!(loaded(&place.cache, "x").unwrap(), (modules(), b"kept".to_vec()));
    assert_eq!((mode(&place.path), mode(&entry), mode(&file_of(&place, &[3; 10]))), (0o700, 0o600, 0o600));
    assert!(place.cache.load(&key("y")).is_none());
    assert_eq!(fs::read_dir(&place.path).unwrap().count(), 1 + modules().len());
    // Again, over the old one, and by another opening of the cache.
    place.cache.store(&key("x"), &[vec![5]], b"");
    let again = CodeCache::open(Some(place.path.clone())).unwrap();
    assert_eq!(loaded(&again, "x").unwrap(), (vec![vec![5]], Vec::new()));
}

#[test]
fn code_that_is_mapped_stays_when_it_is_stored_again() {
    let place = place();
    place.with_entry();
    let before = fs::metadata(file_of(&place, &[3; 10])).unwrap().ino();
    place.with_entry();
    assert_ne!(fs::metadata(file_of(&place, &[3; 10])).unwrap().ino(), before);
}

#[test]
fn a_module_that_is_not_what_its_name_says_does_not_load() {
    let place = place();
    let good = modules()[0].clone();
    let mut flipped = good.clone();
    flipped[500] ^= 1;
    let longer = [&good[..], b"x"].concat();
    for bytes in [&flipped[..], &good[..999], &longer, b""] {
        let entry = place.with_entry();
        let file = file_of(&place, &good);
        fs::write(&file, bytes).unwrap();
        place.refuses_and_deletes(&entry);
        assert!(!file.exists());
    }
    for spoil in [|file: &Path| fs::remove_file(file).unwrap(), |file: &Path| set_mode(file, 0o620)] {
        let entry = place.with_entry();
        spoil(&file_of(&place, &good));
        place.refuses_and_deletes(&entry);
    }
    let entry = place.with_entry();
    let (file, elsewhere) = (file_of(&place, &good), place.path.join("elsewhere"));
    fs::rename(&file, &elsewhere).unwrap();
    symlink(&elsewhere, &file).unwrap();
    place.refuses_and_deletes(&entry);
}

#[test]
fn the_key_tells_components_and_engines_apart() {
    let names = [CacheKey::new(b"a", 1), CacheKey::new(b"a", 2), CacheKey::new(b"b", 1)].map(|key| key.name());
    assert!(names[0] != names[1] && names[0] != names[2] && names[1] != names[2]);
    assert!(names.iter().all(|name| is_entry_name(name)));
}

#[test]
fn no_flipped_bit_loads() {
    let place = place();
    let good = fs::read(place.with_entry()).unwrap();
    for at in (0..good.len()).step_by(50).chain([good.len() - 1]) {
        let entry = place.with_entry();
        let mut bytes = good.clone();
        bytes[at] ^= 1 << (at % 8);
        fs::write(&entry, bytes).unwrap();
        place.refuses_and_deletes(&entry);
    }
}

#[test]
fn no_truncated_or_longer_entry_loads() {
    let place = place();
    let good = fs::read(place.with_entry()).unwrap();
    let longer = [&good[..], b"x"].concat();
    for bytes in [&good[..0], &good[..SUM], &good[..good.len() - 1], &longer] {
        let entry = place.with_entry();
        fs::write(&entry, bytes).unwrap();
        place.refuses_and_deletes(&entry);
    }
}

#[test]
fn an_entry_of_another_key_does_not_load() {
    let place = place();
    let entry = place.with_entry();
    place.cache.store(&key("y"), &modules(), b"kept");
    fs::rename(place.path.join(key("y").name()), &entry).unwrap();
    place.refuses_and_deletes(&entry);
}

#[test]
fn an_entry_that_others_may_touch_does_not_load() {
    let place = place();
    for mode in [0o620, 0o602, 0o666, 0o640] {
        let entry = place.with_entry();
        set_mode(&entry, mode);
        place.refuses_and_deletes(&entry);
    }
}

#[test]
fn an_entry_of_another_owner_does_not_load() {
    let place = place();
    let entry = place.with_entry();
    // Only the superuser can give a file away; elsewhere there is nothing to test.
    if std::os::unix::fs::chown(&entry, Some(12345), None).is_ok() {
        place.refuses_and_deletes(&entry);
    }
}

#[test]
fn a_link_or_a_directory_is_no_entry() {
    let place = place();
    let entry = place.with_entry();
    let elsewhere = place.path.join("elsewhere");
    fs::rename(&entry, &elsewhere).unwrap();
    symlink(&elsewhere, &entry).unwrap();
    place.refuses_and_deletes(&entry);
    assert!(elsewhere.exists());
    fs::create_dir(&entry).unwrap();
    assert!(place.cache.load(&key("x")).is_none());
}

#[test]
fn a_directory_that_others_may_write_or_own_is_refused() {
    let place = place();
    for (mode, usable) in [(0o770, false), (0o702, false), (0o777, false), (0o755, true), (0o700, true)] {
        set_mode(&place.path, mode);
        assert_eq!(CodeCache::open(Some(place.path.clone())).is_some(), usable, "{mode:o}");
    }
    let link = place.path.with_file_name("link");
    symlink(&place.path, &link).unwrap();
    assert!(CodeCache::open(Some(link)).is_none());
    if std::os::unix::fs::chown(&place.path, Some(12345), None).is_ok() {
        assert!(CodeCache::open(Some(place.path.clone())).is_none());
    }
    assert!(CodeCache::open(Some(PathBuf::from("/dev/null/x"))).is_none());
}

#[test]
fn beyond_the_bound_the_oldest_entries_go() {
    let mut place = place();
    place.cache.max_size = 2500;
    let stranger = place.path.join("not-ours");
    fs::write(&stranger, [0; 5000]).unwrap();
    for (age, name) in [(30, "a"), (20, "b"), (10, "c")] {
        let code = vec![age as u8; 900];
        place.cache.store(&key(name), std::slice::from_ref(&code), b"");
        let time = std::time::SystemTime::now() - std::time::Duration::from_secs(age);
        for file in [place.path.join(key(name).name()), file_of(&place, &code)] {
            File::open(file).unwrap().set_modified(time).unwrap();
        }
    }
    assert!(place.cache.load(&key("a")).is_none());
    assert!(place.cache.load(&key("b")).is_some() && place.cache.load(&key("c")).is_some());
    // Larger than everything may be.
    place.cache.store(&key("d"), &[vec![0; 3000]], b"");
    assert!(place.cache.load(&key("d")).is_none() && place.cache.load(&key("c")).is_some());
    assert!(stranger.exists());
}

#[test]
fn what_a_crashed_writer_left_goes_after_a_while() {
    let place = place();
    let (old, new) = (place.path.join(".tmp-1-1"), place.path.join(".tmp-1-2"));
    fs::write(&old, "x").unwrap();
    fs::write(&new, "x").unwrap();
    let time = std::time::SystemTime::now() - std::time::Duration::from_secs(2 * ABANDONED_AFTER as u64);
    File::open(&old).unwrap().set_modified(time).unwrap();
    place.with_entry();
    assert!(!old.exists() && new.exists());
}

#[test]
fn a_cache_whose_directory_is_gone_fails_silently() {
    let place = place();
    fs::remove_dir(&place.path).unwrap();
    place.cache.store(&key("x"), &modules(), b"kept");
    assert!(place.cache.load(&key("x")).is_none());
}
