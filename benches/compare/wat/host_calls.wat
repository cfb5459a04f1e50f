;; Synchronous calls: the host calls exports, and exports call imports of the host `n` times with `size` bytes.
(component
  (import "nothing" (func $nothing))
  (import "add" (func $add (param "a" u32) (param "b" u32) (result u32)))
  (import "length" (func $length (param "text" string) (result u32)))
  (core module $memory
    (memory (export "memory") 4)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
    (func $fill (memory.fill (i32.const 1024) (i32.const 97) (i32.const 131072)))
    (start $fill))
  (core instance $memory (instantiate $memory))
  (core func $nothing (canon lower (func $nothing)))
  (core func $add (canon lower (func $add)))
  (core func $length (canon lower (func $length) (memory (core memory $memory "memory"))))
  (core module $m
    (import "" "nothing" (func $nothing))
    (import "" "add" (func $add (param i32 i32) (result i32)))
    (import "" "length" (func $length (param i32 i32) (result i32)))
    (func (export "nothing"))
    (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
    (func (export "length") (param i32 i32) (result i32) (local.get 1))
    (func (export "call-nothing") (param $n i32) (param $size i32)
      (loop $next
        (call $nothing)
        (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
    (func (export "call-add") (param $n i32) (param $size i32) (local $sum i32)
      (loop $next
        (local.set $sum (call $add (local.get $sum) (i32.const 3)))
        (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
    (func (export "call-length") (param $n i32) (param $size i32)
      (loop $next
        (if (i32.ne (call $length (i32.const 1024) (local.get $size)) (local.get $size)) (then unreachable))
        (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))
  (core instance $i (instantiate $m (with "" (instance
    (export "nothing" (func $nothing)) (export "add" (func $add)) (export "length" (func $length))))))
  (func (export "nothing") (canon lift (core func $i "nothing")))
  (func (export "add") (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $i "add")))
  (func (export "length") (param "text" string) (result u32)
    (canon lift (core func $i "length")
      (memory (core memory $memory "memory")) (realloc (core func $memory "realloc"))))
  (func (export "call-nothing") (param "n" u32) (param "size" u32) (canon lift (core func $i "call-nothing")))
  (func (export "call-add") (param "n" u32) (param "size" u32) (canon lift (core func $i "call-add")))
  (func (export "call-length") (param "n" u32) (param "size" u32) (canon lift (core func $i "call-length"))))
