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

use pair::Pair;
use random::Random;
use run::wait;
use thalweg::types::ValType;
use thalweg::{Component, Config, Engine, Error, Features, Linker, Store, Trap, Val};

/// How many types one pair of components has.
const TYPES: usize = 12;
/// Calls of each function.
const CALLS: u64 = 6;
/// Bytes of an image.
const IMAGE: usize = 512;

/// The same component with adapters and without.
struct Twins([(Engine, Component); 2]);

impl Twins {
    fn of(text: &str) -> Twins {
        Twins([true, false].map(|adapters| {
            let engine = Engine::new(Config::new().features(Features::all()).adapters(adapters)).expect("an engine");
            let component = Component::from_bytes(&engine, text.as_bytes());
            (engine, component.unwrap_or_else(|error| panic!("{error:?}\n{text}")))
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

fn call((engine, component): &(Engine, Component), func: &str, image: &[u8]) -> Result<Val, Error> {
    let mut store = Store::new(engine, ());
    let instance = wait(Linker::new(engine).instantiate(&mut store, component)).expect("no imports");
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
            3 => bytes.extend("aé\u{20ac}".as_bytes()),
            4..6 => bytes.extend([0; 4]),
            6 => bytes.extend([0; 16]),
            // A pointer and a length, as strings and lists have them.
            7..10 => {
                bytes.resize(bytes.len().next_multiple_of(4), 0);
                bytes.extend((1024 + 8 * random.below(80) as u32).to_le_bytes());
                bytes.extend((random.below(24) as u32).to_le_bytes());
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

fn compare(seed: u64, depth: usize) -> [usize; 2] {
    let mut random = Random::new(seed);
    let types: Vec<_> = (0..TYPES).map(|_| random.ty(depth)).collect();
    let twins = Twins::of(&Pair::of(&types));
    let mut outcomes = [0; 2];
    for (i, ty) in types.iter().enumerate() {
        for _ in 0..CALLS {
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
    let twins = Twins::of(&Pair::of(&[ValType::String]));
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

#[test]
fn random_types_and_bytes() {
    let rounds: u64 = std::env::var("THALWEG_TWIN_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(3);
    let mut outcomes = [0; 2];
    for seed in 0..rounds {
        for depth in 0..3 {
            let [results, traps] = compare(1000 * seed + depth as u64, depth);
            outcomes = [outcomes[0] + results, outcomes[1] + traps];
        }
    }
    assert!(outcomes.iter().all(|n| *n > 20), "results and traps: {outcomes:?}");
}
