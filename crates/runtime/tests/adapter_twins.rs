//! Compiled adapters and the runtime's own way of calling do the same: calls of random types, made out of random bytes,
//! leave the same memory behind or trap for the same reason.

#[path = "abi/echo.rs"]
#[allow(dead_code, reason = "shared with tests that use more of it")]
mod echo;
#[path = "abi/pair.rs"]
mod pair;
#[path = "abi/random.rs"]
#[allow(dead_code, reason = "shared with tests that use more of it")]
mod random;
#[path = "abi/run.rs"]
#[allow(dead_code, reason = "shared with tests that use more of it")]
mod run;

use pair::{ENCODINGS, Pair};
use random::Random;
use run::wait;
use thalweg::types::ValType;
use thalweg::{Component, Config, Engine, Error, Features, Linker, Prepared, Store, Trap, Val};

/// How many types one pair of components has.
const TYPES: usize = 8;
/// Calls that are compared at least, unless `THALWEG_TWIN_CASES` says how many.
const CASES: usize = 1_000;
/// Calls of each function.
const CALLS: usize = 12;
/// Bytes of an image.
const IMAGE: usize = 512;

/// The same component with adapters and without.
struct Twins([(Engine, Prepared<()>); 2]);

impl Twins {
    fn of(text: &str) -> Twins {
        Twins([true, false].map(|adapters| {
            let engine = Engine::new(Config::new().features(Features::all()).adapters(adapters)).expect("an engine");
            let component = Component::from_bytes(&engine, text.as_bytes());
            let component = component.unwrap_or_else(|error| panic!("{error:?}\n{text}"));
            let prepared = Linker::new(&engine).prepare(&component).expect("no imports");
            (engine, prepared)
        }))
    }

