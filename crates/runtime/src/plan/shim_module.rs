//! Core modules that tools put between a module and functions that exist later, read as what they do.
//!
//! Only modules that do nothing else are recognised: everything in them is looked at, and what is not known here makes
//! them modules like any other.

use std::collections::HashMap;

use wasmparser::{
    BinaryReaderError, ConstExpr, ElementItems, ElementKind, ElementSectionReader, ExportSectionReader, ExternalKind,
    FuncType, FunctionBody, ImportSectionReader, Operator, Parser, Payload, RefType, TableInit, TableSectionReader,
    TableType, TypeRef, TypeSectionReader, ValType,
};

use crate::component::SHED;

/// Larger ones are not read. Tools write some 30 bytes for each function.
pub(crate) const MAX_SHIM: usize = 64 << 10;

/// A module of functions, each of which calls an entry of the module's one table, with its own parameters.
#[derive(Debug, PartialEq)]
pub(super) struct Shim {
    /// The name of the table.
    pub table: String,
    /// How many entries it has.
    pub entries: u32,
    /// The exported functions: which entry each calls, and its type.
    pub funcs: HashMap<String, (u32, FuncType)>,
}

/// A module that puts functions that it imports into a table that it imports, and does nothing else.
#[derive(Debug, PartialEq)]
pub(super) struct Filler {
    /// Which import is the table.
    pub table: usize,
    /// What the entries are afterwards: the import, and its type.
    pub entries: HashMap<u32, (usize, FuncType)>,
    /// One more than the last entry that is written.
    pub end: u32,
}

/// Why a module is none of these. It says nothing: such modules are the rule.
struct Other;

impl From<BinaryReaderError> for Other {
    fn from(_: BinaryReaderError) -> Self {
        Other
    }
}

type Read<T> = Result<T, Other>;

/// The sections of a module that a shim or a filler may have.
#[derive(Default)]
struct Sections<'a> {
    types: Vec<FuncType>,
    /// The types of imported functions, and where each is among the imports.
    imported: Vec<(usize, u32)>,
    /// Imported tables, and where each is among the imports.
    imported_tables: Vec<(usize, TableType)>,
    funcs: Vec<u32>,
    tables: Vec<TableType>,
    exports: Vec<(&'a str, ExternalKind, u32)>,
    bodies: Vec<FunctionBody<'a>>,
    elements: Option<ElementSectionReader<'a>>,
}

impl<'a> Sections<'a> {
    fn read(module: &'a [u8]) -> Read<Self> {
        if module.len() > MAX_SHIM {
            return Err(Other);
        }
        let mut this = Sections::default();
        for payload in Parser::new(0).parse_all(module) {
            match payload? {
                Payload::TypeSection(section) => this.types(section)?,
                Payload::ImportSection(section) => this.imports(section)?,
                Payload::FunctionSection(section) => this.funcs = section.into_iter().collect::<Result<_, _>>()?,
                Payload::TableSection(section) => this.tables(section)?,
                Payload::ExportSection(section) => this.exports(section)?,
                Payload::ElementSection(section) => this.elements = Some(section),
                Payload::CodeSectionEntry(body) => this.bodies.push(body),
                Payload::Version { .. } | Payload::CodeSectionStart { .. } | Payload::End(_) => {}
                // What has lost its code was larger.
                Payload::CustomSection(section) if section.name() != SHED => {}
                _ => return Err(Other),
            }
        }
        Ok(this)
    }

    fn types(&mut self, section: TypeSectionReader<'a>) -> Read<()> {
        for ty in section.into_iter_err_on_gc_types() {
            self.types.push(ty?);
        }
        Ok(())
    }

    fn imports(&mut self, section: ImportSectionReader<'a>) -> Read<()> {
        for (at, import) in section.into_imports().enumerate() {
            match import?.ty {
                TypeRef::Func(ty) => self.imported.push((at, ty)),
                TypeRef::Table(ty) => self.imported_tables.push((at, ty)),
                _ => return Err(Other),
            }
        }
        Ok(())
    }

    fn tables(&mut self, section: TableSectionReader<'a>) -> Read<()> {
        for table in section {
            let table = table?;
            if !matches!(table.init, TableInit::RefNull) {
                return Err(Other);
            }
            self.tables.push(table.ty);
        }
        Ok(())
    }

    fn exports(&mut self, section: ExportSectionReader<'a>) -> Read<()> {
        for export in section {
            let export = export?;
            self.exports.push((export.name, export.kind, export.index));
        }
        Ok(())
    }

