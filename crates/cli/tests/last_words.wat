;; Writes 60,000 bytes to standard output without a flush and a word to standard error; then ends in one of three ways.
(component
  (import "wasi:io/error@0.2.0" (instance $errors (export "error" (type (sub resource)))))
  (alias export $errors "error" (type $error))
  (import "wasi:io/streams@0.2.0" (instance $streams
    (export "output-stream" (type $stream (sub resource)))
    (alias outer 1 $error (type $its-error))
    (export "error" (type $error (eq $its-error)))
    (type $why (variant (case "last-operation-failed" (own $error)) (case "closed")))
    (export "stream-error" (type $stream-error (eq $why)))
    (export "[method]output-stream.check-write"
      (func (param "self" (borrow $stream)) (result (result u64 (error $stream-error)))))
    (export "[method]output-stream.write"
      (func (param "self" (borrow $stream)) (param "contents" (list u8)) (result (result (error $stream-error)))))))
  (alias export $streams "output-stream" (type $stream))
  (import "wasi:cli/stdout@0.2.0" (instance $stdout
    (alias outer 1 $stream (type $its-stream))
    (export "output-stream" (type $stream (eq $its-stream)))
    (export "get-stdout" (func (result (own $stream))))))
  (import "wasi:cli/stderr@0.2.0" (instance $stderr
    (alias outer 1 $stream (type $its-stream))
    (export "output-stream" (type $stream (eq $its-stream)))
    (export "get-stderr" (func (result (own $stream))))))
  (import "wasi:cli/exit@0.2.0" (instance $exit (export "exit" (func (param "status" (result))))))
  (core module $Memory (memory (export "memory") 2))
  (core instance $memory (instantiate $Memory))
  (core func $get-stdout (canon lower (func $stdout "get-stdout")))
  (core func $get-stderr (canon lower (func $stderr "get-stderr")))
  (core func $exit (canon lower (func $exit "exit")))
  (core func $check-write
    (canon lower (func $streams "[method]output-stream.check-write") (memory (core memory $memory "memory"))))
  (core func $write
    (canon lower (func $streams "[method]output-stream.write") (memory (core memory $memory "memory"))))
  (core module $Guest
    (import "" "memory" (memory 1))
    (import "" "get-stdout" (func $get-stdout (result i32)))
    (import "" "get-stderr" (func $get-stderr (result i32)))
    (import "" "exit" (func $exit (param i32)))
    (import "" "check-write" (func $check-write (param i32 i32)))
    (import "" "write" (func $write (param i32 i32 i32 i32)))
    (data (i32.const 32) "done\n")
    (func $say (param $stream i32) (param $at i32) (param $len i32)
      (call $check-write (local.get $stream) (i32.const 0))
      ;; Not permitted: then this is not the test that it should be.
      (if (i64.lt_u (i64.load (i32.const 8)) (i64.extend_i32_u (local.get $len))) (then (unreachable)))
      (call $write (local.get $stream) (local.get $at) (local.get $len) (i32.const 0)))
    (func $speak (export "return")
      (memory.fill (i32.const 1024) (i32.const 0x61) (i32.const 60000))
      (call $say (call $get-stdout) (i32.const 1024) (i32.const 60000))
      (call $say (call $get-stderr) (i32.const 32) (i32.const 5)))
    (func (export "exit") (call $speak) (call $exit (i32.const 0)))
    (func (export "trap") (call $speak) (unreachable)))
  (core instance $guest (instantiate $Guest (with "" (instance
    (export "memory" (memory $memory "memory"))
    (export "get-stdout" (func $get-stdout))
    (export "get-stderr" (func $get-stderr))
    (export "exit" (func $exit))
    (export "check-write" (func $check-write))
    (export "write" (func $write))))))
  (func (export "return") (canon lift (core func $guest "return")))
  (func (export "exit") (canon lift (core func $guest "exit")))
  (func (export "trap") (canon lift (core func $guest "trap"))))
