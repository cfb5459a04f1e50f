//! Errors and values across the seam.

use wasmtime::ValRaw;

use crate::types::FlatType;
use crate::{Error, ErrorKind, Trap};

/// The name of generated modules whose frames tell a person nothing.
pub(crate) const GENERATED: &str = "thalweg-generated";

/// The engine's error as ours: our own errors come back as they were, traps become traps with the guest's stack.
pub(super) fn error(error: wasmtime::Error) -> Error {
    let frames = backtrace(&error);
    let converted = match error.downcast::<Error>() {
        Ok(ours) => ours,
        Err(error) => match error.downcast_ref::<wasmtime::Trap>() {
            Some(code) => trap(*code),
            None if error.is::<wasmtime::ThrownException>() => Error::trap(Trap::UncaughtException),
            None if error.is::<wasmtime::PoolConcurrencyLimitError>() => {
                Error::new(ErrorKind::Limit, format!("the pool of instances is full: {error}")).with_hint(
                    "the embedder chose how many core instances it has room for; -Opooling-total-core-instances=N",
                )
            }
            None => Error::new(ErrorKind::Host, format!("{error:#}")),
        },
    };
    if converted.guest_backtrace().is_empty() { converted.with_backtrace(frames) } else { converted }
}

/// Our error, to be carried through the engine and found again by [`error`].
pub(super) fn into_engine(error: Error) -> wasmtime::Error {
    wasmtime::Error::new(error)
}

fn trap(code: wasmtime::Trap) -> Error {
    use wasmtime::Trap as T;
    let trap = match code {
        T::UnreachableCodeReached => Trap::Unreachable,
        T::MemoryOutOfBounds => Trap::MemoryOutOfBounds,
        T::HeapMisaligned => Trap::HeapMisaligned,
        T::TableOutOfBounds => Trap::TableOutOfBounds,
        T::IndirectCallToNull => Trap::IndirectCallToNull,
        T::BadSignature => Trap::BadSignature,
        T::IntegerOverflow => Trap::IntegerOverflow,
        T::IntegerDivisionByZero => Trap::IntegerDivisionByZero,
        T::BadConversionToInteger => Trap::BadConversionToInteger,
        T::StackOverflow => Trap::StackOverflow,
        T::Interrupt => Trap::Interrupt,
        T::OutOfFuel => Trap::OutOfFuel,
        _ => return Error::new(ErrorKind::Trap(Trap::Core), code.to_string()),
    };
    Error::trap(trap)
}

fn backtrace(error: &wasmtime::Error) -> Vec<String> {
    let Some(backtrace) = error.downcast_ref::<wasmtime::WasmBacktrace>() else { return Vec::new() };
    let guests = backtrace.frames().iter().filter(|frame| frame.module().name() != Some(GENERATED));
    guests.map(frame).collect()
}

fn frame(frame: &wasmtime::FrameInfo) -> String {
    let name = match frame.func_name() {
        Some(name) => demangle(name),
        None => format!("function {}", frame.func_index()),
    };
    let module = frame.module().name().map(|name| format!("{name}!")).unwrap_or_default();
    let mut text = format!("{module}{name}");
    if let Some(symbol) = frame.symbols().last()
        && let (Some(file), Some(line)) = (symbol.file(), symbol.line())
    {
        text.push_str(&format!(" ({file}:{line})"));
    }
    text
}

fn demangle(name: &str) -> String {
    // Legacy Rust symbols end in a hash that tells a person nothing.
    match name.rfind("::h") {
        Some(at) if name.len() - at == 19 => name[..at].to_string(),
        _ => name.to_string(),
    }
}

/// The core value type of a flat type.
pub(super) fn val_type(ty: FlatType) -> wasmtime::ValType {
    match ty {
        FlatType::I32 => wasmtime::ValType::I32,
        FlatType::I64 => wasmtime::ValType::I64,
        FlatType::F32 => wasmtime::ValType::F32,
        FlatType::F64 => wasmtime::ValType::F64,
    }
}

/// The flat type of a core value type, if it is a number's.
pub(super) fn flat_type(ty: &wasmtime::ValType) -> Option<FlatType> {
    match ty {
        wasmtime::ValType::I32 => Some(FlatType::I32),
        wasmtime::ValType::I64 => Some(FlatType::I64),
        wasmtime::ValType::F32 => Some(FlatType::F32),
        wasmtime::ValType::F64 => Some(FlatType::F64),
        _ => None,
    }
}

/// Bits of a raw value as the engine keeps it.
pub(super) fn raw_to_bits(raw: &ValRaw, ty: FlatType) -> u64 {
    match ty {
        FlatType::I32 => u64::from(raw.get_u32()),
        FlatType::I64 => raw.get_u64(),
        FlatType::F32 => u64::from(raw.get_f32()),
        FlatType::F64 => raw.get_f64(),
    }
}

/// A raw value for the engine from bits; a 32-bit type takes the low half.
pub(super) fn bits_to_raw(bits: u64, ty: FlatType) -> ValRaw {
    match ty {
        FlatType::I32 => ValRaw::u32(bits as u32),
        FlatType::I64 => ValRaw::u64(bits),
        FlatType::F32 => ValRaw::f32(bits as u32),
        FlatType::F64 => ValRaw::f64(bits),
    }
}

/// A value for the engine's checked calls from bits.
pub(super) fn bits_to_val(bits: u64, ty: &wasmtime::ValType) -> wasmtime::Val {
    match ty {
        wasmtime::ValType::I64 => wasmtime::Val::I64(bits as i64),
        wasmtime::ValType::F32 => wasmtime::Val::F32(bits as u32),
        wasmtime::ValType::F64 => wasmtime::Val::F64(bits),
        _ => wasmtime::Val::I32(bits as u32 as i32),
    }
}

/// Bits of a value from the engine's checked calls.
pub(super) fn val_to_bits(val: &wasmtime::Val) -> u64 {
    match *val {
        wasmtime::Val::I32(v) => u64::from(v as u32),
        wasmtime::Val::I64(v) => v as u64,
        wasmtime::Val::F32(v) => u64::from(v),
        wasmtime::Val::F64(v) => v,
        _ => 0,
    }
}
