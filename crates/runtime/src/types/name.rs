//! Types in the words of WIT, for messages and for `inspect`.

use std::fmt;

use super::{FuncType, ValType};

impl fmt::Display for ValType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ValType::Bool => f.write_str("bool"),
            ValType::S8 => f.write_str("s8"),
            ValType::U8 => f.write_str("u8"),
            ValType::S16 => f.write_str("s16"),
            ValType::U16 => f.write_str("u16"),
            ValType::S32 => f.write_str("s32"),
            ValType::U32 => f.write_str("u32"),
            ValType::S64 => f.write_str("s64"),
            ValType::U64 => f.write_str("u64"),
            ValType::F32 => f.write_str("f32"),
            ValType::F64 => f.write_str("f64"),
            ValType::Char => f.write_str("char"),
            ValType::String => f.write_str("string"),
            ValType::ErrorContext => f.write_str("error-context"),
            ValType::List(ty) => match ty.length {
                None => write!(f, "list<{}>", ty.element),
                Some(length) => write!(f, "list<{}, {length}>", ty.element),
            },
            ValType::Record(ty) => {
                let fields = ty.fields.iter().map(|field| format!("{}: {}", field.name, field.ty));
                write!(f, "record {{ {} }}", fields.collect::<Vec<_>>().join(", "))
            }
            ValType::Tuple(ty) => write!(f, "tuple<{}>", list(ty.elements.iter().map(|e| &e.ty))),
            ValType::Variant(ty) => {
                let cases = ty.cases.iter().map(|case| match &case.ty {
                    None => case.name.to_string(),
                    Some(ty) => format!("{}({ty})", case.name),
                });
                write!(f, "variant {{ {} }}", cases.collect::<Vec<_>>().join(", "))
            }
            ValType::Enum(ty) => write!(f, "enum {{ {} }}", ty.names.join(", ")),
            ValType::Option(ty) => write!(f, "option<{}>", ty.some),
            ValType::Result(ty) => match (&ty.ok, &ty.err) {
                (None, None) => f.write_str("result"),
                (Some(ok), None) => write!(f, "result<{ok}>"),
                (None, Some(err)) => write!(f, "result<_, {err}>"),
                (Some(ok), Some(err)) => write!(f, "result<{ok}, {err}>"),
            },
            ValType::Flags(ty) => write!(f, "flags {{ {} }}", ty.names.join(", ")),
            ValType::Map(ty) => write!(f, "map<{}>", list(ty.entry.elements.iter().map(|e| &e.ty))),
            ValType::Own(resource) => write!(f, "own<resource {}>", resource.0),
            ValType::Borrow(resource) => write!(f, "borrow<resource {}>", resource.0),
            ValType::Stream(ty) => payload(f, "stream", ty.payload.as_ref()),
            ValType::Future(ty) => payload(f, "future", ty.payload.as_ref()),
        }
    }
}

fn list<'a>(types: impl Iterator<Item = &'a ValType>) -> String {
    types.map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn payload(f: &mut fmt::Formatter<'_>, name: &str, payload: Option<&ValType>) -> fmt::Result {
    match payload {
        None => f.write_str(name),
        Some(ty) => write!(f, "{name}<{ty}>"),
    }
}

impl fmt::Display for FuncType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.async_ { "async func(" } else { "func(" })?;
        for (i, (name, element)) in self.names.iter().zip(&self.params.elements).enumerate() {
            let comma = if i == 0 { "" } else { ", " };
            write!(f, "{comma}{name}: {}", element.ty)?;
        }
        match &self.result {
            None => f.write_str(")"),
            Some(ty) => write!(f, ") -> {ty}"),
        }
    }
}
