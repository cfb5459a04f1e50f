//! Values without a static type.

use super::val_lift::lift_val;
use super::val_lower::lower_val;
use super::{ResourceAny, WitType};
use crate::linker::HostTypes;
use crate::stream::{FutureAny, StreamAny};
use crate::types::ValType;

/// Any value of the Component Model. Its type is known from where it is used; fields and cases are by position.
#[derive(Debug, PartialEq)]
#[non_exhaustive]
pub enum Val {
    /// `bool`
    Bool(bool),
    /// `s8`
    S8(i8),
    /// `u8`
    U8(u8),
    /// `s16`
    S16(i16),
    /// `u16`
    U16(u16),
    /// `s32`
    S32(i32),
    /// `u32`
    U32(u32),
    /// `s64`
    S64(i64),
    /// `u64`
    U64(u64),
    /// `f32`
    F32(f32),
    /// `f64`
    F64(f64),
    /// `char`
    Char(char),
    /// `string`
    String(String),
    /// A `string` on its way from guest to guest that was Latin-1 and yet UTF-16 in a `latin1+utf16` memory, which whom it
    /// goes to sees in the calls of its `realloc`. The host never gets one.
    #[doc(hidden)]
    TaggedString(String),
    /// `list<u8>`, always in this form.
    Bytes(Vec<u8>),
    /// Any other list, and lists of fixed length.
    List(Vec<Val>),
    /// `record`: the fields in the order of the type.
    Record(Vec<Val>),
    /// `tuple`
    Tuple(Vec<Val>),
    /// `variant`: the number of the case, and its payload.
    Variant(u32, Option<Box<Val>>),
    /// `enum`: the number of the label.
    Enum(u32),
    /// `option`
    Option(Option<Box<Val>>),
    /// `result`
    Result(Result<Option<Box<Val>>, Option<Box<Val>>>),
    /// `flags`: the first label is bit 0.
    Flags(u32),
    /// `map`
    Map(Vec<(Val, Val)>),
    /// `own` and `borrow`
    Resource(ResourceAny),
    /// `stream`: its readable end.
    Stream(StreamAny),
    /// `future`: its readable end.
    Future(FutureAny),
    /// `error-context`: its debug message.
    ErrorContext(String),
}

impl WitType for Val {
    fn wit_name() -> String {
        "any type".into()
    }

    fn check(_ty: &ValType, _host: &HostTypes) -> crate::Result<()> {
        Ok(())
    }

    crate::__wit_both_ways!(lift_val, lower_val);
}
