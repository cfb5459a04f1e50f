//! The exports of a core module as functions of a component.

use std::collections::BTreeMap;

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
    /// The types of its parameters, as core wasm writes them.
    pub params: Vec<&'static str>,
    /// The type of its result.
    pub result: Option<&'static str>,
}

/// The exports that take and return numbers and have a name that components can have.
pub fn exported(shape: &Shape) -> Vec<Exported> {
    let mut by_name: BTreeMap<String, Vec<Exported>> = BTreeMap::new();
    for (core_name, ty) in &shape.funcs {
        if INTERNAL.iter().any(|prefix| core_name.starts_with(prefix)) {
            continue;
        }
        if let (Some(name), Some((params, result))) = (component_name(core_name), numbers(ty)) {
            let exported = Exported { name: name.clone(), core_name: core_name.clone(), params, result };
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

impl Exported {
    /// The type in the words of WIT.
    pub fn wit_type(&self) -> String {
        let params: Vec<_> =
            self.params.iter().enumerate().map(|(i, ty)| format!("p{i}: {}", wit_number(ty))).collect();
        let result = self.result.map(|ty| format!(" -> {}", wit_number(ty))).unwrap_or_default();
        format!("func({}){result}", params.join(", "))
    }
}

/// Parameters and result of a function of numbers; none if there is anything else in its type.
fn numbers(ty: &FuncType) -> Option<(Vec<&'static str>, Option<&'static str>)> {
    if ty.params().len() > MAX_PARAMS || ty.results().len() > 1 {
        return None;
    }
    let params = ty.params().iter().map(|ty| number(*ty)).collect::<Option<_>>()?;
    let result = match ty.results().first() {
        Some(result) => Some(number(*result)?),
        None => None,
    };
    Some((params, result))
}

fn number(ty: ValType) -> Option<&'static str> {
    match ty {
        ValType::I32 => Some("i32"),
        ValType::I64 => Some("i64"),
        ValType::F32 => Some("f32"),
        ValType::F64 => Some("f64"),
        ValType::V128 | ValType::Ref(_) => None,
    }
}

/// Numbers of core wasm have no sign of their own; here they have one.
fn wit_number(ty: &'static str) -> &'static str {
    match ty {
        "i32" => "s32",
        "i64" => "s64",
        other => other,
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
        let (params, result) = (vec!["i32", "f64"], Some("i64"));
        assert_eq!(exported, [Exported { name: "add".into(), core_name: "add".into(), params, result }]);
        assert_eq!(exported[0].wit_type(), "func(p0: s32, p1: f64) -> s64");
    }
}
