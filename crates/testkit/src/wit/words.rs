//! Facts in the words of WIT.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::{Definition, Fact};

/// The packages that the functions and resources which are `wanted` come from, with these and all types they need.
pub fn packages(facts: &[Fact], wanted: impl Fn(&Fact) -> bool, version: &str) -> String {
    let wanted: Vec<_> = facts.iter().filter(|fact| wanted(fact)).collect();
    let mut packages: BTreeMap<&str, String> = BTreeMap::new();
    for interface in needed(facts, &wanted) {
        let (package, name) = interface.split_once('/').expect("an interface has a package");
        let text = packages.entry(package).or_default();
        let _ = writeln!(text, "  interface {name} {{");
        for item in facts.iter().filter(|item| item.interface == interface) {
            self::item(text, item, &wanted, version);
        }
        let _ = writeln!(text, "  }}");
    }
    let package = |(package, interfaces): (&str, String)| format!("package {package}@{version} {{\n{interfaces}}}\n");
    packages.into_iter().map(package).collect()
}

/// The interfaces of what is wanted, and those that their types come from.
fn needed<'a>(facts: &'a [Fact], wanted: &[&'a Fact]) -> BTreeSet<&'a str> {
    let mut needed: BTreeSet<_> = wanted.iter().map(|fact| fact.interface.as_str()).collect();
    let mut next: Vec<_> = needed.iter().copied().collect();
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

fn item(text: &mut String, item: &Fact, wanted: &[&Fact], version: &str) {
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
            let of_interface = wanted.iter().filter(|fact| fact.interface == item.interface);
            let methods: String = of_interface.filter_map(|fact| method(name, fact)).collect();
            writeln!(text, "    resource %{name} {{ {methods} }}")
        }
        Definition::Func(ty) if wanted.iter().any(|fact| std::ptr::eq(item, *fact)) && !name.starts_with('[') => {
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
