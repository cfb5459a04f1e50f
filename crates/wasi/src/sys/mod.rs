//! Ports: what WASI needs of a world, as traits without an OS and without an executor.
//!
//! Two families implement them: [`native`](crate::native) (the OS) and [`sim`](crate::sim) (virtual time, seeded chance,
//! files and a network in memory). Interface files know only these traits.

mod bytes;
mod clock;
mod error;
mod files;
mod http;
mod leftover;
mod network;
mod node;
mod random;
mod stdio;
mod tcp;
mod udp;

use std::future::Future;
use std::pin::Pin;

pub use self::http::{HttpClient, OutgoingRequest, Timeouts};
pub use bytes::{ByteSink, ByteSource};
pub use clock::{Instant, MonotonicClock, SystemClock};
pub use error::{Code, Error, Result};
pub use files::{Advice, DirEntry, FileKind, Follow, MetadataHash, NewTime, NewTimes, OpenHow, Stat};
pub use network::{Direction, Family, Network, SocketOption};
pub use node::Node;
pub use random::Random;
pub use stdio::{Input, Output};
pub use tcp::TcpEndpoint;
pub use udp::UdpEndpoint;

/// A future without a known type.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;
