//! Size, alignment and flattening of every type, computed once when a type is built.
//!
//! Spec: "Alignment", "Element Size", "Flattening" (`alignment`, `elem_size`, `flatten_type`, `join`).

use std::sync::{Arc, LazyLock};

use super::{
    CaseType, EnumType, FieldType, FlagsType, FuncType, ListType, MapType, OptionType, PayloadType, PerPtr, PtrType,
    RecordType, ResultType, TupleElement, TupleType, ValType, VariantShape, VariantType,
};

/// Spec: `MAX_FLAT_PARAMS`.
pub const MAX_FLAT_PARAMS: usize = 16;
/// Spec: `MAX_FLAT_ASYNC_PARAMS`.
pub const MAX_FLAT_ASYNC_PARAMS: usize = 4;
/// Spec: `MAX_FLAT_RESULTS`.
pub const MAX_FLAT_RESULTS: usize = 1;

/// The core type of one flat value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FlatType {
    /// `i32`
    I32,
    /// `i64`
    I64,
    /// `f32`
    F32,
    /// `f64`
    F64,
}

impl FlatType {
    /// Spec: `join`.
    #[must_use]
    pub fn join(self, other: FlatType) -> FlatType {
        match (self, other) {
            (a, b) if a == b => a,
            (FlatType::I32, FlatType::F32) | (FlatType::F32, FlatType::I32) => FlatType::I32,
            _ => FlatType::I64,
        }
    }
}

/// Size, alignment and flat types of a type.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Layout {
    /// Bytes in memory.
    pub size: u32,
    /// Alignment in bytes: 1, 2, 4 or 8.
    pub align: u32,
    /// The flat types; `None` when there are more than [`MAX_FLAT_PARAMS`], which is as far as anyone looks.
    pub flat: Option<Box<[FlatType]>>,
}

impl Layout {
    fn scalar(size: u32, flat: FlatType) -> Layout {
        Layout { size, align: size, flat: Some(Box::new([flat])) }
    }

    fn pointer_and_length(ptr: PtrType) -> Layout {
        Layout { size: 2 * ptr.size(), align: ptr.size(), flat: Some(Box::new([ptr.flat(); 2])) }
    }
}

/// The layouts of types that have no node of their own.
struct Scalars {
    byte: Layout,
    half: Layout,
    word: Layout,
    long: Layout,
    f32: Layout,
    f64: Layout,
    string: PerPtr<Layout>,
}

static SCALARS: LazyLock<Scalars> = LazyLock::new(|| Scalars {
    byte: Layout::scalar(1, FlatType::I32),
    half: Layout::scalar(2, FlatType::I32),
    word: Layout::scalar(4, FlatType::I32),
    long: Layout::scalar(8, FlatType::I64),
    f32: Layout::scalar(4, FlatType::F32),
    f64: Layout::scalar(8, FlatType::F64),
    string: PerPtr::new(Layout::pointer_and_length),
});

/// Rounds `value` up to a multiple of `align` (a power of two). Spec: `align_to`.
#[must_use]
pub fn align_to(value: u32, align: u32) -> u32 {
    value.saturating_add(align - 1) & !(align - 1)
}

fn concat<'a>(parts: impl IntoIterator<Item = &'a Option<Box<[FlatType]>>>) -> Option<Box<[FlatType]>> {
    let mut flat = Vec::new();
    for part in parts {
        flat.extend_from_slice(part.as_ref()?);
        if flat.len() > MAX_FLAT_PARAMS {
            return None;
        }
    }
    Some(flat.into())
}

impl ValType {
    /// Size, alignment and flat types, with addresses of type `ptr`.
    #[must_use]
    pub fn layout(&self, ptr: PtrType) -> &Layout {
        match self {
            ValType::List(ty) => ty.layout.of(ptr),
            ValType::Record(ty) => ty.layout.of(ptr),
            ValType::Tuple(ty) => ty.layout.of(ptr),
            ValType::Variant(ty) => ty.layout.of(ptr),
            ValType::Enum(ty) => &ty.layout,
            ValType::Option(ty) => ty.layout.of(ptr),
            ValType::Result(ty) => ty.layout.of(ptr),
            ValType::Flags(ty) => &ty.layout,
            ValType::String | ValType::Map(_) => SCALARS.string.of(ptr),
            ValType::Bool | ValType::S8 | ValType::U8 => &SCALARS.byte,
            ValType::S16 | ValType::U16 => &SCALARS.half,
            ValType::S64 | ValType::U64 => &SCALARS.long,
            ValType::F32 => &SCALARS.f32,
            ValType::F64 => &SCALARS.f64,
            ValType::S32
            | ValType::U32
            | ValType::Char
            | ValType::ErrorContext
            | ValType::Own(_)
            | ValType::Borrow(_)
            | ValType::Stream(_)
            | ValType::Future(_) => &SCALARS.word,
        }
    }

