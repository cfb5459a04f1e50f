//! `-D`: what helps to find faults.

use super::key::{Group, Key, always, ignored};

/// The keys of `-D`.
pub static GROUP: Group = Group { letter: 'D', keys: KEYS };

const UNSUPPORTED: &str = "is not supported by this runtime";

static KEYS: &[Key] = &[
    always("address-map", "guest stacks are part of every trap report"),
    ignored("arg", UNSUPPORTED),
    ignored("coredump", UNSUPPORTED),
    ignored("debug-info", UNSUPPORTED),
    ignored("debugger", UNSUPPORTED),
    ignored("guest-debug", UNSUPPORTED),
    ignored("log-to-files", UNSUPPORTED),
    ignored("logging", UNSUPPORTED),
    ignored("max-backtrace", UNSUPPORTED),
];
