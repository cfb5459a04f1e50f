//! Strings whose encoding changes, or that are not UTF-8: one function for each two memories and encodings.
//!
//! The calls of `realloc` are those of the standard: guess small, grow to the worst case, shrink to fit. Spec:
//! `store_string_into_range` and what it calls.

use wasm_encoder::{BlockType, Instruction, ValType};

use super::allocate::{allocate, reallocate};
use super::code::Code;
use super::convert::Conversion;
use super::place::{Side, new_i32, shorter};
use super::string::check_range;
use crate::abi::UTF16_TAG;
use crate::plan::StringEncoding::{Latin1OrUtf16, Utf8, Utf16};
use crate::{Result, Trap};

const BEGIN: u32 = 0;
const LENGTH: u32 = 1;

/// One encoding without the choice. Spec: `src_simple_encoding`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Simple {
    Utf8,
    Utf16,
    Latin1,
}

impl Simple {
    /// Bytes of a code unit.
    fn size(self) -> u32 {
        if self == Simple::Utf16 { 2 } else { 1 }
    }
}

/// The two sides and the functions of the host that convert.
pub(super) struct Transcoder {
    /// Where strings are.
    pub(super) from: Side,
    /// Where they go.
    pub(super) to: Side,
    /// [`Import::Convert`](super::import::Import::Convert)
    pub(super) convert: u32,
    /// [`Import::Narrow`](super::import::Import::Narrow)
    pub(super) narrow: u32,
}

impl Transcoder {
    /// The function `(pointer, tagged length) -> (pointer, tagged length)`. Lengths are of 32 bits here, whatever a
    /// memory has.
    pub(super) fn encode(&self, trap: u32) -> Result<Code> {
        let mut code = Code::new(2, trap);
        match self.from.encoding {
            Utf8 => self.string(&mut code, Simple::Utf8)?,
            Utf16 => self.string(&mut code, Simple::Utf16)?,
            Latin1OrUtf16 => {
                code.get(LENGTH).i32(UTF16_TAG).op(Instruction::I32And).op(Instruction::If(BlockType::Empty));
                code.get(LENGTH).i32(UTF16_TAG).op(Instruction::I32Xor).set(LENGTH);
                self.string(&mut code, Simple::Utf16)?;
                code.op(Instruction::End);
                self.string(&mut code, Simple::Latin1)?;
            }
        }
        code.op(Instruction::Unreachable);
        Ok(code)
    }

    /// Moves a string of `LENGTH` code units, and returns.
    fn string(&self, code: &mut Code, source: Simple) -> Result<()> {
        self.check(code, source)?;
        match (self.to.encoding, source) {
            (Utf8, Simple::Utf8) => self.copy(code, 1),
            (Utf8, Simple::Utf16) => self.to_utf8(code, source, (Conversion::Utf16ToAscii, Conversion::Utf16ToUtf8), 3),
            (Utf8, Simple::Latin1) => {
                self.to_utf8(code, source, (Conversion::Latin1ToAscii, Conversion::Latin1ToUtf8), 2)
            }
            (Utf16, Simple::Utf8) => self.utf8_to_utf16(code),
            (Utf16, Simple::Utf16) => self.to_utf16(code, Conversion::Utf16ToUtf16),
            (Utf16, Simple::Latin1) => self.to_utf16(code, Conversion::Latin1ToUtf16),
            (Latin1OrUtf16, Simple::Latin1) => self.copy(code, 2),
            (Latin1OrUtf16, Simple::Utf16) if self.from.encoding == Latin1OrUtf16 => self.probably_utf16(code),
            (Latin1OrUtf16, Simple::Utf16) => {
                self.to_latin1_or_utf16(code, source, (Conversion::Utf16ToLatin1, Conversion::Utf16ToUtf16))
            }
            (Latin1OrUtf16, Simple::Utf8) => {
                self.to_latin1_or_utf16(code, source, (Conversion::Utf8ToLatin1, Conversion::Utf8ToUtf16))
            }
        }
    }

