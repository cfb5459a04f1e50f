//! The core type of addresses, and what depends on it.
//!
//! Whose memory a value is in is known from canonical options, so types have both answers ready ([`PerPtr`]), and whoever
//! moves a value picks one.

use super::FlatType;

/// The core type of a memory's addresses, of lengths beside them, and of the numbers behind resources. Spec: `ptr_type`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum PtrType {
    /// `i32`; also where there is no memory.
    #[default]
    I32,
    /// `i64`
    I64,
}

impl PtrType {
    /// Both.
    pub const ALL: [PtrType; 2] = [PtrType::I32, PtrType::I64];

    /// That of a memory or a table that says whether it is one of 64 bits.
    #[must_use]
    pub fn of_memory(is_64: bool) -> PtrType {
        if is_64 { PtrType::I64 } else { PtrType::I32 }
    }

    /// Bytes in memory. Spec: `ptr_size`.
    #[inline]
    #[must_use]
    pub fn size(self) -> u32 {
        match self {
            PtrType::I32 => 4,
            PtrType::I64 => 8,
        }
    }

    /// The flat form.
    #[inline]
    #[must_use]
    pub fn flat(self) -> FlatType {
        match self {
            PtrType::I32 => FlatType::I32,
            PtrType::I64 => FlatType::I64,
        }
    }

    /// The value of this type in the bits of a core value, of which an `i32` has the lower half.
    #[inline]
    #[must_use]
    pub fn of_bits(self, bits: u64) -> u64 {
        match self {
            PtrType::I32 => bits & 0xffff_ffff,
            PtrType::I64 => bits,
        }
    }

    /// Spec: `utf16_tag`.
    #[inline]
    #[must_use]
    pub fn utf16_tag(self) -> u64 {
        1 << (8 * self.size() - 1)
    }
}

/// What is another thing for each type of addresses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct PerPtr<T> {
    i32: T,
    i64: T,
}

impl<T> PerPtr<T> {
    /// `of` each.
    pub fn new(of: impl Fn(PtrType) -> T) -> Self {
        PerPtr { i32: of(PtrType::I32), i64: of(PtrType::I64) }
    }

    /// The one for `ptr`.
    #[inline]
    #[must_use]
    pub fn of(&self, ptr: PtrType) -> &T {
        match ptr {
            PtrType::I32 => &self.i32,
            PtrType::I64 => &self.i64,
        }
    }
}

impl<T: Copy> PerPtr<T> {
    /// The same for both.
    #[inline]
    #[must_use]
    pub const fn both(value: T) -> Self {
        PerPtr { i32: value, i64: value }
    }

    /// The one for `ptr`.
    #[inline]
    #[must_use]
    pub fn at(self, ptr: PtrType) -> T {
        match ptr {
            PtrType::I32 => self.i32,
            PtrType::I64 => self.i64,
        }
    }
}

/// Whether an address is a multiple of `align`, a power of two. Spec: `ptr == align_to(ptr, alignment)`.
#[inline]
#[must_use]
pub fn is_aligned(ptr: u64, align: u32) -> bool {
    ptr & u64::from(align - 1) == 0
}
