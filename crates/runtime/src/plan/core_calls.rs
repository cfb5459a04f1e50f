//! Who calls whom in a core module, as far as its code says.

use std::collections::HashMap;

use crate::component::SHED;

use wasmparser::{
    CompositeInnerType, ElementItems, ElementKind, ExportSectionReader, ExternalKind, FuncType, FunctionBody,
    GlobalSectionReader, HeapType, ImportSectionReader, Operator, OperatorsReader, Parser, Payload, SubType, TableInit,
    TableSectionReader, TypeRef, TypeSectionReader, ValType,
};

/// The type of a function, by a number that equal types of all modules share. None for one that is not told apart from
/// any other: it is a subtype of others or has them, or names types by their place in its module.
pub(super) type Signature = Option<u32>;

/// The numbers of function types.
#[derive(Default)]
pub(super) struct Signatures(HashMap<FuncType, u32>);

/// A call through a table.
pub(super) struct CallThrough {
    /// Who calls.
    pub(super) caller: u32,
    /// The table.
    pub(super) table: u32,
    /// What is called is of this type, or the call traps.
    pub(super) signature: Signature,
    /// The place in the table, if it is always the same.
    pub(super) place: Option<u32>,
}

/// A function in a table from the start.
pub(super) struct Element {
    /// The table.
    pub(super) table: u32,
    /// Its place, if that is known.
    pub(super) place: Option<u32>,
    /// The function.
    pub(super) func: u32,
}

/// What the functions of a core module call, and who is in its tables. Functions and tables are the module's numbers,
/// imports first.
#[derive(Default)]
pub(super) struct CoreCalls {
    types: Vec<Signature>,
    /// The imports that are functions, as places among all imports.
    pub(super) imported_funcs: Vec<usize>,
    /// The imports that are tables, as places among all imports.
    pub(super) imported_tables: Vec<usize>,
    /// The type of each function.
    pub(super) funcs: Vec<Signature>,
    /// How many tables there are.
    pub(super) tables: u32,
    /// Exported functions.
    pub(super) exported_funcs: HashMap<String, u32>,
    /// Exported tables.
    pub(super) exported_tables: HashMap<String, u32>,
    /// Who calls whom.
    pub(super) calls: Vec<(u32, u32)>,
    /// Who calls through which table.
    pub(super) calls_through: Vec<CallThrough>,
    /// Who is put into which table when the module is instantiated.
    pub(super) elements: Vec<Element>,
    /// Functions of which a reference is made anywhere.
    pub(super) referenced: Vec<u32>,
    /// Who calls a reference that may come from anywhere, and of which type.
    pub(super) calls_any: Vec<(u32, Signature)>,
    /// Whether code changes tables, so that a function may come to be in any.
    pub(super) changes_tables: bool,
}

impl CoreCalls {
    /// Of a module that is valid; none if it cannot be read, or has not the code that it says it has.
    pub(super) fn of(module: &[u8], signatures: &mut Signatures) -> Option<CoreCalls> {
        let mut this = CoreCalls::default();
        let mut bodies = 0;
        for payload in Parser::new(0).parse_all(module) {
            match payload.ok()? {
                Payload::TypeSection(section) => this.types(section, signatures)?,
                Payload::ImportSection(section) => {
                    this.imports(section)?;
                    bodies = this.funcs.len();
                }
                Payload::FunctionSection(section) => {
                    for ty in section {
                        this.funcs.push(this.signature(ty.ok()?)?);
                    }
                }
                Payload::TableSection(section) => this.tables(section)?,
                Payload::GlobalSection(section) => this.globals(section)?,
                Payload::ExportSection(section) => this.exports(section)?,
                Payload::ElementSection(section) => {
                    for element in section {
                        this.element(element.ok()?)?;
                    }
                }
                Payload::CodeSectionEntry(body) => {
                    this.body(u32::try_from(bodies).ok()?, &body)?;
                    bodies += 1;
                }
                Payload::CustomSection(custom) if custom.name() == SHED => return None,
                _ => {}
            }
        }
        let mut named = this.exported_funcs.values().chain(&this.referenced);
        let whole = bodies == this.funcs.len() && named.all(|func| (*func as usize) < this.funcs.len());
        this.calls.sort_unstable();
        this.calls.dedup();
        whole.then_some(this)
    }

    fn types(&mut self, section: TypeSectionReader<'_>, signatures: &mut Signatures) -> Option<()> {
        for group in section {
            let group = group.ok()?;
            let alone = group.types().len() == 1;
            for ty in group.types() {
                self.types.push(if alone { signatures.of(ty) } else { None });
            }
        }
        Some(())
    }

    fn signature(&self, ty: u32) -> Option<Signature> {
        self.types.get(ty as usize).copied()
    }

