//! The line that says why nothing happens yet, while a large component is compiled.

use std::io::{self, Write};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::report;

/// Work that takes less is not worth a word.
const PATIENCE: Duration = Duration::from_secs(1);

/// What the engine calls with the number of core modules that it compiles, and their bytes; with `None` when that is
/// over. None when nobody would see the line.
pub fn reporter() -> Option<impl Fn(Option<(usize, usize)>) + Send + Sync + 'static> {
    if !report::stderr_is_terminal() {
        return None;
    }
    let line: Mutex<Option<Line>> = Mutex::new(None);
    Some(move |what: Option<(usize, usize)>| {
        let mut line = line.lock().unwrap_or_else(PoisonError::into_inner);
        // The line before, if there was one, is taken away here.
        *line = what.map(|(modules, bytes)| {
            let plural = if modules == 1 { "" } else { "s" };
            Line::after_a_while(format!("compiling {modules} core module{plural} ({})…", report::bytes(bytes)))
        });
    })
}

/// A line on the terminal; it is gone when this is dropped.
struct Line {
    done: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Line {
    fn after_a_while(what: String) -> Line {
        let (done, over) = mpsc::channel();
        Line { done: Some(done), thread: Some(thread::spawn(move || show(&what, &over))) }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.done = None;
        // A thread that panicked has no line to take away.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Shows `what`, once it takes long, until the other side of `over` is gone.
fn show(what: &str, over: &Receiver<()>) {
    if let Err(RecvTimeoutError::Timeout) = over.recv_timeout(PATIENCE) {
        print(what);
        let _ = over.recv();
        print("\r\x1b[K");
    }
}

fn print(text: &str) {
    let mut stderr = io::stderr().lock();
    // There is nobody left to tell when standard error is closed.
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}
