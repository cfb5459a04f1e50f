//! From the value that a function returned to WAVE text.

use thalweg::Val;
use thalweg::types::ValType;
use wasm_wave::value::{Type, Value};
use wasm_wave::wasm::{WasmValue, WasmValueError};

use super::wave_type::wave_type;

/// `val`, which is of type `ty`, as text; none for what has no text, such as handles and streams.
pub fn result_text(ty: &ValType, val: &Val) -> Option<String> {
    let value = value(ty, &wave_type(ty)?, val)?;
    wasm_wave::to_string(&value).ok()
}

fn value(ty: &ValType, wave: &Type, val: &Val) -> Option<Value> {
    Some(match (ty, val) {
        (_, Val::Bool(it)) => Value::make_bool(*it),
        (_, Val::S8(it)) => Value::make_s8(*it),
        (_, Val::U8(it)) => Value::make_u8(*it),
        (_, Val::S16(it)) => Value::make_s16(*it),
        (_, Val::U16(it)) => Value::make_u16(*it),
        (_, Val::S32(it)) => Value::make_s32(*it),
        (_, Val::U32(it)) => Value::make_u32(*it),
        (_, Val::S64(it)) => Value::make_s64(*it),
        (_, Val::U64(it)) => Value::make_u64(*it),
        (_, Val::F32(it)) => Value::make_f32(*it),
        (_, Val::F64(it)) => Value::make_f64(*it),
        (_, Val::Char(it)) => Value::make_char(*it),
        (_, Val::String(it)) => Value::make_string(it.into()),
        (_, Val::Bytes(bytes)) => made(Value::make_list(wave, bytes.iter().map(|byte| Value::make_u8(*byte))))?,
        (ValType::List(list), Val::List(elements)) => {
            let of = wave_type(&list.element)?;
            let elements: Option<Vec<_>> = elements.iter().map(|element| value(&list.element, &of, element)).collect();
            made(Value::make_list(wave, elements?))?
        }
        (ValType::Record(record), Val::Record(vals)) => {
            let fields = record.fields.iter().zip(vals);
            let fields = fields.map(|(field, val)| Some((&*field.name, typed(&field.ty, val)?)));
            made(Value::make_record(wave, fields.collect::<Option<Vec<_>>>()?))?
        }
        (ValType::Tuple(tuple), Val::Tuple(vals)) => {
            let elements = tuple.elements.iter().zip(vals).map(|(element, val)| typed(&element.ty, val));
            made(Value::make_tuple(wave, elements.collect::<Option<Vec<_>>>()?))?
        }
        (ValType::Option(option), Val::Option(some)) => {
            made(Value::make_option(wave, payload(Some(&option.some), some.as_deref())?))?
        }
        (ValType::Result(result), Val::Result(of)) => {
            let of = match of {
                Ok(val) => Ok(payload(result.ok.as_ref(), val.as_deref())?),
                Err(val) => Err(payload(result.err.as_ref(), val.as_deref())?),
            };
            made(Value::make_result(wave, of))?
        }
        (ValType::Map(map), Val::Map(entries)) => {
            let [key, of] = &*map.entry.elements else { return None };
            let entries = entries.iter().map(|(k, v)| Some((typed(&key.ty, k)?, typed(&of.ty, v)?)));
            made(Value::make_map(wave, entries.collect::<Option<Vec<_>>>()?))?
        }
        _ => return labelled(ty, wave, val),
    })
}

/// The kinds of values that are labels.
fn labelled(ty: &ValType, wave: &Type, val: &Val) -> Option<Value> {
    match (ty, val) {
        (ValType::Variant(variant), Val::Variant(number, of)) => {
            let case = variant.cases.get(usize::try_from(*number).ok()?)?;
            made(Value::make_variant(wave, &case.name, payload(case.ty.as_ref(), of.as_deref())?))
        }
        (ValType::Enum(names), Val::Enum(number)) => {
            made(Value::make_enum(wave, names.names.get(usize::try_from(*number).ok()?)?))
        }
        (ValType::Flags(flags), Val::Flags(bits)) => {
            let set = flags.names.iter().enumerate().filter(|(bit, _)| bits & (1 << bit) != 0);
            made(Value::make_flags(wave, set.map(|(_, name)| &**name)))
        }
        _ => None,
    }
}

fn typed(ty: &ValType, val: &Val) -> Option<Value> {
    value(ty, &wave_type(ty)?, val)
}

/// A payload, when there is one.
fn payload(ty: Option<&ValType>, val: Option<&Val>) -> Option<Option<Value>> {
    match (ty, val) {
        (Some(ty), Some(val)) => Some(Some(typed(ty, val)?)),
        _ => Some(None),
    }
}

/// A value comes from a function of this very type, so it is never refused.
fn made(value: Result<Value, WasmValueError>) -> Option<Value> {
    value.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(ty: &ValType, val: &Val) -> String {
        result_text(ty, val).expect("a type with a text")
    }

    #[test]
    fn values_are_written_as_wave() {
        let ty = ValType::record([("name".into(), ValType::String), ("level".into(), ValType::option(ValType::U8))]);
        let val = Val::Record(vec![Val::String("a\"b".into()), Val::Option(Some(Box::new(Val::U8(3))))]);
        assert_eq!(text(&ty, &val), r#"{name: "a\"b", level: some(3)}"#);
        let ty = ValType::list(ValType::U8, None);
        assert_eq!(text(&ty, &Val::Bytes(vec![1, 2])), "[1, 2]");
        let ty = ValType::result(None, Some(ValType::enumeration(["no-entry".into(), "busy".into()])));
        assert_eq!(text(&ty, &Val::Result(Err(Some(Box::new(Val::Enum(1)))))), "err(busy)");
        let ty = ValType::flags(["read".into(), "write".into()]);
        assert_eq!(text(&ty, &Val::Flags(2)), "{write}");
        let ty = ValType::variant([("none-yet".into(), None), ("at".into(), Some(ValType::F64))]);
        assert_eq!(text(&ty, &Val::Variant(1, Some(Box::new(Val::F64(f64::NAN))))), "at(nan)");
    }

    #[test]
    fn a_stream_has_no_text() {
        assert_eq!(result_text(&ValType::stream(Some(ValType::U8)), &Val::Bool(true)), None);
    }
}
