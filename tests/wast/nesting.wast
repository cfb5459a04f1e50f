;; Components in components: what is defined where, what is passed on, which types are the same.

;; Outer aliases reach types, core modules and components through several levels; nothing that is made at run time.
(component
  (type $pair (tuple u32 u32))
  (core module $Adds (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))
  (component $Inner
    (component $Innermost
      (alias outer 2 $pair (type $pair'))
      (alias outer 2 $Adds (core module $Adds'))
      (core instance $adds (instantiate $Adds'))
      (func (export "sum") (param "p" $pair') (result u32) (canon lift (core func $adds "add"))))
    (instance $i (instantiate $Innermost))
    (export "sum" (func $i "sum")))
  (component $Again
    (alias outer 1 $Inner (component $Inner'))
    (instance $i (instantiate $Inner'))
    (export "sum" (func $i "sum")))
  (instance $i (instantiate $Again))
  (export "sum" (func $i "sum")))
(assert_return (invoke "sum" (tuple.const (u32.const 40) (u32.const 2))) (u32.const 42))
(assert_invalid
  (component (type $r (resource (rep i32))) (component (alias outer 1 $r (type $r'))))
  "refers to resources not defined in the current component")

;; Each instance has its own globals; the instances of an instance, too.
(component
  (component $Counter
    (core module $M
      (global $n (mut i32) (i32.const 0))
      (func (export "next") (result i32)
        (global.set $n (i32.add (global.get $n) (i32.const 1)))
        (global.get $n)))
    (core instance $m (instantiate $M))
    (func (export "next") (result u32) (canon lift (core func $m "next"))))
  (component $Two
    (import "counter" (component $C (export "next" (func (result u32)))))
    (instance $a (instantiate $C))
    (instance $b (instantiate $C))
    (instance $ab (export "first" (func $a "next")) (export "second" (func $b "next")))
    (export "both" (instance $ab)))
  (instance $x (instantiate $Two (with "counter" (component $Counter))))
  (instance $y (instantiate $Two (with "counter" (component $Counter))))
  (alias export $x "both" (instance $xs))
  (alias export $y "both" (instance $ys))
  (export "x-first" (func $xs "first"))
  (export "x-second" (func $xs "second"))
  (export "y-first" (func $ys "first")))
(assert_return (invoke "x-first") (u32.const 1))
(assert_return (invoke "x-first") (u32.const 2))
(assert_return (invoke "x-second") (u32.const 1))
(assert_return (invoke "y-first") (u32.const 1))

;; An argument may have more than is asked for, and nothing less; the type of a function is exactly what is asked for.
(component definition
  (component $Wants (import "i" (instance (export "f" (func)))))
  (component $Has
    (core module $M (func (export "f")))
    (core instance $m (instantiate $M))
    (func $f (canon lift (core func $m "f")))
    (export "f" (func $f))
    (export "g" (func $f)))
  (instance $has (instantiate $Has))
  (instance (instantiate $Wants (with "i" (instance $has)))))
(assert_invalid
  (component
    (component $Wants (import "i" (instance (export "f" (func)))))
    (instance $empty)
    (instance (instantiate $Wants (with "i" (instance $empty)))))
  "missing expected export `f`")
(assert_invalid
  (component
    (component $Wants (import "i" (instance)))
    (instance (instantiate $Wants)))
  "missing import named `i`")
(assert_invalid
  (component
    (import "f" (func $f (param "x" u32)))
    (component $Wants (import "f" (func (param "x" s32))))
    (instance (instantiate $Wants (with "f" (func $f)))))
  "type mismatch for import `f`")
(assert_invalid
  (component
    (import "f" (func $f (param "x" u32)))
    (component $Wants (import "f" (func (param "y" u32))))
    (instance (instantiate $Wants (with "f" (func $f)))))
  "expected parameter named `y`, found `x`")
(assert_invalid
  (component
    (import "f" (func $f))
    (component $Wants (import "f" (func async)))
    (instance (instantiate $Wants (with "f" (func $f)))))
  "type mismatch for import `f`")
(assert_invalid
  (component
    (component $C (import "c" (component (import "f" (func)))))
    (component $NeedsMore (import "f" (func)) (import "g" (func)))
    (instance (instantiate $C (with "c" (component $NeedsMore)))))
  "missing import named `g`")
;; A component that needs less will do.
(component definition
  (component $C (import "c" (component (import "f" (func)))))
  (component $NeedsLess)
  (instance (instantiate $C (with "c" (component $NeedsLess)))))

;; Types that are passed: equal to another (`eq`), and resources (`sub resource`), which are what they are given.
(component definition
  (component $C
    (import "r" (type $r (sub resource)))
    (import "same" (type $same (eq $r)))
    (import "make" (func (result (own $r))))
    (import "take" (func (param "r" (own $same))))
    (export "out" (type $r)))
  (import "r" (type $r (sub resource)))
  (import "make" (func $make (result (own $r))))
  (import "take" (func $take (param "r" (own $r))))
  (instance $c (instantiate $C
    (with "r" (type $r)) (with "same" (type $r)) (with "make" (func $make)) (with "take" (func $take))))
  (alias export $c "out" (type $out))
  ;; What comes out is what went in.
  (component $Same (import "r" (type $r (sub resource))) (import "take" (func (param "r" (own $r)))))
  (instance (instantiate $Same (with "r" (type $out)) (with "take" (func $take)))))
(assert_invalid
  (component
    (import "r" (type $r (sub resource)))
    (import "s" (type $s (sub resource)))
    (component $C
      (import "r" (type $r (sub resource)))
      (import "same" (type $same (eq $r))))
    (instance (instantiate $C (with "r" (type $r)) (with "same" (type $s)))))
  "type mismatch for import `same`")
(assert_invalid
  (component
    (type $u32 u32)
    (component $C (import "r" (type (sub resource))))
    (instance (instantiate $C (with "r" (type $u32)))))
  "type mismatch for import `r`")

;; Resources are generative: each instance of a component defines another.
(assert_invalid
  (component
    (component $C
      (type $r' (resource (rep i32)))
      (export $r "r" (type $r'))
      (core func $new (canon resource.new $r'))
      (func (export "make") (param "x" u32) (result (own $r)) (canon lift (core func $new))))
    (instance $a (instantiate $C))
    (instance $b (instantiate $C))
    (alias export $a "r" (type $r))
    (component $Wants (import "r" (type $r (sub resource))) (import "make" (func (param "x" u32) (result (own $r)))))
    (instance (instantiate $Wants (with "r" (type $r)) (with "make" (func $b "make")))))
  "type mismatch for import `make`")
;; It is so at run time, too: two of a type that a component imports twice are one or two, as they were given.
(component
  (component $C
    (type $r' (resource (rep i32)))
    (export $r "r" (type $r'))
    (core func $new (canon resource.new $r'))
    (core func $rep (canon resource.rep $r'))
    (core module $M
      (import "" "rep" (func $rep (param i32) (result i32)))
      (func (export "take") (param i32) (result i32) (call $rep (local.get 0))))
    (core instance $m (instantiate $M (with "" (instance (export "rep" (func $rep))))))
    (func (export "make") (param "x" u32) (result (own $r)) (canon lift (core func $new)))
    (func (export "take") (param "r" (own $r)) (result u32) (canon lift (core func $m "take"))))
  (component $D
    (import "a" (type $a (sub resource)))
    (import "b" (type $b (sub resource)))
    (import "make" (func $make (param "x" u32) (result (own $a))))
    (import "take" (func $take (param "r" (own $b)) (result u32)))
    (core func $make (canon lower (func $make)))
    (core func $take (canon lower (func $take)))
    (core module $M
      (import "" "make" (func $make (param i32) (result i32)))
      (import "" "take" (func $take (param i32) (result i32)))
      (func (export "mix") (result i32) (call $take (call $make (i32.const 42)))))
    (core instance $m (instantiate $M (with "" (instance (export "make" (func $make)) (export "take" (func $take))))))
    (func (export "mix") (result u32) (canon lift (core func $m "mix"))))
  (instance $one (instantiate $C))
  (instance $two (instantiate $C))
  (alias export $one "r" (type $r1))
  (alias export $two "r" (type $r2))
  (instance $same (instantiate $D (with "a" (type $r1)) (with "b" (type $r1))
    (with "make" (func $one "make")) (with "take" (func $one "take"))))
  (instance $different (instantiate $D (with "a" (type $r1)) (with "b" (type $r2))
    (with "make" (func $one "make")) (with "take" (func $two "take"))))
  (export "same" (func $same "mix"))
  (export "different" (func $different "mix")))
(assert_return (invoke "same") (u32.const 42))
(assert_trap (invoke "different") "used with the wrong type, expected guest-defined resource but found a different guest-defined resource")

;; Core instances of exports, and aliases of what core instances have: functions, memories, tables, globals.
(component
  (core module $A
    (memory (export "mem") 1) (table (export "tab") 2 funcref) (global (export "g") (mut i32) (i32.const 5))
    (func $f (export "f") (result i32) (i32.const 7)) (elem (i32.const 1) $f))
  (core instance $a (instantiate $A))
  (alias core export $a "mem" (core memory $mem))
  (alias core export $a "tab" (core table $tab))
  (alias core export $a "g" (core global $g))
  (core instance $all (export "m" (memory $mem)) (export "t" (table $tab)) (export "g" (global $g))
    (export "f" (func $a "f")))
  (core module $B
    (import "all" "m" (memory 1)) (import "all" "t" (table 2 funcref)) (import "all" "g" (global (mut i32)))
    (import "all" "f" (func $f (result i32)))
    (func (export "run") (result i32)
      (i32.store (i32.const 0) (i32.const 30))
      (i32.add (i32.load (i32.const 0))
        (i32.add (global.get 0) (i32.add (call_indirect (result i32) (i32.const 1)) (i32.sub (call $f) (i32.const 7)))))))
  (core instance $b (instantiate $B (with "all" (instance $all))))
  (func (export "run") (result u32) (canon lift (core func $b "run"))))
(assert_return (invoke "run") (u32.const 42))

;; Exports of exports: instances within instances, to the script's name for them.
(component $shop
  (core module $M (func (export "f") (result i32) (i32.const 42)))
  (core instance $m (instantiate $M))
  (func $f (result u32) (canon lift (core func $m "f")))
  (instance $inner (export "f" (func $f)))
  (instance $outer (export "inner" (instance $inner)))
  (alias export $outer "inner" (instance $again))
  (export "f" (func $again "f")))
(assert_return (invoke $shop "f") (u32.const 42))

;; Definitions that are instantiated later, more than once.
(component definition $D
  (core module $M
    (global $n (mut i32) (i32.const 40))
    (func (export "next") (result i32)
      (global.set $n (i32.add (global.get $n) (i32.const 1)))
      (global.get $n)))
  (core instance $m (instantiate $M))
  (func (export "next") (result u32) (canon lift (core func $m "next"))))
(component instance $d1 $D)
(component instance $d2 $D)
(assert_return (invoke $d1 "next") (u32.const 41))
(assert_return (invoke $d1 "next") (u32.const 42))
(assert_return (invoke $d2 "next") (u32.const 41))
(assert_unlinkable (component (import "a:b/nobody" (instance (export "f" (func))))) "nothing provides the import `a:b/nobody`")