    /// Spec: the checks of `load_string_from_range`.
    fn check(&self, code: &mut Code, source: Simple) -> Result<()> {
        let align = if self.from.encoding == Utf8 { 1 } else { 2 };
        let bytes = new_i32(code);
        if source.size() == 2 {
            // Twice a length that is too long would wrap.
            code.get(LENGTH).i32(1 << 31).op(Instruction::I32GeU).trap_if(Trap::StringTooLong);
        }
        code.get(LENGTH).i32(source.size()).op(Instruction::I32Mul).set(bytes);
        check_range(code, &self.from, (BEGIN, bytes), align)
    }

    fn allocate(&self, code: &mut Code, align: u32, size: u32) -> Result<u32> {
        allocate(code, &self.to, align, size, Trap::ReallocOutOfBounds)
    }

    /// Spec: `store_string_copy` of Latin-1.
    fn copy(&self, code: &mut Code, align: u32) -> Result<()> {
        let copy = self.allocate(code, align, LENGTH)?;
        code.get(copy).get(BEGIN).get(LENGTH).widen(shorter(self.from.ptr, self.to.ptr));
        code.op(Instruction::MemoryCopy { src_mem: self.from.memory()?, dst_mem: self.to.memory()? });
        answer(code, copy, LENGTH);
        Ok(())
    }

    /// Spec: `store_string_copy` to UTF-16.
    fn to_utf16(&self, code: &mut Code, conversion: Conversion) -> Result<()> {
        let size = times(code, LENGTH, 2);
        let copy = self.allocate(code, 2, size)?;
        self.convert(code, conversion, (BEGIN, LENGTH), (copy, None));
        code.op(Instruction::Drop);
        answer(code, copy, LENGTH);
        Ok(())
    }

    /// Spec: `store_string_to_utf8`: ASCII until the first other character.
    fn to_utf8(&self, code: &mut Code, source: Simple, both: (Conversion, Conversion), worst: u32) -> Result<()> {
        let copy = self.allocate(code, 1, LENGTH)?;
        self.convert(code, both.0, (BEGIN, LENGTH), (copy, None));
        let (ascii, _) = progress(code);
        code.get(ascii).get(LENGTH).op(Instruction::I32Eq).op(Instruction::If(BlockType::Empty));
        answer(code, copy, LENGTH);
        code.op(Instruction::End);
        let worst_case = times(code, LENGTH, worst);
        self.reallocate(code, (copy, LENGTH), 1, worst_case)?;
        let rest = self.rest(code, source, ascii);
        let place = code.address(self.to.ptr);
        code.get(copy).get(ascii).widen(self.to.ptr).add(self.to.ptr).set(place);
        self.convert(code, both.1, rest, (place, None));
        let (_, written) = progress(code);
        code.get(written).get(ascii).op(Instruction::I32Add).set(written);
        self.shrink(code, (copy, worst_case), 1, written)?;
        answer(code, copy, written);
        Ok(())
    }

    /// Spec: `store_utf8_to_utf16`.
    fn utf8_to_utf16(&self, code: &mut Code) -> Result<()> {
        let worst_case = times(code, LENGTH, 2);
        let copy = self.allocate(code, 2, worst_case)?;
        self.convert(code, Conversion::Utf8ToUtf16, (BEGIN, LENGTH), (copy, None));
        let (_, units) = progress(code);
        let size = times(code, units, 2);
        self.shrink(code, (copy, worst_case), 2, size)?;
        answer(code, copy, units);
        Ok(())
    }

    /// Spec: `store_string_to_latin1_or_utf16`: Latin-1 until the first other character, then all of it widened.
    fn to_latin1_or_utf16(&self, code: &mut Code, source: Simple, both: (Conversion, Conversion)) -> Result<()> {
        let copy = self.allocate(code, 2, LENGTH)?;
        self.convert(code, both.0, (BEGIN, LENGTH), (copy, None));
        let (read, narrow) = progress(code);
        code.get(read).get(LENGTH).op(Instruction::I32Eq).op(Instruction::If(BlockType::Empty));
        self.shrink(code, (copy, LENGTH), 2, narrow)?;
        answer(code, copy, narrow);
        code.op(Instruction::End);
        let worst_case = times(code, LENGTH, 2);
        self.reallocate(code, (copy, LENGTH), 2, worst_case)?;
        let rest = self.rest(code, source, read);
        self.convert(code, both.1, rest, (copy, Some(narrow)));
        let (_, units) = progress(code);
        code.get(units).get(narrow).op(Instruction::I32Add).set(units);
        let size = times(code, units, 2);
        self.shrink(code, (copy, worst_case), 2, size)?;
        code.get(units).i32(UTF16_TAG).op(Instruction::I32Or).set(units);
        answer(code, copy, units);
        Ok(())
    }

