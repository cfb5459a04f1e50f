//! Calls what wasi:cli, clocks and random (0.2) have, and prints what can be told of it without chance or time.
//! Arguments: none, or `exit`, `fail` or a number to exit with.
use wasip2::cli::{environment, exit, stdin, stdout, terminal_stderr, terminal_stdin, terminal_stdout};
use wasip2::clocks::{monotonic_clock, wall_clock};
use wasip2::random::{insecure, insecure_seed, random};

struct Cli;
wasip2::cli::command::export!(Cli);

fn say(line: &str) {
    let _ = stdout::get_stdout().blocking_write_and_flush(format!("{line}\n").as_bytes());
}

impl wasip2::exports::cli::run::Guest for Cli {
    fn run() -> Result<(), ()> {
        match environment::get_arguments().get(1).map(String::as_str) {
            None => {}
            Some("exit") => exit::exit(Ok(())),
            Some("fail") => exit::exit(Err(())),
            Some(code) => exit::exit_with_code(code.parse().map_err(|_| ())?),
        }
        say(&format!("environment: {:?}", environment::get_environment()));
        say(&format!("initial-cwd: {:?}", environment::initial_cwd()));
        say(&format!("terminals: {:?}", [
            terminal_stdin::get_terminal_stdin().is_some(),
            terminal_stdout::get_terminal_stdout().is_some(),
            terminal_stderr::get_terminal_stderr().is_some(),
        ]));
        let input = stdin::get_stdin();
        let first = input.blocking_read(4).map(String::from_utf8);
        say(&format!("stdin: {first:?}"));
        clocks();
        chance();
        Ok(())
    }
}

fn clocks() {
    let begin = monotonic_clock::now();
    say(&format!("monotonic resolution: {}", monotonic_clock::resolution() > 0));
    let until = monotonic_clock::subscribe_instant(begin + 2_000_000);
    let far = monotonic_clock::subscribe_duration(3_600_000_000_000);
    say(&format!("far ready: {}", far.ready()));
    until.block();
    say(&format!("waited: {}", monotonic_clock::now() - begin >= 2_000_000));
    let now = wall_clock::now();
    say(&format!("wall clock: {} {}", now.seconds > 1_700_000_000, now.nanoseconds < 1_000_000_000));
    let resolution = wall_clock::resolution();
    say(&format!("wall resolution: {}", resolution.seconds > 0 || resolution.nanoseconds > 0));
}

fn chance() {
    // Sixteen bytes twice are the same once in 2^128.
    say(&format!("random bytes: {}", random::get_random_bytes(16) != random::get_random_bytes(16)));
    say(&format!("random bytes of 0 and 70000: {} {}", random::get_random_bytes(0).len(), random::get_random_bytes(70_000).len()));
    say(&format!("random u64: {}", random::get_random_u64() != random::get_random_u64()));
    say(&format!("insecure bytes: {}", insecure::get_insecure_random_bytes(5).len()));
    say(&format!("insecure u64: {}", insecure::get_insecure_random_u64() != insecure::get_insecure_random_u64()));
    say(&format!("seed stays: {}", insecure_seed::insecure_seed() == insecure_seed::insecure_seed()));
}
