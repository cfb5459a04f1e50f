//! Every encoding pair against the allocations, lengths and bytes that the standard's definitions give.
//!
//! A line of `allocations.txt`: text, source, target, calls of `realloc` (old size, alignment, new size), tagged length,
//! bytes.

use super::{Allocator, decode, encode};
use crate::abi::string::UTF16_TAG;
use crate::plan::StringEncoding;
use crate::{Result, Trap};

/// A memory that hands out ascending addresses, one byte apart, and moves at every call.
struct Memory {
    bytes: Vec<u8>,
    next: u32,
    calls: Vec<String>,
}

impl Allocator for Memory {
    fn bytes(&mut self) -> Result<&mut [u8]> {
        Ok(&mut self.bytes)
    }

    fn reallocate(&mut self, old: u64, old_size: u32, align: u32, new_size: u32) -> Result<u64> {
        self.calls.push(format!("{old_size},{align},{new_size}"));
        let ptr = self.next.next_multiple_of(align);
        self.next = ptr + new_size + 1;
        self.bytes.copy_within(old as usize..old as usize + old_size.min(new_size) as usize, ptr as usize);
        Ok(ptr.into())
    }
}

fn encoding(name: &str) -> StringEncoding {
    match name {
        "utf8" => StringEncoding::Utf8,
        "utf16" => StringEncoding::Utf16,
        _ => StringEncoding::Latin1OrUtf16,
    }
}

fn units(text: &str, source: &str) -> u32 {
    let utf16 = text.encode_utf16().count() as u32;
    match source {
        "utf8" => text.len() as u32,
        "utf16" => utf16,
        "latin1" => text.chars().count() as u32,
        _ => utf16 | UTF16_TAG,
    }
}

#[test]
fn every_pair_allocates_and_writes_as_the_standard_says() {
    for line in include_str!("allocations.txt").lines() {
        let [text, source, target, calls, length, hex] = line.split('|').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        let mut memory = Memory { bytes: vec![0; 4096], next: 8, calls: Vec::new() };
        let to = encoding(target);
        let (ptr, tagged) = encode(&mut memory, to, text, encoding(source), units(text, source)).expect(line);
        assert_eq!(memory.calls.join(" "), calls, "{line}");
        assert_eq!(format!("{tagged:#x}"), length, "{line}");
        let bytes = &memory.bytes[ptr as usize..ptr as usize + hex.len() / 2];
        assert_eq!(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>(), hex, "{line}");
        assert_eq!(decode(bytes, to, tagged).expect(line), text, "{line}");
    }
}

#[test]
fn utf8_says_whether_it_is_wrong_or_cut_short() {
    let trap = |bytes: &[u8]| decode(bytes, StringEncoding::Utf8, 0).err().and_then(|error| error.as_trap());
    assert_eq!(trap(b"ok"), None);
    assert_eq!(trap(b"a\xff"), Some(Trap::InvalidUtf8));
    assert_eq!(trap(b"\xc0\x80"), Some(Trap::InvalidUtf8));
    assert_eq!(trap(b"\xed\xa0\x80"), Some(Trap::InvalidUtf8));
    assert_eq!(trap(b"\xf4\x90\x80\x80"), Some(Trap::InvalidUtf8));
    assert_eq!(trap(b"a\xe2\x82"), Some(Trap::IncompleteUtf8));
}

#[test]
fn surrogates_come_in_pairs() {
    let trap = |units: &[u16]| {
        let bytes: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        decode(&bytes, StringEncoding::Utf16, units.len() as u32).err().and_then(|error| error.as_trap())
    };
    assert_eq!(trap(&[0xd834, 0xdd1e]), None);
    assert_eq!(trap(&[0xd834]), Some(Trap::InvalidUtf16));
    assert_eq!(trap(&[0xdd1e, 0xd834]), Some(Trap::InvalidUtf16));
    assert_eq!(trap(&[0xd834, 0x61]), Some(Trap::InvalidUtf16));
}

#[test]
fn latin1_is_every_byte() {
    let bytes: Vec<u8> = (0..=255).collect();
    let text = decode(&bytes, StringEncoding::Latin1OrUtf16, 256).expect("any byte is Latin-1");
    assert!(text.chars().map(u32::from).eq(0..256));
}