    /// Spec: `store_probably_utf16_to_latin1_or_utf16`.
    fn probably_utf16(&self, code: &mut Code) -> Result<()> {
        let size = times(code, LENGTH, 2);
        let copy = self.allocate(code, 2, size)?;
        // Latin-1 as far as it goes tells whether all of it is; the place is written twice.
        self.convert(code, Conversion::Utf16ToLatin1, (BEGIN, LENGTH), (copy, None));
        let (latin1, _) = progress(code);
        self.convert(code, Conversion::Utf16ToUtf16, (BEGIN, LENGTH), (copy, None));
        code.op(Instruction::Drop);
        code.get(latin1).get(LENGTH).op(Instruction::I32Ne).op(Instruction::If(BlockType::Empty));
        let tagged = new_i32(code);
        code.get(LENGTH).i32(UTF16_TAG).op(Instruction::I32Or).set(tagged);
        answer(code, copy, tagged);
        code.op(Instruction::End);
        code.get(copy).long(self.to.ptr).get(LENGTH).call(self.narrow);
        self.reallocate(code, (copy, size), 1, LENGTH)?;
        answer(code, copy, LENGTH);
        Ok(())
    }

    /// What is behind so many code units of the string: locals of its pointer and length.
    fn rest(&self, code: &mut Code, source: Simple, read: u32) -> (u32, u32) {
        let ptr = self.from.ptr;
        let (begin, length) = (code.address(ptr), new_i32(code));
        code.get(read).i32(source.size()).op(Instruction::I32Mul).widen(ptr).get(BEGIN).add(ptr).set(begin);
        code.get(LENGTH).get(read).op(Instruction::I32Sub).set(length);
        (begin, length)
    }

    /// Calls the host, which leaves an `i64` on the stack.
    fn convert(
        &self,
        code: &mut Code,
        conversion: Conversion,
        (begin, length): (u32, u32),
        (place, before): (u32, Option<u32>),
    ) {
        code.i32(conversion as u32).get(begin).long(self.from.ptr).get(length).get(place).long(self.to.ptr);
        match before {
            Some(before) => code.get(before),
            None => code.i32(0),
        };
        code.call(self.convert);
    }

    fn reallocate(&self, code: &mut Code, (pointer, old): (u32, u32), align: u32, size: u32) -> Result<()> {
        reallocate(code, &self.to, (pointer, Some(old)), align, size, Trap::ReallocOutOfBounds)
    }

    /// Gives back what the worst case took too much.
    fn shrink(&self, code: &mut Code, (pointer, size): (u32, u32), align: u32, needed: u32) -> Result<()> {
        code.get(needed).get(size).op(Instruction::I32LtU).op(Instruction::If(BlockType::Empty));
        self.reallocate(code, (pointer, size), align, needed)?;
        code.op(Instruction::End);
        Ok(())
    }
}

/// A new local that is so many times another, which does not overflow for a string that was checked.
fn times(code: &mut Code, local: u32, count: u32) -> u32 {
    let product = new_i32(code);
    code.get(local).i32(count).op(Instruction::I32Mul).set(product);
    product
}

/// Takes the answer of a conversion from the stack: locals of what was read and what was written.
fn progress(code: &mut Code) -> (u32, u32) {
    let (both, read, written) = (code.local(ValType::I64), new_i32(code), new_i32(code));
    code.tee(both).op(Instruction::I32WrapI64).set(read);
    code.get(both).ops([Instruction::I64Const(32), Instruction::I64ShrU, Instruction::I32WrapI64]).set(written);
    (read, written)
}

/// Returns the pointer and the tagged length.
fn answer(code: &mut Code, pointer: u32, length: u32) {
    code.get(pointer).get(length).op(Instruction::Return);
}
