//! The tools that made a component, from the `producers` sections of it and of its parts.

use std::collections::BTreeMap;
use std::fmt::Write;

use wasmparser::{KnownCustom, Parser, Payload, ProducersSectionReader};

/// By field (`language`, `processed-by`, `sdk`), names with versions; each once.
type Tools = BTreeMap<String, Vec<String>>;

/// Prints the tools, when there are any.
pub fn producers(text: &mut String, bytes: &[u8]) {
    let tools = tools(bytes);
    if !tools.is_empty() {
        text.push_str("producers\n");
    }
    for (field, names) in tools {
        let _ = writeln!(text, "  {field}: {}", names.join(", "));
    }
}

/// What cannot be read is left out: nothing depends on it.
fn tools(bytes: &[u8]) -> Tools {
    let mut tools = Tools::new();
    for payload in Parser::new(0).parse_all(bytes).map_while(Result::ok) {
        if let Payload::CustomSection(section) = payload
            && let KnownCustom::Producers(section) = section.as_known()
        {
            collect(&mut tools, section);
        }
    }
    tools
}

fn collect(tools: &mut Tools, section: ProducersSectionReader<'_>) {
    for field in section.into_iter().map_while(Result::ok) {
        let names = tools.entry(field.name.to_string()).or_default();
        for value in field.values.into_iter().map_while(Result::ok) {
            let name = format!("{} {}", value.name, value.version).trim_end().to_string();
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
}
