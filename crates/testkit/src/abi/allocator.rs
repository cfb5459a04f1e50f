//! The memory and the allocator of generated guests.

/// Fields of a core module: a memory of `pages`, exported, and the function `realloc`, which is named and exported as
/// `func` says, does `before` first, ascends from `first`, moves at every call, and grows the memory.
pub fn allocator(pages: u32, first: u32, func: &str, before: &str) -> String {
    format!(
        r#"
    (memory (export "memory") {pages})
    (global $next (mut i32) (i32.const {first}))
    (func {func} (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
      (local $ptr i32) (local $end i32)
      {before}
      (local.set $ptr (i32.and
        (i32.add (global.get $next) (i32.sub (local.get $align) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get $align))))
      (local.set $end (i32.add (local.get $ptr) (local.get $size)))
      (global.set $next (local.get $end))
      (loop $grow
        (if (i32.gt_u (local.get $end) (i32.mul (memory.size) (i32.const 65536)))
          (then (br_if $grow (i32.ne (memory.grow (i32.const 1)) (i32.const -1))) unreachable)))
      (memory.copy (local.get $ptr) (local.get $old)
        (select (local.get $old-size) (local.get $size) (i32.lt_u (local.get $old-size) (local.get $size))))
      (local.get $ptr))"#
    )
}
