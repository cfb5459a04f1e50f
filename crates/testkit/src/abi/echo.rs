//! A component in text that hands back what it gets: `flatN` by `task.return` from core values, `memoryN` as the pointer
//! it was given.

use std::fmt::Write;

use thalweg::Val;
use thalweg::types::{FlatType, PtrType, ValType};

use super::allocator::{allocator, ptr_name};

/// So many numbers behind a value force it into memory.
const PADDING: usize = 16;

/// The allocator, in a module of its own.
fn allocator_instance(ptr: PtrType) -> String {
    let fields = allocator(ptr, 1, 16, r#"(export "realloc")"#, "");
    format!(
        r#"
  (core module $allocator {fields})
  (core instance $allocator (instantiate $allocator))
  (alias core export $allocator "memory" (core memory $memory))
  (alias core export $allocator "realloc" (core func $realloc))
"#
    )
}

/// A component being written.
pub struct Echo {
    /// The type of its memory's addresses.
    ptr: PtrType,
    /// Types that need a name, each defined and exported.
    types: String,
    named: usize,
    /// The built-ins, the core module, and its lifted functions.
    builtins: String,
    imports: String,
    bodies: String,
    with: String,
    lifts: String,
}

/// The value as the functions `memoryN` take it.
pub fn pad(value: Val) -> Val {
    Val::Tuple(std::iter::once(value).chain((0..PADDING).map(|i| Val::U8(i as u8))).collect())
}

impl Echo {
    /// Definitions of what must have a name, which is exported as `tN`; and how each of `types` is written then.
    pub fn names(types: &[ValType]) -> (String, Vec<String>) {
        let mut echo = Echo::empty(PtrType::I32);
        let names = types.iter().map(|ty| echo.name(ty)).collect();
        (echo.types, names)
    }

    fn empty(ptr: PtrType) -> Echo {
        let empty = String::new;
        Echo {
            ptr,
            types: empty(),
            named: 0,
            builtins: empty(),
            imports: empty(),
            bodies: empty(),
            with: empty(),
            lifts: empty(),
        }
    }

    /// The component for these types.
    pub fn of(types: &[ValType], encoding: &str) -> String {
        Echo::in_memory(PtrType::I32, types, encoding)
    }

    /// The same with a memory whose addresses are of type `ptr`.
    pub fn in_memory(ptr: PtrType, types: &[ValType], encoding: &str) -> String {
        let mut echo = Echo::empty(ptr);
        let options = format!("(memory $memory) (realloc $realloc) string-encoding={encoding}");
        for (i, ty) in types.iter().enumerate() {
            let name = echo.name(ty);
            if let Some(flat) = &ty.layout(ptr).flat {
                echo.flat(i, &name, flat, &options, encoding);
            }
            echo.memory(i, &name, &options);
        }
        echo.text()
    }

    fn text(&self) -> String {
        let Echo { types, builtins, imports, bodies, with, lifts, .. } = self;
        let allocator = allocator_instance(self.ptr);
        format!(
            r#"(component {allocator} {types} {builtins}
  (core module $echo {imports}
    (func (export "callback") (param i32 i32 i32) (result i32) unreachable)
    {bodies})
  (core instance $echo (instantiate $echo (with "" (instance {with}))))
  (alias core export $echo "callback" (core func $callback))
  {lifts})"#
        )
    }

    fn flat(&mut self, i: usize, name: &str, flat: &[FlatType], options: &str, encoding: &str) {
        let params: Vec<_> = flat.iter().map(core_name).collect();
        let params = format!("(param {})", params.join(" "));
        let gets: String = (0..flat.len()).map(|n| format!("local.get {n} ")).collect();
        put(
            &mut self.builtins,
            format!(
                r#"(core func $return{i} (canon task.return (result {name}) (memory $memory) string-encoding={encoding}))"#
            ),
        );
        put(&mut self.imports, format!(r#"(import "" "return{i}" (func $return{i} {params}))"#));
        put(&mut self.with, format!(r#"(export "return{i}" (func $return{i}))"#));
        put(
            &mut self.bodies,
            format!(r#"(func (export "flat{i}") {params} (result i32) {gets} call $return{i} i32.const 0)"#),
        );
        put(
            &mut self.lifts,
            format!(
                r#"(func (export "flat{i}") async (param "value" {name}) (result {name})
    (canon lift (core func $echo "flat{i}") async (callback $callback) {options}))"#
            ),
        );
    }

    fn memory(&mut self, i: usize, name: &str, options: &str) {
        let wide = format!("(tuple {name}{})", " u8".repeat(PADDING));
        let p = ptr_name(self.ptr);
        put(&mut self.bodies, format!(r#"(func (export "memory{i}") (param {p}) (result {p}) local.get 0)"#));
        put(
            &mut self.lifts,
            format!(
                r#"(func (export "memory{i}") (param "value" {wide}) (result {wide})
    (canon lift (core func $echo "memory{i}") {options}))"#
            ),
        );
    }

    /// The type in text; what must have a name to be exported gets one.
    fn name(&mut self, ty: &ValType) -> String {
        match ty {
            ValType::List(list) => {
                let length = list.length.map(|length| format!(" {length}")).unwrap_or_default();
                format!("(list {}{length})", self.name(&list.element))
            }
            ValType::Map(map) => {
                let entry: Vec<_> = map.entry.elements.iter().map(|element| self.name(&element.ty)).collect();
                format!("(map {})", entry.join(" "))
            }
            ValType::Tuple(tuple) => {
                let elements: Vec<_> = tuple.elements.iter().map(|element| self.name(&element.ty)).collect();
                format!("(tuple {})", elements.join(" "))
            }
            ValType::Option(option) => format!("(option {})", self.name(&option.some)),
            ValType::Result(result) => {
                let ok = result.ok.as_ref().map(|ty| self.name(ty)).unwrap_or_default();
                let err = result.err.as_ref().map(|ty| format!("(error {})", self.name(ty))).unwrap_or_default();
                format!("(result {ok} {err})")
            }
            ValType::Record(record) => {
                let fields =
                    record.fields.iter().map(|field| format!("(field {:?} {})", field.name, self.name(&field.ty)));
                let fields: Vec<_> = fields.collect();
                self.export(format!("(record {})", fields.join(" ")))
            }
            ValType::Variant(variant) => {
                let cases = variant.cases.iter().map(|case| {
                    let payload = case.ty.as_ref().map(|ty| self.name(ty)).unwrap_or_default();
                    format!("(case {:?} {payload})", case.name)
                });
                let cases: Vec<_> = cases.collect();
                self.export(format!("(variant {})", cases.join(" ")))
            }
            ValType::Enum(labels) => self.export(format!("(enum {})", quoted(&labels.names))),
            ValType::Flags(flags) => self.export(format!("(flags {})", quoted(&flags.names))),
            scalar => scalar.to_string(),
        }
    }

    fn export(&mut self, definition: String) -> String {
        let n = self.named;
        self.named += 1;
        put(&mut self.types, format!(r#"(type $own{n} {definition}) (export $t{n} "t{n}" (type $own{n}))"#));
        format!("$t{n}")
    }
}

fn quoted(names: &[Box<str>]) -> String {
    names.iter().map(|name| format!("{name:?} ")).collect()
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
