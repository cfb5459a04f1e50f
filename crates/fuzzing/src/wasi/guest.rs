//! A guest that calls whatever it is told: each function of WASI is an import, and an export of the same type, but that
//! handles are numbers. So handles stay in the guest's own table, and every value is lifted out of its memory.

use std::fmt::Write;

use thalweg::types::PtrType;
use thalweg_testkit::abi::allocator;
use thalweg_testkit::wit::{Fact, facts, packages};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::abi::{AbiVariant, WasmType};
use wit_parser::{Function, Resolve, SizeAlign, Type, TypeDefKind, TypeId, WorldItem, WorldKey};

use super::call::{Call, Does};
use super::words::{Words, kind_of};

/// The data, and the version that is imported.
const GENERATIONS: [(&str, &str); 2] = [
    (include_str!("../../../wasi/tests/interface_audit/wasi-0.2.txt"), "0.2.12"),
    (include_str!("../../../wasi/tests/interface_audit/wasi-0.3.txt"), "0.3.2"),
];

/// Numbers behind a result force it into memory.
const PADDING: usize = 16;
/// Where copies of streams and futures read and write: what is there first is nothing, then text.
const BUFFER: u32 = 1024;

/// A component, and what it exports.
pub struct Guest {
    /// The types of all functions.
    pub resolve: Resolve,
    /// Every export.
    pub calls: Vec<Call>,
    /// The binary form.
    pub bytes: Vec<u8>,
}

/// A guest being written.
#[derive(Default)]
struct Writer {
    calls: Vec<Call>,
    /// The interface of the exports, in WIT.
    words: Words,
    functions: String,
    imports: String,
    bodies: String,
    sizes: SizeAlign,
}

/// The guest that imports all that hosts have.
pub fn guest() -> Guest {
    let imported = imported();
    let mut resolve = Resolve::default();
    let package =
        push(&mut resolve, &format!("package thalweg:imports;\nworld guest {{\n{}}}\n{}", imported.0, imported.1));
    let world = resolve.select_world(&[package], None).expect("it has one");
    let mut writer = Writer::default();
    writer.sizes.fill(&resolve).expect("types that fit");
    let keys: Vec<_> = resolve.worlds[world].imports.iter().map(|(key, item)| (key.clone(), item.clone())).collect();
    for (key, item) in &keys {
        if let WorldItem::Interface { id, .. } = item {
            writer.interface(&resolve, key, *id);
        }
    }
    let bytes = writer.encode(&imported);
    Guest { resolve, calls: writer.calls, bytes }
}

/// The imports of a world, and the packages they come from.
fn imported() -> (String, String) {
    let (mut imports, mut all) = (String::new(), String::new());
    for (text, version) in GENERATIONS {
        let facts = facts(text);
        let wanted = |fact: &Fact| fact.is_for_hosts() && !fact.is_unstable;
        all.push_str(&packages(&facts, wanted, version));
        let mut interfaces: Vec<_> = facts.iter().filter(|fact| wanted(fact)).map(|fact| &fact.interface).collect();
        interfaces.dedup();
        for interface in interfaces {
            let _ = writeln!(imports, "  import {interface}@{version};");
        }
    }
    (imports, all)
}

fn push(resolve: &mut Resolve, text: &str) -> wit_parser::PackageId {
    resolve.push_str("guest.wit", text).unwrap_or_else(|error| panic!("{error:#}\n{text}"))
}

impl Writer {
    fn interface(&mut self, resolve: &Resolve, key: &WorldKey, id: wit_parser::InterfaceId) {
        let module = resolve.name_world_key(key);
        let interface = &resolve.interfaces[id];
        for (name, ty) in &interface.types {
            if matches!(resolve.types[*ty].kind, TypeDefKind::Resource) {
                let kind = kind_of(resolve, *ty);
                let field = format!("[resource-drop]{name}");
                self.numbers(&module, &field, &[WasmType::I32], None, Does::Drop(kind));
            }
        }
        for function in interface.functions.values() {
            self.function(resolve, &module, function);
            for (i, ty) in function.find_futures_and_streams(resolve).into_iter().enumerate() {
                self.copies(resolve, &module, &function.name, i, ty);
            }
        }
    }