    /// Bytes in memory. Spec: `elem_size`.
    #[must_use]
    pub fn size(&self, ptr: PtrType) -> u32 {
        match self {
            ValType::List(ty) => ty.layout.of(ptr).size,
            ValType::Record(ty) => ty.layout.of(ptr).size,
            ValType::Tuple(ty) => ty.layout.of(ptr).size,
            ValType::Variant(ty) => ty.layout.of(ptr).size,
            ValType::Enum(ty) => ty.layout.size,
            ValType::Option(ty) => ty.layout.of(ptr).size,
            ValType::Result(ty) => ty.layout.of(ptr).size,
            ValType::Flags(ty) => ty.layout.size,
            ValType::Bool | ValType::S8 | ValType::U8 => 1,
            ValType::S16 | ValType::U16 => 2,
            ValType::S64 | ValType::U64 | ValType::F64 => 8,
            ValType::String | ValType::Map(_) => 2 * ptr.size(),
            _ => 4,
        }
    }

    /// Alignment in bytes. Spec: `alignment`.
    #[must_use]
    pub fn align(&self, ptr: PtrType) -> u32 {
        match self {
            ValType::List(ty) => ty.layout.of(ptr).align,
            ValType::Record(ty) => ty.layout.of(ptr).align,
            ValType::Tuple(ty) => ty.layout.of(ptr).align,
            ValType::Variant(ty) => ty.layout.of(ptr).align,
            ValType::Enum(ty) => ty.layout.align,
            ValType::Option(ty) => ty.layout.of(ptr).align,
            ValType::Result(ty) => ty.layout.of(ptr).align,
            ValType::Flags(ty) => ty.layout.align,
            ValType::Bool | ValType::S8 | ValType::U8 => 1,
            ValType::S16 | ValType::U16 => 2,
            ValType::S64 | ValType::U64 | ValType::F64 => 8,
            ValType::String | ValType::Map(_) => ptr.size(),
            _ => 4,
        }
    }

    /// How many flat values, whatever the type of addresses; `None` when more than [`MAX_FLAT_PARAMS`].
    #[must_use]
    pub fn flat_count(&self) -> Option<usize> {
        self.layout(PtrType::I32).flat.as_ref().map(|flat| flat.len())
    }

    /// Whether a stream of this payload may be read and written in one instance. Spec: `none_or_number_type`.
    #[must_use]
    pub fn is_number(&self) -> bool {
        matches!(
            self,
            ValType::U8
                | ValType::U16
                | ValType::U32
                | ValType::U64
                | ValType::S8
                | ValType::S16
                | ValType::S32
                | ValType::S64
                | ValType::F32
                | ValType::F64
        )
    }

    /// A list, or a list of a fixed length.
    #[must_use]
    pub fn list(element: ValType, length: Option<u32>) -> ValType {
        let layout = PerPtr::new(|ptr| match length {
            None => Layout::pointer_and_length(ptr),
            Some(length) => {
                let one = element.layout(ptr);
                let flat = match usize::try_from(length) {
                    Ok(n) if n <= MAX_FLAT_PARAMS => concat(std::iter::repeat_n(&one.flat, n)),
                    _ => None,
                };
                Layout { size: one.size.saturating_mul(length), align: one.align, flat }
            }
        });
        ValType::List(Arc::new(ListType { element, length, layout }))
    }

    /// A record of `(label, type)`.
    #[must_use]
    pub fn record(fields: impl IntoIterator<Item = (Box<str>, ValType)>) -> ValType {
        let (names, types): (Vec<_>, Vec<_>) = fields.into_iter().unzip();
        let tuple = TupleType::new(types);
        let fields =
            names.into_iter().zip(tuple.elements).map(|(name, e)| FieldType { name, ty: e.ty, offset: e.offset });
        ValType::Record(Arc::new(RecordType { fields: fields.collect(), layout: tuple.layout }))
    }

    /// A tuple.
    #[must_use]
    pub fn tuple(types: impl IntoIterator<Item = ValType>) -> ValType {
        ValType::Tuple(Arc::new(TupleType::new(types)))
    }

