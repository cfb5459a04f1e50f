//! Artifacts that are written, read, and damaged.

use std::io::Write;

use super::*;

fn sample() -> Vec<u8> {
    write(77, b"the component", &[vec![1; 300], Vec::new(), vec![2; 500]], Some(2), b"kept so")
}

/// Bytes of the sample's code, and of it and the component.
const MODULES: usize = 800;
const CODE: usize = MODULES + b"the component".len();

/// Of the first fault when all of it is read.
fn refusal(bytes: &[u8], engine: u64) -> Error {
    let code = |artifact: Artifact<'_>| {
        artifact.modules.iter().chain([&artifact.component]).try_for_each(|place| place.of(bytes).map(drop))
    };
    let error = Tail::of_bytes(bytes).and_then(|tail| tail.read(engine).and_then(code)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    error
}

/// With another byte at `at` behind the code, and a right sum again.
fn resealed(at: usize, byte: u8) -> Vec<u8> {
    let mut bytes = sample();
    let summed = bytes.len() - SUM - MAGIC.len();
    bytes[at] = byte;
    let sum = blake3::hash(&bytes[CODE..summed]);
    bytes[summed..summed + SUM].copy_from_slice(sum.as_bytes());
    bytes
}

#[test]
fn what_is_written_is_read() {
    let bytes = sample();
    let tail = Tail::of_bytes(&bytes).unwrap();
    let artifact = tail.read(77).unwrap();
    assert_eq!((artifact.component.of(&bytes).unwrap(), artifact.kept), (&b"the component"[..], &b"kept so"[..]));
    let code: Vec<_> = artifact.modules.iter().map(|place| place.of(&bytes).unwrap()).collect();
    assert_eq!(code, [&[1; 300][..], &[], &[2; 500]]);
    assert_eq!(artifact.modules[2].offset, 0, "what was said is in front");
    assert!(is_artifact(&bytes) && !is_artifact(b"\0asm\x0d\0\x01\0"));
    let nothing = write(77, b"the component", &[], None, b"");
    assert!(Tail::of_bytes(&nothing).unwrap().read(77).unwrap().modules.is_empty());
}

#[test]
fn a_file_is_read_behind_its_code() {
    let mut file = tempfile::tempfile().unwrap();
    assert!(Tail::of_file(&file).is_none());
    file.write_all(&sample()).unwrap();
    let tail = Tail::of_file(&file).unwrap();
    assert_eq!(tail.bytes[..], sample()[CODE..]);
    assert_eq!(tail.read(77).unwrap().component.read(&file).unwrap(), b"the component");
    file.write_all_at(b"another", MODULES as u64).unwrap();
    let damaged = tail.read(77).unwrap().component.read(&file).unwrap_err();
    assert_eq!(damaged.message(), "the compiled component is damaged: its sum is wrong");
    let longer = Tail { length: tail.length + 1, ..tail };
    assert!(longer.read(77).is_err());
}

#[test]
fn large_modules_begin_at_pages() {
    let large = MAPPED as usize + 1;
    let code = [vec![1; 5], vec![2; large], vec![3; large + PAGE]];
    let bytes = write(77, b"", &code, Some(1), b"");
    let tail = Tail::of_bytes(&bytes).unwrap();
    let modules = tail.read(77).unwrap().modules;
    for (place, code) in modules.iter().zip(&code) {
        let found = place.of(&bytes).unwrap();
        assert!(found.starts_with(code) && found[code.len()..].iter().all(|byte| *byte == 0));
        assert!(found.len() == code.len() || found.len() < code.len() + PAGE);
    }
    let starts: Vec<_> = modules.iter().map(|place| place.offset as usize % PAGE).collect();
    assert_eq!((starts, modules[1].offset), (vec![0, 0, 0], 0));
}

#[test]
fn no_flipped_bit_loads() {
    for at in 0..sample().len() {
        let mut bytes = sample();
        bytes[at] ^= 1 << (at % 8);
        refusal(&bytes, 77);
    }
}

#[test]
fn no_truncation_and_no_addition_loads() {
    let bytes = sample();
    for end in 0..bytes.len() {
        refusal(&bytes[..end], 77);
    }
    refusal(&[&bytes[..], b"x"].concat(), 77);
    refusal(&[b"x", &bytes[..]].concat(), 77);
}

#[test]
fn another_format_version_or_engine_is_told_from_damage() {
    let format = refusal(&resealed(sample().len() - MAGIC.len() - SUM - 4, 9), 77);
    assert_eq!(format.have(), Some("the file has format 9; this version reads format 5"));
    let older = refusal(b"\0thalweg\x02\0\0\0and so on", 77);
    assert_eq!(older.have(), Some("the file has format 2; this version reads format 5"));
    let version = refusal(&resealed(CODE + 4, b'9'), 77);
    assert_eq!(version.message(), "the compiled component is of another version");
    let build = refusal(&resealed(CODE + 4 + VERSION.len() + 4, b'x'), 77);
    assert_eq!(build.message(), "the compiled component is of another build of this runtime");
    let engine = refusal(&sample(), 78);
    assert_eq!(engine.have(), Some("it is for engine 000000000000004d; this is 000000000000004e"));
    assert!([format, older, version, build, engine].iter().all(|error| error.hint().is_some()));
}

#[test]
fn lengths_that_lie_are_found_even_with_a_right_sum() {
    let build = CODE + 4 + VERSION.len();
    let kept = build + 4 + BUILD.len() + 8;
    let places = kept + 8 + b"kept so".len();
    let place = places + 4;
    let numbers = sample().len() - FOOTER;
    let lengths = (build..build + 4).chain(kept..kept + 8).chain(places..place + 16);
    for at in lengths.chain([CODE, CODE + 3]).chain(numbers..numbers + 16) {
        refusal(&resealed(at, 0xee), 77);
    }
}
