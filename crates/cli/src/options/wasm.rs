//! `-W`: what core wasm and components may do and use.

use thalweg::{AsyncRules, Gate};

use super::key::{Effect::Count, Effect::Span, Effect::Switch, Group, Key, always, ignored, key};
use super::settings::clamp;

/// The keys of `-W`.
pub static GROUP: Group = Group { letter: 'W', keys: KEYS };

const CORE: &str = "part of core wasm 3.0";
const SHIPPED: &str = "part of the Component Model";
const UNSUPPORTED: &str = "is not supported by this runtime";

static KEYS: &[Key] = &[
    key("max-memory-size", "Bytes of all linear memories together", Count(|s, n| s.limits.max_memory_size = n)),
    key("max-table-elements", "Elements of one core table", Count(|s, n| s.limits.max_table_elements = n)),
    key("max-instances", "Core instances", Count(|s, n| s.limits.max_instances = clamp(n))),
    key("max-memories", "Core memories", Count(|s, n| s.limits.max_memories = clamp(n))),
    key("max-tables", "Core tables", Count(|s, n| s.limits.max_tables = clamp(n))),
    key(
        "max-handles",
        "Handles of one component instance (also -Smax-resources)",
        Count(|s, n| s.limits.max_handles = clamp(n)),
    ),
    key("max-tasks", "Tasks that exist at once", Count(|s, n| s.limits.max_tasks = clamp(n))),
    key(
        "max-hostcall-bytes",
        "Bytes that one call may bring to the host (also -Shostcall-fuel)",
        Count(|s, n| s.limits.max_hostcall_bytes = clamp(n)),
    ),
    key(
        "trap-on-grow-failure",
        "Trap when a memory cannot grow, instead of answering -1",
        Switch(|s, on| s.limits.trap_on_grow_failure = on),
    ),
    key("max-wasm-stack", "Bytes of stack for core wasm", Count(|s, n| s.limits.max_wasm_stack = clamp(n))),
    key(
        "async-stack-size",
        "Bytes of one suspendable stack, the host's part included",
        Count(|s, n| s.limits.async_stack_size = clamp(n)),
    ),
    key("timeout", "How long the guest may run", Span(|s, span| s.timeout = Some(span))),
    key("fuel", "Units of work that the guest may do", Count(|s, n| s.fuel = Some(n))),
    key(
        "component-model-more-async-builtins",
        "Synchronous copies, asynchronous cancels",
        Switch(|s, on| s.gate(Gate::MoreAsyncBuiltins, on)),
    ),
    key(
        "component-model-async-builtins",
        "The same under its former name",
        Switch(|s, on| s.gate(Gate::MoreAsyncBuiltins, on)),
    ),
    key(
        "component-model-async-stackful",
        "Async lifting without a callback",
        Switch(|s, on| s.gate(Gate::AsyncStackful, on)),
    ),
    key("component-model-threading", "Cooperative threads", Switch(|s, on| s.gate(Gate::Threading, on))),
    key("component-model-error-context", "The type `error-context`", Switch(|s, on| s.gate(Gate::ErrorContext, on))),
    key(
        "component-model-fixed-length-lists",
        "The type `list<T, N>`",
        Switch(|s, on| s.gate(Gate::FixedLengthLists, on)),
    ),
    key(
        "component-model-nested-names",
        "Nested namespaces and packages in names",
        Switch(|s, on| s.gate(Gate::NestedNames, on)),
    ),
    key(
        "component-model-canonical-names",
        "Interface names with a canonical version",
        Switch(|s, on| s.gate(Gate::CanonicalNames, on)),
    ),
    key("component-model-accessors", "`[get]` and `[set]` in names", Switch(|s, on| s.gate(Gate::Accessors, on))),
    key("component-model-memory64", "Components with memories of 64 bits", Switch(|s, on| s.gate(Gate::Memory64, on))),
    key("component-model-forward", "`stream.forward` and `future.forward`", Switch(|s, on| s.gate(Gate::Forward, on))),
    key(
        "component-model-async-2026-08",
        "The rules for calls that wait as they were in August 2026",
        Switch(|s, on| s.async_rules = if on { AsyncRules::August2026 } else { AsyncRules::Current }),
    ),
    key("all-proposals", "Every supported part of the standard that is not shipped yet", Switch(all_gates)),
    always("component-model", SHIPPED),
    always("component-model-async", SHIPPED),
    always("component-model-map", SHIPPED),
    always("component-model-implements", SHIPPED),
    always("concurrency-support", SHIPPED),
    always("bulk-memory", CORE),
    always("exceptions", CORE),
    always("extended-const", CORE),
    always("function-references", CORE),
    always("gc", CORE),
    always("gc-support", CORE),
    always("memory64", CORE),
    always("multi-memory", CORE),
    always("multi-value", CORE),
    always("reference-types", CORE),
    always("relaxed-simd", CORE),
    always("simd", CORE),
    always("tail-call", CORE),
    always("unknown-exports-allow", "exports that nobody uses never matter"),
    ignored("async-stack-zeroing", "is not used: stacks come from fresh pages"),
    ignored("component-model-gc", UNSUPPORTED),
    ignored("custom-page-sizes", UNSUPPORTED),
    ignored("epoch-interruption", "is not needed: `-Wtimeout` brings it"),
    ignored("nan-canonicalization", UNSUPPORTED),
    ignored("relaxed-simd-deterministic", UNSUPPORTED),
    ignored("shared-everything-threads", UNSUPPORTED),
    ignored("shared-memory", UNSUPPORTED),
    ignored("stack-switching", UNSUPPORTED),
    ignored("threads", UNSUPPORTED),
    ignored("unknown-imports-default", UNSUPPORTED),
    ignored("unknown-imports-trap", UNSUPPORTED),
    ignored("wide-arithmetic", UNSUPPORTED),
    ignored("wmemcheck", UNSUPPORTED),
];

fn all_gates(settings: &mut super::Settings, on: bool) {
    for &gate in Gate::ALL.iter().filter(|gate| gate.is_supported()) {
        settings.gate(gate, on);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Settings;
    use super::*;

    #[test]
    fn each_supported_gate_has_a_key() {
        for gate in Gate::ALL.iter().filter(|gate| gate.is_supported()) {
            let name = format!("component-model-{}", gate.name());
            let key = GROUP.find(&name).unwrap_or_else(|| panic!("no key {name}"));
            let mut settings = Settings::default();
            let Switch(set) = key.effect else { panic!("{name} is no switch") };
            set(&mut settings, true);
            assert_eq!(settings.gates, [*gate]);
        }
    }

    #[test]
    fn the_older_rules_have_a_key() {
        let key = GROUP.find(&format!("component-model-{}", AsyncRules::AUGUST_2026));
        let Some(Switch(set)) = key.map(|key| &key.effect) else { panic!("no such switch") };
        let mut settings = Settings::default();
        set(&mut settings, true);
        assert_eq!(settings.async_rules, AsyncRules::August2026);
        assert!(settings.features().is_ok_and(|features| features.async_rules().are_of_august_2026()));
        set(&mut settings, false);
        assert_eq!(settings.async_rules, AsyncRules::Current);
    }
}
