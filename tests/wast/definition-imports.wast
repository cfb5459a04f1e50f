;; Core modules and components that a component imports: they are given by name, and become part of it.

(module definition $counter
  (global $n (mut i32) (i32.const 0))
  (memory (export "mem") 1)
  (func (export "next") (result i32)
    (global.set $n (i32.add (global.get $n) (i32.const 1)))
    (global.get $n))
  (func (export "more") (result i32) (i32.const 100)))
(register "counter" $counter)

(module definition $wants
  (import "env" "base" (func $base (result i32)))
  (func (export "f") (result i32) (i32.add (call $base) (i32.const 5))))
(register "wants" $wants)

;; Each instance of a core module is one of its own; what it imports is passed on.
(component $Uses
  (import "counter" (core module $Counter (export "next" (func (result i32)))))
  (import "wants" (core module $Wants (import "env" "base" (func (result i32))) (export "f" (func (result i32)))))
  (core instance $a (instantiate $Counter))
  (core instance $b (instantiate $Counter))
  (core instance $wants (instantiate $Wants (with "env" (instance (export "base" (func $b "next"))))))
  (func (export "a") (result u32) (canon lift (core func $a "next")))
  (func (export "b") (result u32) (canon lift (core func $wants "f"))))
(assert_return (invoke "a") (u32.const 1))
(assert_return (invoke "a") (u32.const 2))
(assert_return (invoke "b") (u32.const 6))
(assert_return (invoke "b") (u32.const 7))

