//! Writing to the terminal.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Failure;

/// How words are marked.
#[derive(Clone, Copy)]
struct Style {
    colour: bool,
}

impl Style {
    /// Marks on a terminal only, and not when the user asks for none.
    fn of_stderr() -> Style {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Style { colour: stderr_is_terminal() && !unwanted }
    }

    fn paint(self, codes: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{codes}m{text}\x1b[0m") } else { text.to_string() }
    }
}

/// Whether a person reads standard error.
pub fn stderr_is_terminal() -> bool {
    io::stderr().is_terminal()
}

/// Prints a failure; the exit code is the failure's.
pub fn fail(failure: &Failure) -> ExitCode {
    to_stderr(&render(failure, Style::of_stderr()));
    ExitCode::from(failure.code)
}

/// Prints one line that is no failure, as soon as notes are not held back.
pub fn note(message: &str) {
    let label = Style::of_stderr().paint("1;36", "note:");
    let line = format!("{label} {message}\n");
    match &mut *held() {
        Some(notes) => notes.push_str(&line),
        None => to_stderr(&line),
    }
}

/// Notes that wait; none when they do not.
static HELD: Mutex<Option<String>> = Mutex::new(None);

fn held() -> MutexGuard<'static, Option<String>> {
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Holds notes back until this is dropped, for something else has to come first.
pub struct HeldNotes(());

/// See [`HeldNotes`].
pub fn hold_notes() -> HeldNotes {
    held().get_or_insert_default();
    HeldNotes(())
}

impl Drop for HeldNotes {
    fn drop(&mut self) {
        let notes = held().take();
        to_stderr(&notes.unwrap_or_default());
    }
}

/// Prints one line that says how things are, to standard error.
pub fn line(text: &str) {
    to_stderr(&format!("{text}\n"));
}

/// Prints a result to standard output.
pub fn out(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        // Whoever reads has seen enough, for example `head`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::new(format!("can't write to standard output: {error}"))),
        Ok(()) => Ok(()),
    }
}

fn to_stderr(text: &str) {
    // There is nobody left to tell when standard error is closed.
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

fn render(failure: &Failure, style: Style) -> String {
    let mut text = format!("{} {}\n", style.paint("1;31", "error:"), indented(&failure.message, 2));
    let stack = stack(&failure.stack);
    let parts = [("stack:", &stack), ("have:", &failure.have), ("help:", &failure.help)];
    for (label, part) in parts {
        if let Some(part) = part {
            let label_width = label.len() + 3;
            let _ = writeln!(text, "  {} {}", style.paint("1", label), indented(part, label_width));
        }
    }
    text
}

/// One line for each frame; a frame that calls itself is one line, however often.
fn stack(frames: &[String]) -> Option<String> {
    let mut lines = Vec::new();
    let mut first = 0;
    for run in frames.chunk_by(|a, b| a == b) {
        let frame = run.first()?;
        lines.push(match run.len() {
            1 => format!("{first}: {frame}"),
            n => format!("{first}: {frame} ({n} times)"),
        });
        first += run.len();
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// Every line but the first begins with `width` spaces.
fn indented(text: &str, width: usize) -> String {
    text.trim_end().replace('\n', &format!("\n{:width$}", ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_has_three_parts() {
        let failure = Failure::new("no such thing").with_have("one\ntwo").with_help("take one");
        let text = render(&failure, Style { colour: false });
        assert_eq!(text, "error: no such thing\n  have: one\n        two\n  help: take one\n");
    }

    #[test]
    fn a_trap_shows_the_stack() {
        let stack = ["m!f", "m!f", "m!run"].map(String::from).to_vec();
        let text = render(&Failure { stack, ..Failure::new("trapped") }, Style { colour: false });
        assert_eq!(text, "error: trapped\n  stack: 0: m!f (2 times)\n         2: m!run\n");
    }
}
