//! Calls what wasi:cli, clocks and random (0.3) have, and prints what can be told of it without chance or time.
//! Arguments: none, or `exit`, `fail` or a number to exit with.
use futures::join;
use wasip3::cli::{environment, exit, stderr, stdin, stdout, terminal_stderr, terminal_stdin, terminal_stdout};
use wasip3::clocks::{monotonic_clock, system_clock};
use wasip3::random::{insecure, insecure_seed, random};

struct Cli;
wasip3::cli::command::export!(Cli);

async fn say(line: String) {
    let (mut tx, rx) = wasip3::wit_stream::new();
    let _ = join!(async { stdout::write_via_stream(rx).await }, async move {
        tx.write_all(format!("{line}\n").into_bytes()).await;
    });
}

impl wasip3::exports::cli::run::Guest for Cli {
    async fn run() -> Result<(), ()> {
        match environment::get_arguments().get(1).map(String::as_str) {
            None => {}
            Some("exit") => exit::exit(Ok(())),
            Some("fail") => exit::exit(Err(())),
            Some(code) => exit::exit_with_code(code.parse().map_err(|_| ())?),
        }
        say(format!("environment: {:?}", environment::get_environment())).await;
        say(format!("initial-cwd: {:?}", environment::get_initial_cwd())).await;
        let terminals = [
            terminal_stdin::get_terminal_stdin().is_some(),
            terminal_stdout::get_terminal_stdout().is_some(),
            terminal_stderr::get_terminal_stderr().is_some(),
        ];
        say(format!("terminals: {terminals:?}")).await;
        let (input, done) = stdin::read_via_stream();
        let read = input.collect().await;
        say(format!("stdin: {:?} {:?}", String::from_utf8(read), done.await)).await;
        let (mut tx, rx) = wasip3::wit_stream::new();
        let (told, _) = join!(async { stderr::write_via_stream(rx).await }, async move {
            tx.write_all(b"to stderr\n".to_vec()).await;
        });
        say(format!("stderr: {told:?}")).await;
        clocks().await;
        chance().await;
        Ok(())
    }
}

async fn clocks() {
    let begin = monotonic_clock::now();
    say(format!("monotonic resolution: {}", monotonic_clock::get_resolution() > 0)).await;
    monotonic_clock::wait_until(begin + 1_000_000).await;
    monotonic_clock::wait_for(1_000_000).await;
    say(format!("waited: {}", monotonic_clock::now() - begin >= 2_000_000)).await;
    let now = system_clock::now();
    say(format!("system clock: {} {}", now.seconds > 1_700_000_000, now.nanoseconds < 1_000_000_000)).await;
    say(format!("system resolution: {}", system_clock::get_resolution() > 0)).await;
}

async fn chance() {
    // Sixteen bytes twice are the same once in 2^128.
    say(format!("random bytes: {}", random::get_random_bytes(16) != random::get_random_bytes(16))).await;
    say(format!("none: {}", random::get_random_bytes(0).len())).await;
    say(format!("random u64: {}", random::get_random_u64() != random::get_random_u64())).await;
    say(format!("insecure bytes: {}", insecure::get_insecure_random_bytes(5).len())).await;
    say(format!("insecure u64: {}", insecure::get_insecure_random_u64() != insecure::get_insecure_random_u64())).await;
    say(format!("seed stays: {}", insecure_seed::get_insecure_seed() == insecure_seed::get_insecure_seed())).await;
}