    /// A type of nothing but numbers.
    fn of_numbers(&self, index: u32) -> Read<&FuncType> {
        let ty = self.types.get(index as usize).ok_or(Other)?;
        let number = |ty: &ValType| matches!(ty, ValType::I32 | ValType::I64 | ValType::F32 | ValType::F64);
        if ty.params().iter().chain(ty.results()).all(number) { Ok(ty) } else { Err(Other) }
    }

    fn shim(self) -> Read<Shim> {
        let no_imports = self.imported.is_empty() && self.imported_tables.is_empty();
        let no_elements = self.elements.as_ref().is_none_or(|elements| elements.count() == 0);
        let [table] = self.tables.as_slice() else { return Err(Other) };
        if !no_imports || !no_elements || !is_plain(table) || self.funcs.len() != self.bodies.len() {
            return Err(Other);
        }
        let called = self.funcs.iter().zip(&self.bodies).map(|(ty, body)| self.called(*ty, body));
        let called = called.collect::<Read<Vec<_>>>()?;
        let (mut name, mut funcs) = (None, HashMap::new());
        for (export, kind, index) in &self.exports {
            match kind {
                ExternalKind::Table if name.is_none() => name = Some((*export).to_owned()),
                ExternalKind::Func => {
                    funcs.insert((*export).to_owned(), called.get(*index as usize).ok_or(Other)?.clone());
                }
                _ => return Err(Other),
            }
        }
        let entries = u32::try_from(table.initial).map_err(|_| Other)?;
        Ok(Shim { table: name.ok_or(Other)?, entries, funcs })
    }

    /// The entry that a function calls with all of its parameters, and nothing else.
    fn called(&self, ty: u32, body: &FunctionBody<'a>) -> Read<(u32, FuncType)> {
        let own = self.of_numbers(ty)?;
        if body.get_locals_reader()?.get_count() != 0 {
            return Err(Other);
        }
        let mut code = body.get_operators_reader()?;
        for param in 0..own.params().len() {
            match code.read()? {
                Operator::LocalGet { local_index } if local_index as usize == param => {}
                _ => return Err(Other),
            }
        }
        let Operator::I32Const { value } = code.read()? else { return Err(Other) };
        match code.read()? {
            Operator::CallIndirect { type_index, table_index: 0 } if self.of_numbers(type_index)? == own => {}
            _ => return Err(Other),
        }
        if !matches!(code.read()?, Operator::End) || !code.eof() {
            return Err(Other);
        }
        Ok((value.cast_unsigned(), own.clone()))
    }

    fn filler(self) -> Read<Filler> {
        let defines = !self.funcs.is_empty() || !self.tables.is_empty() || !self.exports.is_empty();
        let &[(table, ty)] = self.imported_tables.as_slice() else { return Err(Other) };
        if defines || !is_plain(&ty) {
            return Err(Other);
        }
        let mut filler = Filler { table, entries: HashMap::new(), end: 0 };
        for element in self.elements.clone().into_iter().flatten() {
            let element = element?;
            let ElementKind::Active { table_index: None | Some(0), offset_expr } = element.kind else {
                return Err(Other);
            };
            let ElementItems::Functions(items) = element.items else { return Err(Other) };
            let mut at = constant(&offset_expr)?;
            for item in items {
                let &(import, ty) = self.imported.get(item? as usize).ok_or(Other)?;
                filler.entries.insert(at, (import, self.of_numbers(ty)?.clone()));
                at = at.checked_add(1).ok_or(Other)?;
            }
            filler.end = filler.end.max(at);
        }
        Ok(filler)
    }
}

/// Whether a table is one of functions, with indices of 32 bits, of one thread.
fn is_plain(ty: &TableType) -> bool {
    ty.element_type == RefType::FUNCREF && !ty.table64 && !ty.shared
}

/// The number that an expression is.
fn constant(expr: &ConstExpr<'_>) -> Read<u32> {
    let mut code = expr.get_operators_reader();
    match (code.read()?, code.read()?) {
        (Operator::I32Const { value }, Operator::End) => Ok(value.cast_unsigned()),
        _ => Err(Other),
    }
}

impl Shim {
    /// What `module` is, if it is a shim. The module is valid.
    pub fn read(module: &[u8]) -> Option<Shim> {
        Sections::read(module).and_then(Sections::shim).ok()
    }
}

