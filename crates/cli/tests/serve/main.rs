//! `thalweg serve` with clients that do what a file of raw requests cannot: several at once, gone halfway, HTTP/2, TLS.

mod ending;
mod http2;
mod instances;
mod limits;
mod load;
mod server;
mod sockets;
mod tls;
mod watch;
