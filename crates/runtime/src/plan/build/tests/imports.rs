//! Root imports.

use super::{plan, try_plan};
use crate::ErrorKind;
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
fn core_modules_and_components_are_no_imports_of_the_root() {
    let cases = [
        (r#"(component (import "m" (core module)))"#, "a core module", "import `m`"),
        (r#"(component (import "i" (instance (export "m" (core module)))))"#, "a core module", "import `i#m`"),
        (r#"(component (import "c" (component)))"#, "a component", "import `c`"),
    ];
    for (text, what, have) in cases {
        let error = try_plan(text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Link);
        assert_eq!(error.message(), format!("not supported: the component imports {what}"));
        assert_eq!(error.have(), Some(have));
    }
}