    /// What a call in a fresh instance comes to, which is the same for both.
    fn call(&self, func: &str, image: &[u8]) -> Result<Val, Option<Trap>> {
        let [compiled, plain] = self.0.each_ref().map(|twin| call(twin, func, image));
        let [compiled, plain] = [compiled, plain].map(|result| result.map_err(|error| (error.as_trap(), error)));
        match (&compiled, &plain) {
            (Ok(a), Ok(b)) => assert!(a == b, "{func} of {image:?} differs{}", difference(a, b)),
            (Err((a, _)), Err((b, _))) if a == b && a.is_some() => {}
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

/// Bytes that are often something: small numbers, pointers into the image, text.
fn image(random: &mut Random) -> Vec<u8> {
    let mut bytes = Vec::new();
    while bytes.len() < IMAGE {
        match random.below(12) {
            0 => bytes.extend((1024 + 8 * random.below(80) as u32).to_le_bytes()),
            1 => bytes.extend((random.below(40) as u32).to_le_bytes()),
            2 => bytes.extend((random.next() as u32).to_le_bytes()),
            3 => match random.below(3) {
                0 => bytes.extend("aé\u{20ac}".as_bytes()),
                1 => bytes.extend("text, only that".as_bytes()),
                _ => bytes.extend("né€\u{1f600}".encode_utf16().flat_map(u16::to_le_bytes)),
            },
            4..6 => bytes.extend([0; 4]),
            6 => bytes.extend([0; 16]),
            // A pointer and a length, as strings and lists have them.
            7..10 => {
                bytes.resize(bytes.len().next_multiple_of(4), 0);
                bytes.extend((1024 + 8 * random.below(80) as u32).to_le_bytes());
                let tag = u32::from(random.below(4) == 0) << 31;
                bytes.extend((random.below(24) as u32 | tag).to_le_bytes());
            }
            _ => bytes.extend([random.below(3) as u8, 0, 0, 0]),
        }
    }
    bytes.truncate(IMAGE);
    // NaNs keep their bits in adapters only, so there are none.
    for word in bytes.chunks_exact_mut(4) {
        if word[3] & 0x7f == 0x7f && word[2] & 0x80 != 0 {
            word[3] = 0;
        }
    }
    bytes
}

/// Calls with each function of one pair of components: how many there were with results, and with traps.
fn compare(seed: u64, depth: usize, calls: usize) -> [usize; 2] {
    let mut random = Random::new(seed);
    let types: Vec<_> = (0..TYPES).map(|_| random.ty(depth)).collect();
    let encodings = [0; 2].map(|_| ENCODINGS[random.below(3)]);
    let twins = Twins::of(&Pair::of(&types, encodings));
    let mut outcomes = [0; 2];
    for (i, ty) in types.iter().enumerate() {
        for _ in 0..calls {
            for kind in ["flat", "memory", "back"] {
                if kind != "flat" || ty.flat_count().is_some() {
                    let result = twins.call(&format!("{kind}{i}"), &image(&mut random));
                    outcomes[usize::from(result.is_err())] += 1;
                }
            }
        }
    }
    outcomes
}

#[test]
fn strings_of_each_length() {
    let twins = Twins::of(&Pair::of(&[ValType::String], ["utf8"; 2]));
    let mut random = Random::new(1);
    for length in 0..=140usize {
        // The string lies at the end of the image, behind the pointer and the length.
        let words = [1024 + 64 + 140 - length as u64, length as u64].map(u64::to_le_bytes).concat();
        let ascii = |random: &mut Random| (0..140).map(|_| random.below(128) as u8).collect::<Vec<_>>();
        let mut other = ascii(&mut random);
        if length > 0 {
            let at = 140 - length + random.below(length);
            other[at] = 0x80 + random.below(128) as u8;
        }
        for text in [ascii(&mut random), other] {
            let image = [words.clone(), vec![0; 48], text.clone()].concat();
            let expected = std::str::from_utf8(&text[140 - length..]).is_ok();
            assert_eq!(twins.call("flat0", &image).is_ok(), expected);
        }
    }
}

/// Texts of each mixture and of many lengths, some cut or broken, in each pair of encodings; there and back.
#[test]
fn texts_in_each_pair_of_encodings() {
    let calls = if std::env::var_os("THALWEG_TWIN_CASES").is_some() { 1_000 } else { 40 };
    for (number, source) in ENCODINGS.iter().enumerate() {
        for target in ENCODINGS {
            let twins = Twins::of(&Pair::of(&[ValType::String], [source, target]));
            let mut random = Random::new(number as u64);
            let mut outcomes = [0; 2];
            for i in 0..calls {
                let kind = ["flat0", "memory0", "back0"][i % 3];
                let sender = if kind == "back0" { target } else { source };
                let result = twins.call(kind, &text_image(&mut random, sender));
                outcomes[usize::from(result.is_err())] += 1;
            }
            assert!(outcomes[0] > calls / 3, "{source} to {target}: {outcomes:?}");
        }
    }
}

/// An image with a text at its start.
fn text_image(random: &mut Random, encoding: &str) -> Vec<u8> {
    let bounds = [[0x80; 3], [0x80, 0x80, 0x100], [0x80, 0x100, 0x800], [0x100, 0x1_0000, 0x11_0000]][random.below(4)];
    let most = [40, 40, 300][random.below(3)];
    let length = random.below(most);
    let text: String = (0..length)
        .map(|i| {
            // The wider characters come late, so that what is before them was written narrow.
            let bound = bounds[if i < length / 2 { 0 } else { random.below(3) }];
            char::from_u32(random.below(bound) as u32).unwrap_or('\u{ffff}')
        })
        .collect();
    let narrow = text.chars().all(|c| u32::from(c) < 0x100) && random.below(2) == 0;
    let (mut bytes, mut units) = match encoding {
        "utf8" => (text.clone().into_bytes(), text.len() as u32),
        "latin1+utf16" if narrow => (text.chars().map(|c| c as u8).collect(), text.chars().count() as u32),
        _ => {
            let units: Vec<u16> = text.encode_utf16().collect();
            let tag = if encoding == "utf16" { 0 } else { 1 << 31 };
            (units.iter().flat_map(|unit| unit.to_le_bytes()).collect(), units.len() as u32 | tag)
        }
    };
    match random.below(12) {
        0 => units = units.saturating_sub(1),
        1 if !bytes.is_empty() => {
            let at = random.below(bytes.len());
            bytes[at] = random.next() as u8;
        }
        _ => {}
    }
    // The pointer and the length, as core values of 8 bytes and as two words: `flat` and the others read them there.
    let at = 1024 + 32;
    let head: [u32; 8] = [at, units, units, 0, 0, 0, 0, 0];
    let mut image: Vec<u8> = head.iter().flat_map(|word| word.to_le_bytes()).collect();
    image.extend(bytes);
    image
}

#[test]
fn random_types_and_bytes() {
    let wanted = std::env::var("THALWEG_TWIN_CASES").ok();
    let wanted: Option<usize> = wanted.map(|count| count.parse().expect("a count of calls"));
    let calls = if wanted.is_some() { 100 } else { CALLS };
    let mut outcomes = [0; 2];
    for seed in 0.. {
        let [results, traps] = compare(seed, seed as usize % 3, calls);
        outcomes = [outcomes[0] + results, outcomes[1] + traps];
        if outcomes.iter().sum::<usize>() >= wanted.unwrap_or(CASES) {
            break;
        }
    }
    println!("calls that are the same: {} with results, {} with traps", outcomes[0], outcomes[1]);
    assert!(outcomes.iter().all(|n| *n > 20), "results and traps: {outcomes:?}");
}
