//! How long to wait for parts of an exchange.

use std::time::Duration;

use crate::sys::Timeouts;

thalweg::wit_variant! {
    /// Why options were not changed. Spec: `wasi:http/types.request-options-error`.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub enum RequestOptionsError {
        NotSupported as "not-supported",
        Immutable as "immutable",
        Other(Option<String>) as "other",
    }
}

/// The host object behind `wasi:http/types.request-options`, of 0.2 and 0.3. Times are nanoseconds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestOptions {
    /// Spec: `connect-timeout`.
    pub connect_timeout: Option<u64>,
    /// Spec: `first-byte-timeout`.
    pub first_byte_timeout: Option<u64>,
    /// Spec: `between-bytes-timeout`.
    pub between_bytes_timeout: Option<u64>,
    /// Whether a guest may not change it.
    pub immutable: bool,
}

impl RequestOptions {
    /// The times that they ask for.
    #[must_use]
    pub fn timeouts(&self) -> Timeouts {
        let default = Timeouts::default();
        let or = |time: Option<u64>, default| time.map_or(default, Duration::from_nanos);
        Timeouts {
            connect: or(self.connect_timeout, default.connect),
            first_byte: or(self.first_byte_timeout, default.first_byte),
            between_bytes: or(self.between_bytes_timeout, default.between_bytes),
        }
    }
}
