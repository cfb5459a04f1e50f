//! A component's world as WIT.

use thalweg::Component;
use wit_component::{OutputToString, WitPrinter};

use crate::report::Failure;

/// The world of `component`, as text.
pub fn wit(component: &Component) -> Result<String, Failure> {
    let failed = |what: &str, error: &dyn std::fmt::Display| Failure::new(format!("can't {what} as WIT: {error:#}"));
    let decoded = wit_component::decode(component.bytes()?).map_err(|error| failed("read the component", &error))?;
    let package = decoded.package();
    let others: Vec<_> = decoded.resolve().packages.iter().map(|(id, _)| id).filter(|&id| id != package).collect();
    let mut printer = WitPrinter::<OutputToString>::default();
    printer.print(decoded.resolve(), package, &others).map_err(|error| failed("print the component", &error))?;
    Ok(printer.output.to_string())
}
