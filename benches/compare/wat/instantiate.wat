;; Three core modules: a memory with data, code that uses it, and a start function.
(component
  (core module $memory
    (memory (export "memory") 17)
    (data (i32.const 1024) "hello, instance")
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 4096)))
  (core module $code
    (import "memory" "memory" (memory 1))
    (table (export "table") 16 funcref)
    (elem (i32.const 0) $length)
    (func $length (export "length") (param $at i32) (param $length i32) (result i32) (local.get $length)))
  (core module $main
    (import "code" "length" (func $length (param i32 i32) (result i32)))
    (import "memory" "memory" (memory 1))
    (global $ready (mut i32) (i32.const 0))
    (func $start (global.set $ready (call $length (i32.const 1024) (i32.const 15))))
    (start $start)
    (func (export "ready") (result i32) (global.get $ready)))
  (core instance $memory (instantiate $memory))
  (core instance $code (instantiate $code (with "memory" (instance $memory))))
  (core instance $main (instantiate $main
    (with "code" (instance $code)) (with "memory" (instance $memory))))
  (func (export "ready") (result u32) (canon lift (core func $main "ready")))
  (func (export "length") (param "text" string) (result u32)
    (canon lift (core func $code "length")
      (memory (core memory $memory "memory")) (realloc (core func $memory "realloc")))))
