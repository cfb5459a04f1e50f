//! The types of the Component Model, as values that carry their own layout.
//!
//! A [`ValType`] is a small tree with shared nodes. Nodes know size, alignment and flattening for
//! memories of 32 and of 64 bits, so lifting and lowering never compute them. Resources are numbers of the
//! [`Plan`](crate::plan::Plan) they belong to.

mod layout;
mod name;
mod ptr;
mod same;

pub use layout::{FlatType, Layout, MAX_FLAT_ASYNC_PARAMS, MAX_FLAT_PARAMS, MAX_FLAT_RESULTS, align_to};
pub use ptr::{PerPtr, PtrType, is_aligned};

pub(crate) use same::same_payload;

use std::sync::Arc;

/// A resource type within one [`Plan`](crate::plan::Plan): its place in `Plan::resources`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceIndex(pub u32);

/// A value type. Spec: `ValType`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ValType {
    /// `bool`
    Bool,
    /// `s8`
    S8,
    /// `u8`
    U8,
    /// `s16`
    S16,
    /// `u16`
    U16,
    /// `s32`
    S32,
    /// `u32`
    U32,
    /// `s64`
    S64,
    /// `u64`
    U64,
    /// `f32`
    F32,
    /// `f64`
    F64,
    /// `char`
    Char,
    /// `string`
    String,
    /// `error-context`
    ErrorContext,
    /// `list<T>` and `list<T, N>`
    List(Arc<ListType>),
    /// `record`
    Record(Arc<RecordType>),
    /// `tuple`
    Tuple(Arc<TupleType>),
    /// `variant`
    Variant(Arc<VariantType>),
    /// `enum`
    Enum(Arc<EnumType>),
    /// `option<T>`
    Option(Arc<OptionType>),
    /// `result<T, E>`
    Result(Arc<ResultType>),
    /// `flags`
    Flags(Arc<FlagsType>),
    /// `map<K, V>`
    Map(Arc<MapType>),
    /// `own<R>`
    Own(ResourceIndex),
    /// `borrow<R>`
    Borrow(ResourceIndex),
    /// `stream<T>`; without a payload, `stream`
    Stream(Arc<PayloadType>),
    /// `future<T>`; without a payload, `future`
    Future(Arc<PayloadType>),
}

/// Spec: `ListType`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct ListType {
    /// The type of an element.
    pub element: ValType,
    /// The length, when it is part of the type.
    pub length: Option<u32>,
    /// Layout of the list value itself (pointer and length, or the elements in line).
    pub layout: PerPtr<Layout>,
}

/// One field of a record. Spec: `FieldType`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct FieldType {
    /// Its label.
    pub name: Box<str>,
    /// Its type.
    pub ty: ValType,
    /// Bytes from the start of the record.
    pub offset: PerPtr<u32>,
}

/// Spec: `RecordType`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct RecordType {
    /// The fields in order.
    pub fields: Box<[FieldType]>,
    /// Layout of the whole record.
    pub layout: PerPtr<Layout>,
}

/// One element of a tuple.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct TupleElement {
    /// Its type.
    pub ty: ValType,
    /// Bytes from the start of the tuple.
    pub offset: PerPtr<u32>,
}

/// Spec: `TupleType`. Also the shape of parameters that do not fit flat.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct TupleType {
    /// The elements in order.
    pub elements: Box<[TupleElement]>,
    /// Layout of the whole tuple.
    pub layout: PerPtr<Layout>,
}

/// One case of a variant. Spec: `CaseType`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct CaseType {
    /// Its label.
    pub name: Box<str>,
    /// Its payload.
    pub ty: Option<ValType>,
}

/// Where the discriminant and the payload of a variant are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct VariantShape {
    /// Bytes of the discriminant: 1, 2 or 4.
    pub discriminant_size: u32,
    /// Bytes from the start to the payload.
    pub payload_offset: u32,
}

/// Spec: `VariantType`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct VariantType {
    /// The cases in order.
    pub cases: Box<[CaseType]>,
    /// Discriminant and payload.
    pub shape: PerPtr<VariantShape>,
    /// Layout of the whole variant.
    pub layout: PerPtr<Layout>,
}

/// Spec: `EnumType`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct EnumType {
    /// The labels in order.
    pub names: Box<[Box<str>]>,
    /// Layout of the discriminant.
    pub layout: Layout,
}

/// Spec: `OptionType`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct OptionType {
    /// The payload of `some`.
    pub some: ValType,
    /// Discriminant and payload.
    pub shape: PerPtr<VariantShape>,
    /// Layout of the whole option.
    pub layout: PerPtr<Layout>,
}

/// Spec: `ResultType`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct ResultType {
    /// The payload of `ok`.
    pub ok: Option<ValType>,
    /// The payload of `error`.
    pub err: Option<ValType>,
    /// Discriminant and payload.
    pub shape: PerPtr<VariantShape>,
    /// Layout of the whole result.
    pub layout: PerPtr<Layout>,
}

/// Spec: `FlagsType`: 1 to 32 labels, the first is bit 0.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct FlagsType {
    /// The labels in order.
    pub names: Box<[Box<str>]>,
    /// Layout of the bits.
    pub layout: Layout,
}

/// Spec: `MapType`: travels as `list<tuple<K, V>>`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct MapType {
    /// The key and value as the tuple they travel as.
    pub entry: Arc<TupleType>,
}

/// The payload of a stream or a future. Spec: `StreamType`, `FutureType`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct PayloadType {
    /// The type of an item; none for a bare signal.
    pub payload: Option<ValType>,
}

/// Spec: `FuncType`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct FuncType {
    /// Names of the parameters.
    pub names: Box<[Box<str>]>,
    /// The parameters as the tuple they become when they do not fit flat.
    pub params: Arc<TupleType>,
    /// The result, if any.
    pub result: Option<ValType>,
    /// Whether the function may block. Spec: `FuncType.async_`.
    pub async_: bool,
}

impl FuncType {
    /// Whether a call may lend handles to the callee.
    #[must_use]
    pub fn borrows(&self) -> bool {
        self.params.elements.iter().any(|element| has_borrows(&element.ty))
    }
}

/// Whether a value of this type may have a `borrow` in it.
fn has_borrows(ty: &ValType) -> bool {
    match ty {
        ValType::Borrow(_) => true,
        ValType::List(list) => has_borrows(&list.element),
        ValType::Map(map) => map.entry.elements.iter().any(|element| has_borrows(&element.ty)),
        ValType::Record(record) => record.fields.iter().any(|field| has_borrows(&field.ty)),
        ValType::Tuple(tuple) => tuple.elements.iter().any(|element| has_borrows(&element.ty)),
        ValType::Variant(variant) => variant.cases.iter().filter_map(|case| case.ty.as_ref()).any(has_borrows),
        ValType::Option(option) => has_borrows(&option.some),
        ValType::Result(result) => result.ok.iter().chain(&result.err).any(has_borrows),
        _ => false,
    }
}
