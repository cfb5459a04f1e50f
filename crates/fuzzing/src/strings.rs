//! Strings between each two encodings, in memories with addresses of 32 and of 64 bits, by compiled adapters and by the
//! runtime, against what Rust's own library makes of them.

use std::cell::OnceCell;

use thalweg::Val;
use thalweg::types::{PtrType, ValType};
use thalweg_testkit::abi::{ENCODINGS, Pair, Twins};

/// In the length of a `latin1+utf16` string, as lengths are here: it is UTF-16.
const TAG: u32 = 1 << 31;
/// Where the caller's memory has the bytes that a call is made of.
const IMAGE: u64 = 1024;
/// Bytes of the pointer and the length in front of the text, for each way to pass them.
const HEAD: u64 = 32;
/// Where the callee keeps the pointer and the length that it got.
const GOT: usize = 64;
thread_local! {
    static TWINS: [[[OnceCell<Twins>; 4]; 3]; 3] = Default::default();
}

/// The first byte chooses encodings, function and types of addresses, the second what is said of the length; the rest
/// is the text in the caller's memory.
pub fn strings(data: &[u8]) {
    let [first, second, bytes @ ..] = data else { return };
    let (source, target) = (usize::from(first % 3), usize::from(first / 3 % 3));
    let kind = ["flat0", "memory0", "back0"][usize::from(first / 9 % 3)];
    let number = usize::from(first / 27 % 4);
    let ptrs = [number & 1, number >> 1].map(|wide| PtrType::of_memory(wide == 1));
    let (sender, ptr) = if kind == "back0" { (target, ptrs[1]) } else { (source, ptrs[0]) };
    let sender = ENCODINGS[sender];
    let length = said_length(sender, bytes.len(), *second);
    let at = IMAGE + HEAD;
    let said = u64::from(length & !TAG) | if length & TAG != 0 { ptr.utf16_tag() } else { 0 };
    let head = match ptr {
        PtrType::I32 => [at | said << 32, said, 0, 0],
        PtrType::I64 => [at, said, 0, 0],
    };
    let image = [head.iter().flat_map(|word| word.to_le_bytes()).collect(), bytes.to_vec()].concat();
    let result = TWINS.with(|twins| {
        let make = || Twins::of(&Pair::of(&[ValType::String], [ENCODINGS[source], ENCODINGS[target]], ptrs));
        twins[source][target][number].get_or_init(make).call(kind, &image)
    });
    // Longer than what was sent, it takes in what the allocator wrote down.
    let Some(sent) = bytes.get(..byte_length(sender, length)) else { return };
    let text = decoded(sender, sent, length);
    assert_eq!(result.is_ok(), text.is_some(), "{sender} {sent:?}");
    if let (Ok(Val::Bytes(page)), Some(text), "flat0") = (&result, &text, kind) {
        arrived((page, ptrs[1]), ENCODINGS[target], text);
    }
}

/// Code units of `bytes` bytes, mostly.
fn said_length(encoding: &str, bytes: usize, how: u8) -> u32 {
    let (tagged, off) = (how & 1 == 1, u32::from(how >> 4));
    let wide = encoding == "utf16" || encoding == "latin1+utf16" && tagged;
    let units = if wide { bytes / 2 } else { bytes } as u32;
    let units = match how >> 1 & 7 {
        0 => units.wrapping_sub(off),
        1 => units + off,
        2 => units | 1 << (off + 16),
        _ => units,
    };
    if encoding == "latin1+utf16" && tagged { units | TAG } else { units }
}

fn is_wide(encoding: &str, length: u32) -> bool {
    encoding == "utf16" || encoding == "latin1+utf16" && length & TAG != 0
}

fn byte_length(encoding: &str, length: u32) -> usize {
    match encoding {
        "latin1+utf16" if is_wide(encoding, length) => 2 * (length ^ TAG) as usize,
        _ if is_wide(encoding, length) => 2 * length as usize,
        _ => length as usize,
    }
}

/// The text by Rust's own library; none when it is none.
fn decoded(encoding: &str, bytes: &[u8], length: u32) -> Option<String> {
    if is_wide(encoding, length) {
        let units: Vec<u16> = bytes.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]])).collect();
        return String::from_utf16(&units).ok();
    }
    match encoding {
        "utf8" => String::from_utf8(bytes.to_vec()).ok(),
        _ => Some(bytes.iter().copied().map(char::from).collect()),
    }
}

/// Checks that the callee has `text` where its pointer says.
fn arrived((page, ptr): (&[u8], PtrType), encoding: &str, text: &str) {
    // Its answer lies before what it answers.
    let first = 2 * ptr.size() as usize;
    let word = |at: usize| ptr.of_bits(u64::from_le_bytes(page[at - first..][..8].try_into().expect("eight bytes")));
    let (at, said) = (word(GOT) as usize, word(GOT + 8));
    let length = (said & !ptr.utf16_tag()) as u32 | if said & ptr.utf16_tag() != 0 { TAG } else { 0 };
    // What lies beyond the first page is not answered.
    let Some(bytes) = at.checked_sub(first).and_then(|at| page.get(at..)?.get(..byte_length(encoding, length))) else {
        return;
    };
    assert_eq!(decoded(encoding, bytes, length).as_deref(), Some(text), "as {encoding}");
    if encoding == "latin1+utf16" {
        let fits = text.chars().all(|c| u32::from(c) < 0x100);
        assert_eq!(is_wide(encoding, length), !fits, "{text:?}");
    }
}
