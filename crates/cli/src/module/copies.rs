//! Functions of the shim that copy what their parameters point to, as WAT.

use std::fmt::Write;

use super::preview1::Param;

/// Of a path.
const MAX_PATH: u32 = 1 << 16;
/// Of another buffer.
const MAX_BUFFER: u32 = 1 << 28;
/// Of a single read or write, which may always do less.
const MAX_COPY: u32 = 1 << 18;
/// Of what is waited for at once.
const MAX_SUBSCRIPTIONS: u32 = 1 << 16;
/// The size of a subscription.
const SUBSCRIPTION: u32 = 48;
/// The size of an event.
const EVENT: u32 = 32;
/// Error numbers: `inval`, `nametoolong`, `nomem`.
const INVALID: u32 = 28;
const NAME_TOO_LONG: u32 = 37;
const NO_MEMORY: u32 = 48;

/// Where results are in the adapter's memory, and how far apart.
const OUT: u32 = 64;
const OUT_SIZE: u32 = 64;

/// What the functions share. The first page of the shim's own memory is not the adapter's.
pub const SUPPORT: &str = r#"
  (global $room-at (mut i32) (i32.const 1024))
  (global $room-size (mut i32) (i32.const 64512))
  (global $buffer-at (mut i32) (i32.const 0))
  (global $buffer-size (mut i32) (i32.const 0))

  ;; The address of so many bytes that nobody else uses; 0 if there are none.
  (func $room (param $size i32) (result i32)
    (local $pages i32) (local $old i32)
    (if (i32.gt_u (local.get $size) (global.get $room-size)) (then
      ;; The next power of two: what was room before is not used again.
      (local.set $pages (i32.shr_u (local.get $size) (i32.const 16)))
      (local.set $pages (i32.shl (i32.const 1) (i32.sub (i32.const 32) (i32.clz (local.get $pages)))))
      (local.set $old (memory.grow $own (local.get $pages)))
      (if (i32.eq (local.get $old) (i32.const -1)) (then (return (i32.const 0))))
      (global.set $room-at (i32.shl (local.get $old) (i32.const 16)))
      (global.set $room-size (i32.shl (local.get $pages) (i32.const 16)))))
    (global.get $room-at))

  ;; Finds the first buffer of a list that is not empty.
  (func $first (param $list i32) (param $count i32)
    (global.set $buffer-size (i32.const 0))
    (loop $next
      (if (i32.eqz (local.get $count)) (then (return)))
      (global.set $buffer-at (i32.load $guest (local.get $list)))
      (global.set $buffer-size (i32.load $guest offset=4 (local.get $list)))
      (local.set $list (i32.add (local.get $list) (i32.const 8)))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br_if $next (i32.eqz (global.get $buffer-size)))))
"#;

/// The function of preview 1 that is needed besides `name`.
pub fn besides(name: &str) -> Option<&'static str> {
    match name {
        "args_get" => Some("args_sizes_get"),
        "environ_get" => Some("environ_sizes_get"),
        "fd_read" | "fd_pread" | "fd_write" | "fd_pwrite" | "sock_recv" | "sock_send" => Some("fd_fdstat_get"),
        _ => None,
    }
}

/// Writes the function `name`.
pub fn func(text: &mut String, name: &str, params: &[Param]) {
    match params {
        [Param::Pointers, Param::Strings] => strings(text, name),
        [Param::Subscriptions, ..] => poll(text, name),
        _ => Copies::default().func(text, name, params),
    }
}

/// The parts of a function, in the order in which they are done.
#[derive(Default)]
struct Copies {
    /// Refuses sizes.
    checks: String,
    /// The bytes needed, as an expression.
    size: Vec<String>,
    before: String,
    arguments: String,
    after: String,
    outs: u32,
}

impl Copies {
    fn func(mut self, text: &mut String, name: &str, params: &[Param]) {
        let mut types = String::new();
        let mut at = 0;
        for param in params {
            for ty in param.core() {
                let _ = write!(types, " (param {ty})");
            }
            self.param(*param, at);
            at += param.core().len();
        }
        let size = self.size.into_iter().reduce(|a, b| format!("(i32.add {a} {b})"));
        let _ = writeln!(text, "  (func ${name}-copying (export \"{name}\"){types} (result i32)");
        let _ = writeln!(text, "    (local $error i32) (local $room i32) (local $size i32)");
        text.push_str(&self.checks);
        if let Some(size) = size {
            let _ = writeln!(text, "    (local.set $room (call $room {size}))");
            let _ = writeln!(text, "    (if (i32.eqz (local.get $room)) (then (return (i32.const {NO_MEMORY}))))");
        }
        text.push_str(&self.before);
        let _ = writeln!(text, "    (local.set $error (call ${name}{}))", self.arguments);
        let _ = writeln!(text, "    (if (local.get $error) (then (return (local.get $error))))");
        text.push_str(&self.after);
        text.push_str("    (i32.const 0))\n");
    }

    fn param(&mut self, param: Param, at: usize) {
        match param {
            Param::Path => self.buffer(at, MAX_PATH, NAME_TOO_LONG, false),
            Param::Buffer => self.buffer(at, MAX_BUFFER, NO_MEMORY, true),
            Param::Read | Param::Write => self.first_buffer(at, param == Param::Write),
            Param::Out(size) => {
                let out = OUT + OUT_SIZE * self.outs;
                self.outs += 1;
                let _ = write!(self.arguments, " (i32.const {out})");
                let copy = format!("(memory.copy $guest $own (local.get {at}) (i32.const {out}) (i32.const {size}))");
                let _ = writeln!(self.after, "    {copy}");
            }
            _ => drop(write!(self.arguments, " (local.get {at})")),
        }
    }

