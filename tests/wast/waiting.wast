;; Who may wait, and for whom: a function that is not async must answer without waiting; a set cannot be dropped under
;; someone who waits on it; one who is deaf to being asked to stop is not asked twice.

(component definition $Sync
  (core module $Memory (memory (export "mem") 1))
  (core instance $memory (instantiate $Memory))
  (type $s (stream u8))
  (core func $new (canon stream.new $s))
  (core func $read (canon stream.read $s (memory (core memory $memory "mem"))))
  (core func $set-new (canon waitable-set.new))
  (core func $set-wait (canon waitable-set.wait (memory (core memory $memory "mem"))))
  (core func $join (canon waitable.join))
  (core func $yield (canon thread.yield))
  (core module $M
    (import "" "new" (func $new (result i64)))
    (import "" "read" (func $read (param i32 i32 i32) (result i32)))
    (import "" "set.new" (func $set-new (result i32)))
    (import "" "set.wait" (func $set-wait (param i32 i32) (result i32)))
    (import "" "join" (func $join (param i32 i32)))
    (import "" "yield" (func $yield (result i32)))
    (func (export "wait") (drop (call $set-wait (call $set-new) (i32.const 0))))
    (func (export "read") (drop (call $read (i32.wrap_i64 (call $new)) (i32.const 0) (i32.const 1))))
    (func (export "read-in-set")
      (local $r i32)
      (local.set $r (i32.wrap_i64 (call $new)))
      (call $join (local.get $r) (call $set-new))
      (drop (call $read (local.get $r) (i32.const 0) (i32.const 1))))
    (func (export "yield") (drop (call $yield))))
  (core instance $m (instantiate $M (with "" (instance
    (export "new" (func $new)) (export "read" (func $read)) (export "join" (func $join))
    (export "set.new" (func $set-new)) (export "set.wait" (func $set-wait)) (export "yield" (func $yield))))))
  (func (export "wait") (canon lift (core func $m "wait")))
  (func (export "wait-async") async (canon lift (core func $m "wait")))
  (func (export "read") (canon lift (core func $m "read")))
  (func (export "read-async") async (canon lift (core func $m "read")))
  (func (export "read-in-set") async (canon lift (core func $m "read-in-set")))
  (func (export "yield") (canon lift (core func $m "yield"))))

(component instance $s $Sync)
(assert_return (invoke "yield"))
(assert_trap (invoke "wait") "cannot block a synchronous task before returning")
(component instance $s $Sync)
(assert_trap (invoke "read") "cannot block a synchronous task before returning")
(component instance $s $Sync)
(assert_trap (invoke "wait-async") "deadlock detected: event loop cannot make further progress")
(component instance $s $Sync)
(assert_trap (invoke "read-async") "deadlock detected: event loop cannot make further progress")
(component instance $s $Sync)
(assert_trap (invoke "read-in-set") "waitable cannot be used synchronously while added to a waitable set")

;; A start function is not async either.
(assert_trap
  (component
    (core func $suspend (canon thread.suspend))
    (core module $M
      (import "" "suspend" (func $suspend (result i32)))
      (func $start (drop (call $suspend)))
      (start $start))
    (core instance (instantiate $M (with "" (instance (export "suspend" (func $suspend)))))))
  "cannot block a synchronous task before returning")

;; The bench is taken away under the one who sits on it.
(component
  (component $Bench
    (core func $set-new (canon waitable-set.new))
    (core func $set-drop (canon waitable-set.drop))
    (core module $M
      (import "" "set.new" (func $set-new (result i32)))
      (import "" "set.drop" (func $set-drop (param i32)))
      (func (export "sit") (result i32) (i32.or (i32.const 2) (i32.shl (call $set-new) (i32.const 4))))
      (func (export "sit-cb") (param i32 i32 i32) (result i32) unreachable)
      (func (export "take-away") (call $set-drop (i32.const 1))))
    (core instance $m (instantiate $M (with "" (instance
      (export "set.new" (func $set-new)) (export "set.drop" (func $set-drop))))))
    (func (export "sit") async (canon lift (core func $m "sit") async (callback (core func $m "sit-cb"))))
    (func (export "take-away") (canon lift (core func $m "take-away"))))
  (component $Gardener
    (import "sit" (func $sit async))
    (import "take-away" (func $take-away))
    (core module $Memory (memory (export "mem") 1))
    (core instance $memory (instantiate $Memory))
    (core func $sit' (canon lower (func $sit) async (memory (core memory $memory "mem"))))
    (core func $take-away' (canon lower (func $take-away)))
    (core module $M
      (import "" "sit" (func $sit (result i32)))
      (import "" "take-away" (func $take-away))
      (func (export "run") (drop (call $sit)) (call $take-away)))
    (core instance $m (instantiate $M (with "" (instance
      (export "sit" (func $sit')) (export "take-away" (func $take-away'))))))
    (func (export "run") async (canon lift (core func $m "run"))))
  (instance $bench (instantiate $Bench))
  (instance $gardener (instantiate $Gardener
    (with "sit" (func $bench "sit")) (with "take-away" (func $bench "take-away"))))
  (func (export "run") (alias export $gardener "run")))
(assert_trap (invoke "run") "cannot drop waitable set with waiters")

;; A stackful function that waits in a core call does not listen. Who asked once has to wait.
(component
  (component $Deaf
    (core module $Memory (memory (export "mem") 1))
    (core instance $memory (instantiate $Memory))
    (core func $set-new (canon waitable-set.new))
    (core func $set-wait (canon waitable-set.wait (memory (core memory $memory "mem"))))
    (core module $M
      (import "" "set.new" (func $set-new (result i32)))
      (import "" "set.wait" (func $set-wait (param i32 i32) (result i32)))
      (func (export "wait") (drop (call $set-wait (call $set-new) (i32.const 0)))))
    (core instance $m (instantiate $M (with "" (instance
      (export "set.new" (func $set-new)) (export "set.wait" (func $set-wait))))))
    (func (export "wait") async (canon lift (core func $m "wait") async)))
  (component $Asker
    (import "wait" (func $wait async))
    (core module $Memory (memory (export "mem") 1))
    (core instance $memory (instantiate $Memory))
    (core func $wait' (canon lower (func $wait) async (memory (core memory $memory "mem"))))
    (core func $cancel (canon subtask.cancel async))
    (core module $M
      (import "" "wait" (func $wait (result i32)))
      (import "" "cancel" (func $cancel (param i32) (result i32)))
      (func (export "run")
        (local $task i32)
        (local.set $task (i32.shr_u (call $wait) (i32.const 4)))
        (if (i32.ne (call $cancel (local.get $task)) (i32.const -1 (; BLOCKED ;))) (then unreachable))
        (drop (call $cancel (local.get $task)))))
    (core instance $m (instantiate $M (with "" (instance
      (export "wait" (func $wait')) (export "cancel" (func $cancel))))))
    (func (export "run") async (canon lift (core func $m "run"))))
  (instance $deaf (instantiate $Deaf))
  (instance $asker (instantiate $Asker (with "wait" (func $deaf "wait"))))
  (func (export "run") (alias export $asker "run")))
(assert_trap (invoke "run") "`subtask.cancel` called twice for the same subtask")
