//! Nested components: aliases, arguments, generative resources, exports.

use super::plan;
use crate::plan::{Canon, Export, InstanceIndex, PlannedResource, Step, Trampoline};
use crate::types::ResourceIndex;

/// A core module that imports a function from "e" for each letter.
fn user(imports: &str) -> String {
    let imports = imports.chars().map(|c| format!(r#"(import "e" "{c}" (func (param i32)))"#));
    format!("(core module $user {})", imports.collect::<String>())
}

#[test]
fn a_component_instantiated_twice_defines_two_resources() {
    let plan = plan(&format!(
        r#"(component
            (component $c
                (type $r (resource (rep i32)))
                (core func $drop (canon resource.drop $r))
                {}
                (core instance (instantiate $user (with "e" (instance (export "a" (func $drop))))))
                (export "r" (type $r)))
            (instance $first (instantiate $c))
            (instance $second (instantiate $c))
            (alias export $second "r" (type $second_r))
            (export "theirs" (type $second_r)))"#,
        user("a")
    ));
    let instances = plan.resources.iter().map(|resource| match resource {
        PlannedResource::Defined { instance, name, .. } => (*instance, name.as_str()),
        PlannedResource::Imported { .. } => panic!("nothing is imported"),
    });
    assert_eq!(instances.collect::<Vec<_>>(), [(InstanceIndex(1), "r"), (InstanceIndex(2), "r")]);
    let drops = plan.trampolines.iter().map(|Trampoline { instance, canon }| match canon {
        Canon::ResourceDrop { resource } => (*instance, *resource),
        _ => panic!("{canon:?}"),
    });
    let expected = [(InstanceIndex(1), ResourceIndex(0)), (InstanceIndex(2), ResourceIndex(1))];
    assert_eq!(drops.collect::<Vec<_>>(), expected);
    assert_eq!(plan.modules.len(), 1, "the module is the same");
    assert!(matches!(plan.exports["theirs"], Export::Resource(ResourceIndex(1))));
    let names: Vec<_> = plan.instances.iter().map(|instance| instance.name.as_str()).collect();
    assert_eq!(names, ["root", "first", "second"]);
}

#[test]
fn a_type_import_is_what_it_is_given() {
    let plan = plan(&format!(
        r#"(component
            (type $mine (resource (rep i32)))
            (component $c
                (import "t" (type $t (sub resource)))
                (core func $drop (canon resource.drop $t))
                {}
                (core instance (instantiate $user (with "e" (instance (export "a" (func $drop)))))))
            (instance (instantiate $c (with "t" (type $mine)))))"#,
        user("a")
    ));
    assert_eq!(plan.resources.len(), 1);
    assert!(matches!(plan.trampolines[0].canon, Canon::ResourceDrop { resource: ResourceIndex(0) }));
    assert_eq!(plan.trampolines[0].instance, InstanceIndex(1));
}

#[test]
fn outer_aliases_reach_the_scope_of_the_definition() {
    let plan = plan(
        r#"(component
            (core module $m (memory (export "m") 1))
            (component $c
                (component $d
                    (alias outer 2 0 (core module $far))
                    (core instance (instantiate $far)))
                (instance (instantiate $d)))
            (component $e (import "c" (component $given)) (instance (instantiate $given)))
            (instance (instantiate $e (with "c" (component $c)))))"#,
    );
    let parents: Vec<_> = plan.instances.iter().map(|instance| instance.parent.map(|parent| parent.0)).collect();
    assert_eq!(parents, [None, Some(0), Some(1), Some(2)]);
    assert!(matches!(plan.steps[..], [Step::Instantiate { instance: InstanceIndex(3), .. }]));
}

#[test]
fn a_function_is_named_after_its_export() {
    let plan = plan(
        r#"(component
            (core module $m (func (export "f")))
            (core instance $i (instantiate $m))
            (func $f (canon lift (core func $i "f")))
            (func $g (canon lift (core func $i "f")))
            (instance $run (export "run" (func $f)))
            (export "a:b/c@1.0.0" (instance $run))
            (export "plain" (func $g))
            (func (canon lift (core func $i "f"))))"#,
    );
    let names: Vec<_> = plan.lifts.iter().map(|lift| lift.name.as_str()).collect();
    assert_eq!(names, ["a:b/c@1.0.0#run", "plain", "func 2"]);
    assert_eq!((plan.funcs, plan.steps.len()), (1, 2), "one slot for one core function");
    assert!(matches!(&plan.exports["a:b/c@1.0.0"], Export::Instance(exports) if exports.len() == 1));
}

#[test]
fn an_export_under_a_smaller_type_hides_the_rest() {
    let plan = plan(
        r#"(component
            (import "f" (func $f))
            (instance $all (export "one" (func $f)) (export "two" (func $f)))
            (export "some" (instance $all) (instance (export "two" (func)))))"#,
    );
    let Export::Instance(exports) = &plan.exports["some"] else { panic!("not an instance") };
    assert_eq!(exports.keys().collect::<Vec<_>>(), ["two"]);
}

#[test]
fn modules_and_components_can_be_exported() {
    let plan = plan(
        r#"(component (core module $m) (component $c) (export "m" (core module $m)) (export "c" (component $c)))"#,
    );
    assert!(matches!(plan.exports["m"], Export::Module(_)));
    assert!(matches!(plan.exports["c"], Export::Component));
    assert!(plan.steps.is_empty());
}
