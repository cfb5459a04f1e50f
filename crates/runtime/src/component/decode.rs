//! From the binary to [`Definitions`]. Spec: Binary.md, "Component Definitions".
//!
//! Runs before validation, so it believes nothing: it reads items and keeps them, and resolves no index.

use std::ops::Range;

use wasmparser::{
    CanonicalFunction, ComponentName, CompositeInnerType, CoreType, CustomSectionReader, Encoding, ExportSectionReader,
    ExternalKind, FromReader, KnownCustom, Parser, Payload, Result, SectionLimited, SubType, TypeRef, ValType,
};

use super::cancellable::Readable;
use super::definition::{
    ComponentDefinition, ComponentNumber, Definition, Definitions, ModuleDefinition, ModuleNumber, Wide,
};
use crate::Features;
use crate::types::PtrType;

/// Reads `source` without checking more than its form.
pub(super) fn decode<'a>(source: &'a Readable<'_>, features: &Features) -> Result<Definitions<'a>> {
    decode_at(source, 0, Definitions::default(), features)
}

/// Reads `source`, which begins at `offset` of a row of components, and adds what it lists to `definitions`.
pub(super) fn decode_at<'a>(
    source: &'a Readable<'_>,
    offset: usize,
    mut definitions: Definitions<'a>,
    features: &Features,
) -> Result<Definitions<'a>> {
    let mut parser = Parser::new(offset as u64);
    parser.set_features(features.wasm_features());
    definitions.rules = features.async_rules();
    let mut decoder = Decoder { definitions, open: Vec::new(), source, offset: offset as u64 };
    decoder.begin(Encoding::Component, offset..offset.saturating_add(source.bytes.len()));
    for payload in parser.parse_all(&source.bytes) {
        decoder.payload(payload?)?;
    }
    Ok(decoder.definitions)
}

struct Decoder<'a> {
    definitions: Definitions<'a>,
    source: &'a Readable<'a>,
    /// Where `source` begins.
    offset: u64,
    /// What the current section is inside of, innermost last.
    open: Vec<Open>,
}

#[derive(Clone, Copy)]
enum Open {
    Component(ComponentNumber),
    Module(ModuleNumber),
}

