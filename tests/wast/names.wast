;; Names of imports and exports, and the attributes that they can have: which are names, which are the same, what belongs together.

(component definition
  (import "a" (func))
  (import "a-b-c" (func))
  (import "AB-c1-D2" (func))
  (import "x-1-2y" (func))
  (import "ns:pkg/iface" (instance))
  (import "ns:pkg/iface@1.2.3" (instance))
  (import "ns:pkg/iface@0.1.0-rc.1+build.5" (instance))
  (import "n-s:p-k-g/i-face@2.0.0" (instance))
  (import "other:pkg/FACE@1.0.0" (instance)))

(assert_invalid (component (import "A-b-Cd" (func))) "is not in kebab case")
(assert_invalid (component (import "a--b" (func))) "is not in kebab case")
(assert_invalid (component (import "-a" (func))) "is not in kebab case")
(assert_invalid (component (import "a-" (func))) "is not in kebab case")
(assert_invalid (component (import "1a" (func))) "is not in kebab case")
(assert_invalid (component (import "a_b" (func))) "is not in kebab case")
(assert_invalid (component (import "" (func))) "is not in kebab case")
(assert_invalid (component (import "ns:pkg/" (instance))) "is not in kebab case")
(assert_invalid (component (import "ns:pkg" (instance))) "expected `/` after package name")
(assert_invalid (component (import "ns:pkg/iface@1.2" (instance))) "unexpected end of input while parsing minor version")
(assert_invalid (component (import "ns:pkg/iface@01.2.3" (instance))) "invalid leading zero in major version number")
(assert_invalid (component (import "ns:pkg/iface@1.2.3" (instance)) (import "ns:pkg/iface@1.2.3" (instance)))
  "conflicts with previous name")

;; Neither case nor hyphens tell names apart.
(assert_invalid (component (import "foo" (func)) (import "foo" (func))) "conflicts with previous name")
(assert_invalid (component (import "foo" (func)) (import "FOO" (func))) "conflicts with previous name")
(assert_invalid (component (import "foo-bar" (func)) (import "foo-BAR" (func))) "conflicts with previous name")
(assert_invalid (component (import "foo-bar" (func)) (import "foobar" (func))) "conflicts with previous name")
(assert_invalid (component (import "foo-bar" (func)) (import "foob-ar" (func))) "conflicts with previous name")
(assert_invalid (component (import "a1" (func)) (import "a-1" (func))) "conflicts with previous name")
(assert_invalid (component (type (record (field "a-b" u8) (field "aB" u8)))) "is not in kebab case")
(assert_invalid (component (type (record (field "a-b" u8) (field "A-b" u8)))) "conflicts with previous field name")
(assert_invalid (component (type (enum "a" "A"))) "conflicts with previous")
(assert_invalid (component (type (flags "a-b" "ab"))) "conflicts with previous")
(assert_invalid (component (type (variant (case "x-y") (case "x-Y")))) "conflicts with previous")
;; Imports and exports are two worlds.
(component definition
  (import "foo" (func $f))
  (export "foo" (func $f)))

;; Functions of a resource. A constructor may be called as the resource, a method not.
(component definition
  (import "r" (type $r (sub resource)))
  (import "[constructor]r" (func (result (own $r))))
  (import "[method]r.get" (func (param "self" (borrow $r))))
  (import "[static]r.make" (func (result (own $r)))))
(component definition
  (import "r" (type $r (sub resource)))
  (import "[constructor]r" (func (result (result (own $r) (error string))))))
(assert_invalid
  (component
    (import "r" (type $r (sub resource)))
    (import "[method]r.get" (func (param "self" (borrow $r))))
    (import "[static]r.get" (func)))
  "conflicts with previous name")
(assert_invalid
  (component
    (import "r" (type $r (sub resource)))
    (import "[method]r.r" (func (param "self" (borrow $r)))))
  "conflicts with previous name")
(assert_invalid
  (component (import "[constructor]r" (func)))
  "function should return one value")
(assert_invalid
  (component
    (import "s" (type $r (sub resource)))
    (import "[constructor]r" (func (result (own $r)))))
  "function does not match expected resource name `s`")
(assert_invalid
  (component
    (import "r" (type $r (sub resource)))
    (import "[method]r.get" (func)))
  "function should have at least one argument")
(assert_invalid
  (component
    (import "r" (type $r (sub resource)))
    (import "[method]r.get" (func (param "it" (borrow $r)))))
  "function should have a first argument called `self`")
(assert_invalid
  (component
    (import "r" (type $r (sub resource)))
    (import "[method]r.get" (func (param "self" (own $r)))))
  "function should take a first argument of `(borrow $T)`")
(assert_invalid
  (component (import "[static]r.make" (func)))
  "static resource name is not known in this context")
(assert_invalid
  (component (import "[method]r" (func)))
  "failed to find `.` character")
(assert_invalid
  (component (import "[sideways]r.s" (func)))
  "is not in kebab case")

;; `implements`: an instance under a name of its own. `external-id`: anything, any text.
(component definition
  (import "one" (implements "a:b/c") (instance))
  (import "two" (implements "a:b/c") (external-id "☃") (instance))
  (import "three" (implements "a:b/c@1.0.0") (instance $three))
  (import "a:b/c" (external-id "") (instance))
  (export "one" (implements "a:b/c") (external-id "x") (instance $three)))
(assert_invalid
  (component (import "f" (implements "a:b/c") (func)))
  "only instances can have an `implements`")
(assert_invalid
  (component (import "a:b/d" (implements "a:b/c") (instance)))
  "name `a:b/d` is not valid with `implements`")
(assert_invalid
  (component (import "f" (implements "c") (instance)))
  "name `c` must be an interface")
(assert_malformed
  (component quote "(import \"f\" (external-id \"x\") (external-id \"x\") (func))")
  "unexpected token")
;; Two of one interface are two instances.
(component
  (component $user
    (import "first" (implements "a:b/c") (instance $first (export "f" (func (result u32)))))
    (import "second" (implements "a:b/c") (instance $second (export "f" (func (result u32)))))
    (core func $f1 (canon lower (func $first "f")))
    (core func $f2 (canon lower (func $second "f")))
    (core module $M
      (import "" "f1" (func $f1 (result i32)))
      (import "" "f2" (func $f2 (result i32)))
      (func (export "f") (result i32) (i32.add (i32.mul (call $f1) (i32.const 10)) (call $f2))))
    (core instance $m (instantiate $M (with "" (instance (export "f1" (func $f1)) (export "f2" (func $f2))))))
    (func (export "f") (result u32) (canon lift (core func $m "f"))))
  (core module $N
    (func (export "four") (result i32) (i32.const 4))
    (func (export "two") (result i32) (i32.const 2)))
  (core instance $n (instantiate $N))
  (func $four (result u32) (canon lift (core func $n "four")))
  (func $two (result u32) (canon lift (core func $n "two")))
  (instance $i4 (export "f" (func $four)))
  (instance $i2 (export "f" (func $two)))
  (instance $u (instantiate $user (with "first" (instance $i4)) (with "second" (instance $i2))))
  (export "f" (func $u "f")))
(assert_return (invoke "f") (u32.const 42))

;; Names behind gates that are closed, as the words of the errors say.
(assert_invalid
  (component (import "a:b/c@1" (version-suffix ".2.3") (instance)))
  "feature is not active")
(assert_invalid
  (component (import "a:b:c/d" (instance)))
  "is not a valid extern name")
(assert_invalid
  (component
    (import "r" (type $r (sub resource)))
    (import "[get]r.size" (func (param "self" (borrow $r)) (result u32))))
  "names require the component model accessors feature")
