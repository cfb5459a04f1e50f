//! Components that import a single function or resource, with the exact type that a fact says.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::{LiftLowerAbi, ManglingAndAbi, Resolve};

use crate::facts::{Definition, Fact};

/// A component that imports `fact` at `version`; `facts` has the types that it needs.
pub fn component(facts: &[Fact], fact: &Fact, version: &str) -> Vec<u8> {
    let text = text(facts, fact, version);
    let mut resolve = Resolve::default();
    let package = resolve.push_str("audit.wit", &text).unwrap_or_else(|error| panic!("{error:#}\n{text}"));
    let world = resolve.select_world(&[package], None).expect("it has one");
    let mut module = dummy_module(&resolve, world, ManglingAndAbi::Legacy(LiftLowerAbi::Sync));
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false).expect("it fits");
    ComponentEncoder::default()
        .module(&module)
        .expect("it fits")
        .encode()
        .unwrap_or_else(|error| panic!("{error:#}\n{text}"))
}

/// The same in the words of WIT: each interface with all of its types, and the fact's with the fact.
fn text(facts: &[Fact], fact: &Fact, version: &str) -> String {
    let mut packages: BTreeMap<&str, String> = BTreeMap::new();
    for interface in needed(facts, &fact.interface) {
        let (package, name) = interface.split_once('/').expect("an interface has a package");
        let text = packages.entry(package).or_default();
        let _ = writeln!(text, "  interface {name} {{");
        for item in facts.iter().filter(|item| item.interface == interface) {
            self::item(text, item, fact, version);
        }
        let _ = writeln!(text, "  }}");
    }
    let mut text = format!("package thalweg:audit;\nworld audit {{ import {}@{version}; }}\n", fact.interface);
    for (package, interfaces) in packages {
        let _ = writeln!(text, "package {package}@{version} {{\n{interfaces}}}");
    }
    text
}

/// The interface itself, and those that its types come from.
fn needed<'a>(facts: &'a [Fact], interface: &'a str) -> BTreeSet<&'a str> {
    let mut needed = BTreeSet::from([interface]);
    let mut next = vec![interface];
    while let Some(interface) = next.pop() {
        for fact in facts.iter().filter(|fact| fact.interface == interface) {
            if let Definition::From(other, _) = &fact.definition
                && needed.insert(other)
            {
                next.push(other);
            }
        }
    }
    needed
}

fn item(text: &mut String, item: &Fact, fact: &Fact, version: &str) {
    let name = &item.name;
    let _ = match &item.definition {
        Definition::Type(ty) => match ty.split_once(" { ") {
            Some((kind, labels)) => {
                let labels = labels.strip_suffix(" }").expect("a brace closes");
                writeln!(text, "    {kind} %{name} {{ {} }}", escaped(labels))
            }
            None => writeln!(text, "    type %{name} = {ty};"),
        },
        Definition::From(interface, other) => {
            let (package, local) = interface.split_once('/').expect("an interface has a package");
            let from = match item.interface.strip_prefix(package) {
                Some(_) => format!("%{local}"),
                None => format!("{interface}@{version}"),
            };
            writeln!(text, "    use {from}.{{%{other} as %{name}}};")
        }
        Definition::Resource => {
            let methods = if fact.interface == item.interface { method(name, fact) } else { None };
            writeln!(text, "    resource %{name} {{ {} }}", methods.unwrap_or_default())
        }
        Definition::Func(ty) if std::ptr::eq(item, fact) && !name.starts_with('[') => {
            let (before, params, after) = parts(ty);
            writeln!(text, "    %{name}: {before}({}){after};", escaped(params))
        }
        Definition::Func(_) => Ok(()),
    };
}

/// The fact, if it is a method, static function or constructor of `resource`.
fn method(resource: &str, fact: &Fact) -> Option<String> {
    let Definition::Func(ty) = &fact.definition else { return None };
    let (kind, path) = fact.name.strip_prefix('[')?.split_once(']')?;
    let (owner, name) = path.split_once('.').unwrap_or((path, ""));
    let (before, params, after) = parts(ty);
    let method = match kind {
        "constructor" => format!("constructor({});", escaped(params)),
        "static" => format!("%{name}: static {before}({}){after};", escaped(params)),
        "method" => {
            let rest = params.strip_prefix(&format!("self: borrow<{owner}>")).expect("a method borrows its resource");
            format!("%{name}: {before}({}){after};", escaped(rest.trim_start_matches(", ")))
        }
        other => panic!("what is a {other}?"),
    };
    (owner == resource).then_some(method)
}

/// What is before the parameters of a function, the parameters, and what is behind them.
fn parts(ty: &str) -> (&str, &str, &str) {
    let (before, rest) = ty.split_once('(').expect("a function has parameters");
    let end = rest.find(") -> ").unwrap_or(rest.len() - 1);
    (before, &rest[..end], &rest[end + 1..])
}

/// Each label of a list as WIT takes it, also when it is a word of WIT.
fn escaped(labels: &str) -> String {
    let mut depth = 0;
    let mut text = String::new();
    for (i, part) in labels.split(", ").enumerate() {
        let separator = if i == 0 { "" } else { ", " };
        let mark = if depth == 0 && !part.is_empty() { "%" } else { "" };
        let _ = write!(text, "{separator}{mark}{part}");
        depth += part.matches(['<', '(']).count();
        depth -= part.matches(['>', ')']).count();
    }
    text
}
