//! Our types as WAVE knows them.

use thalweg::types::ValType;
use wasm_wave::value::Type;

/// The WAVE type of `ty`; none for what has no text: handles, streams, futures, error contexts.
pub fn wave_type(ty: &ValType) -> Option<Type> {
    Some(match ty {
        ValType::Bool => Type::BOOL,
        ValType::S8 => Type::S8,
        ValType::U8 => Type::U8,
        ValType::S16 => Type::S16,
        ValType::U16 => Type::U16,
        ValType::S32 => Type::S32,
        ValType::U32 => Type::U32,
        ValType::S64 => Type::S64,
        ValType::U64 => Type::U64,
        ValType::F32 => Type::F32,
        ValType::F64 => Type::F64,
        ValType::Char => Type::CHAR,
        ValType::String => Type::STRING,
        ValType::List(list) => match list.length {
            None => Type::list(wave_type(&list.element)?),
            Some(length) => Type::fixed_length_list(wave_type(&list.element)?, length),
        },
        ValType::Record(record) => {
            let fields = record.fields.iter().map(|field| Some((field.name.clone(), wave_type(&field.ty)?)));
            Type::record(fields.collect::<Option<Vec<_>>>()?)?
        }
        ValType::Tuple(tuple) => {
            let types: Option<Vec<_>> = tuple.elements.iter().map(|element| wave_type(&element.ty)).collect();
            Type::tuple(types?)?
        }
        ValType::Variant(variant) => {
            let cases = variant.cases.iter().map(|case| Some((case.name.clone(), payload(case.ty.as_ref())?)));
            Type::variant(cases.collect::<Option<Vec<_>>>()?)?
        }
        ValType::Enum(names) => Type::enum_ty(names.names.iter().cloned())?,
        ValType::Option(option) => Type::option(wave_type(&option.some)?),
        ValType::Result(result) => Type::result(payload(result.ok.as_ref())?, payload(result.err.as_ref())?),
        ValType::Flags(flags) => Type::flags(flags.names.iter().cloned())?,
        ValType::Map(map) => match &*map.entry.elements {
            [key, value] => Type::map(wave_type(&key.ty)?, wave_type(&value.ty)?)?,
            _ => return None,
        },
        ValType::ErrorContext | ValType::Own(_) | ValType::Borrow(_) | ValType::Stream(_) | ValType::Future(_) => {
            return None;
        }
    })
}

/// The type of a payload that may not be there: nothing is a type too.
fn payload(ty: Option<&ValType>) -> Option<Option<Type>> {
    match ty {
        None => Some(None),
        Some(ty) => wave_type(ty).map(Some),
    }
}
