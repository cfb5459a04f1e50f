//! Which of WASI's two ways of answering HTTP requests a file has, and which it hands requests on with; found without
//! compiling it.

use wasmparser::{Parser, Payload};

/// What comes of the interfaces of HTTP handlers, by version.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Handlers {
    /// `wasi:http/handler@0.3.x`.
    pub p3: bool,
    /// `wasi:http/incoming-handler@0.2.x`.
    pub p2: bool,
}

/// The handlers that a component imports and exports.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HttpNames {
    /// What it hands requests on with.
    pub imports: Handlers,
    /// How it answers requests.
    pub exports: Handlers,
}

impl Handlers {
    /// Notes the interface `name`, if it is one of these and released.
    pub fn note(&mut self, name: &str) {
        let released = |prefix: &str| name.strip_prefix(prefix).is_some_and(|version| !version.contains('-'));
        self.p3 |= released("wasi:http/handler@0.3.");
        self.p2 |= released("wasi:http/incoming-handler@0.2.");
    }

    /// Whether there is any.
    pub fn any(self) -> bool {
        self.p2 || self.p3
    }
}

impl HttpNames {
    /// Of a component, binary or text. What is none has no names.
    pub fn of(bytes: &[u8]) -> HttpNames {
        let mut names = HttpNames::default();
        let Ok(bytes) = wat::parse_bytes(bytes) else { return names };
        let mut depth = 0_u32;
        for payload in Parser::new(0).parse_all(&bytes).map_while(Result::ok) {
            match payload {
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::ComponentImportSection(section) if depth == 0 => {
                    section.into_iter().flatten().for_each(|import| names.imports.note(&import.name.full_name()));
                }
                Payload::ComponentExportSection(section) if depth == 0 => {
                    section.into_iter().flatten().for_each(|export| names.exports.note(&export.name.full_name()));
                }
                _ => {}
            }
        }
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_component_itself_counts() {
        let names = HttpNames::of(
            br#"(component
              (import "wasi:http/handler@0.3.1" (instance))
              (import "wasi:http/incoming-handler@0.3.0" (instance))
              (component (import "wasi:http/incoming-handler@0.2.4" (instance)))
              (instance $i)
              (export "wasi:http/incoming-handler@0.2.0" (instance $i))
              (export "wasi:http/handler@0.3.0-rc-2026-01-06" (instance $i)))"#,
        );
        let imports = Handlers { p3: true, p2: false };
        assert_eq!(names, HttpNames { imports, exports: Handlers { p3: false, p2: true } });
        assert_eq!(HttpNames::of(b"no component"), HttpNames::default());
    }
}
