;; Start functions are functions that are not async, of their component instance.

;; A yield lets every thread of the instance run, and goes on.
(component
  (core func $yield (canon thread.yield))
  (core module $M
    (import "" "yield" (func $yield (result i32)))
    (global $yields (mut i32) (i32.const 0))
    (func $start
      (drop (call $yield)) (global.set $yields (i32.add (global.get $yields) (i32.const 1)))
      (drop (call $yield)) (global.set $yields (i32.add (global.get $yields) (i32.const 1))))
    (start $start)
    (func (export "yields") (result i32) (global.get $yields)))
  (core instance $m (instantiate $M (with "" (instance (export "yield" (func $yield))))))
  (func (export "yields") (result u32) (canon lift (core func $m "yields"))))
(assert_return (invoke "yields") (u32.const 2))

;; There is nobody who could end this wait.
(assert_trap
  (component
    (core module $Memory (memory (export "mem") 1))
    (core instance $memory (instantiate $Memory))
    (core func $new (canon waitable-set.new))
    (core func $wait (canon waitable-set.wait (memory (core memory $memory "mem"))))
    (core module $M
      (import "" "new" (func $new (result i32)))
      (import "" "wait" (func $wait (param i32 i32) (result i32)))
      (func $start (drop (call $wait (call $new) (i32.const 0))))
      (start $start))
    (core instance (instantiate $M (with "" (instance (export "new" (func $new)) (export "wait" (func $wait)))))))
  "cannot block a synchronous task before returning")

;; An async function that returns at once can be called.
(component
  (component $C
    (core func $return (canon task.return (result u32)))
    (core module $M
      (import "" "return" (func $return (param i32)))
      (func (export "f") (result i32) (call $return (i32.const 42)) (i32.const 0))
      (func (export "cb") (param i32 i32 i32) (result i32) unreachable))
    (core instance $m (instantiate $M (with "" (instance (export "return" (func $return))))))
    (func (export "f") async (result u32)
      (canon lift (core func $m "f") async (callback (core func $m "cb")))))
  (component $D
    (import "f" (func $f async (result u32)))
    (core func $f' (canon lower (func $f)))
    (core module $M
      (import "" "f" (func $f (result i32)))
      (global $g (mut i32) (i32.const 0))
      (func $start (global.set $g (call $f)))
      (start $start)
      (func (export "g") (result i32) (global.get $g)))
    (core instance $m (instantiate $M (with "" (instance (export "f" (func $f'))))))
    (func (export "g") (result u32) (canon lift (core func $m "g"))))
  (instance $c (instantiate $C))
  (instance $d (instantiate $D (with "f" (func $c "f"))))
  (func (export "g") (alias export $d "g")))
(assert_return (invoke "g") (u32.const 42))

;; One that waits for its caller's instance to let it go on cannot.
(assert_trap
  (component
    (component $C
      (core func $yield (canon thread.yield))
      (core module $M
        (import "" "yield" (func $yield (result i32)))
        (func (export "f") (result i32) (i32.const 1))
        (func (export "cb") (param i32 i32 i32) (result i32) (i32.const 1)))
      (core instance $m (instantiate $M (with "" (instance (export "yield" (func $yield))))))
      (func (export "f") async (canon lift (core func $m "f") async (callback (core func $m "cb")))))
    (component $D
      (import "f" (func $f async))
      (core func $f' (canon lower (func $f)))
      (core module $M (import "" "f" (func $f)) (start $f))
      (core instance (instantiate $M (with "" (instance (export "f" (func $f')))))))
    (instance $c (instantiate $C))
    (instance (instantiate $D (with "f" (func $c "f")))))
  "cannot block a synchronous task before returning")