    /// A variant of `(label, payload)`.
    #[must_use]
    pub fn variant(cases: impl IntoIterator<Item = (Box<str>, Option<ValType>)>) -> ValType {
        let cases: Box<[CaseType]> = cases.into_iter().map(|(name, ty)| CaseType { name, ty }).collect();
        let (shape, layout) = variant_layouts(cases.len(), || cases.iter().map(|case| case.ty.as_ref()));
        ValType::Variant(Arc::new(VariantType { cases, shape, layout }))
    }

    /// An enum of labels.
    #[must_use]
    pub fn enumeration(names: impl IntoIterator<Item = Box<str>>) -> ValType {
        let names: Box<[Box<str>]> = names.into_iter().collect();
        let layout = Layout::scalar(discriminant_size(names.len()), FlatType::I32);
        ValType::Enum(Arc::new(EnumType { names, layout }))
    }

    /// An option.
    #[must_use]
    pub fn option(some: ValType) -> ValType {
        let (shape, layout) = variant_layouts(2, || [None, Some(&some)].into_iter());
        ValType::Option(Arc::new(OptionType { some, shape, layout }))
    }

    /// A result.
    #[must_use]
    pub fn result(ok: Option<ValType>, err: Option<ValType>) -> ValType {
        let (shape, layout) = variant_layouts(2, || [ok.as_ref(), err.as_ref()].into_iter());
        ValType::Result(Arc::new(ResultType { ok, err, shape, layout }))
    }

    /// Flags of labels, the first is bit 0.
    #[must_use]
    pub fn flags(names: impl IntoIterator<Item = Box<str>>) -> ValType {
        let names: Box<[Box<str>]> = names.into_iter().collect();
        let size = match names.len() {
            0..=8 => 1,
            9..=16 => 2,
            _ => 4,
        };
        ValType::Flags(Arc::new(FlagsType { names, layout: Layout::scalar(size, FlatType::I32) }))
    }

    /// A map.
    #[must_use]
    pub fn map(key: ValType, value: ValType) -> ValType {
        let entry = Arc::new(TupleType::new([key, value]));
        ValType::Map(Arc::new(MapType { entry }))
    }

    /// A stream.
    #[must_use]
    pub fn stream(payload: Option<ValType>) -> ValType {
        ValType::Stream(Arc::new(PayloadType { payload }))
    }

    /// A future.
    #[must_use]
    pub fn future(payload: Option<ValType>) -> ValType {
        ValType::Future(Arc::new(PayloadType { payload }))
    }
}

impl TupleType {
    /// A tuple of `types`.
    #[must_use]
    pub fn new(types: impl IntoIterator<Item = ValType>) -> TupleType {
        let types: Vec<ValType> = types.into_iter().collect();
        let placed = PerPtr::new(|ptr| tuple_layout(&types, ptr));
        let offset = |i: usize, ptr| placed.of(ptr).0.get(i).copied().unwrap_or_default();
        let elements = types.into_iter().enumerate();
        let elements: Vec<_> =
            elements.map(|(i, ty)| TupleElement { ty, offset: PerPtr::new(|ptr| offset(i, ptr)) }).collect();
        let layout = PerPtr::new(|ptr| placed.of(ptr).1.clone());
        TupleType { elements: elements.into(), layout }
    }
}

impl FuncType {
    /// A function type of `(name, type)` parameters.
    #[must_use]
    pub fn new(
        params: impl IntoIterator<Item = (Box<str>, ValType)>,
        result: Option<ValType>,
        async_: bool,
    ) -> FuncType {
        let (names, types): (Vec<_>, Vec<_>) = params.into_iter().unzip();
        FuncType { names: names.into(), params: Arc::new(TupleType::new(types)), result, async_ }
    }
}

/// The offsets of elements of these types, and the layout of all of them together.
fn tuple_layout(types: &[ValType], ptr: PtrType) -> (Vec<u32>, Layout) {
    let (mut size, mut align) = (0, 1);
    let mut offsets = Vec::with_capacity(types.len());
    for ty in types {
        let one = ty.layout(ptr);
        let offset = align_to(size, one.align);
        size = offset.saturating_add(one.size);
        align = align.max(one.align);
        offsets.push(offset);
    }
    let flat = concat(types.iter().map(|ty| &ty.layout(ptr).flat));
    (offsets, Layout { size: align_to(size, align), align, flat })
}

/// Spec: `discriminant_type`.
fn discriminant_size(cases: usize) -> u32 {
    match cases {
        0..=0x100 => 1,
        0x101..=0x1_0000 => 2,
        _ => 4,
    }
}

