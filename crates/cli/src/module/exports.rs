//! The exports of a core module as functions of a component.

use std::collections::BTreeMap;
use std::fmt::Write;

use wasmparser::names::KebabStr;
use wasmparser::{FuncType, ValType};

use super::shape::Shape;

/// The Canonical ABI passes no more parameters than these as they are.
const MAX_PARAMS: usize = 16;
/// Names that belong to an ABI or a toolchain, and not to the program.
const INTERNAL: [&str; 2] = ["_", "cabi_"];

/// A function of the component: its name and type, and the export behind it.
#[derive(Debug, PartialEq, Eq)]
pub struct Exported {
    /// The name that components can have.
    pub name: String,
    /// The name in the module.
    pub core_name: String,
    /// The type, as WIT writes it.
    pub ty: String,
}

/// The exports that take and return numbers and have a name that components can have.
pub fn exported(shape: &Shape) -> Vec<Exported> {
    let mut by_name: BTreeMap<String, Vec<Exported>> = BTreeMap::new();
    for (core_name, ty) in &shape.funcs {
        if INTERNAL.iter().any(|prefix| core_name.starts_with(prefix)) {
            continue;
        }
        if let (Some(name), Some(ty)) = (component_name(core_name), wit_type(ty)) {
            let exported = Exported { name: name.clone(), core_name: core_name.clone(), ty };
            by_name.entry(name).or_default().push(exported);
        }
    }
    // Two that would have the same name: neither could be told from the other.
    by_name.into_values().filter(|alike| alike.len() == 1).flatten().collect()
}

/// The name of a component's function for an export `core_name`: `add_two` and `addTwo` are `add-two`.
pub fn component_name(core_name: &str) -> Option<String> {
    let mut name = String::new();
    let mut was_lower = false;
    for letter in core_name.chars() {
        if letter.is_ascii_uppercase() && was_lower {
            name.push('-');
        }
        was_lower = letter.is_ascii_lowercase() || letter.is_ascii_digit();
        name.push(if letter == '_' { '-' } else { letter.to_ascii_lowercase() });
    }
    KebabStr::new(&name).is_some().then_some(name)
}

/// A type of numbers in the words of WIT; none if there is anything else in it.
fn wit_type(ty: &FuncType) -> Option<String> {
    if ty.params().len() > MAX_PARAMS || ty.results().len() > 1 {
        return None;
    }
    let mut text = String::from("func(");
    for (i, param) in ty.params().iter().enumerate() {
        let comma = if i == 0 { "" } else { ", " };
        let _ = write!(text, "{comma}p{i}: {}", number(*param)?);
    }
    text.push(')');
    if let Some(result) = ty.results().first() {
        let _ = write!(text, " -> {}", number(*result)?);
    }
    Some(text)
}

fn number(ty: ValType) -> Option<&'static str> {
    match ty {
        ValType::I32 => Some("s32"),
        ValType::I64 => Some("s64"),
        ValType::F32 => Some("f32"),
        ValType::F64 => Some("f64"),
        ValType::V128 | ValType::Ref(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(funcs: &[(&str, FuncType)]) -> Shape {
        let funcs = funcs.iter().map(|(name, ty)| ((*name).to_string(), ty.clone())).collect();
        Shape { funcs, ..Shape::default() }
    }

    #[test]
    fn names_become_those_of_components() {
        for (core_name, name) in [("add", "add"), ("add_two", "add-two"), ("getName", "get-name"), ("ADD", "add")] {
            assert_eq!(component_name(core_name).as_deref(), Some(name));
        }
        for core_name in ["", "a__b", "a.b", "größe", "1st", "a_"] {
            assert_eq!(component_name(core_name), None, "{core_name}");
        }
    }

    #[test]
    fn only_numbers_go_over() {
        let numbers = FuncType::new([ValType::I32, ValType::F64], [ValType::I64]);
        let all = [
            ("add", numbers.clone()),
            ("_start", FuncType::new([], [])),
            ("cabi_realloc", FuncType::new([], [])),
            ("vector", FuncType::new([ValType::V128], [])),
            ("two", FuncType::new([], [ValType::I32, ValType::I32])),
            ("many", FuncType::new([ValType::I32; 17], [])),
            ("same_name", numbers.clone()),
            ("same-name", numbers),
        ];
        let exported = exported(&shape(&all));
        let ty = "func(p0: s32, p1: f64) -> s64".to_string();
        assert_eq!(exported, [Exported { name: "add".into(), core_name: "add".into(), ty }]);
    }
}
