//! Twins of the OS: virtual time, seeded chance, files and a network in memory, captured standard streams.
//!
//! Nothing here happens by itself: time goes on when it is told to, input comes when it is fed.

mod clock;
mod files;
mod http;
mod net;
mod random;
mod stdio;

pub use self::http::SimHttp;
pub use clock::SimClock;
pub use files::SimFiles;
pub use net::SimNetwork;
pub use random::SeededRandom;
pub use stdio::{Captured, InputFeed, captured_output, fed_input};
