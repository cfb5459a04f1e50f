//! A module between a core module and the adapter, with a memory for each of them. The adapter keeps its state in the memory
//! of its caller, and a module's heap may take all of the module's memory: these must be two.
//!
//! What a function of preview 1 points to is copied: to the adapter's memory before the call, and back after it.

use std::collections::BTreeSet;
use std::fmt::Write;

use wasmparser::MemoryType;

use super::copies;
use super::exports::Exported;
use super::preview1::{self, MODULE, PROC_EXIT, Param};

/// The name of the module's memory among the shim's exports; not one of preview 1.
pub const GUEST_MEMORY: &str = "guest-memory";
/// The name of the table by which the shim calls the module.
pub const TABLE: &str = "table";

/// What the shim has to be like.
#[derive(Debug)]
pub struct Shim<'a> {
    /// The functions of preview 1 that the module imports.
    pub imported: BTreeSet<&'a str>,
    /// The module's memory.
    pub memory: Option<&'a MemoryType>,
    /// What the shim calls: exports of the module, by their places in the table. `_start` is one of them.
    pub called: &'a [Exported],
    /// The interface that leaves with a code.
    pub exit: &'a str,
}

impl Shim<'_> {
    /// The module, as text.
    pub fn text(&self) -> String {
        let mut text = String::from("(module $preview1\n");
        self.imports(&mut text);
        let minimum = self.memory.map_or(0, |memory| memory.initial);
        let maximum = self.memory.and_then(|memory| memory.maximum).map(|pages| pages.to_string()).unwrap_or_default();
        let _ = writeln!(text, r#"  (memory $own (export "memory") 1)"#);
        let _ = writeln!(text, r#"  (memory $guest (export "{GUEST_MEMORY}") {minimum} {maximum})"#);
        let _ = writeln!(text, r#"  (table $table (export "{TABLE}") {} funcref)"#, self.called.len());
        text.push_str(copies::SUPPORT);
        for &name in &self.imported {
            match preview1::params(name) {
                Some(params) if params.iter().any(|param| !matches!(param, Param::I32 | Param::I64)) => {
                    copies::func(&mut text, name, params);
                }
                // Nothing has to be copied.
                _ => drop(writeln!(text, r#"  (export "{name}" (func ${name}))"#)),
            }
        }
        for (place, func) in self.called.iter().enumerate() {
            let Exported { name, params, result, .. } = func;
            let arguments: Vec<_> = (0..params.len()).map(|i| format!("(local.get {i})")).collect();
            let result = result.map(|ty| format!("(result {ty})")).unwrap_or_default();
            let ty = format!("(param {}) {result}", params.join(" "));
            let _ = writeln!(text, r#"  (func $call-{name} (export "{name}") {ty}"#);
            let _ = writeln!(text, "    (call_indirect $table {ty} {} (i32.const {place})))", arguments.join(" "));
        }
        text.push(')');
        text
    }

    /// What the module imports, and what copying it takes besides.
    fn imports(&self, text: &mut String) {
        let besides = self.imported.iter().filter_map(|name| copies::besides(name));
        let all: BTreeSet<&str> = self.imported.iter().copied().chain(besides).collect();
        for name in all {
            let Some(ty) = preview1::core_type(name) else { continue };
            // The adapter keeps one bit of the exit code; this function has the same core type, and keeps it all.
            let (module, import) = if name == PROC_EXIT { (self.exit, "exit-with-code") } else { (MODULE, name) };
            let _ = writeln!(text, r#"  (import "{module}" "{import}" (func ${name} {ty}))"#);
        }
    }
}

/// A module that puts the functions that the shim calls into its table, and initialises the module.
pub fn fill_table(called: &[Exported], initialize: Option<&str>) -> String {
    let mut text = format!("(module $table\n  (import \"shim\" \"{TABLE}\" (table {} funcref))\n", called.len());
    for (place, Exported { core_name, params, result, .. }) in called.iter().enumerate() {
        let result = result.map(|ty| format!("(result {ty})")).unwrap_or_default();
        let name = quoted(core_name);
        let params = params.join(" ");
        let _ = writeln!(text, r#"  (import "guest" {name} (func $f{place} (param {params}) {result}))"#);
    }
    if let Some(initialize) = initialize {
        let _ = writeln!(text, r#"  (import "guest" "{initialize}" (func $initialize))"#);
        let _ = writeln!(text, "  (start $initialize)");
    }
    let funcs: Vec<_> = (0..called.len()).map(|place| format!("$f{place}")).collect();
    let _ = writeln!(text, "  (elem (i32.const 0) func {}))", funcs.join(" "));
    text
}

/// A name as WAT writes it.
fn quoted(name: &str) -> String {
    let escaped: String = name.bytes().map(|byte| format!("\\{byte:02x}")).collect();
    format!("\"{escaped}\"")
}
