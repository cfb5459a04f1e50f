//! Two components in text: a caller that makes calls out of any bytes, and a callee that hands back all of its memory.
//!
//! For each type there are three exports `(image: list<u8>) -> list<u8>`. The image comes to lie at 1024 of the caller's
//! memory. `flatN` passes its first words as core values, `memoryN` a pointer to it; both answer the callee's memory after
//! the call. `backN` has the callee answer the image as a value, and answers the caller's memory.

use std::fmt::Write;

use thalweg::types::{FlatType, PtrType, ValType};

use super::allocator::{allocator, ptr_name};
use super::echo::Echo;

/// So many numbers behind a value force it into memory.
const PADDING: usize = 16;

/// A memory of one page whose allocator gives 1024 first and writes down its calls between 512 and 1024, where the last
/// ones stay.
fn memory(ptr: PtrType) -> String {
    let p = ptr_name(ptr);
    let word = |name: &str| match ptr {
        PtrType::I32 => format!("(local.get {name})"),
        PtrType::I64 => format!("(i32.wrap_i64 (local.get {name}))"),
    };
    let [old, old_size, align, size] = ["$old", "$old-size", "$align", "$size"].map(word);
    let note = format!(
        r"
      (i32.store offset=512 (global.get $log) {old})
      (i32.store offset=516 (global.get $log) {old_size})
      (i32.store offset=520 (global.get $log) {align})
      (i32.store offset=524 (global.get $log) {size})
      (global.set $log ({p}.and ({p}.add (global.get $log) ({p}.const 16)) ({p}.const 511)))"
    );
    let fields = allocator(ptr, 1, 1024, r#"(export "realloc")"#, &note);
    format!(
        r#"{fields}
    (global $log (mut {p}) ({p}.const 0))
    (func (export "post") (param {p}) (i32.store ({p}.const 32) (i32.const 0)))"#
    )
}

/// Answers one page of memory as a list of bytes; the answer's own pointer and length are at 0.
fn page(ptr: PtrType) -> &'static str {
    match ptr {
        PtrType::I32 => {
            "(i32.store (i32.const 0) (i32.const 8)) (i32.store (i32.const 4) (i32.const 65528)) (i32.const 0)"
        }
        PtrType::I64 => {
            "(i64.store (i64.const 0) (i64.const 16)) (i64.store (i64.const 8) (i64.const 65520)) (i64.const 0)"
        }
    }
}

const OPTIONS: &str = r#"(memory (core memory $m "memory")) (realloc (core func $m "realloc"))"#;

/// How the strings of a component are encoded.
pub const ENCODINGS: [&str; 3] = ["utf8", "utf16", "latin1+utf16"];

