//! Components that import a single function or resource, with the exact type that a fact says.

use thalweg_testkit::wit::{Fact, packages};
use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::{LiftLowerAbi, ManglingAndAbi, Resolve};

/// A component that imports `fact` at `version`; `facts` has the types that it needs.
pub fn component(facts: &[Fact], fact: &Fact, version: &str) -> Vec<u8> {
    let packages = packages(facts, |other| std::ptr::eq(other, fact), version);
    let text = format!("package thalweg:audit;\nworld audit {{ import {}@{version}; }}\n{packages}", fact.interface);
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
