//! The `.json` file beside a test: what the test is given, what is done with it, and what must come of it.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::http::Server;
use super::operation::{Operation, Run};
use super::validate::validate;
use crate::load::io_text;

/// The world of programs.
pub const COMMAND: &str = "wasi:cli/command";
/// The world of components that answer HTTP requests.
pub const SERVICE: &str = "wasi:http/service";

/// What a test is about.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// What is done, one after the other.
    pub operations: Vec<Operation>,
    /// Parts of WASI that have to be switched on.
    pub proposals: Vec<String>,
    /// What the component is.
    pub world: String,
    /// Servers that it can reach.
    pub servers: Vec<Server>,
    /// For the suite's own runner.
    #[serde(rename = "debug")]
    _debug: bool,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            operations: vec![Operation::Run(Run::default()), Operation::Wait { exit_code: 0 }],
            proposals: Vec::new(),
            world: COMMAND.into(),
            servers: Vec::new(),
            _debug: false,
        }
    }
}

/// The older form, without operations.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Legacy {
    args: Vec<String>,
    env: BTreeMap<String, String>,
    root: Option<String>,
    exit_code: i32,
    stdout: Option<String>,
    stderr: Option<String>,
}

/// A file that has one of these is of the newer form.
const NEW_KEYS: [&str; 4] = ["operations", "proposals", "world", "servers"];

impl Config {
    /// Reads the file beside `wasm`; without one, the program is run and must end well.
    pub fn beside(wasm: &Path) -> Result<Config, String> {
        let path = wasm.with_extension("json");
        let config = match fs::read_to_string(&path) {
            Ok(text) => Config::parse(&text).map_err(|error| format!("{}: {error}", path.display()))?,
            Err(error) if error.kind() == ErrorKind::NotFound => Config::default(),
            Err(error) => return Err(format!("can't read {}: {}", path.display(), io_text(&error))),
        };
        Ok(config)
    }

    fn parse(text: &str) -> Result<Config, String> {
        let keys: Map<String, Value> = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let is_new = NEW_KEYS.iter().any(|key| keys.contains_key(*key));
        let value = Value::Object(keys);
        let config: Config = if is_new {
            serde_json::from_value(value).map_err(|error| error.to_string())?
        } else {
            serde_json::from_value::<Legacy>(value).map_err(|error| error.to_string())?.into()
        };
        validate(&config)?;
        Ok(config)
    }

    /// Whether a proposal has to be switched on.
    pub fn wants(&self, proposal: &str) -> bool {
        self.proposals.iter().any(|wanted| wanted == proposal)
    }
}

impl From<Legacy> for Config {
    fn from(legacy: Legacy) -> Config {
        let read =
            |id: &str, payload: Option<String>| payload.map(|payload| Operation::Read { id: id.into(), payload });
        let mut operations = vec![Operation::Run(Run { args: legacy.args, env: legacy.env, root: legacy.root })];
        operations.extend(read("stdout", legacy.stdout));
        operations.extend(read("stderr", legacy.stderr));
        operations.push(Operation::Wait { exit_code: legacy.exit_code });
        Config { operations, ..Config::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_older_form_becomes_operations() {
        let config = Config::parse(r#"{"args": ["a"], "exit_code": 3, "stdout": "out"}"#).expect("a test");
        let [Operation::Run(run), Operation::Read { id, payload }, Operation::Wait { exit_code: 3 }] =
            config.operations.as_slice()
        else {
            panic!("{:?}", config.operations)
        };
        assert_eq!((run.args.len(), id.as_str(), payload.as_str()), (1, "stdout", "out"));
    }

    #[test]
    fn forms_are_not_mixed_and_nothing_is_overlooked() {
        let refused = [
            r#"{"args": [], "operations": []}"#,
            r#"{"stdout": "a", "world": "wasi:cli/command"}"#,
            r#"{"stdoud": "a"}"#,
            r#"{"operations": [{"type": "run", "argss": []}]}"#,
            r#"{"operations": [{"type": "dance"}]}"#,
            "[]",
        ];
        for text in refused {
            assert!(Config::parse(text).is_err(), "{text}");
        }
        let config = Config::parse(r#"{"proposals": ["sockets"]}"#).expect("a test");
        assert!(config.wants("sockets") && config.operations.len() == 2);
    }
}
