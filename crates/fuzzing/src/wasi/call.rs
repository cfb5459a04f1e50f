//! One export of the guest: what it is called with, and what comes back.

use std::collections::BTreeMap;

use thalweg::Val;
use thalweg_testkit::abi::Random;
use wit_parser::{Resolve, Type, TypeDefKind, TypeId};

use super::words::kind_of;

/// Small numbers that mean something somewhere, and large ones.
const NUMBERS: [u64; 16] = [0, 1, 2, 3, 4, 7, 8, 16, 64, 80, 100, 4096, 65_535, 65_536, 1 << 20, 1_000_000_000];
/// Texts that are paths, names of fields or of hosts, addresses, or nothing of that.
const TEXTS: [&str; 32] = [
    "a",
    "b",
    "c",
    "a/b",
    "a/b/c",
    "link",
    "link/a",
    ".",
    "..",
    "../a",
    "a/..",
    "/",
    "/a",
    "a/",
    "",
    "a\0b",
    "d\u{e9}",
    "content-length",
    "Host",
    "transfer-encoding",
    "x-field",
    "5",
    "localhost",
    "example.test",
    "127.0.0.1:80",
    "[::1]:80",
    "/path?query",
    "HTTP",
    "GET",
    "no such method",
    "\u{1f600}",
    "*",
];
/// The longest of other texts and of lists.
const LENGTH: usize = 6;
/// The longest list of bytes.
const BYTES: usize = 5_000;

/// An export.
pub struct Call {
    /// The name of the export.
    pub name: String,
    /// What it calls.
    pub what: String,
    /// The types of the import's parameters.
    pub params: Vec<Type>,
    /// The type of its result.
    pub result: Option<Type>,
    /// What it does to handles.
    pub does: Does,
}

/// What a call does to the handles that it is given; the text is their kind.
pub enum Does {
    /// A function of the host: the types say it.
    Host,
    /// Drops a resource.
    Drop(String),
    /// Makes a stream or a future.
    New(String),
    /// Reads from one.
    Read(String),
    /// Writes to one.
    Write(String),
    /// Cancels a copy; the flag says at which end.
    Cancel(String, bool),
    /// Drops an end.
    DropEnd(String, bool),
}

/// The handles that the guest has, by kind.
#[derive(Default)]
pub struct Handles(BTreeMap<String, Vec<u32>>);

impl Handles {
    fn add(&mut self, kind: String, handle: u32) {
        self.0.entry(kind).or_default().push(handle);
    }

    /// One of a kind, mostly; if it is given away, it is forgotten.
    fn pick(&mut self, kind: &str, random: &mut Random, keep: bool) -> Option<u32> {
        let handles = self.0.get_mut(kind).filter(|handles| !handles.is_empty())?;
        let at = random.below(handles.len());
        Some(if keep { handles[at] } else { handles.swap_remove(at) })
    }
}

impl Call {
    /// Arguments that `random` chooses, with handles that there are. None when there is no handle for one.
    pub fn args(&self, resolve: &Resolve, handles: &mut Handles, random: &mut Random) -> Option<Vec<Val>> {
        let end = |kind: &String, writable: bool| if writable { format!("{kind} writable") } else { kind.clone() };
        let mut one = |kind: String, keep: bool| handles.pick(&kind, random, keep).map(Val::U32);
        let first = match &self.does {
            Does::Host => return self.params.iter().map(|ty| value(resolve, ty, handles, random)).collect(),
            Does::New(_) => return Some(Vec::new()),
            Does::Drop(kind) => one(kind.clone(), false)?,
            Does::Read(kind) => one(kind.clone(), true)?,
            Does::Write(kind) => one(end(kind, true), true)?,
            Does::Cancel(kind, writable) => one(end(kind, *writable), true)?,
            Does::DropEnd(kind, writable) => one(end(kind, *writable), false)?,
        };
        let mut args = vec![first];
        if self.params.len() > 1 {
            args.push(Val::U32(1024 + [0, 256][random.below(2)]));
        }
        if self.params.len() > 2 {
            args.push(Val::U32([0, 1, 2, 16, 300, 4096, 60_000][random.below(7)]));
        }
        Some(args)
    }

    /// Keeps the handles that a result has in it.
    pub fn keep(&self, resolve: &Resolve, result: &Val, handles: &mut Handles) {
        match (&self.does, result, &self.result) {
            (Does::New(kind), Val::U64(both), _) => {
                handles.add(kind.clone(), *both as u32);
                handles.add(format!("{kind} writable"), (both >> 32) as u32);
            }
            (Does::Host, result, Some(ty)) => collect(resolve, ty, result, handles),
            _ => {}
        }
    }
}

/// A value of the type.
fn value(resolve: &Resolve, ty: &Type, handles: &mut Handles, random: &mut Random) -> Option<Val> {
    Some(match ty {
        Type::Bool => Val::Bool(random.coin()),
        Type::U8 => Val::U8(number(random) as u8),
        Type::U16 => Val::U16(number(random) as u16),
        Type::U32 => Val::U32(number(random) as u32),
        Type::U64 => Val::U64(number(random)),
        Type::S64 => Val::S64(number(random) as i64),
        Type::S32 => Val::S32(number(random) as i32),
        Type::String => Val::String(text(random)),
        Type::Id(id) => return of_type(resolve, *id, handles, random),
        other => panic!("no function has a {other:?}"),
    })
}

