//! Flat core values, as bits.
//!
//! A value of a 32-bit core type uses the low half. With bits, the coercions between the joined core types of a
//! variant (Spec: `CoerceValueIter`) are nothing but taking the low half.

/// At most this many flat values travel: 16 parameters and an out-pointer.
pub(crate) const CAPACITY: usize = 17;

/// Core values being made.
#[derive(Debug, Clone, Default)]
pub struct Flat {
    bits: [u64; CAPACITY],
    len: usize,
}

impl Flat {
    /// No values yet.
    #[must_use]
    #[inline]
    pub fn new() -> Self {
        Flat::default()
    }

    /// Adds a value's bits. More than fit are dropped; no flattened signature has as many.
    #[inline]
    pub fn push(&mut self, bits: u64) {
        if let Some(place) = self.bits.get_mut(self.len) {
            *place = bits;
            self.len += 1;
        }
    }

    /// How many values there are so far.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none yet.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The values so far.
    #[must_use]
    #[inline]
    pub fn values(&self) -> &[u64] {
        self.bits.get(..self.len).unwrap_or_default()
    }

    /// Adds zeros until there are `len` values: the unused rest of a variant.
    pub fn pad_to(&mut self, len: usize) {
        while self.len < len.min(CAPACITY) {
            self.push(0);
        }
    }
}

/// As many values as most calls have: 4 parameters and an out-pointer.
const FEW: usize = 5;

/// Core values that are kept. Few need no memory of their own.
#[derive(Debug, Clone)]
pub(crate) enum Args {
    /// Few, and how many.
    Few([u64; FEW], u8),
    /// More.
    Many(Box<[u64]>),
}

impl Args {
    /// Keeps `args`.
    #[inline]
    pub(crate) fn new(args: &[u64]) -> Self {
        let mut few = [0; FEW];
        match few.get_mut(..args.len()) {
            Some(places) => {
                places.copy_from_slice(args);
                Args::Few(few, args.len() as u8)
            }
            None => Args::Many(args.into()),
        }
    }

    /// Keeps `count` values, which `value` knows by their places; it has an answer for the first few in any case.
    #[inline(always)]
    pub(crate) fn of(count: usize, value: impl Fn(usize) -> u64) -> Self {
        if count <= FEW {
            Args::Few(std::array::from_fn(value), count as u8)
        } else {
            Args::Many((0..count).map(value).collect())
        }
    }

    /// The values.
    #[inline]
    pub(crate) fn values(&self) -> &[u64] {
        match self {
            Args::Few(args, count) => args.get(..usize::from(*count)).unwrap_or_default(),
            Args::Many(args) => args,
        }
    }
}

/// Core values being read. Spec: `CoreValueIter`.
#[derive(Debug)]
pub struct FlatIter<'a> {
    values: &'a [u64],
    at: usize,
}

impl<'a> FlatIter<'a> {
    /// Reads `values` from the first on.
    #[must_use]
    #[inline]
    pub fn new(values: &'a [u64]) -> Self {
        FlatIter { values, at: 0 }
    }

    /// The next value as 64 bits. Reading past the end gives 0.
    #[inline]
    pub fn next_u64(&mut self) -> u64 {
        let bits = self.values.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        bits
    }

    /// The next value's low half.
    #[inline]
    pub fn next_u32(&mut self) -> u32 {
        self.next_u64() as u32
    }

    /// How many values were read.
    #[must_use]
    #[inline]
    pub fn position(&self) -> usize {
        self.at
    }

    /// Goes on at value number `position`: behind the unused rest of a variant.
    pub fn skip_to(&mut self, position: usize) {
        self.at = position;
    }
}