    /// A buffer at an address and of a length; what of it is filled is the function's business.
    fn buffer(&mut self, at: usize, most: u32, error: u32, is_filled: bool) {
        let length = at + 1;
        let too_much = format!("(i32.gt_u (local.get {length}) (i32.const {most}))");
        let _ = writeln!(self.checks, "    (if {too_much} (then (return (i32.const {error}))))");
        let place = self.place();
        let (guest, length) = (format!("(local.get {at})"), format!("(local.get {length})"));
        let _ = writeln!(self.before, "    (memory.copy $own $guest {place} {guest} {length})");
        let _ = write!(self.arguments, " {place} {length}");
        if is_filled {
            let _ = writeln!(self.after, "    (memory.copy $guest $own {guest} {place} {length})");
        }
        self.size.push(length);
    }

    /// The first buffer that is not empty, as a list of one. Its count is the first result.
    fn first_buffer(&mut self, at: usize, is_written: bool) {
        let place = self.place();
        let _ = writeln!(
            self.checks,
            "    (call $first (local.get {at}) (local.get {}))
    (local.set $size (global.get $buffer-size))
    (if (i32.gt_u (local.get $size) (i32.const {MAX_COPY})) (then (local.set $size (i32.const {MAX_COPY}))))",
            at + 1
        );
        let _ = writeln!(
            self.before,
            "    (i32.store $own (i32.const 0) {place})
    (i32.store $own (i32.const 4) (local.get $size))"
        );
        let buffer = "(global.get $buffer-at)";
        if is_written {
            let _ = writeln!(self.before, "    (memory.copy $own $guest {place} {buffer} (local.get $size))");
        } else {
            let count = format!("(i32.load $own (i32.const {OUT}))");
            let _ = writeln!(self.after, "    (memory.copy $guest $own {buffer} {place} {count})");
        }
        // The adapter does not look at the descriptor when there is nothing to do.
        let stat = format!("(call $fd_fdstat_get (local.get 0) (i32.const {}))", OUT + 4 * OUT_SIZE);
        let _ = writeln!(
            self.before,
            "    (if (i32.eqz (local.get $size)) (then
      (local.set $error {stat})
      (if (local.get $error) (then (return (local.get $error))))))"
        );
        self.arguments.push_str(" (i32.const 0) (i32.const 1)");
        self.size.push("(local.get $size)".into());
    }

    /// Where the next buffer is.
    fn place(&self) -> String {
        self.size.iter().fold("(local.get $room)".to_string(), |at, size| format!("(i32.add {at} {size})"))
    }
}

/// Pointers and what they point to; the pointers become those of the other memory.
fn strings(text: &mut String, name: &str) {
    let sizes = besides(name).unwrap_or_default();
    let _ = writeln!(
        text,
        r#"  (func ${name}-copying (export "{name}") (param $pointers i32) (param $strings i32) (result i32)
    (local $error i32) (local $room i32) (local $size i32) (local $own-strings i32) (local $end i32)
    (local.set $error (call ${sizes} (i32.const 64) (i32.const 128)))
    (if (local.get $error) (then (return (local.get $error))))
    (local.set $end (i32.shl (i32.load $own (i32.const 64)) (i32.const 2)))
    (local.set $size (i32.load $own (i32.const 128)))
    (local.set $room (call $room (i32.add (local.get $end) (local.get $size))))
    (if (i32.eqz (local.get $room)) (then (return (i32.const {NO_MEMORY}))))
    (local.set $own-strings (i32.add (local.get $room) (local.get $end)))
    (local.set $error (call ${name} (local.get $room) (local.get $own-strings)))
    (if (local.get $error) (then (return (local.get $error))))
    (memory.copy $guest $own (local.get $strings) (local.get $own-strings) (local.get $size))
    (loop $next
      (if (local.get $end) (then
        (local.set $end (i32.sub (local.get $end) (i32.const 4)))
        (i32.store $guest (i32.add (local.get $pointers) (local.get $end))
          (i32.add (local.get $strings)
            (i32.sub (i32.load $own (i32.add (local.get $room) (local.get $end))) (local.get $own-strings))))
        (br $next))))
    (i32.const 0))"#
    );
}

/// Subscriptions in, events out: neither has an address in it.
fn poll(text: &mut String, name: &str) {
    let _ = writeln!(
        text,
        r#"  (func ${name}-copying (export "{name}")
    (param $subscriptions i32) (param $events i32) (param $count i32) (param $out i32) (result i32)
    (local $error i32) (local $room i32) (local $size i32)
    (if (i32.gt_u (local.get $count) (i32.const {MAX_SUBSCRIPTIONS})) (then (return (i32.const {INVALID}))))
    (local.set $size (i32.mul (local.get $count) (i32.const {SUBSCRIPTION})))
    (local.set $room (call $room (i32.add (local.get $size) (i32.mul (local.get $count) (i32.const {EVENT})))))
    (if (i32.eqz (local.get $room)) (then (return (i32.const {NO_MEMORY}))))
    (memory.copy $own $guest (local.get $room) (local.get $subscriptions) (local.get $size))
    (local.set $error (call ${name}
      (local.get $room) (i32.add (local.get $room) (local.get $size)) (local.get $count) (i32.const {OUT})))
    (if (local.get $error) (then (return (local.get $error))))
    (memory.copy $guest $own (local.get $events) (i32.add (local.get $room) (local.get $size))
      (i32.mul (i32.load $own (i32.const {OUT})) (i32.const {EVENT})))
    (i32.store $guest (local.get $out) (i32.load $own (i32.const {OUT})))
    (i32.const 0))"#
    );
}
