//! Random types and values of them, from a seed.

use thalweg::Val;
use thalweg::types::{PtrType, ValType};

/// What makes choices: a small generator (SplitMix64), enough to choose shapes and the same everywhere; or bytes, one or a
/// few for each choice, so that who changes a byte changes a choice.
pub struct Random(Source);

enum Source {
    Seed(u64),
    /// What is left of the bytes. When nothing is, every choice is the first.
    Bytes(Vec<u8>, usize),
}

impl Random {
    /// Choices of a generator that starts at `seed`.
    pub fn new(seed: u64) -> Self {
        Random(Source::Seed(seed))
    }

    /// Choices that `bytes` make.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Random(Source::Bytes(bytes.to_vec(), 0))
    }

    /// Any number.
    pub fn any(&mut self) -> u64 {
        self.number(8)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        let bytes = match n {
            0..=0x100 => 1,
            0x101..=0x1_0000 => 2,
            _ => 8,
        };
        (self.number(bytes) % n as u64) as usize
    }

    /// Whether choices are left; a generator always has some.
    pub fn has_more(&self) -> bool {
        match &self.0 {
            Source::Seed(_) => true,
            Source::Bytes(bytes, at) => *at < bytes.len(),
        }
    }

    /// A number of which `bytes` bytes matter.
    fn number(&mut self, bytes: usize) -> u64 {
        match &mut self.0 {
            Source::Seed(state) => {
                *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
                let mut bits = *state;
                bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                bits ^ (bits >> 31)
            }
            Source::Bytes(all, at) => {
                let taken = all.iter().skip(*at).take(bytes);
                let number = taken.fold(0, |number, byte| number << 8 | u64::from(*byte));
                *at += bytes;
                number
            }
        }
    }

    /// True or false.
    pub fn coin(&mut self) -> bool {
        self.below(2) == 1
    }

    /// A type of addresses.
    pub fn ptr(&mut self) -> PtrType {
        PtrType::ALL[self.below(2)]
    }

    /// Any type that needs no handle, nested at most `depth` deep.
    pub fn ty(&mut self, depth: usize) -> ValType {
        if depth == 0 || self.below(3) == 0 {
            return self.leaf();
        }
        match self.below(9) {
            0 => ValType::list(self.ty(depth - 1), None),
            1 => ValType::list(ValType::U8, None),
            2 => ValType::list(self.ty(depth - 1), Some(1 + self.below(4) as u32)),
            3 | 4 => {
                let names = self.names(1, 6);
                ValType::record(names.into_iter().map(|name| (name, self.ty(depth - 1))).collect::<Vec<_>>())
            }
            5 => {
                let len = 1 + self.below(4);
                ValType::tuple((0..len).map(|_| self.ty(depth - 1)).collect::<Vec<_>>())
            }
            6 => {
                let names = self.names(1, 6);
                ValType::variant(names.into_iter().map(|name| (name, self.payload(depth - 1))).collect::<Vec<_>>())
            }
            7 => ValType::option(self.ty(depth - 1)),
            _ => ValType::result(self.payload(depth - 1), self.payload(depth - 1)),
        }
    }

    fn leaf(&mut self) -> ValType {
        match self.below(15) {
            13 => ValType::enumeration(self.names(1, 5)),
            14 => ValType::flags(self.names(1, 33)),
            n => scalar(n),
        }
    }

    fn payload(&mut self, depth: usize) -> Option<ValType> {
        (self.below(4) != 0).then(|| self.ty(depth))
    }

    /// From `min` to `max - 1` labels.
    fn names(&mut self, min: usize, max: usize) -> Vec<Box<str>> {
        let len = min + self.below(max - min);
        (0..len).map(|i| format!("label{i}").into()).collect()
    }

    /// A value of the type.
    pub fn value(&mut self, ty: &ValType) -> Val {
        match ty {
            ValType::Bool => Val::Bool(self.coin()),
            ValType::S8 => Val::S8(self.below(0x100) as i8),
            ValType::U8 => Val::U8(self.below(0x100) as u8),
            ValType::S16 => Val::S16(self.any() as i16),
            ValType::U16 => Val::U16(self.any() as u16),
            ValType::S32 => Val::S32(self.any() as i32),
            ValType::U32 => Val::U32(self.any() as u32),
            ValType::S64 => Val::S64(self.any() as i64),
            ValType::U64 => Val::U64(self.any()),
            ValType::F32 => Val::F32(self.float32()),
            ValType::F64 => Val::F64(self.float64()),
            ValType::Char => Val::Char(self.char()),
            ValType::String => Val::String(self.text()),
            ValType::Flags(flags) => Val::Flags(self.any() as u32 & (u32::MAX >> (32 - flags.names.len()))),
            ValType::Enum(labels) => Val::Enum(self.below(labels.names.len()) as u32),
            _ => self.compound(ty),
        }
    }

    fn compound(&mut self, ty: &ValType) -> Val {
        match ty {
            ValType::List(list) if list.element == ValType::U8 && list.length.is_none() => {
                let len = self.below(300);
                Val::Bytes((0..len).map(|_| self.below(0x100) as u8).collect())
            }
            ValType::List(list) => {
                let len = list.length.map_or_else(|| self.below(5), |length| length as usize);
                Val::List((0..len).map(|_| self.value(&list.element)).collect())
            }
            ValType::Record(record) => Val::Record(record.fields.iter().map(|field| self.value(&field.ty)).collect()),
            ValType::Tuple(tuple) => Val::Tuple(tuple.elements.iter().map(|e| self.value(&e.ty)).collect()),
            ValType::Variant(variant) => {
                let number = self.below(variant.cases.len());
                Val::Variant(number as u32, self.boxed(variant.cases[number].ty.as_ref()))
            }
            ValType::Option(option) => {
                let some = self.coin().then_some(&option.some);
                Val::Option(self.boxed(some))
            }
            ValType::Result(result) if self.coin() => Val::Result(Ok(self.boxed(result.ok.as_ref()))),
            ValType::Result(result) => Val::Result(Err(self.boxed(result.err.as_ref()))),
            other => panic!("no values of {other}"),
        }
    }

    fn boxed(&mut self, ty: Option<&ValType>) -> Option<Box<Val>> {
        ty.map(|ty| Box::new(self.value(ty)))
    }

    /// Any bits. All NaNs print alike, which is how values are compared.
    fn float32(&mut self) -> f32 {
        match self.below(4) {
            0 => f32::NAN,
            1 => -0.0,
            _ => f32::from_bits(self.any() as u32),
        }
    }

    fn float64(&mut self) -> f64 {
        match self.below(4) {
            0 => f64::from_bits(0xfff0_0000_0000_0001),
            1 => f64::NEG_INFINITY,
            _ => f64::from_bits(self.any()),
        }
    }

    fn char(&mut self) -> char {
        let bits = match self.below(4) {
            0 => self.below(0x80),
            1 => self.below(0x100),
            2 => self.below(0xd800),
            _ => 0x1_0000 + self.below(0x10_0000),
        };
        char::from_u32(bits as u32).unwrap_or('\u{10ffff}')
    }

    /// Pure ASCII, Latin-1 or anything.
    fn text(&mut self) -> String {
        let len = self.below(12);
        match self.below(3) {
            0 => (0..len).map(|_| char::from(self.below(0x80) as u8)).collect(),
            1 => (0..len).map(|_| char::from(self.below(0x100) as u8)).collect(),
            _ => (0..len).map(|_| self.char()).collect(),
        }
    }
}

fn scalar(number: usize) -> ValType {
    match number {
        0 => ValType::Bool,
        1 => ValType::S8,
        2 => ValType::U8,
        3 => ValType::S16,
        4 => ValType::U16,
        5 => ValType::S32,
        6 => ValType::U32,
        7 => ValType::S64,
        8 => ValType::U64,
        9 => ValType::F32,
        10 => ValType::F64,
        11 => ValType::Char,
        _ => ValType::String,
    }
}
