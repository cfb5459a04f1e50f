//! The text of `--invoke`, checked against the functions that there are.

use thalweg::Val;
use thalweg::plan::Plan;
use thalweg::types::FuncType;
use wasm_wave::untyped::UntypedFuncCall;

use super::argument::argument;
use super::exported::{find, signatures};
use crate::report::Failure;

/// A function with its arguments.
#[derive(Debug)]
pub struct Invocation {
    /// The name that an instance knows the function by.
    pub path: String,
    /// Its type.
    pub ty: FuncType,
    /// As many as it takes, each of its type.
    pub arguments: Vec<Val>,
}

impl Invocation {
    /// Reads `name` or `name(values)`.
    pub fn parse(plan: &Plan, text: &str) -> Result<Invocation, Failure> {
        let text = text.trim();
        let name = text.split_once('(').map_or(text, |(name, _)| name).trim_end();
        let func = find(plan, name)?;
        let arguments = arguments(func.ty, &text[name.len()..])
            .map_err(|message| Failure::new(message).with_have(signatures(plan, [func].iter())))?;
        let ty = FuncType {
            names: func.ty.names.clone(),
            params: func.ty.params.clone(),
            result: func.ty.result.clone(),
            async_: func.ty.async_,
        };
        Ok(Invocation { path: func.path(), ty, arguments })
    }
}

/// The arguments in `values`: WAVE values in parentheses, or nothing.
fn arguments(ty: &FuncType, values: &str) -> Result<Vec<Val>, String> {
    let values = if values.trim().is_empty() { "()" } else { values };
    // The parser of calls knows fewer names than there are, and has no need of ours.
    let call = format!("f{values}");
    let call = UntypedFuncCall::parse(&call)
        .map_err(|error| format!("the arguments are no WAVE values: {}", what(&call, &error)))?;
    let nodes: Vec<_> = match call.params_node() {
        None => Vec::new(),
        Some(node) => node.as_tuple().map_err(|error| what(call.source(), &error))?.collect(),
    };
    let types = &ty.params.elements;
    if nodes.len() != types.len() {
        let plural = if types.len() == 1 { "" } else { "s" };
        return Err(format!("the function takes {} argument{plural}, not {}", types.len(), nodes.len()));
    }
    let named = ty.names.iter().zip(types).zip(nodes);
    named
        .map(|((name, element), node)| {
            argument(&element.ty, node, call.source()).map_err(|error| format!("argument `{name}`: {error}"))
        })
        .collect()
}

/// What a parser says, with the text that it means instead of its place in it.
fn what(source: &str, error: &wasm_wave::parser::ParserError) -> String {
    super::argument::parser_message(source, error)
}

#[cfg(test)]
mod tests {
    use thalweg::types::ValType;

    use super::*;

    fn takes(types: impl IntoIterator<Item = ValType>) -> FuncType {
        FuncType::new(types.into_iter().map(|ty| ("x".into(), ty)), None, false)
    }

    #[test]
    fn arguments_are_values_of_the_parameters() {
        let ty = takes([ValType::String, ValType::record([("a".into(), ValType::U8)])]);
        let read = arguments(&ty, r#"("x", {a: 1})"#);
        assert_eq!(read, Ok(vec![Val::String("x".into()), Val::Record(vec![Val::U8(1)])]));
        assert_eq!(arguments(&takes([]), ""), Ok(vec![]));
        assert_eq!(arguments(&takes([]), "()"), Ok(vec![]));
    }

    #[test]
    fn wrong_arguments_are_said() {
        let message = |ty: &FuncType, values| arguments(ty, values).err().unwrap_or_default();
        let one = takes([ValType::U8]);
        assert_eq!(message(&one, ""), "the function takes 1 argument, not 0");
        assert_eq!(message(&one, "(1, 2)"), "the function takes 1 argument, not 2");
        assert_eq!(message(&one, "(300)"), "argument `x`: invalid value: `300` is no u8");
        assert_eq!(message(&one, "(\"a\")"), "argument `x`: invalid value type: `\"a\"` is no u8");
        assert!(message(&one, "(1").starts_with("the arguments are no WAVE values: unexpected end of input"));
    }
}
