//! The OS behind the ports: the only folder that touches it, and the only one that knows tokio.
//!
//! Futures from here want to be polled inside of a tokio runtime whose time and I/O drivers are enabled. Linux.

mod blocking;
mod clock;
mod errno;
mod files;
mod http;
mod net;
mod random;
mod standard;
mod stdin;
mod stdout;

pub use self::http::{OsHttpClient, TlsRoots, TlsRootsError};
pub use clock::{OsMonotonicClock, OsSystemClock};
pub use files::open_directory;
pub use net::OsNetwork;
pub use random::{OsInsecureRandom, OsRandom};
pub use standard::StandardStreams;
pub use stdin::stdin;
pub use stdout::{stderr, stdout};