    /// A function of the host.
    fn function(&mut self, resolve: &Resolve, module: &str, function: &Function) {
        let name = format!("call-{}", self.calls.len());
        let signature = resolve.wasm_signature(AbiVariant::GuestImport, function);
        let mut params: Vec<_> = signature.params.clone();
        if signature.retptr {
            params.pop();
        }
        let types = function.params.iter().enumerate();
        let types: Vec<_> = types.map(|(i, param)| format!("p{i}: {}", self.words.ty(resolve, &param.ty))).collect();
        let result = function.result.map(|ty| self.words.ty(resolve, &ty));
        self.export(&name, &types.join(", "), result.as_deref());
        self.import(module, &function.name, &name, &signature.params, &signature.results);
        let size = function.result.map_or(0, |ty| self.sizes.size(&ty).size_wasm32());
        let call = format!("(call ${name}");
        let gets: String = (0..params.len()).map(|n| format!(" (local.get {n})")).collect();
        let answer = match (signature.retptr, signature.results.first()) {
            (true, _) => format!("{call}{gets} (local.get $at))"),
            (false, Some(flat)) => format!("{} {call}{gets}))", store(flat, size)),
            (false, None) => format!("{call}{gets})"),
        };
        self.body(&name, &params, size, &answer, result.is_some());
        self.calls.push(Call {
            name,
            what: format!("{module}#{}", function.name),
            params: function.params.iter().map(|param| param.ty).collect(),
            result: function.result,
            does: Does::Host,
        });
    }

    /// The built-ins of a stream's or future's type, once for each type.
    fn copies(&mut self, resolve: &Resolve, module: &str, function: &str, i: usize, ty: TypeId) {
        let kind = kind_of(resolve, ty);
        if self.calls.iter().any(|call| matches!(&call.does, Does::New(known) if *known == kind)) {
            return;
        }
        let what = if matches!(resolve.types[ty].kind, TypeDefKind::Stream(_)) { "stream" } else { "future" };
        let field = |verb: &str| format!("[{what}-{verb}-{i}]{function}");
        let (i32, i64) = (WasmType::I32, WasmType::I64);
        let copy = match what {
            "stream" => vec![i32; 3],
            _ => vec![i32; 2],
        };
        self.numbers(module, &field("new"), &[], Some(i64), Does::New(kind.clone()));
        for (verb, asynchronous) in [("read", false), ("write", false), ("read", true), ("write", true)] {
            let prefix = if asynchronous { "[async-lower]" } else { "" };
            let does = if verb == "read" { Does::Read(kind.clone()) } else { Does::Write(kind.clone()) };
            self.numbers(module, &format!("{prefix}{}", field(verb)), &copy, Some(i32), does);
        }
        for (verb, writable) in [("cancel-read", false), ("cancel-write", true)] {
            self.numbers(module, &field(verb), &[i32], Some(i32), Does::Cancel(kind.clone(), writable));
        }
        for (verb, writable) in [("drop-readable", false), ("drop-writable", true)] {
            self.numbers(module, &field(verb), &[i32], None, Does::DropEnd(kind.clone(), writable));
        }
    }

    /// A built-in, which takes and gives nothing but numbers.
    fn numbers(&mut self, module: &str, field: &str, params: &[WasmType], result: Option<WasmType>, does: Does) {
        let name = format!("call-{}", self.calls.len());
        let types: Vec<_> = (0..params.len()).map(|i| format!("p{i}: u32")).collect();
        let result_type = result.map(|ty| if ty == WasmType::I64 { ("u64", 8) } else { ("u32", 4) });
        self.export(&name, &types.join(", "), result_type.map(|(ty, _)| ty));
        self.import(module, field, &name, params, result.as_slice());
        let gets: String = (0..params.len()).map(|n| format!(" (local.get {n})")).collect();
        let call = format!("(call ${name}{gets})");
        let size = result_type.map_or(0, |(_, size)| size);
        let answer = result.map_or(call.clone(), |flat| format!("{} {call})", store(&flat, size)));
        self.body(&name, params, size, &answer, result.is_some());
        let params = vec![Type::U32; params.len()];
        let result = result_type.map(|(_, size)| if size == 8 { Type::U64 } else { Type::U32 });
        self.calls.push(Call { name, what: format!("{module}#{field}"), params, result, does });
    }

