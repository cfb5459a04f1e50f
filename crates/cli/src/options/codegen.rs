//! `-C`: how code is generated and kept.

use super::key::{Effect::Switch, Group, Key, always, ignored, key};

/// The keys of `-C`.
pub static GROUP: Group = Group { letter: 'C', keys: KEYS };

const UNUSED: &str = "is not used by this runtime";

static KEYS: &[Key] = &[
    key(
        "adapters",
        "Compile calls between components, instead of making them in the runtime (default: y)",
        Switch(|s, on| s.adapters = on),
    ),
    key("cache", "Keep compiled code on disk for the next run (default: y)", Switch(|s, on| s.cache = on)),
    key(
        "shims",
        "Instantiate core modules that only stand in for functions of the host until a memory exists (default: n)",
        Switch(|s, on| s.keep_shims = on),
    ),
    always("parallel-compilation", "core modules are compiled on every core of the machine"),
    ignored("cache-config", UNUSED),
    ignored("collector", UNUSED),
    ignored("compiler", UNUSED),
    ignored("cranelift-*", UNUSED),
    ignored("inlining", UNUSED),
    ignored("native-unwind-info", UNUSED),
    ignored("pcc", UNUSED),
];
