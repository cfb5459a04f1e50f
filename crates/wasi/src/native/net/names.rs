//! Looking names up, on a thread where waiting is allowed: the system's resolver knows no other way.

use std::net::{IpAddr, ToSocketAddrs};

use crate::native::blocking::blocking;
use crate::sys::{BoxFuture, Code, Error, Result};

/// The addresses of `name`, in the system's order.
pub(super) fn resolve(name: &str) -> BoxFuture<Result<Vec<IpAddr>>> {
    let name = name.to_string();
    blocking(move || {
        let found = (name.as_str(), 0).to_socket_addrs().map_err(|failed| failure(&failed))?;
        Ok(found.map(|address| address.ip()).collect())
    })
}

/// The standard library keeps only the resolver's words (glibc's and musl's), not its number.
fn failure(failed: &std::io::Error) -> Error {
    let words = failed.to_string();
    let is = |known: &[&str]| known.iter().any(|known| words.contains(known));
    let code = if is(&["Temporary failure", "Try again"]) {
        Code::TemporaryResolverFailure
    } else if is(&["Non-recoverable", "Unrecoverable"]) {
        Code::PermanentResolverFailure
    } else {
        Code::NameUnresolvable
    };
    Error::new(code, words)
}