    fn export(&mut self, name: &str, params: &str, result: Option<&str>) {
        let result = result.map(|ty| format!(" -> tuple<{ty}{}>", ", u8".repeat(PADDING))).unwrap_or_default();
        let _ = writeln!(self.functions, "    {name}: async func({params}){result};");
    }

    fn import(&mut self, module: &str, field: &str, name: &str, params: &[WasmType], results: &[WasmType]) {
        let (params, results) = (core(params), core(results));
        let _ = writeln!(
            self.imports,
            r#"(import "{module}" "{field}" (func ${name} (param {params}) (result {results})))"#
        );
        let answers = if self.functions.lines().last().is_some_and(|line| line.contains("->")) { "i32" } else { "" };
        let _ = writeln!(
            self.imports,
            r#"(import "[export]calls" "[task-return]{name}" (func $return-{name} (param {answers})))"#
        );
    }

    /// The core function of an export: takes a place for the result, does `answer`, and returns.
    fn body(&mut self, name: &str, params: &[WasmType], size: usize, answer: &str, answers: bool) {
        let params = core(params);
        let size = size + PADDING;
        let given = if answers { "(local.get $at)" } else { "" };
        let _ = writeln!(
            self.bodies,
            r#"(func (export "[async-lift-stackful]calls#{name}") (param {params}) (local $at i32)
    (local.set $at (call $realloc (i32.const 0) (i32.const 0) (i32.const 8) (i32.const {size})))
    {answer}
    (call $return-{name} {given}))"#
        );
    }

    fn encode(&self, imported: &(String, String)) -> Vec<u8> {
        let Writer { words, functions, imports, bodies, .. } = self;
        let wit = format!(
            "package thalweg:guest;\nworld guest {{\n{}  export calls: interface {{\n{}{functions}  }}\n}}\n{}",
            imported.0,
            words.definitions(),
            imported.1
        );
        let mut resolve = Resolve::default();
        let package = push(&mut resolve, &wit);
        let world = resolve.select_world(&[package], None).expect("it has one");
        let allocator = allocator(PtrType::I32, 2, 65536, r#"$realloc (export "cabi_realloc")"#, "");
        let text = format!("(module {imports} {allocator} (data (i32.const {}) \"{TEXT}\") {bodies})", BUFFER + 256);
        let mut module = wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false).expect("it fits");
        let mut encoder = ComponentEncoder::default();
        let encoder = encoder.module(&module).unwrap_or_else(|error| panic!("{error:#}\n{wit}"));
        encoder.encode().unwrap_or_else(|error| panic!("{error:#}\n{wit}"))
    }
}

/// What copies find in memory behind the zeros.
const TEXT: &str = r"\01\02\00\00text, and more of it\00\ff\01\00\00\00\01\00\00\00";

/// How a core value is put into the place for the result.
fn store(flat: &WasmType, size: usize) -> String {
    let instruction = match (flat, size) {
        (WasmType::I64, _) => "i64.store",
        (WasmType::F32, _) => "f32.store",
        (WasmType::F64, _) => "f64.store",
        (_, 1) => "i32.store8",
        (_, 2) => "i32.store16",
        _ => "i32.store",
    };
    format!("({instruction} (local.get $at)")
}

fn core(types: &[WasmType]) -> String {
    let name = |ty: &WasmType| match ty {
        WasmType::I64 | WasmType::PointerOrI64 => "i64 ",
        WasmType::F32 => "f32 ",
        WasmType::F64 => "f64 ",
        _ => "i32 ",
    };
    types.iter().map(name).collect()
}
