//! What is missing, what there is, what to do.

use super::define::{DefinedInstance, Linker};
use super::semver_name::SemverName;
use crate::Error;
use crate::component::InterfaceName;

/// `interface#name`, or the bare name at the root.
pub(super) fn full_name(interface: &str, name: &str) -> String {
    if interface.is_empty() { name.to_string() } else { format!("{interface}#{name}") }
}

/// No instance serves `interface`.
pub(super) fn instance<T>(linker: &Linker<T>, interface: &str) -> Error {
    if interface.is_empty() {
        return Error::link(
            "the component imports something at its root, outside of an interface, that nobody defines",
        )
        .with_hint("define it with `Linker::instance(\"\")` in an embedding");
    }
    let error = Error::link(format!("nothing provides the import `{interface}`"));
    let base = SemverName::parse(interface).map(|name| name.base().to_string()).unwrap_or_default();
    let mut others: Vec<&str> =
        linker.all().filter(|(name, _)| name.base() == base).map(|(_, defined)| &*defined.name).collect();
    others.sort_unstable();
    let candidate = InterfaceName::parse(interface).is_some_and(|name| name.is_release_candidate());
    let error = match others.as_slice() {
        [] => error.with_have(packages(linker, &base)),
        others => error.with_have(format!("there is {}", others.join(", "))),
    };
    if candidate {
        return error.with_hint(
            "this is a release candidate, which matches only itself: rebuild the component with tools for the released version",
        );
    }
    match others.as_slice() {
        [] => error.with_hint(
            "link the component with one that exports it (`--plug`), or define the interface in an embedding",
        ),
        _ => error.with_hint("rebuild the component for a version that is there"),
    }
}

/// What there is of the same package, or which packages there are.
fn packages<T>(linker: &Linker<T>, base: &str) -> String {
    let wanted = base.split('/').next().unwrap_or_default();
    let mut same: Vec<&str> =
        linker.all().filter(|(name, _)| name.package() == wanted).map(|(_, defined)| &*defined.name).collect();
    same.sort_unstable();
    if !same.is_empty() {
        return format!("of `{wanted}` there is {}", same.join(", "));
    }
    let mut all: Vec<&str> = linker.all().map(|(name, _)| name.package()).collect();
    all.sort_unstable();
    all.dedup();
    if all.is_empty() { "nothing is defined".into() } else { format!("there are the packages {}", all.join(", ")) }
}

/// An instance is there but lacks `name`.
pub(super) fn item(instance: &DefinedInstance, interface: &str, kind: &str, name: &str) -> Error {
    let mut names: Vec<&str> = match kind {
        "resource" => instance.resources.keys().map(String::as_str).collect(),
        _ => instance.funcs.keys().map(String::as_str).collect(),
    };
    names.sort_unstable();
    let have = match names.len() {
        0 => format!("`{}` has no {kind}", instance.name),
        1..=8 => format!("`{}` has {}", instance.name, names.join(", ")),
        n => format!("`{}` has {n} others", instance.name),
    };
    Error::link(format!("nothing provides the {kind} `{}`", full_name(interface, name)))
        .with_have(have)
        .with_hint("rebuild the component for a version that is there")
}
