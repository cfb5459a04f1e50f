//! Small components with large plans, and chains that would overflow a stack.

use std::fmt::Write;

use super::try_plan;
use crate::ErrorKind;

#[test]
fn exponential_instantiation_ends_at_a_limit() {
    let mut text = String::from("(component (component $c0)");
    for i in 1..40 {
        let inner = i - 1;
        let twice = "(instance (instantiate $c))".repeat(2);
        write!(text, "(component $c{i} (alias outer 1 {inner} (component $c)) {twice})").unwrap();
    }
    text.push_str("(instance (instantiate $c39)))");
    let error = try_plan(&text).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
    assert_eq!(error.message(), "the component is too large to plan: more than 10000 component instances");
}

#[test]
fn a_long_chain_of_instances_ends_at_a_limit() {
    let mut text = String::from("(component (component $c0)");
    for i in 1..900 {
        let inner = i - 1;
        write!(text, "(component $c{i} (alias outer 1 {inner} (component $c)) (instance (instantiate $c)))").unwrap();
    }
    text.push_str("(instance (instantiate $c899)))");
    let error = try_plan(&text).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
    assert_eq!(
        error.message(),
        "the component is too large to plan: more than 100 levels of nested component instances"
    );
}

#[test]
fn a_type_evaluated_too_often_ends_at_a_limit() {
    let mut text = String::from("(component (type $i (instance ");
    for i in 0..300 {
        write!(text, "(export \"f{i}\" (func))").unwrap();
    }
    text.push_str("))");
    for i in 0..400 {
        write!(text, "(import \"i{i}\" (instance (type $i)))").unwrap();
    }
    text.push(')');
    let error = try_plan(&text).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
    assert_eq!(error.message(), "the component is too large to plan: more than 100000 imported functions");
}

#[test]
fn options_that_refer_to_options_need_no_stack() {
    let mut text = String::from(
        r#"(component
            (import "f" (func $f (param "a" u32) (param "b" u32) (param "c" u32) (param "d" u32) (result u32)))
            (core module $libc (memory (export "m") 1))
            (core instance $libc (instantiate $libc))
            (alias core export $libc "m" (core memory $m))
            (core func $r0 (canon lower (func $f)))"#,
    );
    let length = 20_000;
    for i in 1..=length {
        let inner = i - 1;
        write!(text, "(core func $r{i} (canon lower (func $f) (memory $m) (realloc $r{inner})))").unwrap();
    }
    write!(
        text,
        r#"(core module $user (import "" "f" (func (param i32 i32 i32 i32) (result i32))))
           (core instance (instantiate $user (with "" (instance (export "f" (func $r{length})))))))"#
    )
    .unwrap();
    let plan = try_plan(&text).unwrap();
    assert_eq!(plan.trampolines.len(), length + 1);
}

#[test]
fn parameters_that_no_memory_holds_end_at_a_limit() {
    let params = |count: usize| {
        let params: String = (0..count).map(|i| format!("(param \"p{i}\" $large)")).collect();
        format!("(component (type $large (list string 16000000)) (type (func {params})))")
    };
    assert!(try_plan(&params(16)).is_ok());
    let error = try_plan(&params(17)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
    assert!(error.message().ends_with("more than 4294967295 bytes for the parameters of a function"), "{error:?}");
}