    fn imports(&mut self, section: ImportSectionReader<'_>) -> Option<()> {
        for (at, import) in section.into_imports().enumerate() {
            match import.ok()?.ty {
                TypeRef::Func(ty) | TypeRef::FuncExact(ty) => {
                    self.imported_funcs.push(at);
                    self.funcs.push(self.signature(ty)?);
                }
                TypeRef::Table(_) => self.imported_tables.push(at),
                _ => {}
            }
        }
        self.tables = u32::try_from(self.imported_tables.len()).ok()?;
        Some(())
    }

    fn tables(&mut self, section: TableSectionReader<'_>) -> Option<()> {
        for table in section {
            if let TableInit::Expr(init) = table.ok()?.init {
                let found = self.references(init.get_operators_reader())?;
                let table = self.tables;
                self.elements.extend(found.into_iter().map(|func| Element { table, place: None, func }));
            }
            self.tables += 1;
        }
        Some(())
    }

    fn globals(&mut self, section: GlobalSectionReader<'_>) -> Option<()> {
        for global in section {
            let global = global.ok()?;
            if matches!(global.ty.content_type, ValType::Ref(_)) {
                self.references(global.init_expr.get_operators_reader())?;
            }
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
                for (at, func) in (0_u32..).zip(funcs) {
                    found.push((at, func.ok()?));
                }
                self.referenced.extend(found.iter().map(|(_, func)| func));
            }
            ElementItems::Expressions(_, items) => {
                for (at, item) in (0_u32..).zip(items) {
                    let funcs = self.references(item.ok()?.get_operators_reader())?;
                    found.extend(funcs.into_iter().map(|func| (at, func)));
                }
            }
        }
        if let ElementKind::Active { table_index, offset_expr } = element.kind {
            let (table, offset) = (table_index.unwrap_or(0), constant(offset_expr.get_operators_reader()));
            let element = |(at, func)| Element { table, place: offset.and_then(|offset| offset.checked_add(at)), func };
            self.elements.extend(found.into_iter().map(element));
        }
        Some(())
    }

    /// Notes and gives the functions of which a constant expression makes references. What another global has may be any.
    fn references(&mut self, mut reader: OperatorsReader<'_>) -> Option<Vec<u32>> {
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

    fn body(&mut self, caller: u32, body: &FunctionBody<'_>) -> Option<()> {
        let mut reader = body.get_operators_reader().ok()?;
        // What the instruction before has left on the stack, for certain.
        let mut top = None;
        while !reader.eof() {
            let place = top.take();
            match reader.read().ok()? {
                Operator::I32Const { value } => top = Some(value.cast_unsigned()),
                Operator::Call { function_index } | Operator::ReturnCall { function_index } => {
                    self.calls.push((caller, function_index));
                }
                Operator::CallIndirect { table_index: table, type_index }
                | Operator::ReturnCallIndirect { table_index: table, type_index } => {
                    let signature = self.signature(type_index)?;
                    self.calls_through.push(CallThrough { caller, table, signature, place });
                }
                Operator::CallRef { type_index } | Operator::ReturnCallRef { type_index } => {
                    self.calls_any.push((caller, self.signature(type_index)?));
                }
                Operator::RefFunc { function_index } => self.referenced.push(function_index),
                Operator::TableSet { .. }
                | Operator::TableFill { .. }
                | Operator::TableGrow { .. }
                | Operator::TableCopy { .. }
                | Operator::TableInit { .. } => self.changes_tables = true,
                // A continuation of the engine's would call what it was made of.
                Operator::ContNew { .. }
                | Operator::Resume { .. }
                | Operator::ResumeThrow { .. }
                | Operator::ResumeThrowRef { .. }
                | Operator::Switch { .. } => return None,
                _ => {}
            }
        }
        Some(())
    }
}

impl Signatures {
    /// Of a type that is a group of its own.
    fn of(&mut self, ty: &SubType) -> Signature {
        let CompositeInnerType::Func(func) = &ty.composite_type.inner else { return None };
        let plain = ty.is_final && ty.supertype_idxs.is_empty() && !ty.composite_type.shared;
        let by_place =
            |ty: &ValType| matches!(ty, ValType::Ref(ty) if !matches!(ty.heap_type(), HeapType::Abstract { .. }));
        if !plain || func.params().iter().chain(func.results()).any(by_place) {
            return None;
        }
        let next = u32::try_from(self.0.len()).ok()?;
        Some(*self.0.entry(func.clone()).or_insert(next))
    }
}

/// What a constant expression is, if it is one number.
fn constant(mut reader: OperatorsReader<'_>) -> Option<u32> {
    let Operator::I32Const { value } = reader.read().ok()? else { return None };
    matches!(reader.read().ok()?, Operator::End).then(|| value.cast_unsigned())
}
