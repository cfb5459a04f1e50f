//! `-O`: what makes code and instances faster.

use super::key::{Effect::Count, Effect::Switch, Group, Key, always, ignored, key};

/// The keys of `-O`.
pub static GROUP: Group = Group { letter: 'O', keys: KEYS };

/// Places of the pool when nobody says how many, as in other runtimes.
const PLACES: u32 = 1000;

const FIXED: &str = "is not adjustable in this runtime";

static KEYS: &[Key] = &[
    key("opt-level", "0 compiles fast, 1 or 2 (default) makes fast code", Count(|s, n| s.optimize = n > 0)),
    always("memory-init-cow", "memories start as copies on write where the system can"),
    always("signals-based-traps", "traps cost nothing until they happen"),
    always("table-lazy-init", "tables are filled when they are used"),
    ignored("dynamic-memory-guard-size", FIXED),
    ignored("dynamic-memory-reserved-for-growth", FIXED),
    ignored("guard-before-linear-memory", FIXED),
    ignored("memory-guaranteed-dense-image-size", FIXED),
    ignored("memory-guard-size", FIXED),
    ignored("memory-may-move", FIXED),
    ignored("memory-reservation", FIXED),
    ignored("memory-reservation-for-growth", FIXED),
    key(
        "pooling-allocator",
        "Takes memories, tables and stacks from a pool; an instance that finds no place in it is refused (default: n)",
        Switch(|s, on| s.pooled = if on { s.pooled.max(PLACES) } else { 0 }),
    ),
    key(
        "pooling-total-core-instances",
        "Places of the pool: one for each core module of an instance (default: 1000, with -Opooling-allocator)",
        Count(|s, n| s.pooled = u32::try_from(n).unwrap_or(u32::MAX)),
    ),
    ignored("pooling-*", FIXED),
    ignored("regalloc-algorithm", FIXED),
    ignored("static-memory-forced", FIXED),
    ignored("static-memory-guard-size", FIXED),
    ignored("static-memory-maximum-size", FIXED),
];
