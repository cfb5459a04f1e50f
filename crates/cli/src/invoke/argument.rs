//! From WAVE text to the value of an argument.

use thalweg::Val;
use thalweg::types::ValType;
use wasm_wave::ast::Node;
use wasm_wave::parser::ParserError;
use wasm_wave::value::Value;
use wasm_wave::wasm::WasmValue;

use super::wave_type::wave_type;

const NO_TEXT: &str = "a value of this type cannot be written as text";

/// The value of type `ty` that `node` of `source` writes.
pub fn argument(ty: &ValType, node: &Node, source: &str) -> Result<Val, String> {
    let wave = wave_type(ty).ok_or(NO_TEXT)?;
    let value: Value =
        node.to_wasm_value(&wave, source).map_err(|error| format!("{} is no {ty}", parser_message(source, &error)))?;
    val(ty, &value).ok_or_else(|| NO_TEXT.to_string())
}

/// What a parser says, with the text that it means instead of its place in it.
pub fn parser_message(source: &str, error: &ParserError) -> String {
    let detail = error.detail().map(|detail| format!(" ({detail})")).unwrap_or_default();
    match source.get(error.span()).filter(|text| !text.is_empty()) {
        Some(text) => format!("{}{detail}: `{text}`", error.kind()),
        None => format!("{}{detail}", error.kind()),
    }
}

/// `value`, which was read as a value of type `ty`.
fn val(ty: &ValType, value: &Value) -> Option<Val> {
    Some(match ty {
        ValType::Bool => Val::Bool(value.unwrap_bool()),
        ValType::S8 => Val::S8(value.unwrap_s8()),
        ValType::U8 => Val::U8(value.unwrap_u8()),
        ValType::S16 => Val::S16(value.unwrap_s16()),
        ValType::U16 => Val::U16(value.unwrap_u16()),
        ValType::S32 => Val::S32(value.unwrap_s32()),
        ValType::U32 => Val::U32(value.unwrap_u32()),
        ValType::S64 => Val::S64(value.unwrap_s64()),
        ValType::U64 => Val::U64(value.unwrap_u64()),
        ValType::F32 => Val::F32(value.unwrap_f32()),
        ValType::F64 => Val::F64(value.unwrap_f64()),
        ValType::Char => Val::Char(value.unwrap_char()),
        ValType::String => Val::String(value.unwrap_string().into_owned()),
        ValType::List(list) if list.element == ValType::U8 && list.length.is_none() => {
            Val::Bytes(value.unwrap_list().map(|byte| byte.unwrap_u8()).collect())
        }
        ValType::List(list) => Val::List(all(value.unwrap_list().map(|element| val(&list.element, &element)))?),
        ValType::Record(record) => {
            let fields = record.fields.iter().zip(value.unwrap_record());
            Val::Record(all(fields.map(|(field, (_, value))| val(&field.ty, &value)))?)
        }
        ValType::Tuple(tuple) => {
            let elements = tuple.elements.iter().zip(value.unwrap_tuple());
            Val::Tuple(all(elements.map(|(element, value)| val(&element.ty, &value)))?)
        }
        ValType::Option(option) => Val::Option(payload(Some(&option.some), value.unwrap_option().as_deref())?),
        ValType::Result(result) => Val::Result(match value.unwrap_result() {
            Ok(value) => Ok(payload(result.ok.as_ref(), value.as_deref())?),
            Err(value) => Err(payload(result.err.as_ref(), value.as_deref())?),
        }),
        ValType::Map(map) => {
            let [key_type, value_type] = &*map.entry.elements else { return None };
            let entries = value.unwrap_map().map(|(k, v)| Some((val(&key_type.ty, &k)?, val(&value_type.ty, &v)?)));
            Val::Map(entries.collect::<Option<Vec<_>>>()?)
        }
        _ => return labelled(ty, value),
    })
}

/// The kinds of values that are labels.
fn labelled(ty: &ValType, value: &Value) -> Option<Val> {
    Some(match ty {
        ValType::Variant(variant) => {
            let (name, value) = value.unwrap_variant();
            let number = variant.cases.iter().position(|case| *case.name == *name)?;
            let case = variant.cases.get(number)?;
            Val::Variant(number.try_into().ok()?, payload(case.ty.as_ref(), value.as_deref())?)
        }
        ValType::Enum(names) => {
            let name = value.unwrap_enum();
            Val::Enum(names.names.iter().position(|other| **other == *name)?.try_into().ok()?)
        }
        ValType::Flags(flags) => {
            let mut bits = 0;
            for name in value.unwrap_flags() {
                bits |= 1 << flags.names.iter().position(|other| **other == *name)?;
            }
            Val::Flags(bits)
        }
        _ => return None,
    })
}

fn all(values: impl Iterator<Item = Option<Val>>) -> Option<Vec<Val>> {
    values.collect()
}

/// A payload, when there is one.
fn payload(ty: Option<&ValType>, value: Option<&Value>) -> Option<Option<Box<Val>>> {
    match (ty, value) {
        (Some(ty), Some(value)) => Some(Some(Box::new(val(ty, value)?))),
        _ => Some(None),
    }
}
