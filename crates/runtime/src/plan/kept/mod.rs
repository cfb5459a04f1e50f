//! A plan as bytes, to be kept with compiled code: a start then neither parses nor plans its component again.
//!
//! Whoever keeps such bytes keeps a sum with them and notes which build wrote them ([`BUILD`]): they are read as they were
//! written, by the same definitions, and trusted as the machine code beside them is. What does not fit is `None`, and
//! never a panic.

mod parts;
mod types;

use self::types::{TypeReader, TypeWriter};
use super::Plan;

/// Tells builds of this crate apart, by what they generate and by how they write a plan: a sum of its sources.
pub(crate) const BUILD: &str = env!("THALWEG_BUILD");

impl Plan {
    /// As bytes for [`of_bytes`](Self::of_bytes).
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut to = Writer::default();
        self.write(&mut to);
        [to.types.finish(), to.bytes].concat()
    }

    /// The plan that [`to_bytes`](Self::to_bytes) of the same [`BUILD`] wrote.
    pub(crate) fn of_bytes(bytes: &[u8]) -> Option<Plan> {
        let mut from = Reader { bytes, types: TypeReader::default() };
        from.read_types()?;
        Plan::read(&mut from).filter(|_| from.bytes.is_empty())
    }
}

/// Where a plan is written: the types that it names stand in front of it, each once.
#[derive(Default)]
struct Writer {
    types: TypeWriter,
    bytes: Vec<u8>,
}

impl Writer {
    /// Length and bytes.
    fn text(&mut self, text: &str) {
        (text.len() as u32).write(self);
        self.bytes.extend(text.as_bytes());
    }
}

/// What is left to read of a plan, and the types that were in front.
struct Reader<'a> {
    types: TypeReader,
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        Some(taken)
    }

    /// How many things follow; each takes a byte at least, so no more is allocated for them than the bytes account for.
    fn count(&mut self) -> Option<usize> {
        let count = u32::read(self)? as usize;
        (count <= self.bytes.len()).then_some(count)
    }
}

/// Part of a plan.
trait Kept: Sized {
    fn write(&self, to: &mut Writer);
    fn read(from: &mut Reader<'_>) -> Option<Self>;
}

impl Kept for bool {
    fn write(&self, to: &mut Writer) {
        to.bytes.push(u8::from(*self));
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        match from.take(1)? {
            [0] => Some(false),
            [1] => Some(true),
            _ => None,
        }
    }
}

impl Kept for u32 {
    fn write(&self, to: &mut Writer) {
        to.bytes.extend(self.to_le_bytes());
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(u32::from_le_bytes(from.take(4)?.try_into().ok()?))
    }
}

impl Kept for usize {
    fn write(&self, to: &mut Writer) {
        to.bytes.extend((*self as u64).to_le_bytes());
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        u64::from_le_bytes(from.take(8)?.try_into().ok()?).try_into().ok()
    }
}

impl Kept for Box<str> {
    fn write(&self, to: &mut Writer) {
        to.text(self);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let length = from.count()?;
        Some(std::str::from_utf8(from.take(length)?).ok()?.into())
    }
}

impl Kept for String {
    fn write(&self, to: &mut Writer) {
        to.text(self);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Box::<str>::read(from).map(String::from)
    }
}

impl<T: Kept> Kept for Option<T> {
    fn write(&self, to: &mut Writer) {
        self.is_some().write(to);
        self.iter().for_each(|value| value.write(to));
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        if bool::read(from)? { T::read(from).map(Some) } else { Some(None) }
    }
}

impl<T: Kept> Kept for Vec<T> {
    fn write(&self, to: &mut Writer) {
        (self.len() as u32).write(to);
        self.iter().for_each(|item| item.write(to));
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let count = from.count()?;
        let mut items = Vec::with_capacity(count);
        for _ in 0..count {
            items.push(T::read(from)?);
        }
        Some(items)
    }
}

impl<A: Kept, B: Kept> Kept for (A, B) {
    fn write(&self, to: &mut Writer) {
        self.0.write(to);
        self.1.write(to);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some((A::read(from)?, B::read(from)?))
    }
}

#[cfg(test)]
mod tests;
