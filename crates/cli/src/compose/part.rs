//! A component that becomes a part: what it imports and exports, by the names that it writes itself.

use std::borrow::Cow;

use thalweg::Component;
use wasm_encoder::{ComponentExportKind, ComponentExternName};
use wasmparser::{ComponentExternalKind, Encoding, Parser, Payload};

/// A component that becomes a part.
pub struct Part {
    /// What people call it.
    pub name: String,
    pub component: Component,
    pub imports: Vec<PartImport>,
    pub exports: Vec<PartExport>,
}

/// An import of a part.
pub struct PartImport {
    /// As an argument is called.
    pub name: String,
    /// With its whole version, as plans call it.
    pub full_name: String,
    pub kind: ComponentExportKind,
}

/// An export of a part.
pub struct PartExport {
    pub name: ComponentExternName<'static>,
    pub kind: ComponentExportKind,
}

impl Part {
    /// Reads the names in `component`. Its plan does not know them all while it needs definitions that nobody has given.
    ///
    /// # Errors
    ///
    /// When its bytes cannot be read.
    pub fn new(name: String, component: Component) -> Result<Part, thalweg::Error> {
        let (imports, exports) = names(component.bytes()?).map_err(|error| thalweg::Error::host(error.to_string()))?;
        Ok(Part { name, component, imports, exports })
    }
}

/// The imports and exports of a component.
fn names(bytes: &[u8]) -> wasmparser::Result<(Vec<PartImport>, Vec<PartExport>)> {
    let (mut imports, mut exports) = (Vec::new(), Vec::new());
    // Of parsers within parsers only the outermost is of interest.
    let mut depth = 0;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload? {
            Payload::Version { encoding: Encoding::Component | Encoding::Module, .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::ComponentImportSection(section) if depth == 1 => {
                for import in section {
                    let import = import?;
                    let (name, full_name) = (import.name.name.into(), import.name.full_name().into_owned());
                    imports.push(PartImport { name, full_name, kind: kind(import.ty.kind()) });
                }
            }
            Payload::ComponentExportSection(section) if depth == 1 => {
                for export in section {
                    let export = export?;
                    exports.push(PartExport { name: owned(&export.name), kind: kind(export.kind) });
                }
            }
            _ => {}
        }
    }
    Ok((imports, exports))
}

fn owned(name: &wasmparser::ComponentExternName<'_>) -> ComponentExternName<'static> {
    let owned = |text: Option<&str>| text.map(|text| Cow::Owned(text.to_owned()));
    ComponentExternName {
        name: Cow::Owned(name.name.to_owned()),
        implements: owned(name.implements),
        version_suffix: owned(name.version_suffix),
        external_id: owned(name.external_id),
    }
}

fn kind(kind: ComponentExternalKind) -> ComponentExportKind {
    match kind {
        ComponentExternalKind::Module => ComponentExportKind::Module,
        ComponentExternalKind::Func => ComponentExportKind::Func,
        ComponentExternalKind::Value => ComponentExportKind::Value,
        ComponentExternalKind::Type => ComponentExportKind::Type,
        ComponentExternalKind::Instance => ComponentExportKind::Instance,
        ComponentExternalKind::Component => ComponentExportKind::Component,
    }
}
