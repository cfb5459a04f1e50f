//! Names of imports and exports: what is a name, what is its version, and which names are the same.

use std::sync::LazyLock;

use thalweg::{Annotation, Component, Config, Engine, ErrorKind, ExternName, Features, InterfaceName, Linker};

use crate::no_bug;

static ENGINE: LazyLock<Engine> =
    LazyLock::new(|| Engine::new(Config::new().features(Features::all())).expect("an engine"));

/// Two lines: a name that a component imports, and one that the host defines. What the validator takes for a name is one for
/// us, and the reverse; names with compatible versions are the same for the linker, and no others.
pub fn names(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let (imported, defined) = text.split_once('\n').unwrap_or((text, text));
    let parsed = [imported, defined].map(ExternName::parse);
    for (name, parsed) in [imported, defined].iter().zip(&parsed) {
        match parsed {
            Some(ExternName::Interface(interface)) => interface_name(name, interface),
            Some(ExternName::Plain(plain)) => assert!(name.ends_with(plain.name), "{name}"),
            None => {}
        }
    }
    let component = importing(imported);
    agrees(imported, parsed[0].as_ref(), component.as_ref());
    let mut linker = Linker::<()>::new(&ENGINE);
    let host_takes = linker.instance(defined).is_ok();
    let Some(component) = component else { return };
    let linked = linker.check(&component);
    if let Err(error) = &linked {
        no_bug(error);
        assert_eq!(error.kind(), ErrorKind::Link, "{error:?}");
    }
    if let [Some(ExternName::Interface(a)), Some(ExternName::Interface(b))] = &parsed {
        assert!(host_takes, "{defined}");
        // An instance without anything in it is served by nobody in particular, so it can be linked in any case.
        let same = a.canonical() == b.canonical();
        assert_eq!(same, same_parts(a, b), "{imported} {defined}");
        assert!(linked.is_ok() || !same, "{linked:?}");
    }
}

/// Whether everything but the version is equal, and the versions are compatible by the words of the standard.
fn same_parts(a: &InterfaceName<'_>, b: &InterfaceName<'_>) -> bool {
    let path = |name: &InterfaceName<'_>| format!("{}:{}/{}", name.namespace, name.package, name.interface);
    let versions = match (&a.version, &b.version) {
        (Some(a), Some(b)) if !a.pre.is_empty() || !b.pre.is_empty() => {
            (a.major, a.minor, a.patch, &a.pre) == (b.major, b.minor, b.patch, &b.pre)
        }
        (Some(a), Some(b)) if a.major > 0 || b.major > 0 => a.major == b.major,
        (Some(a), Some(b)) if a.minor > 0 || b.minor > 0 => a.minor == b.minor,
        (Some(a), Some(b)) => a.patch == b.patch,
        (None, None) => true,
        _ => false,
    };
    path(a) == path(b) && versions
}

/// A name is written as it is read.
fn interface_name(name: &str, interface: &InterfaceName<'_>) {
    assert_eq!(interface.to_string(), name);
    let canonical = interface.canonical();
    assert_eq!(canonical.contains('@'), interface.version.is_some(), "{canonical}");
    let _ = interface.is_release_candidate();
}

/// A component that imports an instance of that name, if that is valid.
fn importing(name: &str) -> Option<Component> {
    let name: String = name.bytes().map(|byte| format!("\\{byte:02x}")).collect();
    let text = format!(r#"(component (import "{name}" (instance)))"#);
    match Component::from_bytes(&ENGINE, text.as_bytes()) {
        Ok(component) => Some(component),
        Err(error) => {
            no_bug(&error);
            None
        }
    }
}

/// The validator and we have the same names, but for those that are no matter of ours: of dependencies and of content, and
/// those of functions, which instances cannot have.
fn agrees(name: &str, parsed: Option<&ExternName<'_>>, component: Option<&Component>) {
    let is_for_others = name.contains(['=', '<']);
    let is_function = matches!(parsed, Some(ExternName::Plain(plain)) if plain.annotation != Annotation::None);
    if !is_for_others && !is_function {
        assert_eq!(parsed.is_some(), component.is_some(), "{name:?}: {parsed:?}");
    }
}