/// [`variant_layout`] for each type of addresses.
fn variant_layouts<'a, I: Iterator<Item = Option<&'a ValType>>>(
    count: usize,
    payloads: impl Fn() -> I,
) -> (PerPtr<VariantShape>, PerPtr<Layout>) {
    let both = PerPtr::new(|ptr| variant_layout(count, payloads(), ptr));
    (PerPtr::new(|ptr| both.of(ptr).0), PerPtr::new(|ptr| both.of(ptr).1.clone()))
}

fn variant_layout<'a>(
    count: usize,
    payloads: impl Iterator<Item = Option<&'a ValType>>,
    ptr: PtrType,
) -> (VariantShape, Layout) {
    let discriminant_size = discriminant_size(count);
    let (mut size, mut align) = (0, 1);
    let mut flat = Some(vec![FlatType::I32]);
    for payload in payloads.flatten() {
        let one = payload.layout(ptr);
        size = size.max(one.size);
        align = align.max(one.align);
        flat = match (flat, &one.flat) {
            (Some(mut all), Some(one)) if one.len() < MAX_FLAT_PARAMS => {
                join_into(&mut all, one);
                Some(all)
            }
            _ => None,
        };
    }
    let payload_offset = align_to(discriminant_size, align);
    let align = align.max(discriminant_size);
    let size = align_to(payload_offset.saturating_add(size), align);
    let shape = VariantShape { discriminant_size, payload_offset };
    (shape, Layout { size, align, flat: flat.map(Into::into) })
}

/// Joins the flat types of a payload into those of a variant, behind the discriminant. Spec: `flatten_variant`.
fn join_into(all: &mut Vec<FlatType>, payload: &[FlatType]) {
    for (i, &ty) in payload.iter().enumerate() {
        match all.get_mut(i + 1) {
            Some(slot) => *slot = slot.join(ty),
            None => all.push(ty),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_pads_its_fields_and_its_end() {
        let ValType::Record(ty) =
            ValType::record([("a".into(), ValType::U8), ("b".into(), ValType::U32), ("c".into(), ValType::U8)])
        else {
            panic!("not a record")
        };
        assert_eq!(ty.fields.iter().map(|f| f.offset).collect::<Vec<_>>(), [0, 4, 8].map(PerPtr::both));
        let layout = ty.layout.of(PtrType::I64);
        assert_eq!((layout.size, layout.align), (12, 4));
    }

    #[test]
    fn a_variant_joins_its_flat_types() {
        use FlatType::{F32, F64, I32, I64};
        let ty = ValType::result(Some(ValType::F32), Some(ValType::tuple([ValType::U32, ValType::F64])));
        assert_eq!(ty.layout(PtrType::I32).flat.as_deref(), Some(&[I32, I32, F64][..]));
        let ty = ValType::result(Some(ValType::U64), Some(ValType::F32));
        assert_eq!(ty.layout(PtrType::I32).flat.as_deref(), Some(&[I32, I64][..]));
        assert_eq!(F32.join(F64), I64);
        assert_eq!((ty.size(PtrType::I32), ty.align(PtrType::I32)), (16, 8));
    }

    #[test]
    fn addresses_of_64_bits_take_more_room() {
        use FlatType::{I32, I64};
        let ValType::Tuple(ty) = ValType::tuple([ValType::U8, ValType::String, ValType::U32]) else {
            panic!("a tuple")
        };
        let offsets = |ptr| ty.elements.iter().map(|element| element.offset.at(ptr)).collect::<Vec<_>>();
        assert_eq!((offsets(PtrType::I32), offsets(PtrType::I64)), (vec![0, 4, 12], vec![0, 8, 24]));
        let layouts = PtrType::ALL.map(|ptr| ty.layout.of(ptr));
        assert_eq!(layouts.map(|layout| (layout.size, layout.align)), [(16, 4), (32, 8)]);
        assert_eq!(layouts[1].flat.as_deref(), Some(&[I32, I64, I64, I32][..]));
        let option = ValType::option(ValType::list(ValType::U8, None));
        assert_eq!(PtrType::ALL.map(|ptr| (option.size(ptr), option.align(ptr))), [(12, 4), (24, 8)]);
        assert_eq!(option.layout(PtrType::I64).flat.as_deref(), Some(&[I32, I64, I64][..]));
    }

    #[test]
    fn too_many_flat_values_are_none() {
        assert_eq!(ValType::tuple(std::iter::repeat_n(ValType::U8, 16)).flat_count(), Some(16));
        assert_eq!(ValType::tuple(std::iter::repeat_n(ValType::U8, 17)).flat_count(), None);
        assert_eq!(ValType::option(ValType::tuple(std::iter::repeat_n(ValType::U8, 16))).flat_count(), None);
    }
}
