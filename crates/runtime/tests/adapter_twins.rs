//! Compiled adapters and the runtime's own way of calling do the same: calls of random types, made out of random bytes,
//! leave the same memory behind or trap for the same reason.

use thalweg::types::{PtrType, ValType};
use thalweg_testkit::abi::{ENCODINGS, Pair, Random, Twins, image};

/// How many types one pair of components has.
const TYPES: usize = 8;
/// Calls that are compared at least, unless `THALWEG_TWIN_CASES` says how many.
const CASES: usize = 1_000;
/// Calls of each function.
const CALLS: usize = 12;
/// Calls with each function of one pair of components: how many there were with results, and with traps.
fn compare(seed: u64, depth: usize, calls: usize) -> [usize; 2] {
    let mut random = Random::new(seed);
    let types: Vec<_> = (0..TYPES).map(|_| random.ty(depth)).collect();
    let encodings = [0; 2].map(|_| ENCODINGS[random.below(3)]);
    let ptrs = [0; 2].map(|_| random.ptr());
    let twins = Twins::of(&Pair::of(&types, encodings, ptrs));
    let mut outcomes = [0; 2];
    for (i, ty) in types.iter().enumerate() {
        for _ in 0..calls {
            for kind in ["flat", "memory", "back"] {
                if kind != "flat" || ty.flat_count().is_some() {
                    let result =
                        twins.call(&format!("{kind}{i}"), &image(&mut random, ptrs[usize::from(kind == "back")]));
                    outcomes[usize::from(result.is_err())] += 1;
                }
            }
        }
    }
    outcomes
}

#[test]
fn strings_of_each_length() {
    for caller in PtrType::ALL {
        for callee in PtrType::ALL {
            strings_between([caller, callee]);
        }
    }
}

fn strings_between(ptrs: [PtrType; 2]) {
    let twins = Twins::of(&Pair::of(&[ValType::String], ["utf8"; 2], ptrs));
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
            for (caller, callee) in PtrType::ALL.into_iter().flat_map(|a| PtrType::ALL.map(|b| (a, b))) {
                let twins = Twins::of(&Pair::of(&[ValType::String], [source, target], [caller, callee]));
                let mut random = Random::new(number as u64);
                let mut outcomes = [0; 2];
                for i in 0..calls {
                    let kind = ["flat0", "memory0", "back0"][i % 3];
                    let sender = if kind == "back0" { (target, callee) } else { (*source, caller) };
                    let result = twins.call(kind, &text_image(&mut random, sender));
                    outcomes[usize::from(result.is_err())] += 1;
                }
                assert!(outcomes[0] > calls / 3, "{source} to {target}: {outcomes:?}");
            }
        }
    }
}

/// An image with a text at its start.
fn text_image(random: &mut Random, (encoding, ptr): (&str, PtrType)) -> Vec<u8> {
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
        "utf8" => (text.clone().into_bytes(), text.len() as u64),
        "latin1+utf16" if narrow => (text.chars().map(|c| c as u8).collect(), text.chars().count() as u64),
        _ => {
            let units: Vec<u16> = text.encode_utf16().collect();
            let tag = if encoding == "utf16" { 0 } else { ptr.utf16_tag() };
            (units.iter().flat_map(|unit| unit.to_le_bytes()).collect(), units.len() as u64 | tag)
        }
    };
    match random.below(12) {
        0 => units = units.saturating_sub(1),
        1 if !bytes.is_empty() => {
            let at = random.below(bytes.len());
            bytes[at] = random.any() as u8;
        }
        _ => {}
    }
    // The pointer and the length, as core values of 8 bytes and as two words: `flat` and the others read them there.
    let at: u64 = 1024 + 32;
    let head = match ptr {
        PtrType::I32 => [at | units << 32, units, 0, 0],
        PtrType::I64 => [at, units, 0, 0],
    };
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
