//! A pair of components with compiled adapters and without them, called with the same bytes.

use thalweg::types::PtrType;
use thalweg::{Component, Config, Engine, Error, ErrorKind, Features, Limits, Linker, Prepared, Store, Trap, Val};

use super::random::Random;
use crate::polling::wait;

/// Bytes of an image.
const IMAGE: usize = 512;

/// Bytes of the memories of both components: lists in lists of a few words can ask for any number.
const MAX_MEMORY_SIZE: u64 = 128 << 20;

/// The same component with adapters and without.
pub struct Twins([(Engine, Prepared<()>); 2]);

impl Twins {
    /// The component in text, which imports nothing, both ways.
    pub fn of(text: &str) -> Twins {
        Twins([true, false].map(|adapters| {
            let mut limits = Limits::default();
            limits.max_memory_size = MAX_MEMORY_SIZE;
            let config = Config::new().features(Features::all()).limits(limits);
            let engine = Engine::new(config.adapters(adapters).optimize(false)).expect("an engine");
            let component = Component::from_bytes(&engine, text.as_bytes());
            let component = component.unwrap_or_else(|error| panic!("{error:?}\n{text}"));
            let prepared = Linker::new(&engine).prepare(&component).expect("no imports");
            (engine, prepared)
        }))
    }

    /// What a call in a fresh instance comes to, which is the same for both.
    pub fn call(&self, func: &str, image: &[u8]) -> Result<Val, Option<Trap>> {
        let [compiled, plain] = self.0.each_ref().map(|twin| call(twin, func, image));
        let [compiled, plain] = [compiled, plain].map(|result| result.map_err(|error| (error.as_trap(), error)));
        match (&compiled, &plain) {
            (Ok(a), Ok(b)) => assert!(a == b, "{func} of {image:?} differs{}", difference(a, b)),
            (Err((a, _)), Err((b, _))) if a == b && a.is_some() => {}
            // What a call may bring to the host is bounded, and an adapter brings nothing there.
            (_, Err((None, error))) if error.kind() == ErrorKind::Limit => {}
            (a, b) => panic!("{func} of {image:?}: {a:?} and {b:?}"),
        }
        compiled.map_err(|(trap, _)| trap)
    }
}

fn difference(a: &Val, b: &Val) -> String {
    let (Val::Bytes(a), Val::Bytes(b)) = (a, b) else { return String::new() };
    let at = a.iter().zip(b).position(|(a, b)| a != b);
    at.map(|at| format!(" at {at}: {:?} and {:?}", &a[at..(at + 8).min(a.len())], &b[at..(at + 8).min(b.len())]))
        .unwrap_or_default()
}

fn call((engine, prepared): &(Engine, Prepared<()>), func: &str, image: &[u8]) -> Result<Val, Error> {
    let mut store = Store::new(engine, ());
    let instance = wait(prepared.instantiate(&mut store)).expect("an instance");
    let func = instance.func_dynamic(&mut store, func).expect("an export");
    Ok(wait(func.call(&mut store, vec![Val::Bytes(image.into())]))?.expect("a result"))
}

/// Bytes that are often something: small numbers, pointers into the image, text. Pointers are those of a memory whose
/// addresses are of type `ptr`.
pub fn image(random: &mut Random, ptr: PtrType) -> Vec<u8> {
    let mut bytes = Vec::new();
    let size = ptr.size() as usize;
    let put = |bytes: &mut Vec<u8>, number: u64| bytes.extend(&number.to_le_bytes()[..size]);
    while bytes.len() < IMAGE {
        match random.below(12) {
            0 => put(&mut bytes, 1024 + 8 * random.below(80) as u64),
            1 => bytes.extend((random.below(40) as u32).to_le_bytes()),
            2 => bytes.extend((random.any() as u32).to_le_bytes()),
            3 => match random.below(3) {
                0 => bytes.extend("aé\u{20ac}".as_bytes()),
                1 => bytes.extend("text, only that".as_bytes()),
                _ => bytes.extend("né€\u{1f600}".encode_utf16().flat_map(u16::to_le_bytes)),
            },
            4..6 => bytes.extend([0; 4]),
            6 => bytes.extend([0; 16]),
            // A pointer and a length, as strings and lists have them.
            7..10 => {
                bytes.resize(bytes.len().next_multiple_of(size), 0);
                put(&mut bytes, 1024 + 8 * random.below(80) as u64 + beyond(random, ptr));
                let tag = if random.below(4) == 0 { ptr.utf16_tag() } else { 0 };
                put(&mut bytes, random.below(24) as u64 | tag);
            }
            _ => bytes.extend([random.below(3) as u8, 0, 0, 0]),
        }
    }
    bytes.truncate(IMAGE);
    without_nans(bytes)
}

/// What makes an address of 64 bits one beyond those of 32, seldom.
fn beyond(random: &mut Random, ptr: PtrType) -> u64 {
    if ptr == PtrType::I32 {
        return 0;
    }
    match random.below(20) {
        0 => 1 << 32,
        1 => 0u64.wrapping_sub(2048),
        _ => 0,
    }
}

/// The same without bits that a float has which is no number: only adapters keep those.
pub fn without_nans(mut bytes: Vec<u8>) -> Vec<u8> {
    for word in bytes.chunks_exact_mut(4) {
        if word[3] & 0x7f == 0x7f && word[2] & 0x80 != 0 {
            word[3] = 0;
        }
    }
    bytes
}
