//! A component without what compiling has made superfluous: the code and data of its core modules.

use wasm_encoder::{ComponentSectionId, Encode, SectionId};
use wasmparser::{Parser, Payload};

use super::composition::{self, is_composition};
use super::validate::malformed;
use crate::Result;
use crate::plan::MAX_SHIM;

/// Bytes of a component that is kept whole: shedding makes starts of large ones faster, and nothing else.
const KEPT_WHOLE: usize = 1 << 20;

/// Bytes of a core module that is kept whole. It may be a shim, and the plan depends on what that does.
const MODULE_KEPT_WHOLE: u64 = MAX_SHIM as u64;

/// Custom sections of core modules that stay: `inspect` shows them.
const KEPT_CUSTOM: &str = "producers";

/// The custom section of a module that has no code any more: nothing may be concluded from what it calls.
pub(crate) const SHED: &str = "thalweg:shed";

/// `bytes`, of one component or of several in a row, for [`plan_again`](super::load::plan_again): if they are many, core
/// modules have no code, data and debugging information any more. They are no valid modules then.
pub(super) fn without_code(bytes: &[u8]) -> Result<Vec<u8>> {
    match bytes.len() {
        ..=KEPT_WHOLE => Ok(bytes.to_vec()),
        _ if is_composition(bytes) => composition::map_parts(bytes, shed),
        _ => shed(bytes),
    }
}

fn shed(component: &[u8]) -> Result<Vec<u8>> {
    // What is open, innermost last.
    let mut open = vec![Open { id: 0, content: Vec::new(), sheds: false }];
    for payload in Parser::new(0).parse_all(component) {
        let payload = payload.map_err(|error| malformed(&error))?;
        match &payload {
            Payload::Version { range, .. } => keep(&mut open, part(component, range)),
            Payload::ModuleSection { unchecked_range: range, .. } => {
                let sheds = range.end.saturating_sub(range.start) > MODULE_KEPT_WHOLE;
                open.push(Open { id: ComponentSectionId::CoreModule as u8, content: Vec::new(), sheds });
            }
            Payload::ComponentSection { .. } => {
                open.push(Open { id: ComponentSectionId::Component as u8, content: Vec::new(), sheds: false });
            }
            Payload::End(_) if open.len() > 1 => {
                let Open { id, mut content, sheds } = open.pop().unwrap_or_default();
                if sheds {
                    let mut name = Vec::new();
                    SHED.encode(&mut name);
                    content.extend(section(SectionId::Custom as u8, &name));
                }
                keep(&mut open, &section(id, &content));
            }
            _ => {
                let sheds = open.last().is_some_and(|open| open.sheds);
                if let Some((id, range)) = payload.as_section()
                    && !(sheds && is_shed(&payload, id))
                {
                    keep(&mut open, &section(id, part(component, &range)));
                }
            }
        }
    }
    Ok(open.pop().unwrap_or_default().content)
}

/// A component or core module that is being read.
#[derive(Default)]
struct Open {
    /// The identity of its section.
    id: u8,
    /// What is left of its content.
    content: Vec<u8>,
    /// Whether it is a core module that loses something.
    sheds: bool,
}

/// Whether what is left of `bytes` is no valid component any more.
pub(super) fn is_without_code(bytes: &[u8]) -> bool {
    let mut payloads = Parser::new(0).parse_all(bytes).map_while(std::result::Result::ok);
    payloads.any(|payload| matches!(payload, Payload::CustomSection(custom) if custom.name() == SHED))
}

/// Whether this section of a core module goes.
fn is_shed(payload: &Payload<'_>, id: u8) -> bool {
    match payload {
        Payload::CustomSection(custom) => custom.name() != KEPT_CUSTOM,
        _ => {
            let shed = [SectionId::Function, SectionId::Code, SectionId::Data, SectionId::DataCount];
            shed.map(|id| id as u8).contains(&id)
        }
    }
}

fn part<'a>(component: &'a [u8], range: &std::ops::Range<u64>) -> &'a [u8] {
    let range = usize::try_from(range.start).unwrap_or(usize::MAX)..usize::try_from(range.end).unwrap_or(usize::MAX);
    component.get(range).unwrap_or_default()
}

fn keep(open: &mut [Open], bytes: &[u8]) {
    if let Some(open) = open.last_mut() {
        open.content.extend_from_slice(bytes);
    }
}

fn section(id: u8, content: &[u8]) -> Vec<u8> {
    let mut section = vec![id];
    content.encode(&mut section);
    section
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_plans_is_left() {
        let text = r#"(component
          (component $c
            (core module $m (import "a" "b" (func)) (memory (export "memory") 2) (data (i32.const 8) "data")
              (func (export "f") (result i32) (i32.const 7)))
            (core instance $i (instantiate $m (with "a" (instance (export "b" (func $g))))))
            (alias core export $i "f" (core func $f))
            (func (export "f") (result u32) (canon lift (core func $f))))
          (instance $c (instantiate $c))
          (export "c" (instance $c)))"#;
        let text = text.replace(
            "(component $c",
            r#"(component $c (core module $n (func (export "g"))) (core instance $n (instantiate $n)) (alias core export $n "g" (core func $g))"#,
        );
        let text = text.replace(r#""data""#, &format!(r#""data" "{}""#, "x".repeat(MAX_SHIM)));
        let bytes = wat::parse_str(text).unwrap();
        let shed = shed(&bytes).unwrap();
        assert!(shed.len() < bytes.len() - MAX_SHIM);
        assert!(is_without_code(&shed) && !is_without_code(&bytes));
        let features = crate::Features::default();
        let plans = [&bytes, &shed].map(|bytes| super::super::load::plan_again(bytes, &features).unwrap());
        // What differs is where the modules are.
        let lines = |plan: &str| -> Vec<String> {
            plan.lines().filter(|line| !line.contains(": bytes ")).map(str::to_owned).collect()
        };
        let [whole, left] = plans.map(|plan| lines(&plan.to_string()));
        assert_eq!(whole, left);
        assert!(!shed.windows(4).any(|bytes| bytes == b"data"));
        assert_eq!(without_code(&bytes).unwrap(), bytes, "a small one is kept whole");
    }
}
