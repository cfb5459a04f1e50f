;; A string travels between a component that thinks in UTF-16 and one that thinks in Latin-1 or UTF-16, by way of one that
;; thinks in UTF-8; and every way to say "this is a string" that is not true.

(component $Post
  ;; A bump allocator for all three.
  (core module $Libc
    (memory (export "mem") 1)
    (global $next (mut i32) (i32.const 1024))
    (func (export "realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
      (local $new i32)
      (local.set $new (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
      (global.set $next (i32.add (local.get $new) (local.get $size)))
      (memory.copy (local.get $new) (local.get $old)
        (select (local.get $old-size) (local.get $size) (i32.lt_u (local.get $old-size) (local.get $size))))
      (local.get $new)))
  ;; Gives back what it got.
  (core module $Echo
    (import "libc" "mem" (memory 1))
    (func (export "echo") (param i32 i32) (result i32)
      (i32.store (i32.const 16) (local.get 0))
      (i32.store (i32.const 20) (local.get 1))
      (i32.const 16)))
  (component $Utf16
    (alias outer $Post $Libc (core module $Libc))
    (alias outer $Post $Echo (core module $Echo))
    (core instance $libc (instantiate $Libc))
    (core instance $echo (instantiate $Echo (with "libc" (instance $libc))))
    (func (export "echo") (param "s" string) (result string)
      (canon lift (core func $echo "echo") string-encoding=utf16
        (memory (core memory $libc "mem")) (realloc (core func $libc "realloc")))))
  (component $Latin1
    (alias outer $Post $Libc (core module $Libc))
    (core module $Forward
      (import "libc" "mem" (memory 1))
      (import "" "echo" (func $echo (param i32 i32 i32)))
      (func (export "echo") (param i32 i32) (result i32)
        (call $echo (local.get 0) (local.get 1) (i32.const 16))
        (i32.const 16)))
    (import "echo" (func $echo (param "s" string) (result string)))
    (core instance $libc (instantiate $Libc))
    (core func $echo' (canon lower (func $echo) string-encoding=latin1+utf16
      (memory (core memory $libc "mem")) (realloc (core func $libc "realloc"))))
    (core instance $forward (instantiate $Forward
      (with "libc" (instance $libc)) (with "" (instance (export "echo" (func $echo'))))))
    (func (export "echo") (param "s" string) (result string)
      (canon lift (core func $forward "echo") string-encoding=latin1+utf16
        (memory (core memory $libc "mem")) (realloc (core func $libc "realloc")))))
  (instance $utf16 (instantiate $Utf16))
  (instance $latin1 (instantiate $Latin1 (with "echo" (func $utf16 "echo"))))
  (func (export "echo16") (alias export $utf16 "echo"))
  (func (export "echo") (alias export $latin1 "echo")))

(assert_return (invoke "echo16" (str.const "")) (str.const ""))
(assert_return (invoke "echo16" (str.const "ascii")) (str.const "ascii"))
(assert_return (invoke "echo16" (str.const "gr\u{fc}n \u{1f333}")) (str.const "gr\u{fc}n \u{1f333}"))
(assert_return (invoke "echo" (str.const "")) (str.const ""))
(assert_return (invoke "echo" (str.const "ascii")) (str.const "ascii"))
(assert_return (invoke "echo" (str.const "gr\u{fc}n")) (str.const "gr\u{fc}n"))
(assert_return (invoke "echo" (str.const "gr\u{fc}n, then \u{1f333}")) (str.const "gr\u{fc}n, then \u{1f333}"))

;; A guest that claims: pointer and length come from the script.
(component definition $Claims
  (core module $M
    (memory (export "mem") 1)
    (data (i32.const 64) "\ff\fe")
    (data (i32.const 80) "\e2\82")
    (data (i32.const 96) "\00\d8\61\00")
    (func (export "claim") (param i32 i32) (result i32)
      (i32.store (i32.const 0) (local.get 0))
      (i32.store (i32.const 4) (local.get 1))
      (i32.const 0)))
  (core instance $m (instantiate $M))
  (func (export "utf8") (param "at" u32) (param "units" u32) (result string)
    (canon lift (core func $m "claim") (memory (core memory $m "mem"))))
  (func (export "utf16") (param "at" u32) (param "units" u32) (result string)
    (canon lift (core func $m "claim") (memory (core memory $m "mem")) string-encoding=utf16))
  (func (export "latin1") (param "at" u32) (param "units" u32) (result string)
    (canon lift (core func $m "claim") (memory (core memory $m "mem")) string-encoding=latin1+utf16)))

(component instance $c $Claims)
(assert_return (invoke "utf8" (u32.const 65536) (u32.const 0)) (str.const ""))
(assert_return (invoke "latin1" (u32.const 64) (u32.const 2)) (str.const "\u{ff}\u{fe}"))
(assert_return (invoke "latin1" (u32.const 98) (u32.const 0x80000001)) (str.const "a"))
(assert_return (invoke "utf16" (u32.const 98) (u32.const 1)) (str.const "a"))
(assert_trap (invoke "utf8" (u32.const 64) (u32.const 2)) "invalid utf-8")
(component instance $c $Claims)
(assert_trap (invoke "utf8" (u32.const 80) (u32.const 2)) "incomplete utf-8 byte sequence")
(component instance $c $Claims)
(assert_trap (invoke "utf16" (u32.const 96) (u32.const 2)) "unpaired surrogate found")
(component instance $c $Claims)
(assert_trap (invoke "latin1" (u32.const 96) (u32.const 0x80000002)) "unpaired surrogate found")
(component instance $c $Claims)
(assert_trap (invoke "utf16" (u32.const 97) (u32.const 1)) "unaligned pointer")
(component instance $c $Claims)
(assert_trap (invoke "utf8" (u32.const 65535) (u32.const 2)) "string content out-of-bounds")
(component instance $c $Claims)
(assert_trap (invoke "utf8" (u32.const 65537) (u32.const 0)) "string content out-of-bounds")
(component instance $c $Claims)
(assert_trap (invoke "utf8" (u32.const 0) (u32.const 0x10000000)) "string length exceeds the maximum")
(component instance $c $Claims)
(assert_trap (invoke "utf16" (u32.const 0) (u32.const 0x08000000)) "string length exceeds the maximum")
