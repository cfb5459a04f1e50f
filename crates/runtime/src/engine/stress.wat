;; The guest of the stress test: `run` parks from a deep stack, then ends in the way that `kind` says.
(module
  (import "rt" "park" (func $park))
  (import "rt" "note" (func $note (param i64)))
  (import "rt" "other" (func $other (param i32)))
  (import "rt" "fail" (func $fail (param i32) (result i32)))

  (memory (export "memory") 17)
  (tag $oops (param i32))
  (type $bytes (array (mut i8)))
  (data $hundred "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789")

  ;; Live frames under the park: each adds 1 on its way back.
  (func $run (export "run") (param $kind i32) (param $id i32) (param $parks i32) (param $depth i32) (result i64)
    (if (result i64) (local.get $depth)
      (then
        (i64.add
          (i64.const 1)
          (call $run (local.get $kind) (local.get $id) (local.get $parks)
            (i32.sub (local.get $depth) (i32.const 1)))))
      (else
        (call $park_often (local.get $id) (local.get $parks))
        (i64.add (i64.extend_i32_u (local.get $id)) (call $end (local.get $kind) (local.get $id))))))

  ;; Parks with a value on the stack, in a local and in memory (a place for each of 131,072 ids), and traps when one of
  ;; them is lost.
  (func $park_often (param $id i32) (param $parks i32)
    (local $done i32)
    (local $place i32)
    (local.set $place (i32.mul (i32.rem_u (local.get $id) (i32.const 131072)) (i32.const 8)))
    (i64.store (local.get $place) (i64.extend_i32_u (local.get $id)))
    (block $end
      (loop $again
        (br_if $end (i32.eq (local.get $done) (local.get $parks)))
        (call $note (i64.extend_i32_u (local.get $id)))
        (i32.mul (local.get $id) (i32.const 3))
        (call $park)
        (if (i32.ne (i32.mul (local.get $id) (i32.const 3))) (then unreachable))
        (if (i64.ne (i64.load (local.get $place)) (i64.extend_i32_u (local.get $id)))
          (then (throw $oops (local.get $id))))
        (local.set $done (i32.add (local.get $done) (i32.const 1)))
        (br $again))))

  (func $end (param $kind i32) (param $id i32) (result i64)
    (block $catch
      (block $throw
        (block $nested
          (block $grow
            (block $spin
              (block $fail
                (block $overflow
                  (block $oob
                    (block $div
                      (block $unreachable
                        (block $return
                          (br_table $return $unreachable $div $oob $overflow $fail $spin $grow $nested $throw $catch
                            (local.get $kind)))
                        (return (i64.const 0)))
                      unreachable)
                    (return (i64.extend_i32_u (i32.div_u (local.get $id) (i32.const 0)))))
                  (return (i64.load (i32.const 0x7fff_fff0))))
                (return (call $recurse (i64.const 0))))
              (return (i64.extend_i32_u (call $fail (local.get $id)))))
            (loop $for_ever (br $for_ever)))
          ;; A bound, so that a long run does not grow into the address that is out of bounds.
          (if (i32.lt_u (memory.size) (i32.const 4096))
            (then (if (i32.lt_s (memory.grow (i32.const 1)) (i32.const 0)) (then unreachable))))
          (return (i64.const 0)))
        (call $other (local.get $id))
        (call $park)
        (return (i64.const 0)))
      (throw $oops (local.get $id)))
    (i64.extend_i32_u (i32.sub (call $catch_over_park (local.get $id)) (local.get $id))))

  (func $catch_over_park (param $id i32) (result i32)
    (block $caught (result i32)
      (try_table (catch $oops $caught)
        (call $park)
        (throw $oops (local.get $id)))
      unreachable))

  (func $recurse (param i64) (result i64)
    (i64.add (i64.const 1) (call $recurse (i64.add (local.get 0) (i64.const 1)))))

  ;; Allocates in the engine's own heap, which grows meanwhile, without parking.
  (func (export "allocate_often") (param $times i32) (result i32)
    (local $sum i32)
    (loop $again
      (local.set $sum
        (i32.add (local.get $sum)
          (array.len (array.new_data $bytes $hundred (i32.const 0) (i32.const 100)))))
      (br_if $again (local.tee $times (i32.sub (local.get $times) (i32.const 1)))))
    (local.get $sum))

  (func (export "add") (param i32 i64) (result i64)
    (i64.add (i64.extend_i32_u (local.get 0)) (local.get 1)))

  (func (export "grow") (result i32) (memory.grow (i32.const 1))))