;; A component: a function, an instance, a type and a resource in and out, instantiated twice.
(component definition $Door
  (import "add" (func $add (param "a" u32) (param "b" u32) (result u32)))
  (import "names" (instance $names (export "first" (func (result string)))))
  (core module $Libc
    (memory (export "mem") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 64)))
  (core instance $libc (instantiate $Libc))
  (core func $add' (canon lower (func $add)))
  (core func $first (canon lower (func $names "first") (memory (core memory $libc "mem"))
    (realloc (core func $libc "realloc"))))
  (type $knock' (resource (rep i32)))
  (export $knock "knock" (type $knock'))
  (core func $new (canon resource.new $knock'))
  (core func $rep (canon resource.rep $knock'))
  (core module $M
    (import "" "mem" (memory 1))
    (import "" "add" (func $add (param i32 i32) (result i32)))
    (import "" "first" (func $first (param i32)))
    (import "" "new" (func $new (param i32) (result i32)))
    (func (export "make") (param i32) (result i32) (call $new (call $add (local.get 0) (i32.const 1))))
    (func (export "strength") (param i32) (result i32) (local.get 0))
    (func (export "name") (result i32) (call $first (i32.const 16)) (i32.const 16)))
  (core instance $m (instantiate $M (with "" (instance
    (export "mem" (memory $libc "mem")) (export "add" (func $add')) (export "first" (func $first))
    (export "new" (func $new))))))
  (func (export "make") (param "n" u32) (result (own $knock)) (canon lift (core func $m "make")))
  (func (export "strength") (param "k" (borrow $knock)) (result u32) (canon lift (core func $m "strength")))
  (func (export "name") (result string) (canon lift (core func $m "name") (memory (core memory $libc "mem")))))
(register "door" $Door)

(component definition $Uses
  (import "door" (component $Door
    (import "add" (func (param "a" u32) (param "b" u32) (result u32)))
    (import "names" (instance (export "first" (func (result string)))))
    (export "knock" (type $knock (sub resource)))
    (export "make" (func (param "n" u32) (result (own $knock))))
    (export "strength" (func (param "k" (borrow $knock)) (result u32)))
    (export "name" (func (result string)))))
  (component $Host
    (core module $M
      (memory (export "mem") 1)
      (data (i32.const 8) "\10\00\00\00\03\00\00\00Ada")
      (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
      (func (export "first") (result i32) (i32.const 8)))
    (core instance $m (instantiate $M))
    (func (export "add") (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $m "add")))
    (func $first (result string) (canon lift (core func $m "first") (memory (core memory $m "mem"))))
    (instance $names (export "first" (func $first)))
    (export "names" (instance $names)))
  (instance $host (instantiate $Host))
  (instance $one (instantiate $Door (with "add" (func $host "add")) (with "names" (instance $host "names"))))
  (instance $two (instantiate $Door (with "add" (func $host "add")) (with "names" (instance $host "names"))))
  (component $Main
    (import "door" (instance $door
      (export "knock" (type $knock (sub resource)))
      (export "make" (func (param "n" u32) (result (own $knock))))
      (export "strength" (func (param "k" (borrow $knock)) (result u32)))))
    (alias export $door "knock" (type $knock))
    (core func $make (canon lower (func $door "make")))
    (core func $strength (canon lower (func $door "strength")))
    (core func $drop (canon resource.drop $knock))
    (core module $M
      (import "" "make" (func $make (param i32) (result i32)))
      (import "" "strength" (func $strength (param i32) (result i32)))
      (import "" "drop" (func $drop (param i32)))
      (func (export "run") (param i32) (result i32)
        (local $knock i32) (local $strength i32)
        (local.set $knock (call $make (local.get 0)))
        (local.set $strength (call $strength (local.get $knock)))
        (call $drop (local.get $knock))
        (local.get $strength)))
    (core instance $m (instantiate $M (with "" (instance
      (export "make" (func $make)) (export "strength" (func $strength)) (export "drop" (func $drop))))))
    (func (export "run") (param "n" u32) (result u32) (canon lift (core func $m "run"))))
  (instance $main (instantiate $Main (with "door" (instance $one))))
  (func (export "run") (alias export $main "run"))
  (func (export "name") (alias export $two "name")))
(component instance $uses $Uses)
(assert_return (invoke "run" (u32.const 41)) (u32.const 42))
(assert_return (invoke "name") (str.const "Ada"))

;; What is given imports a definition itself: whoever instantiates it passes that on.
(component definition $Maker
  (import "part" (core module $Part (export "next" (func (result i32)))))
  (core instance $part (instantiate $Part))
  (func (export "next") (result u32) (canon lift (core func $part "next"))))
(register "maker" $Maker)
(component
  (import "maker" (component $Maker
    (import "part" (core module (export "next" (func (result i32)))))
    (export "next" (func (result u32)))))
  (import "counter" (core module $Counter (export "next" (func (result i32)))))
  (instance $made (instantiate $Maker (with "part" (core module $Counter))))
  (func (export "next") (alias export $made "next")))
(assert_return (invoke "next") (u32.const 1))

;; Passed on to a nested component, aliased out of one, and within an instance that is passed on.
(component
  (import "counter" (core module $Counter (export "next" (func (result i32)))))
  (component $Holds
    (import "c" (core module $C (export "next" (func (result i32)))))
    (export "d" (core module $C)))
  (instance $holds (instantiate $Holds (with "c" (core module $Counter))))
  (alias export $holds "d" (core module $D))
  (instance $bag (export "m" (core module $D)))
  (component $Inner
    (import "bag" (instance $bag (export "m" (core module (export "next" (func (result i32)))))))
    (alias outer 1 $Counter (core module $Outer))
    (alias export $bag "m" (core module $M))
    (core instance $a (instantiate $M))
    (core instance $b (instantiate $Outer))
    (core module $Sum
      (import "" "a" (func $a (result i32)))
      (import "" "b" (func $b (result i32)))
      (func (export "sum") (result i32) (i32.add (call $a) (i32.mul (i32.const 10) (call $b)))))
    (core instance $sum (instantiate $Sum (with "" (instance
      (export "a" (func $a "next")) (export "b" (func $b "next"))))))
    (func (export "sum") (result u32) (canon lift (core func $sum "sum"))))
  (instance $inner (instantiate $Inner (with "bag" (instance $bag))))
  (func (export "sum") (alias export $inner "sum")))
(assert_return (invoke "sum") (u32.const 11))
(assert_return (invoke "sum") (u32.const 22))

;; Needed, and not used.
(component
  (import "counter" (core module (export "next" (func (result i32)))))
  (core module $M (func (export "f") (result i32) (i32.const 3)))
  (core instance $m (instantiate $M))
  (func (export "f") (result u32) (canon lift (core func $m "f"))))
(assert_return (invoke "f") (u32.const 3))

;; Nobody gives it.
(assert_unlinkable
  (component (import "nobody" (core module $M)) (core instance (instantiate $M)))
  "nothing provides the core module `nobody`")
(assert_unlinkable
  (component (import "nobody" (component $C)) (instance (instantiate $C)))
  "nothing provides the component `nobody`")
(assert_unlinkable
  (component (import "counter" (component $C)))
  "the import `counter` is a component, what is defined is a core module")
(assert_unlinkable
  (component (import "door" (core module $M)))
  "the import `door` is a core module, what is defined is a component")

;; It is of another type: an export is missing or differs, an import is asked for that nobody passes on, limits are too small.
(assert_unlinkable
  (component (import "counter" (core module (export "previous" (func (result i32))))))
  "missing expected export `previous`")
(assert_unlinkable
  (component (import "counter" (core module (export "next" (func (param i32) (result i32))))))
  "type mismatch in export `next`")
(assert_unlinkable
  (component (import "counter" (core module (export "next" (global i32)))))
  "type mismatch in export `next`")
(assert_unlinkable
  (component (import "counter" (core module (export "mem" (memory 2)))))
  "mismatch in memory limits")
(assert_unlinkable
  (component (import "wants" (core module (export "f" (func (result i32))))))
  "missing expected import `env::base`")
(assert_unlinkable
  (component (import "wants" (core module
    (import "env" "base" (func (result i64))) (export "f" (func (result i32))))))
  "type mismatch in import `env::base`")
(assert_unlinkable
  (component (import "maker" (component (export "next" (func (result u32))))))
  "missing import named `part`")
(assert_unlinkable
  (component (import "maker" (component
    (import "part" (core module (export "next" (func (result i32)))))
    (export "next" (func (result string))))))
  "type mismatch with result type")
(assert_unlinkable
  (component (import "maker" (component
    (import "part" (core module (export "next" (func (result i32)))))
    (export "previous" (func (result u32))))))
  "missing export named `previous`")
;; A part that gives less than the given component asks for.
(assert_unlinkable
  (component (import "maker" (component
    (import "part" (core module))
    (export "next" (func (result u32))))))
  "missing expected export `next`")