impl<'a> Decoder<'a> {
    fn payload(&mut self, payload: Payload<'a>) -> Result<()> {
        match payload {
            Payload::ModuleSection { unchecked_range, .. } => self.begin(Encoding::Module, range(unchecked_range)),
            Payload::ComponentSection { unchecked_range, .. } => {
                self.begin(Encoding::Component, range(unchecked_range))
            }
            Payload::End(_) => {
                self.open.pop();
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import?;
                    let Some(module) = self.module() else { continue };
                    module.imports.push((import.module, import.name));
                    match import.ty {
                        TypeRef::Memory(ty) => module.wide.memories.push(ty.memory64),
                        TypeRef::Table(ty) => module.wide.tables.push(ty.table64),
                        _ => {}
                    }
                }
            }
            Payload::MemorySection(section) => {
                for ty in section {
                    let wide = ty?.memory64;
                    self.wide(|all| all.memories.push(wide));
                }
            }
            Payload::TableSection(section) => {
                for table in section {
                    let wide = table?.ty.table64;
                    self.wide(|all| all.tables.push(wide));
                }
            }
            Payload::ExportSection(section) => self.exports(section)?,
            Payload::StartSection { .. } => {
                if let Some(module) = self.module() {
                    module.starts = true;
                }
            }
            Payload::InstanceSection(section) => self.items(section, Definition::CoreInstance)?,
            Payload::ComponentInstanceSection(section) => self.items(section, Definition::Instance)?,
            Payload::ComponentAliasSection(section) => self.items(section, Definition::Alias)?,
            Payload::CoreTypeSection(section) => self.core_types(section)?,
            Payload::ComponentTypeSection(section) => self.items(section, Definition::Type)?,
            Payload::ComponentCanonicalSection(section) => self.canons(section)?,
            Payload::ComponentImportSection(section) => self.items(section, Definition::Import)?,
            Payload::ComponentExportSection(section) => self.items(section, Definition::Export)?,
            Payload::CustomSection(section) => self.custom(&section),
            // Start functions are behind a gate that cannot be opened, so the validator refuses them.
            _ => {}
        }
        Ok(())
    }

    fn begin(&mut self, encoding: Encoding, range: Range<usize>) {
        let (open, definition) = match encoding {
            Encoding::Module => {
                let number = ModuleNumber(self.definitions.modules.len());
                self.definitions.modules.push(ModuleDefinition { range, ..Default::default() });
                (Open::Module(number), Definition::Module(number))
            }
            Encoding::Component => {
                let number = ComponentNumber(self.definitions.components.len());
                self.definitions.components.push(ComponentDefinition { range, ..Default::default() });
                (Open::Component(number), Definition::Component(number))
            }
        };
        if let Some(outer) = self.component() {
            outer.definitions.push(definition);
        }
        self.open.push(open);
    }

    fn component(&mut self) -> Option<&mut ComponentDefinition<'a>> {
        match self.open.last() {
            Some(Open::Component(number)) => self.definitions.components.get_mut(number.0),
            _ => None,
        }
    }

    fn module(&mut self) -> Option<&mut ModuleDefinition<'a>> {
        match self.open.last() {
            Some(Open::Module(number)) => self.definitions.modules.get_mut(number.0),
            _ => None,
        }
    }

    fn wide(&mut self, note: impl FnOnce(&mut Wide<'a>)) {
        if let Some(module) = self.module() {
            note(&mut module.wide);
        }
    }

    /// Notes the exports of a module whose addresses have 64 bits, if there are any.
    fn exports(&mut self, section: ExportSectionReader<'a>) -> Result<()> {
        let Some(ModuleDefinition { wide: Wide { memories, tables, exports }, .. }) = self.module() else {
            return Ok(());
        };
        if !memories.contains(&true) && !tables.contains(&true) {
            return Ok(());
        }
        for export in section {
            let export = export?;
            let all = match export.kind {
                ExternalKind::Memory => &*memories,
                ExternalKind::Table => &*tables,
                _ => continue,
            };
            if all.get(export.index as usize) == Some(&true) {
                exports.push(export.name);
            }
        }
        Ok(())
    }

    fn core_types(&mut self, section: SectionLimited<'a, CoreType<'a>>) -> Result<()> {
        for ty in section {
            let ty = ty?;
            let Some(component) = self.component() else { continue };
            match ty {
                CoreType::Rec(group) => {
                    let types = group.types().map(|ty| Definition::CoreType(thread_context(ty)));
                    component.definitions.extend(types);
                }
                CoreType::Module(_) => component.definitions.push(Definition::CoreType(None)),
            }
        }
        Ok(())
    }

    fn items<T: FromReader<'a>>(
        &mut self,
        section: SectionLimited<'a, T>,
        definition: impl Fn(T) -> Definition<'a>,
    ) -> Result<()> {
        for item in section {
            let item = definition(item?);
            if let Some(component) = self.component() {
                component.definitions.push(item);
            }
        }
        Ok(())
    }

    fn canons(&mut self, section: SectionLimited<'a, CanonicalFunction>) -> Result<()> {
        for item in section.into_iter_with_offsets() {
            let (offset, function) = item?;
            let cancellable = self.source.is_cancellable(offset - self.offset);
            if let Some(component) = self.component() {
                component.definitions.push(Definition::Canon(function, cancellable));
            }
        }
        Ok(())
    }

    /// Keeps debug names. A custom section that does not parse is no error by the standard.
    fn custom(&mut self, section: &CustomSectionReader<'a>) {
        let (Some(component), KnownCustom::ComponentName(names)) = (self.component(), section.as_known()) else {
            return;
        };
        for names in names.into_iter().map_while(std::result::Result::ok) {
            match names {
                ComponentName::Component { name, .. } => component.name = Some(name),
                ComponentName::Instances(names) => {
                    let names = names.into_iter().map_while(std::result::Result::ok);
                    component.instance_names.extend(names.map(|naming| (naming.index, naming.name)));
                }
                _ => {}
            }
        }
    }
}

/// What a thread gets that starts with a function of type `ty`, if it can.
fn thread_context(ty: &SubType) -> Option<PtrType> {
    let CompositeInnerType::Func(func) = &ty.composite_type.inner else { return None };
    match (func.params(), func.results()) {
        ([ValType::I32], []) => Some(PtrType::I32),
        ([ValType::I64], []) => Some(PtrType::I64),
        _ => None,
    }
}

/// An offset beyond the address space is beyond the file too, so it may be cut.
fn range(range: Range<u64>) -> Range<usize> {
    let offset = |offset| usize::try_from(offset).unwrap_or(usize::MAX);
    offset(range.start)..offset(range.end)
}
