//! HTTP/1.1 as tests need it: a server with given answers, and single requests. It is written out here, and not taken from
//! what the runtime itself uses, so that both sides cannot be wrong in the same way.

mod endpoint;
mod message;
mod request;
mod server;

pub use endpoint::{Answer, Server, ServerKind};
pub use request::{address_in, request};
pub use server::Servers;
