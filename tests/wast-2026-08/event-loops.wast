;; While a function that is not async waits, the event loops of its instance wait, too, however ready they are.

(component definition $Loops
  (core module $M
    (import "" "return" (func $return))
    (import "" "yield" (func $yield (result i32)))
    (global $turns (mut i32) (i32.const 0))
    (func (export "arm") (result i32) (call $return) (i32.const 1 (; YIELD ;)))
    (func (export "turn") (param i32 i32 i32) (result i32)
      (global.set $turns (i32.add (global.get $turns) (i32.const 1)))
      (i32.const 1 (; YIELD ;)))
    ;; How many turns the event loop makes while this waits at most fifty times.
    (func (export "sync") (result i32)
      (local $before i32) (local $left i32)
      (local.set $before (global.get $turns))
      (local.set $left (i32.const 50))
      (loop $again
        (drop (call $yield))
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (br_if $again (i32.and (i32.ne (local.get $left) (i32.const 0))
          (i32.eq (local.get $before) (global.get $turns)))))
      (i32.ne (local.get $before) (global.get $turns))))
  (core func $return (canon task.return))
  (core func $yield (canon thread.yield))
  (core instance $m (instantiate $M (with "" (instance
    (export "return" (func $return)) (export "yield" (func $yield))))))
  (func (export "arm") async (canon lift (core func $m "arm") async (callback (core func $m "turn"))))
  (func (export "sync") (result bool) (canon lift (core func $m "sync"))))

(component instance $i $Loops)
(assert_return (invoke "arm") )
(assert_return (invoke "sync") (bool.const false))
(assert_return (invoke "sync") (bool.const false))
