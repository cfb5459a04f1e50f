//! Which of WASI's two ways of answering requests a component has.

use thalweg::plan::{Export, Plan};

use crate::report::Failure;

const HANDLER: &str = "wasi:http/handler@0.3.";
const INCOMING_HANDLER: &str = "wasi:http/incoming-handler@0.2.";

/// How a component answers requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generation {
    /// `wasi:http/handler` of 0.3: many requests at once in one instance.
    Handler,
    /// `wasi:http/incoming-handler` of 0.2: one after the other.
    IncomingHandler,
}

impl Generation {
    /// What the component exports: 0.3 before 0.2.
    pub fn of(plan: &Plan) -> Result<Generation, Failure> {
        let instances =
            || plan.exports.iter().filter(|(_, export)| matches!(export, Export::Instance(_))).map(|(name, _)| name);
        // What comes before a release is something else.
        let released = |prefix: &str| {
            instances().any(|name| name.strip_prefix(prefix).is_some_and(|version| !version.contains('-')))
        };
        if released(HANDLER) {
            return Ok(Generation::Handler);
        }
        if released(INCOMING_HANDLER) {
            return Ok(Generation::IncomingHandler);
        }
        let exports = instances().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
        let have =
            if exports.is_empty() { "it exports no interface".to_string() } else { format!("exports {exports}") };
        let failure = Failure::new(
            "the component answers no HTTP requests: it exports neither wasi:http/handler@0.3.x nor \
             wasi:http/incoming-handler@0.2.x",
        )
        .with_have(have);
        Err(if instances().any(|name| name.starts_with("wasi:cli/run@")) {
            failure.with_help("it is a command: thalweg run FILE")
        } else if instances().any(|name| name.starts_with("wasi:http/")) {
            failure.with_help("build it again with tools for WASI 0.3.0 (for example wit-bindgen 0.60)")
        } else {
            failure
        })
    }
}
