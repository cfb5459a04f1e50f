//! The steps of a test.

use std::collections::BTreeMap;

use serde::Deserialize;

/// One step.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub enum Operation {
    /// Starts the program.
    Run(Run),
    /// Waits for its end.
    Wait {
        #[serde(default)]
        exit_code: i32,
    },
    /// Writes to its standard input.
    Write {
        #[serde(default = "stdin")]
        id: String,
        #[serde(default)]
        payload: String,
    },
    /// Reads as much of an output as is expected.
    Read {
        #[serde(default = "stdout")]
        id: String,
        #[serde(default)]
        payload: String,
    },
    /// Connects to the address that it prints.
    Connect {
        #[serde(default = "server")]
        id: String,
        #[serde(default = "tcp")]
        protocol_type: String,
    },
    /// Sends on a connection.
    Send {
        id: String,
        #[serde(default)]
        payload: String,
    },
    /// Receives as much as is expected.
    Recv {
        id: String,
        #[serde(default)]
        payload: String,
    },
    /// Makes an HTTP request.
    Request(Request),
    /// Sends it a signal.
    Kill {
        #[serde(default = "sigterm")]
        signal: String,
    },
}

/// What the program is given.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Run {
    /// Its arguments, without its name.
    pub args: Vec<String>,
    /// Its environment variables.
    pub env: BTreeMap<String, String>,
    /// A folder beside the test, which is its `/`.
    pub root: Option<String>,
}

/// A request and the answer that is expected.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    #[serde(default = "get")]
    pub method: String,
    #[serde(default = "slash")]
    pub path: String,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    #[serde(default)]
    pub body: String,
    #[serde(default)]
    pub response: Response,
}

/// An answer; of headers, those that must be there.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Response {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Default for Response {
    fn default() -> Self {
        Response { status: 200, headers: BTreeMap::new(), body: String::new() }
    }
}

fn stdin() -> String {
    "stdin".into()
}

fn stdout() -> String {
    "stdout".into()
}

fn server() -> String {
    "server".into()
}

fn tcp() -> String {
    "tcp".into()
}

fn get() -> String {
    "GET".into()
}

fn slash() -> String {
    "/".into()
}

fn sigterm() -> String {
    "SIGTERM".into()
}

impl Operation {
    /// What it is called in the file.
    pub fn name(&self) -> &'static str {
        match self {
            Operation::Run(_) => "run",
            Operation::Wait { .. } => "wait",
            Operation::Write { .. } => "write",
            Operation::Read { .. } => "read",
            Operation::Connect { .. } => "connect",
            Operation::Send { .. } => "send",
            Operation::Recv { .. } => "recv",
            Operation::Request(_) => "request",
            Operation::Kill { .. } => "kill",
        }
    }
}
