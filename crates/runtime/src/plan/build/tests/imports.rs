//! Root imports.

use super::plan;
use crate::plan::{Import, PlannedResource};
use crate::types::{ResourceIndex, ValType};

const TWO_INTERFACES: &str = r#"(component
    (import "a:b/base@1.0.0" (instance $base
        (export "r" (type (sub resource)))
        (type $kind (enum "x" "y"))
        (export "kind" (type (eq $kind)))))
    (alias export $base "r" (type $r))
    (alias export $base "kind" (type $kind))
    (import "a:b/more@1.0.0" (instance
        (export "s" (type $s (eq $r)))
        (export "k" (type $k (eq $kind)))
        (export "own" (type (sub resource)))
        (export "f" (func (param "self" (borrow $s)) (result $k)))))
    (import "top" (func))
    (import "q" (type (sub resource))))"#;

#[test]
fn a_resource_named_again_is_the_same() {
    let plan = plan(TWO_INTERFACES);
    let names = plan.resources.iter().map(|resource| match resource {
        PlannedResource::Imported { interface, name } => (interface.as_str(), name.as_str()),
        PlannedResource::Defined { .. } => panic!("nothing is defined"),
    });
    assert_eq!(names.collect::<Vec<_>>(), [("a:b/base@1.0.0", "r"), ("a:b/more@1.0.0", "own"), ("", "q")]);
    let Import::Instance(more) = &plan.imports["a:b/more@1.0.0"] else { panic!("not an instance") };
    assert!(matches!(more["s"], Import::Resource(ResourceIndex(0))));
    assert!(matches!(more["own"], Import::Resource(ResourceIndex(1))));
    assert!(matches!(&more["k"], Import::Type(ValType::Enum(kind)) if kind.names.len() == 2));
    let func = &plan.imported_funcs[0];
    assert_eq!((func.interface.as_str(), func.name.as_str()), ("a:b/more@1.0.0", "f"));
    assert_eq!(func.ty.params.elements[0].ty, ValType::Borrow(ResourceIndex(0)));
    assert_eq!((plan.imported_funcs[1].interface.as_str(), plan.imported_funcs[1].name.as_str()), ("", "top"));
}

#[test]
fn an_instance_in_an_instance_has_a_path() {
    let plan = plan(r#"(component (import "out" (instance (export "in" (instance (export "f" (func)))))))"#);
    assert_eq!((plan.imported_funcs[0].interface.as_str(), plan.imported_funcs[0].name.as_str()), ("out#in", "f"));
    let Import::Instance(out) = &plan.imports["out"] else { panic!("not an instance") };
    assert!(matches!(&out["in"], Import::Instance(inner) if inner.len() == 1));
}

#[test]
fn two_imports_of_one_instance_type_are_two_resources() {
    let plan = plan(
        r#"(component
            (type $i (instance (export "r" (type (sub resource)))))
            (import "a" (instance (type $i)))
            (import "b" (instance (type $i))))"#,
    );
    assert_eq!(plan.resources.len(), 2);
}

#[test]
fn what_an_import_implements_is_kept() {
    let plan = plan(r#"(component (import "primary" (implements "a:b/store@1.0.0") (instance)))"#);
    assert_eq!(plan.implements["primary"], "a:b/store@1.0.0");
}

#[test]
fn what_has_to_be_given_is_listed() {
    let plan = plan(
        r#"(component
            (import "f" (func))
            (import "m" (core module (export "g" (func))))
            (import "i" (instance (export "c" (component)) (export "n" (core module))))
            (core instance $m (instantiate 0))
            (import "late" (func))
            (func (export "g") (canon lift (core func $m "g"))))"#,
    );
    let needs: Vec<_> = plan.needs.iter().map(|need| (&*need.interface, &*need.name, need.is_module)).collect();
    assert_eq!(needs, [("", "m", true), ("i", "c", false), ("i", "n", true)]);
    assert_eq!(plan.imports.keys().collect::<Vec<_>>(), ["f", "m", "i"], "as far as anybody can know");
    assert!(plan.steps.is_empty() && plan.exports.is_empty());
    assert!(plan.to_string().contains("core module i#n"), "{plan}");
}