fn of_type(resolve: &Resolve, id: TypeId, handles: &mut Handles, random: &mut Random) -> Option<Val> {
    let mut some = |ty: &Type, random: &mut Random| value(resolve, ty, handles, random);
    let mut maybe = |ty: &Option<Type>, random: &mut Random| -> Option<Option<Box<Val>>> {
        match ty {
            Some(ty) => Some(Some(Box::new(some(ty, random)?))),
            None => Some(None),
        }
    };
    Some(match &resolve.types[id].kind {
        TypeDefKind::Handle(handle) => {
            let keep = matches!(handle, wit_parser::Handle::Borrow(_));
            Val::U32(handles.pick(&kind_of(resolve, id), random, keep)?)
        }
        TypeDefKind::Stream(_) | TypeDefKind::Future(_) => {
            Val::U32(handles.pick(&kind_of(resolve, id), random, false)?)
        }
        TypeDefKind::Type(ty) => return some(ty, random),
        TypeDefKind::List(Type::U8) => {
            let length = if random.below(8) == 0 { random.below(BYTES) } else { random.below(40) };
            let first = random.below(0x100) as u8;
            Val::Bytes((0..length).map(|i| first.wrapping_add(i as u8)).collect())
        }
        TypeDefKind::List(ty) => {
            let length = random.below(LENGTH);
            Val::List((0..length).map(|_| some(ty, random)).collect::<Option<_>>()?)
        }
        TypeDefKind::Tuple(tuple) => match address(&tuple.types, random) {
            Some(address) => address,
            None => Val::Tuple(tuple.types.iter().map(|ty| some(ty, random)).collect::<Option<_>>()?),
        },
        TypeDefKind::Record(record) => {
            Val::Record(record.fields.iter().map(|field| some(&field.ty, random)).collect::<Option<_>>()?)
        }
        TypeDefKind::Option(ty) => {
            let ty = random.coin().then_some(*ty);
            Val::Option(maybe(&ty, random)?)
        }
        TypeDefKind::Result(result) if random.coin() => Val::Result(Ok(maybe(&result.ok, random)?)),
        TypeDefKind::Result(result) => Val::Result(Err(maybe(&result.err, random)?)),
        TypeDefKind::Variant(variant) => {
            let case = random.below(variant.cases.len());
            Val::Variant(case as u32, maybe(&variant.cases[case].ty, random)?)
        }
        TypeDefKind::Enum(labels) => Val::Enum(random.below(labels.cases.len()) as u32),
        TypeDefKind::Flags(flags) => Val::Flags(random.below(1 << flags.flags.len()) as u32),
        other => panic!("no function has a {}", other.as_str()),
    })
}

/// The loopback or "any" for what may be an address, three times out of four.
fn address(types: &[Type], random: &mut Random) -> Option<Val> {
    if types.len() < 4 || random.below(4) == 0 {
        return None;
    }
    let any = random.below(3) == 0;
    match (types[0], types.len()) {
        (Type::U8, 4) if any => Some(Val::Tuple([0; 4].map(Val::U8).into())),
        (Type::U8, 4) => Some(Val::Tuple([127, 0, 0, 1].map(Val::U8).into())),
        (Type::U16, 8) => Some(Val::Tuple([0, 0, 0, 0, 0, 0, 0, u16::from(!any)].map(Val::U16).into())),
        _ => None,
    }
}

fn number(random: &mut Random) -> u64 {
    match random.below(4) {
        0 if random.below(4) == 0 => match random.below(4) {
            0 => u64::MAX,
            1 => 1 << 32,
            2 => 1 << 63,
            _ => random.any(),
        },
        0 | 1 => random.below(0x100) as u64,
        _ => NUMBERS[random.below(NUMBERS.len())],
    }
}

fn text(random: &mut Random) -> String {
    match random.below(8) {
        0 => (0..random.below(LENGTH)).map(|_| char::from(random.below(0x80) as u8)).collect(),
        1 => "long/".repeat(random.below(0x400)),
        _ => TEXTS[random.below(TEXTS.len())].into(),
    }
}

/// Keeps the handles in a value.
fn collect(resolve: &Resolve, ty: &Type, value: &Val, handles: &mut Handles) {
    let Type::Id(id) = ty else { return };
    let mut each = |ty: &Option<Type>, value: Option<&Val>| {
        if let (Some(ty), Some(value)) = (ty, value) {
            collect(resolve, ty, value, handles);
        }
    };
    match (&resolve.types[*id].kind, value) {
        (TypeDefKind::Handle(_) | TypeDefKind::Stream(_) | TypeDefKind::Future(_), Val::U32(handle)) => {
            handles.add(kind_of(resolve, *id), *handle);
        }
        (TypeDefKind::Type(ty), value) => each(&Some(*ty), Some(value)),
        (TypeDefKind::List(ty), Val::List(values)) => values.iter().for_each(|value| each(&Some(*ty), Some(value))),
        (TypeDefKind::Option(ty), Val::Option(value)) => each(&Some(*ty), value.as_deref()),
        (TypeDefKind::Tuple(tuple), Val::Tuple(values)) => {
            tuple.types.iter().zip(values).for_each(|(ty, value)| each(&Some(*ty), Some(value)));
        }
        (TypeDefKind::Record(record), Val::Record(values)) => {
            record.fields.iter().zip(values).for_each(|(field, value)| each(&Some(field.ty), Some(value)));
        }
        (TypeDefKind::Result(result), Val::Result(Ok(value))) => each(&result.ok, value.as_deref()),
        (TypeDefKind::Result(result), Val::Result(Err(value))) => each(&result.err, value.as_deref()),
        (TypeDefKind::Variant(variant), Val::Variant(case, value)) => {
            each(&variant.cases[*case as usize].ty, value.as_deref());
        }
        _ => {}
    }
}
