//! HTTP servers that a test asks for.

use std::collections::BTreeMap;

use serde::Deserialize;

/// An HTTP server for the program.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    pub name: String,
    #[serde(default)]
    pub kind: ServerKind,
    #[serde(default)]
    pub endpoints: Vec<Endpoint>,
}

/// Whether somebody listens at a server's address.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ServerKind {
    #[default]
    Listening,
    Closed,
}

/// What a server answers to one method and path.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    #[serde(default = "get")]
    pub method: String,
    #[serde(default = "slash")]
    pub path: String,
    #[serde(default)]
    pub mode: Mode,
    #[serde(default)]
    pub response: Answer,
}

/// How an endpoint makes its answer.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// It is given.
    #[default]
    Static,
    /// It has the body of the request.
    EchoBody,
    /// It has the method, path, headers and trailers of the request as headers.
    EchoHeaders,
}

/// What an endpoint answers.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Answer {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: String,
    /// A body in chunks, instead of one with a length.
    pub chunks: Option<Vec<String>>,
    /// What comes after the chunks.
    pub trailers: BTreeMap<String, String>,
}

impl Default for Answer {
    fn default() -> Self {
        Answer { status: 200, headers: BTreeMap::new(), body: String::new(), chunks: None, trailers: BTreeMap::new() }
    }
}

fn get() -> String {
    "GET".into()
}

fn slash() -> String {
    "/".into()
}
