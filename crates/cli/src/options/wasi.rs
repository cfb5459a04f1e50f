//! `-S`: what the guest is given of WASI.

use super::key::{Effect::Count, Effect::Switch, Effect::Text, Group, Key, always, ignored, key};
use super::settings::clamp;

/// The keys of `-S`.
pub static GROUP: Group = Group { letter: 'S', keys: KEYS };

const THERE: &str = "there for every guest that imports it";
const UNSUPPORTED: &str = "is not supported by this runtime";

static KEYS: &[Key] = &[
    key("inherit-env", "Give the guest the environment variables of this command", Switch(|s, on| s.inherit_env = on)),
    key("inherit-stdin", "Give the guest the standard input (default: y)", Switch(|s, on| s.inherit_stdin = on)),
    key("inherit-stdout", "Give the guest the standard output (default: y)", Switch(|s, on| s.inherit_stdout = on)),
    key("inherit-stderr", "Give the guest the standard error (default: y)", Switch(|s, on| s.inherit_stderr = on)),
    key(
        "inherit-network",
        "Let the guest use every address of the network (names: -S allow-ip-name-lookup)",
        Switch(|s, on| s.inherit_network = on),
    ),
    key("tcp", "Let TCP use the addresses that are granted (default: y)", Switch(|s, on| s.tcp = on)),
    key("udp", "Let UDP use the addresses that are granted (default: y)", Switch(|s, on| s.udp = on)),
    key("allow-ip-name-lookup", "Let the guest look names of hosts up", Switch(|s, on| s.name_lookup = on)),
    key(
        "http",
        "Let the guest send HTTP requests to every address; with --allow-host, to those (default: n)",
        Switch(|s, on| s.http = on),
    ),
    key(
        "max-http-fields-size",
        "Bytes that the header or trailer fields of one HTTP message may have (default: 131072)",
        Count(|s, n| s.max_http_fields_size = clamp(n)),
    ),
    key(
        "max-random-size",
        "Random bytes that one call gives (default: 67108864); 0.2 fails if more are asked for",
        Count(|s, n| s.max_random_size = n),
    ),
    key(
        "http-ca-file",
        "Trust HTTPS servers that the certificates of this PEM file vouch for, too; can be given several times",
        Text(|s, path| s.http_ca_files.push(path)),
    ),
    key("max-resources", "Handles of one component instance", Count(|s, n| s.limits.max_handles = clamp(n))),
    key(
        "hostcall-fuel",
        "Bytes that one call may bring from the guest to the host",
        Count(|s, n| s.limits.max_hostcall_bytes = clamp(n)),
    ),
    key("cwd", "Where relative paths of the guest start, as a path of the guest", Text(|s, path| s.cwd = Some(path))),
    always("cli", THERE),
    always("cli-exit-with-code", THERE),
    always("common", THERE),
    always("p3", THERE),
    always("preview2", THERE),
    ignored("config", UNSUPPORTED),
    ignored("config-var", UNSUPPORTED),
    ignored("http-outgoing-body-buffer-chunks", UNSUPPORTED),
    ignored("http-outgoing-body-chunk-size", UNSUPPORTED),
    ignored("keyvalue", UNSUPPORTED),
    ignored("keyvalue-in-memory-data", UNSUPPORTED),
    ignored("listenfd", UNSUPPORTED),
    ignored("network-error-code", UNSUPPORTED),
    ignored("nn", UNSUPPORTED),
    ignored("nn-graph", UNSUPPORTED),
    ignored("preview0", UNSUPPORTED),
    ignored("tcplisten", UNSUPPORTED),
    ignored("threads", UNSUPPORTED),
    ignored("tls", UNSUPPORTED),
];
