;; A guest of WASI 0.2 that uses streams and pollables, rightly and wrongly.
(component
  (import "wasi:io/error@0.2.0" (instance $error-import
    (export "error" (type (sub resource)))))
  (alias export $error-import "error" (type $error))
  (import "wasi:io/poll@0.2.0" (instance $poll
    (export "pollable" (type $p (sub resource)))
    (export "[method]pollable.ready" (func (param "self" (borrow $p)) (result bool)))
    (export "[method]pollable.block" (func (param "self" (borrow $p))))
    (export "poll" (func (param "in" (list (borrow $p))) (result (list u32))))))
  (alias export $poll "pollable" (type $pollable))
  (import "wasi:io/streams@0.2.0" (instance $streams
    (export "error" (type $e (eq $error)))
    (export "pollable" (type $p (eq $pollable)))
    (export "input-stream" (type $i (sub resource)))
    (export "output-stream" (type $o (sub resource)))
    (type $stream-error' (variant (case "last-operation-failed" (own $e)) (case "closed")))
    (export "stream-error" (type $stream-error (eq $stream-error')))
    (export "[method]input-stream.read" (func (param "self" (borrow $i)) (param "len" u64)
      (result (result (list u8) (error $stream-error)))))
    (export "[method]input-stream.blocking-read" (func (param "self" (borrow $i)) (param "len" u64)
      (result (result (list u8) (error $stream-error)))))
    (export "[method]input-stream.subscribe" (func (param "self" (borrow $i)) (result (own $p))))
    (export "[method]output-stream.write" (func (param "self" (borrow $o)) (param "contents" (list u8))
      (result (result (error $stream-error)))))
    (export "[method]output-stream.blocking-write-and-flush" (func (param "self" (borrow $o))
      (param "contents" (list u8)) (result (result (error $stream-error)))))))
  (alias export $streams "input-stream" (type $input-stream))
  (alias export $streams "output-stream" (type $output-stream))
  (import "wasi:clocks/monotonic-clock@0.2.0" (instance $clock
    (export "pollable" (type $p (eq $pollable)))
    (export "subscribe-duration" (func (param "when" u64) (result (own $p))))))
  (import "wasi:cli/stdin@0.2.0" (instance $stdin
    (export "input-stream" (type $i (eq $input-stream)))
    (export "get-stdin" (func (result (own $i))))))
  (import "wasi:cli/stdout@0.2.0" (instance $stdout
    (export "output-stream" (type $o (eq $output-stream)))
    (export "get-stdout" (func (result (own $o))))))

  (core module $memory
    (memory (export "memory") 2)
    (global $next (mut i32) (i32.const 65536))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (local $at i32)
      (local.set $at (global.get $next))
      (global.set $next (i32.and (i32.add (i32.add (global.get $next) (local.get 3)) (i32.const 7)) (i32.const -8)))
      (local.get $at)))
  (core instance $m (instantiate $memory))
  (alias core export $m "memory" (core memory $mem))
  (alias core export $m "realloc" (core func $realloc))

  (core func $ready (canon lower (func $poll "[method]pollable.ready")))
  (core func $block (canon lower (func $poll "[method]pollable.block")))
  (core func $poll-list (canon lower (func $poll "poll") (memory (core memory $mem)) (realloc (core func $realloc))))
  (core func $read (canon lower (func $streams "[method]input-stream.read") (memory (core memory $mem)) (realloc (core func $realloc))))
  (core func $blocking-read
    (canon lower (func $streams "[method]input-stream.blocking-read") (memory (core memory $mem)) (realloc (core func $realloc))))
  (core func $subscribe (canon lower (func $streams "[method]input-stream.subscribe")))
  (core func $write (canon lower (func $streams "[method]output-stream.write") (memory (core memory $mem))))
  (core func $blocking-write
    (canon lower (func $streams "[method]output-stream.blocking-write-and-flush") (memory (core memory $mem))))
  (core func $timer (canon lower (func $clock "subscribe-duration")))
  (core func $get-stdin (canon lower (func $stdin "get-stdin")))
  (core func $get-stdout (canon lower (func $stdout "get-stdout")))
  (core func $drop-pollable (canon resource.drop $pollable))
  (core func $drop-input (canon resource.drop $input-stream))

  (core module $guest
    (import "m" "memory" (memory 2))
    (import "h" "ready" (func $ready (param i32) (result i32)))
    (import "h" "block" (func $block (param i32)))
    (import "h" "poll-list" (func $poll-list (param i32 i32 i32)))
    (import "h" "read" (func $read (param i32 i64 i32)))
    (import "h" "blocking-read" (func $blocking-read (param i32 i64 i32)))
    (import "h" "subscribe" (func $subscribe (param i32) (result i32)))
    (import "h" "write" (func $write (param i32 i32 i32 i32)))
    (import "h" "blocking-write" (func $blocking-write (param i32 i32 i32 i32)))
    (import "h" "timer" (func $timer (param i64) (result i32)))
    (import "h" "get-stdin" (func $get-stdin (result i32)))
    (import "h" "get-stdout" (func $get-stdout (result i32)))
    (import "h" "drop-pollable" (func $drop-pollable (param i32)))
    (import "h" "drop-input" (func $drop-input (param i32)))

    ;; Results of host functions are put here.
    (global $out i32 (i32.const 16))

    ;; Waits for standard input with a timer beside it; gives the mask of what was ready.
    (func (export "input-or-timer") (param $nanoseconds i64) (result i32)
      (local $in i32) (local $mask i32) (local $at i32) (local $count i32)
      (local.set $in (call $get-stdin))
      (i32.store (i32.const 32) (call $subscribe (local.get $in)))
      (i32.store (i32.const 36) (call $timer (local.get $nanoseconds)))
      (call $poll-list (i32.const 32) (i32.const 2) (global.get $out))
      (local.set $at (i32.load (global.get $out)))
      (local.set $count (i32.load offset=4 (global.get $out)))
      (loop $more
        (if (local.get $count) (then
          (local.set $mask
            (i32.or (local.get $mask) (i32.shl (i32.const 1) (i32.load (local.get $at)))))
          (local.set $at (i32.add (local.get $at) (i32.const 4)))
          (local.set $count (i32.sub (local.get $count) (i32.const 1)))
          (br $more))))
      (call $drop-pollable (i32.load (i32.const 32)))
      (call $drop-pollable (i32.load (i32.const 36)))
      (call $drop-input (local.get $in))
      (local.get $mask))

    ;; Reads without waiting, then waiting: 256 times the first length and the second; 255 stands for an error.
    (func (export "read-twice") (result i32)
      (local $in i32)
      (local.set $in (call $get-stdin))
      (call $read (local.get $in) (i64.const -1) (global.get $out))
      (call $blocking-read (local.get $in) (i64.const 4) (i32.const 48))
      (call $drop-input (local.get $in))
      (i32.or
        (i32.shl (call $length (global.get $out)) (i32.const 8))
        (call $length (i32.const 48))))

    (func $length (param $result i32) (result i32)
      (select (i32.const 255) (i32.load offset=8 (local.get $result)) (i32.load8_u (local.get $result))))

    ;; Copies standard input to standard output, to its end; gives the tag of the last error.
    (func (export "cat") (result i32)
      (local $in i32) (local $to i32)
      (local.set $in (call $get-stdin))
      (local.set $to (call $get-stdout))
      (loop $more
        (call $blocking-read (local.get $in) (i64.const 100) (global.get $out))
        (if (i32.eqz (i32.load8_u (global.get $out))) (then
          (call $blocking-write (local.get $to) (i32.load offset=4 (global.get $out))
            (i32.load offset=8 (global.get $out)) (i32.const 48))
          (br_if $more (i32.eqz (i32.load8_u (i32.const 48)))))))
      (i32.load8_u offset=4 (global.get $out)))

    ;; A pollable that is over stays so, whoever asks and how often.
    (func (export "ready-again") (result i32)
      (local $timer i32)
      (local.set $timer (call $timer (i64.const 5)))
      (call $block (local.get $timer))
      (call $block (local.get $timer))
      (i32.add (call $ready (local.get $timer)) (call $ready (local.get $timer))))

    (func (export "poll-nothing") (call $poll-list (i32.const 32) (i32.const 0) (global.get $out)))

    (func (export "write-without-permit")
      (call $write (call $get-stdout) (i32.const 0) (i32.const 1) (global.get $out)))

    (func (export "write-too-much")
      (call $blocking-write (call $get-stdout) (i32.const 0) (i32.const 4097) (global.get $out)))

    (func (export "drop-parent-first")
      (local $in i32)
      (local.set $in (call $get-stdin))
      (drop (call $subscribe (local.get $in)))
      (call $drop-input (local.get $in))))
  (core instance $g (instantiate $guest
    (with "m" (instance $m))
    (with "h" (instance
      (export "ready" (func $ready))
      (export "block" (func $block))
      (export "poll-list" (func $poll-list))
      (export "read" (func $read))
      (export "blocking-read" (func $blocking-read))
      (export "subscribe" (func $subscribe))
      (export "write" (func $write))
      (export "blocking-write" (func $blocking-write))
      (export "timer" (func $timer))
      (export "get-stdin" (func $get-stdin))
      (export "get-stdout" (func $get-stdout))
      (export "drop-pollable" (func $drop-pollable))
      (export "drop-input" (func $drop-input))))))

  (func (export "input-or-timer") (param "nanoseconds" u64) (result u32)
    (canon lift (core func $g "input-or-timer")))
  (func (export "read-twice") (result u32) (canon lift (core func $g "read-twice")))
  (func (export "cat") (result u32) (canon lift (core func $g "cat")))
  (func (export "ready-again") (result u32) (canon lift (core func $g "ready-again")))
  (func (export "poll-nothing") (canon lift (core func $g "poll-nothing")))
  (func (export "write-without-permit") (canon lift (core func $g "write-without-permit")))
  (func (export "write-too-much") (canon lift (core func $g "write-too-much")))
  (func (export "drop-parent-first") (canon lift (core func $g "drop-parent-first"))))
