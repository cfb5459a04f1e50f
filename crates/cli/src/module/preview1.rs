//! The functions of preview 1: what their parameters mean, which is what has to be copied between two memories.

/// The module that core modules import WASI from.
pub const MODULE: &str = "wasi_snapshot_preview1";

/// A parameter, or two that belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Param {
    /// A number of 32 bits.
    I32,
    /// A number of 64 bits.
    I64,
    /// The address and length of a path.
    Path,
    /// The address and length of a buffer to fill.
    Buffer,
    /// The address and number of buffers to read into.
    Read,
    /// The address and number of buffers to write.
    Write,
    /// The address of a result of so many bytes.
    Out(u32),
    /// The address of as many subscriptions as the next parameter but one says.
    Subscriptions,
    /// The address of as many events; the number of both follows.
    Events,
    /// The address of an array of pointers to strings.
    Pointers,
    /// The address of the strings.
    Strings,
}

impl Param {
    /// The types of core wasm, as they are written.
    pub fn core(self) -> &'static [&'static str] {
        match self {
            I64 => &["i64"],
            Path | Buffer | Read | Write | Events => &["i32", "i32"],
            _ => &["i32"],
        }
    }
}

use Param::{Buffer, Events, I32, I64, Out, Path, Pointers, Read, Strings, Subscriptions, Write};

/// The functions that the adapter has, all with an error number as their result.
const FUNCS: &[(&str, &[Param])] = &[
    ("args_get", &[Pointers, Strings]),
    ("args_sizes_get", &[Out(4), Out(4)]),
    ("clock_res_get", &[I32, Out(8)]),
    ("clock_time_get", &[I32, I64, Out(8)]),
    ("environ_get", &[Pointers, Strings]),
    ("environ_sizes_get", &[Out(4), Out(4)]),
    ("fd_advise", &[I32, I64, I64, I32]),
    ("fd_allocate", &[I32, I64, I64]),
    ("fd_close", &[I32]),
    ("fd_datasync", &[I32]),
    ("fd_fdstat_get", &[I32, Out(24)]),
    ("fd_fdstat_set_flags", &[I32, I32]),
    ("fd_fdstat_set_rights", &[I32, I64, I64]),
    ("fd_filestat_get", &[I32, Out(64)]),
    ("fd_filestat_set_size", &[I32, I64]),
    ("fd_filestat_set_times", &[I32, I64, I64, I32]),
    ("fd_pread", &[I32, Read, I64, Out(4)]),
    ("fd_prestat_dir_name", &[I32, Buffer]),
    ("fd_prestat_get", &[I32, Out(8)]),
    ("fd_pwrite", &[I32, Write, I64, Out(4)]),
    ("fd_read", &[I32, Read, Out(4)]),
    ("fd_readdir", &[I32, Buffer, I64, Out(4)]),
    ("fd_renumber", &[I32, I32]),
    ("fd_seek", &[I32, I64, I32, Out(8)]),
    ("fd_sync", &[I32]),
    ("fd_tell", &[I32, Out(8)]),
    ("fd_write", &[I32, Write, Out(4)]),
    ("path_create_directory", &[I32, Path]),
    ("path_filestat_get", &[I32, I32, Path, Out(64)]),
    ("path_filestat_set_times", &[I32, I32, Path, I64, I64, I32]),
    ("path_link", &[I32, I32, Path, I32, Path]),
    ("path_open", &[I32, I32, Path, I32, I64, I64, I32, Out(4)]),
    ("path_readlink", &[I32, Path, Buffer, Out(4)]),
    ("path_remove_directory", &[I32, Path]),
    ("path_rename", &[I32, Path, I32, Path]),
    ("path_symlink", &[Path, I32, Path]),
    ("path_unlink_file", &[I32, Path]),
    ("poll_oneoff", &[Subscriptions, Events, Out(4)]),
    ("proc_raise", &[I32]),
    ("random_get", &[Buffer]),
    ("sched_yield", &[]),
    ("sock_accept", &[I32, I32, Out(4)]),
    ("sock_recv", &[I32, Read, I32, Out(4), Out(2)]),
    ("sock_send", &[I32, Write, I32, Out(4)]),
    ("sock_shutdown", &[I32, I32]),
];

/// The one function without a result.
pub const PROC_EXIT: &str = "proc_exit";

/// The parameters of a function, other than [`PROC_EXIT`].
pub fn params(name: &str) -> Option<&'static [Param]> {
    FUNCS.iter().find(|(known, _)| *known == name).map(|(_, params)| *params)
}

/// The type of a function, as core wasm writes it.
pub fn core_type(name: &str) -> Option<String> {
    if name == PROC_EXIT {
        return Some("(param i32)".into());
    }
    let params: Vec<_> =
        params(name)?.iter().flat_map(|param| param.core()).map(|ty| format!("(param {ty}) ")).collect();
    Some(params.concat() + "(result i32)")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use wasi_preview1_component_adapter_provider::WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER;

    use super::super::shape::Shape;
    use super::*;

    /// What else the adapter exports, for libraries that know it.
    const OTHERS: [&str; 6] = [
        "adapter_close_badfd",
        "adapter_monotonic_clock_set_paused",
        "adapter_open_badfd",
        "cabi_export_realloc",
        "cabi_import_realloc",
        "reset_adapter_state",
    ];

    #[test]
    fn the_adapter_has_these_functions() {
        let shape = Shape::of(WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER).expect("a module");
        let mut types: BTreeMap<_, _> = shape.funcs.into_iter().collect();
        OTHERS.iter().for_each(|name| drop(types.remove(*name)));
        for name in FUNCS.iter().map(|(name, _)| *name).chain([PROC_EXIT]) {
            let ty = types.remove(name).unwrap_or_else(|| panic!("the adapter has no {name}"));
            assert_eq!(Some(super::super::shape::core_type(&ty)), core_type(name), "{name}");
        }
        assert!(types.is_empty(), "{:?}", types.keys());
    }
}
