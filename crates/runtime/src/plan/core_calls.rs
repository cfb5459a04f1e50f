//! Who calls whom in a core module, as far as its code says.

use std::collections::HashMap;

use crate::component::SHED;

use wasmparser::{
    ElementItems, ElementKind, ExportSectionReader, ExternalKind, FunctionBody, ImportSectionReader, Operator, Parser,
    Payload, TableInit, TableSectionReader, TypeRef,
};

/// What the functions of a core module call, and who is in its tables. Functions and tables are the module's numbers,
/// imports first.
#[derive(Default)]
pub(super) struct CoreCalls {
    /// The imports that are functions, as places among all imports.
    pub(super) imported_funcs: Vec<usize>,
    /// The imports that are tables, as places among all imports.
    pub(super) imported_tables: Vec<usize>,
    /// How many functions there are.
    pub(super) funcs: u32,
    /// How many tables there are.
    pub(super) tables: u32,
    /// Exported functions.
    pub(super) exported_funcs: HashMap<String, u32>,
    /// Exported tables.
    pub(super) exported_tables: HashMap<String, u32>,
    /// Who calls whom.
    pub(super) calls: Vec<(u32, u32)>,
    /// Who calls through which table.
    pub(super) calls_through: Vec<(u32, u32)>,
    /// Who is put into which table when the module is instantiated.
    pub(super) elements: Vec<(u32, u32)>,
    /// Functions of which a reference is made anywhere.
    pub(super) referenced: Vec<u32>,
    /// Who calls a reference that may come from anywhere.
    pub(super) calls_any: Vec<u32>,
    /// Whether code changes tables, so that a function may come to be in any.
    pub(super) changes_tables: bool,
}

impl CoreCalls {
    /// Of a module that is valid; none if it cannot be read, or has not the code that it says it has.
    pub(super) fn of(module: &[u8]) -> Option<CoreCalls> {
        let mut this = CoreCalls::default();
        let mut bodies = 0;
        for payload in Parser::new(0).parse_all(module) {
            match payload.ok()? {
                Payload::ImportSection(section) => {
                    this.imports(section)?;
                    bodies = this.funcs;
                }
                Payload::FunctionSection(section) => this.funcs = this.funcs.checked_add(section.count())?,
                Payload::TableSection(section) => this.tables(section)?,
                Payload::GlobalSection(section) => {
                    for global in section {
                        this.references(global.ok()?.init_expr.get_operators_reader())?;
                    }
                }
                Payload::ExportSection(section) => this.exports(section)?,
                Payload::ElementSection(section) => {
                    for element in section {
                        this.element(element.ok()?)?;
                    }
                }
                Payload::CodeSectionEntry(body) => {
                    this.body(bodies, &body)?;
                    bodies += 1;
                }
                Payload::CustomSection(custom) if custom.name() == SHED => return None,
                _ => {}
            }
        }
        let mut named = this.exported_funcs.values().chain(&this.referenced);
        (bodies == this.funcs && named.all(|func| *func < this.funcs)).then_some(this)
    }

    fn imports(&mut self, section: ImportSectionReader<'_>) -> Option<()> {
        for (at, import) in section.into_imports().enumerate() {
            match import.ok()?.ty {
                TypeRef::Func(_) | TypeRef::FuncExact(_) => self.imported_funcs.push(at),
                TypeRef::Table(_) => self.imported_tables.push(at),
                _ => {}
            }
        }
        (self.funcs, self.tables) = (self.imported_funcs.len() as u32, self.imported_tables.len() as u32);
        Some(())
    }

    fn tables(&mut self, section: TableSectionReader<'_>) -> Option<()> {
        for table in section {
            if let TableInit::Expr(init) = table.ok()?.init {
                let found = self.references(init.get_operators_reader())?;
                self.elements.extend(found.into_iter().map(|func| (self.tables, func)));
            }
            self.tables += 1;
        }
        Some(())
    }

    fn exports(&mut self, section: ExportSectionReader<'_>) -> Option<()> {
        for export in section {
            let export = export.ok()?;
            let exported = match export.kind {
                ExternalKind::Func | ExternalKind::FuncExact => &mut self.exported_funcs,
                ExternalKind::Table => &mut self.exported_tables,
                _ => continue,
            };
            exported.insert(export.name.to_owned(), export.index);
        }
        Some(())
    }

    fn element(&mut self, element: wasmparser::Element<'_>) -> Option<()> {
        let mut found = Vec::new();
        match element.items {
            ElementItems::Functions(funcs) => {
                for func in funcs {
                    found.push(func.ok()?);
                }
                self.referenced.extend(&found);
            }
            ElementItems::Expressions(_, items) => {
                for item in items {
                    found.extend(self.references(item.ok()?.get_operators_reader())?);
                }
            }
        }
        if let ElementKind::Active { table_index, .. } = element.kind {
            let table = table_index.unwrap_or(0);
            self.elements.extend(found.into_iter().map(|func| (table, func)));
        }
        Some(())
    }

    /// Notes and gives the functions of which a constant expression makes references. What another global has may be any.
    fn references(&mut self, mut reader: wasmparser::OperatorsReader<'_>) -> Option<Vec<u32>> {
        let mut found = Vec::new();
        while !reader.eof() {
            match reader.read().ok()? {
                Operator::RefFunc { function_index } => found.push(function_index),
                Operator::GlobalGet { .. } => self.changes_tables = true,
                _ => {}
            }
        }
        self.referenced.extend(&found);
        Some(found)
    }

    fn body(&mut self, func: u32, body: &FunctionBody<'_>) -> Option<()> {
        let mut reader = body.get_operators_reader().ok()?;
        while !reader.eof() {
            match reader.read().ok()? {
                Operator::Call { function_index } | Operator::ReturnCall { function_index } => {
                    self.calls.push((func, function_index));
                }
                Operator::CallIndirect { table_index, .. } | Operator::ReturnCallIndirect { table_index, .. } => {
                    self.calls_through.push((func, table_index));
                }
                Operator::CallRef { .. } | Operator::ReturnCallRef { .. } => self.calls_any.push(func),
                Operator::RefFunc { function_index } => self.referenced.push(function_index),
                Operator::TableSet { .. }
                | Operator::TableFill { .. }
                | Operator::TableGrow { .. }
                | Operator::TableCopy { .. }
                | Operator::TableInit { .. } => self.changes_tables = true,
                // A continuation of the engine's would call what it was made of.
                Operator::ContNew { .. } | Operator::Resume { .. } | Operator::Switch { .. } => return None,
                _ => {}
            }
        }
        Some(())
    }
}
