//! The memory and the allocator of generated guests.

use thalweg::types::PtrType;

/// The core type of addresses, in text.
pub fn ptr_name(ptr: PtrType) -> &'static str {
    match ptr {
        PtrType::I32 => "i32",
        PtrType::I64 => "i64",
    }
}

/// Fields of a core module: a memory of `pages` with addresses of type `ptr`, exported, and the function `realloc`, which is
/// named and exported as `func` says, does `before` first, ascends from `first`, moves at every call, and grows the memory.
pub fn allocator(ptr: PtrType, pages: u32, first: u32, func: &str, before: &str) -> String {
    let p = ptr_name(ptr);
    format!(
        r#"
    (memory (export "memory") {p} {pages})
    (global $next (mut {p}) ({p}.const {first}))
    (func {func} (param $old {p}) (param $old-size {p}) (param $align {p}) (param $size {p}) (result {p})
      (local $ptr {p}) (local $end {p})
      {before}
      (local.set $ptr ({p}.and
        ({p}.add (global.get $next) ({p}.sub (local.get $align) ({p}.const 1)))
        ({p}.sub ({p}.const 0) (local.get $align))))
      (local.set $end ({p}.add (local.get $ptr) (local.get $size)))
      (global.set $next (local.get $end))
      (loop $grow
        (if ({p}.gt_u (local.get $end) ({p}.mul (memory.size) ({p}.const 65536)))
          (then (br_if $grow ({p}.ne (memory.grow ({p}.const 1)) ({p}.const -1))) unreachable)))
      (memory.copy (local.get $ptr) (local.get $old)
        (select (local.get $old-size) (local.get $size) ({p}.lt_u (local.get $old-size) (local.get $size))))
      (local.get $ptr))"#
    )
}
