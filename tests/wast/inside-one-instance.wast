;; Both ends of a stream of strings in one instance: nothing can be copied between them, but one may ask whether the other is
;; there.

(component definition $Inside
  (type $S (stream string))
  (core module $Memory
    (memory (export "mem") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) unreachable))
  (core instance $memory (instantiate $Memory))
  (core func $new (canon stream.new $S))
  (core func $read (canon stream.read $S async
    (memory (core memory $memory "mem")) (realloc (core func $memory "realloc"))))
  (core func $write (canon stream.write $S async (memory (core memory $memory "mem"))))
  (core module $M
    (import "" "new" (func $new (result i64)))
    (import "" "read" (func $read (param i32 i32 i32) (result i32)))
    (import "" "write" (func $write (param i32 i32 i32) (result i32)))
    ;; Copies of so many strings: the first waits, the second meets it.
    (func (export "write-then-read") (param $written i32) (param $read i32) (result i32)
      (local $both i64)
      (local.set $both (call $new))
      (drop (call $write (i32.wrap_i64 (i64.shr_u (local.get $both) (i64.const 32))) (i32.const 0) (local.get $written)))
      (call $read (i32.wrap_i64 (local.get $both)) (i32.const 64) (local.get $read)))
    (func (export "read-then-write") (param $read i32) (param $written i32) (result i32)
      (local $both i64)
      (local.set $both (call $new))
      (drop (call $read (i32.wrap_i64 (local.get $both)) (i32.const 64) (local.get $read)))
      (call $write
        (i32.wrap_i64 (i64.shr_u (local.get $both) (i64.const 32))) (i32.const 0) (local.get $written))))
  (core instance $m (instantiate $M (with "" (instance
    (export "new" (func $new)) (export "read" (func $read)) (export "write" (func $write))))))
  (func (export "write-then-read") (param "w" u32) (param "r" u32) (result s32)
    (canon lift (core func $m "write-then-read")))
  (func (export "read-then-write") (param "r" u32) (param "w" u32) (result s32)
    (canon lift (core func $m "read-then-write"))))

;; COMPLETED with nothing, or BLOCKED when the other one was told.
(component instance $i $Inside)
(assert_return (invoke "write-then-read" (u32.const 0) (u32.const 1)) (s32.const -1))
(assert_return (invoke "write-then-read" (u32.const 1) (u32.const 0)) (s32.const 0))
(assert_return (invoke "read-then-write" (u32.const 0) (u32.const 1)) (s32.const -1))
(assert_return (invoke "read-then-write" (u32.const 1) (u32.const 0)) (s32.const 0))
(assert_return (invoke "read-then-write" (u32.const 0) (u32.const 0)) (s32.const 0))
(assert_trap (invoke "write-then-read" (u32.const 1) (u32.const 1))
  "cannot read from and write to intra-component stream")
(component instance $i $Inside)
(assert_trap (invoke "read-then-write" (u32.const 1) (u32.const 1))
  "cannot read from and write to intra-component stream")
