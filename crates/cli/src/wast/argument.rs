//! Arguments of a call: from the script's words to values of the function's types.

use thalweg::Val;
use thalweg::types::{FuncType, ValType};
use wast::WastArg;
use wast::component::WastVal;
use wast::core::WastArgCore;

/// The arguments for a function of type `ty`.
pub fn arguments(ty: &FuncType, args: &[WastArg<'_>]) -> Result<Vec<Val>, String> {
    let params = &ty.params.elements;
    if params.len() != args.len() {
        return Err(format!("{} arguments for a function of {}", args.len(), params.len()));
    }
    params.iter().zip(args).map(|(param, arg)| argument(&param.ty, arg)).collect()
}

fn argument(ty: &ValType, arg: &WastArg<'_>) -> Result<Val, String> {
    match arg {
        WastArg::Component(value) => val(ty, value),
        // The words for floats are those of core wasm.
        WastArg::Core(WastArgCore::F32(float)) => Ok(Val::F32(f32::from_bits(float.bits))),
        WastArg::Core(WastArgCore::F64(float)) => Ok(Val::F64(f64::from_bits(float.bits))),
        other => Err(format!("not an argument of a component: {other:?}")),
    }
}

/// The value `value` of type `ty`.
pub fn val(ty: &ValType, value: &WastVal<'_>) -> Result<Val, String> {
    let all =
        |ty: &ValType, values: &[WastVal<'_>]| values.iter().map(|value| val(ty, value)).collect::<Result<_, _>>();
    Ok(match (ty, value) {
        (ValType::Bool, WastVal::Bool(v)) => Val::Bool(*v),
        (ValType::U8, WastVal::U8(v)) => Val::U8(*v),
        (ValType::S8, WastVal::S8(v)) => Val::S8(*v),
        (ValType::U16, WastVal::U16(v)) => Val::U16(*v),
        (ValType::S16, WastVal::S16(v)) => Val::S16(*v),
        (ValType::U32, WastVal::U32(v)) => Val::U32(*v),
        (ValType::S32, WastVal::S32(v)) => Val::S32(*v),
        (ValType::U64, WastVal::U64(v)) => Val::U64(*v),
        (ValType::S64, WastVal::S64(v)) => Val::S64(*v),
        (ValType::F32, WastVal::F32(v)) => Val::F32(f32::from_bits(v.bits)),
        (ValType::F64, WastVal::F64(v)) => Val::F64(f64::from_bits(v.bits)),
        (ValType::Char, WastVal::Char(v)) => Val::Char(*v),
        (ValType::String, WastVal::String(v)) => Val::String((*v).to_string()),
        (ValType::List(list), WastVal::List(values)) if list.element == ValType::U8 && list.length.is_none() => {
            Val::Bytes(values.iter().map(byte).collect::<Result<_, _>>()?)
        }
        (ValType::List(list), WastVal::List(values)) => Val::List(all(&list.element, values)?),
        (ValType::Record(_) | ValType::Tuple(_), _) => product(ty, value)?,
        (ValType::Variant(_) | ValType::Enum(_) | ValType::Flags(_), _) => labelled(ty, value)?,
        (ValType::Option(ty), WastVal::Option(value)) => {
            Val::Option(value.as_deref().map(|value| val(&ty.some, value)).transpose()?.map(Box::new))
        }
        (ValType::Result(ty), WastVal::Result(Ok(value))) => {
            Val::Result(Ok(payload(ty.ok.as_ref(), value.as_deref())?))
        }
        (ValType::Result(ty), WastVal::Result(Err(value))) => {
            Val::Result(Err(payload(ty.err.as_ref(), value.as_deref())?))
        }
        (ValType::Map(map), WastVal::Map(entries)) => {
            let [key, value] = &*map.entry.elements else { return Err("a map of no pairs".into()) };
            let pair = |(k, v): &(WastVal<'_>, WastVal<'_>)| Ok((val(&key.ty, k)?, val(&value.ty, v)?));
            Val::Map(entries.iter().map(pair).collect::<Result<_, String>>()?)
        }
        _ => return Err(unfit(ty, value)),
    })
}

fn unfit(ty: &ValType, value: &WastVal<'_>) -> String {
    format!("{value:?} is not a value of {ty}")
}

fn byte(value: &WastVal<'_>) -> Result<u8, String> {
    match value {
        WastVal::U8(byte) => Ok(*byte),
        other => Err(unfit(&ValType::U8, other)),
    }
}

fn product(ty: &ValType, value: &WastVal<'_>) -> Result<Val, String> {
    match (ty, value) {
        (ValType::Record(record), WastVal::Record(fields)) if record.fields.len() == fields.len() => {
            let mut values = Vec::new();
            for (field, (name, value)) in record.fields.iter().zip(fields) {
                if *field.name != **name {
                    return Err(format!("the field `{name}` where `{}` should be", field.name));
                }
                values.push(val(&field.ty, value)?);
            }
            Ok(Val::Record(values))
        }
        (ValType::Tuple(tuple), WastVal::Tuple(values)) if tuple.elements.len() == values.len() => {
            let elements = tuple.elements.iter().zip(values).map(|(element, value)| val(&element.ty, value));
            Ok(Val::Tuple(elements.collect::<Result<_, _>>()?))
        }
        _ => Err(unfit(ty, value)),
    }
}

fn labelled(ty: &ValType, value: &WastVal<'_>) -> Result<Val, String> {
    let number = |found: Option<usize>, name: &str| {
        let found = found.and_then(|at| u32::try_from(at).ok());
        found.ok_or_else(|| format!("{ty} has no `{name}`"))
    };
    match (ty, value) {
        (ValType::Variant(variant), WastVal::Variant(name, value)) => {
            let at = number(variant.cases.iter().position(|case| *case.name == **name), name)?;
            let case = variant.cases.iter().find(|case| *case.name == **name);
            Ok(Val::Variant(at, payload(case.and_then(|case| case.ty.as_ref()), value.as_deref())?))
        }
        (ValType::Enum(labels), WastVal::Enum(name)) => {
            Ok(Val::Enum(number(labels.names.iter().position(|known| **known == **name), name)?))
        }
        (ValType::Flags(labels), WastVal::Flags(names)) => {
            let mut bits = 0;
            for name in names {
                bits |= 1 << number(labels.names.iter().position(|known| **known == **name), name)?;
            }
            Ok(Val::Flags(bits))
        }
        _ => Err(unfit(ty, value)),
    }
}

fn payload(ty: Option<&ValType>, value: Option<&WastVal<'_>>) -> Result<Option<Box<Val>>, String> {
    match (ty, value) {
        (Some(ty), Some(value)) => val(ty, value).map(|value| Some(Box::new(value))),
        (None, None) => Ok(None),
        _ => Err("a payload where there is none, or none where there is one".into()),
    }
}