impl Filler {
    /// What `module` is, if it is a filler. The module is valid.
    pub fn read(module: &[u8]) -> Option<Filler> {
        Sections::read(module).and_then(Sections::filler).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shim(fields: &str) -> Option<Shim> {
        let module = format!(
            r#"(module (type $t (func (param i32 i64) (result f32))) (type $u (func (param i32 i64) (result f32)))
                (type $one (func (param i32)))
                (table $t (export "$imports") 3 3 funcref) {fields})"#
        );
        Shim::read(&wat::parse_str(module).unwrap())
    }

    fn func(name: &str, code: &str) -> String {
        format!(r#"(func (export "{name}") (type $t) {code})"#)
    }

    const CALL: &str = "(call_indirect (type $t) (local.get 0) (local.get 1) (i32.const 2))";

    #[test]
    fn a_shim_is_read() {
        let one = r#"(func (export "1") (type $one) (call_indirect (type $one) (local.get 0) (i32.const 0)))"#;
        let shim = shim(&format!("{} {one}", func("0", CALL))).unwrap();
        assert_eq!((shim.table.as_str(), shim.entries, shim.funcs.len()), ("$imports", 3, 2));
        let (entry, ty) = &shim.funcs["0"];
        assert_eq!((*entry, ty.params(), ty.results()), (2, &[ValType::I32, ValType::I64][..], &[ValType::F32][..]));
        assert_eq!(shim.funcs["1"].0, 0);
    }

    #[test]
    fn an_equal_type_will_do() {
        assert!(shim(&func("0", "(call_indirect (type $u) (local.get 0) (local.get 1) (i32.const 2))")).is_some());
    }

    #[test]
    fn functions_that_do_anything_else_make_no_shim() {
        for code in [
            "(call_indirect (type $t) (local.get 0) (i64.const 1) (i32.const 2))",
            "(call_indirect (type $t) (local.get 0) (local.get 1) (local.get 0))",
            "(call_indirect (type $t) (local.get 0) (local.get 1) (i32.const 2)) (return)",
            "(local i32) (call_indirect (type $t) (local.get 0) (local.get 1) (i32.const 2))",
            "unreachable",
            "nop (call_indirect (type $t) (local.get 0) (local.get 1) (i32.const 2))",
            "(return_call_indirect (type $t) (local.get 0) (local.get 1) (i32.const 2))",
        ] {
            assert_eq!(shim(&func("0", code)), None, "{code}");
        }
    }

    #[test]
    fn a_shim_has_nothing_else() {
        let call = func("0", CALL);
        assert!(shim(&call).is_some());
        for more in [
            "(memory 1)",
            "(global i32 (i32.const 0))",
            "(table 1 funcref)",
            r#"(export "again" (table 0))"#,
            "(func $s) (start $s)",
            "(func $f) (elem (i32.const 0) func $f)",
            "(func $f) (elem declare func $f)",
            "(tag)",
            r#"(data "")"#,
        ] {
            assert_eq!(shim(&format!("{call} {more}")), None, "{more}");
        }
        let imports = r#"(module (import "" "" (func)) (table (export "t") 1 funcref))"#;
        assert_eq!(Shim::read(&wat::parse_str(imports).unwrap()), None);
        let of_externs = r#"(module (table (export "t") 1 externref))"#;
        assert_eq!(Shim::read(&wat::parse_str(of_externs).unwrap()), None);
    }

    fn filler(fields: &str) -> Option<Filler> {
        let module = format!(
            r#"(module (import "" "0" (func $a (param i32))) (import "" "$imports" (table $t 3 3 funcref))
                (import "" "1" (func $b)) {fields})"#
        );
        Filler::read(&wat::parse_str(module).unwrap())
    }

    #[test]
    fn a_filler_is_read() {
        let filler = filler("(elem (i32.const 1) func $a $b) (elem (i32.const 1) func $b)").unwrap();
        assert_eq!((filler.table, filler.end), (1, 3));
        let entries = |at: u32| (filler.entries[&at].0, filler.entries[&at].1.params().len());
        assert_eq!([entries(1), entries(2)], [(2, 0), (2, 0)], "the last one counts");
        assert!(!filler.entries.contains_key(&0));
    }

    #[test]
    fn a_filler_has_nothing_else() {
        for fields in [
            "(func)",
            "(start $b)",
            r#"(export "b" (func $b))"#,
            "(memory 1)",
            "(global i32 (i32.const 0))",
            "(table 1 funcref)",
            "(elem func $b)",
            "(elem (i32.const 0) funcref (ref.null func))",
            "(elem (offset (i32.add (i32.const 0) (i32.const 1))) func $a)",
        ] {
            assert_eq!(filler(fields), None, "{fields}");
        }
    }
}