/// The two components for some types.
pub struct Pair {
    /// The caller's encoding and the callee's.
    encodings: [&'static str; 2],
    /// The types of the addresses of the caller's memory and of the callee's.
    ptrs: [PtrType; 2],
    callee: String,
    callee_lifts: String,
    imports: String,
    lowers: String,
    core_imports: String,
    exports: String,
    caller: String,
    caller_lifts: String,
    with: String,
    outer: String,
}

impl Pair {
    /// The component with both; strings are in the encodings of the caller and of the callee, whose memories have these
    /// types of addresses.
    pub fn of(types: &[ValType], encodings: [&'static str; 2], ptrs: [PtrType; 2]) -> String {
        let (definitions, names) = Echo::names(types);
        let empty = String::new;
        let mut pair = Pair {
            encodings,
            ptrs,
            callee: empty(),
            callee_lifts: empty(),
            imports: empty(),
            lowers: empty(),
            core_imports: empty(),
            exports: empty(),
            caller: empty(),
            caller_lifts: empty(),
            with: empty(),
            outer: empty(),
        };
        let mut named = 0;
        while definitions.contains(&format!("(export $t{named} ")) {
            put(&mut pair.with, format!(r#"(with "t{named}" (type $callee "t{named}"))"#));
            named += 1;
        }
        for (i, (ty, name)) in types.iter().zip(&names).enumerate() {
            let wide = format!("(tuple {name}{})", " u8".repeat(PADDING));
            if let [Some(caller), Some(callee)] = ptrs.map(|ptr| ty.layout(ptr).flat.as_deref()) {
                pair.flat(&format!("flat{i}"), name, [caller, callee]);
            }
            let [caller, callee] = ptrs.map(|ptr| [ptr.flat()]);
            pair.flat(&format!("memory{i}"), &wide, [&caller, &callee]);
            pair.back(&format!("back{i}"), &wide);
        }
        pair.text(&definitions, named)
    }

    fn text(&self, definitions: &str, named: usize) -> String {
        let Pair { callee, callee_lifts, imports, lowers, core_imports, exports, .. } = self;
        let Pair { caller, caller_lifts, with, outer, .. } = self;
        let mut imported = definitions.to_owned();
        for i in 0..named {
            let export = format!(r#"(export $t{i} "t{i}" (type $own{i}))"#);
            imported = imported.replace(&export, &format!(r#"(import "t{i}" (type $t{i} (eq $own{i})))"#));
        }
        let [caller_memory, callee_memory] = self.ptrs.map(memory);
        let p = ptr_name(self.ptrs[0]);
        format!(
            r#"(component
  (component $callee {definitions}
    (core module $m {callee_memory} {callee})
    (core instance $m (instantiate $m))
    {callee_lifts})
  (component $caller {imported} {imports}
    (core module $memory {caller_memory})
    (core instance $m (instantiate $memory))
    {lowers}
    (core module $main (import "m" "memory" (memory {p} 1)) {core_imports} {caller})
    (core instance $main (instantiate $main (with "m" (instance $m)) (with "" (instance {exports}))))
    {caller_lifts})
  (instance $callee (instantiate $callee))
  (instance $caller (instantiate $caller {with}))
  {outer})"#
        )
    }

    /// A function that takes a value of the type `name`, which has these core values in the caller and in the callee.
    fn flat(&mut self, func: &str, name: &str, [given, taken]: [&[FlatType]; 2]) {
        let callee = self.ptrs[1];
        let [p, q] = self.ptrs.map(ptr_name);
        let names = |flat: &[FlatType]| flat.iter().map(core_name).collect::<Vec<_>>().join(" ");
        let saved = taken.iter().enumerate();
        let saved =
            saved.map(|(n, ty)| format!("({}.store offset={} ({q}.const 64) (local.get {n}))", core_name(ty), 8 * n));
        let (saved, params, page) = (saved.collect::<String>(), names(taken), page(callee));
        put(&mut self.callee, format!(r#"(func (export "{func}") (param {params}) (result {q}) {saved} {page})"#));
        let ty = format!(r#"(param "value" {name}) (result (list u8))"#);
        self.function(func, &ty, "post-return");
        let params = names(given);
        put(&mut self.core_imports, format!(r#"(import "" "{func}" (func ${func} (param {params} {p})))"#));
        let words = given.iter().enumerate();
        let mut words: String =
            words.map(|(n, ty)| format!("({}.load offset={} (local.get 0))", core_name(ty), 8 * n)).collect();
        if func.starts_with("memory") {
            words = "(local.get 0)".into();
        }
        let call = format!("(call ${func} {words} ({p}.const 16)) ({p}.const 16)");
        put(&mut self.caller, format!(r#"(func (export "{func}") (param {p} {p}) (result {p}) {call})"#));
    }

    /// A function that answers a value of the type `name`.
    fn back(&mut self, func: &str, name: &str) {
        let ([p, q], page) = (self.ptrs.map(ptr_name), page(self.ptrs[0]));
        put(&mut self.callee, format!(r#"(func (export "{func}") (param {q} {q}) (result {q}) (local.get 0))"#));
        let ty = format!(r#"(param "image" (list u8)) (result {name})"#);
        self.function(func, &ty, "post-return");
        put(&mut self.core_imports, format!(r#"(import "" "{func}" (func ${func} (param {p} {p} {p})))"#));
        let call = format!("(call ${func} (local.get 0) (local.get 1) ({p}.const 32768)) {page}");
        put(&mut self.caller, format!(r#"(func (export "{func}") (param {p} {p}) (result {p}) {call})"#));
    }

    /// Lifts it in the callee, lowers it in the caller, and exports the caller's.
    fn function(&mut self, func: &str, ty: &str, post: &str) {
        let [caller, callee] = self.encodings.map(|encoding| format!("{OPTIONS} string-encoding={encoding}"));
        let post = format!(r#"({post} (core func $m "post"))"#);
        put(
            &mut self.callee_lifts,
            format!(r#"(func (export "{func}") {ty} (canon lift (core func $m "{func}") {callee} {post}))"#),
        );
        put(&mut self.imports, format!(r#"(import "{func}" (func ${func} {ty}))"#));
        put(&mut self.lowers, format!(r#"(core func ${func} (canon lower (func ${func}) {caller}))"#));
        put(&mut self.exports, format!(r#"(export "{func}" (func ${func}))"#));
        put(&mut self.with, format!(r#"(with "{func}" (func $callee "{func}"))"#));
        let plain = r#"(param "image" (list u8)) (result (list u8))"#;
        put(
            &mut self.caller_lifts,
            format!(r#"(func (export "{func}") {plain} (canon lift (core func $main "{func}") {OPTIONS}))"#),
        );
        put(&mut self.outer, format!(r#"(func (export "{func}") (alias export $caller "{func}"))"#));
    }
}

fn put(text: &mut String, line: String) {
    writeln!(text, "{line}").expect("a string takes anything");
}

fn core_name(ty: &FlatType) -> &'static str {
    match ty {
        FlatType::I32 => "i32",
        FlatType::I64 => "i64",
        FlatType::F32 => "f32",
        FlatType::F64 => "f64",
    }
}
