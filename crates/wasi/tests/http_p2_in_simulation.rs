//! Guests of WASI 0.2 over HTTP in memory.
