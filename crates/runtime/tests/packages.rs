//! Packages of interfaces that are defined when one is looked for.

use thalweg::{Component, Config, Engine, ErrorKind, Linker, Result, Store};
use thalweg_testkit::polling::wait;

/// Two interfaces.
fn numbers(linker: &mut Linker<u32>) -> Result<()> {
    linker.instance("test:numbers/one@1.2.0")?.func("one", |_, ()| Ok(1_u32))?;
    linker.instance("test:numbers/two@1.2.0")?.func("two", |_, ()| Ok(2_u32))?;
    Ok(())
}

fn more(linker: &mut Linker<u32>) -> Result<()> {
    linker.instance("test:more/three@1.0.0")?.func("three", |_, ()| Ok(3_u32)).map(drop)
}

fn refuses(linker: &mut Linker<u32>) -> Result<()> {
    numbers(linker)?;
    linker.instance("test:numbers/one@1.2.0")?.func("one", |_, ()| Ok(9_u32)).map(drop)
}

fn elsewhere(linker: &mut Linker<u32>) -> Result<()> {
    numbers(linker)?;
    more(linker)
}

/// A component that exports a function that it imports.
fn component(engine: &Engine, interface: &str, name: &str) -> Component {
    let text = format!(
        r#"(component
          (import "{interface}" (instance $i (export "{name}" (func (result u32)))))
          (core func $f (canon lower (func $i "{name}")))
          (core module $m (import "" "f" (func $f (result i32))) (export "f" (func $f)))
          (core instance $m (instantiate $m (with "" (instance (export "f" (func $f))))))
          (func (export "f") (result u32) (canon lift (core func $m "f"))))"#
    );
    Component::from_bytes(engine, text.as_bytes()).expect("it is valid")
}

fn call(engine: &Engine, linker: &Linker<u32>, interface: &str, name: &str) -> Result<u32> {
    let mut store = Store::new(engine, 0_u32);
    let instance = wait(linker.instantiate(&mut store, &component(engine, interface, name)))?;
    let f = instance.func::<(), u32>(&mut store, "f")?;
    wait(f.call(&mut store, ()))
}

fn engine() -> Engine {
    Engine::new(Config::new()).expect("an engine")
}

#[test]
fn a_package_is_there_when_it_is_imported() {
    let engine = engine();
    let mut linker = Linker::new(&engine);
    linker.package("test:numbers@1.2.0", numbers).expect("a name");
    linker.package("test:more@1.0.0", more).expect("a name");
    // Versions match as those of instances do.
    assert_eq!(call(&engine, &linker, "test:numbers/one@1.0.0", "one").expect("it is defined"), 1);
    assert_eq!(call(&engine, &linker, "test:numbers/two@1.9.9", "two").expect("it is defined"), 2);
    let missing = call(&engine, &linker, "test:numbers/one@2.0.0", "one").expect_err("another version");
    assert_eq!((missing.kind(), missing.have()), (ErrorKind::Link, Some("there is test:numbers/one@1.2.0")));
    let missing = call(&engine, &linker, "test:numbers/nine@1.2.0", "nine").expect_err("it has none");
    let have = "of `test:numbers` there is test:numbers/one@1.2.0, test:numbers/two@1.2.0";
    assert_eq!(missing.have(), Some(have));
    let missing = call(&engine, &linker, "test:others/nine@1.2.0", "nine").expect_err("it has none");
    assert_eq!(missing.have(), Some("there are the packages test:more, test:numbers"));
    let names: Vec<_> = linker.definitions().iter().map(|definition| definition.name).collect();
    assert_eq!(names, ["three", "one", "two"]);
}

#[test]
fn a_package_can_be_added_to_and_not_defined_twice() {
    let engine = engine();
    let mut linker = Linker::new(&engine);
    linker.package("test:numbers@1.2.0", numbers).expect("a name");
    assert_eq!(call(&engine, &linker, "test:numbers/one@1.2.0", "one").expect("it is defined"), 1);
    linker.instance("test:numbers/one@1.2.0").expect("a name").func("uno", |_, ()| Ok(11_u32)).expect("a new name");
    assert_eq!(call(&engine, &linker, "test:numbers/one@1.2.0", "uno").expect("it is defined"), 11);
    assert_eq!(call(&engine, &linker, "test:numbers/two@1.2.0", "two").expect("it is there still"), 2);
    let twice = |error: thalweg::Error| error.message().contains("is defined twice");
    assert!(linker.package("test:numbers@1.0.0", numbers).is_err_and(twice));

    let mut linker = Linker::new(&engine);
    linker.package("test:numbers@1.2.0", numbers).expect("a name");
    assert!(linker.package("test:numbers@1.0.0", numbers).is_err_and(twice));
    let mut linker = Linker::new(&engine);
    linker.package("test:numbers@1.2.0", numbers).expect("a name");
    let one = linker.instance("test:numbers/one@1.3.0").expect("a name").func("one", |_, ()| Ok(0_u32)).err();
    assert!(one.is_some_and(twice));
}

#[test]
fn what_defining_says_is_said_when_a_component_is_linked() {
    let engine = engine();
    for (define, message) in
        [(refuses as fn(&mut Linker<u32>) -> Result<()>, "is defined twice"), (elsewhere, "`test:more/three@1.0.0`")]
    {
        let mut linker = Linker::new(&engine);
        linker.package("test:numbers@1.2.0", define).expect("a name");
        for _ in 0..2 {
            let error = call(&engine, &linker, "test:numbers/two@1.2.0", "two").expect_err("it is wrong");
            assert!(error.message().contains(message), "{error}");
        }
        assert!(linker.definitions().is_empty());
    }
    assert!(Linker::<u32>::new(&engine).package("test:numbers@one", numbers).is_err());
}
