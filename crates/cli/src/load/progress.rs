//! The line that says why nothing happens yet, while a large component is compiled.

use std::io::{self, Write};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::report;

/// Work that takes less is not worth a word.
const PATIENCE: Duration = Duration::from_secs(1);

/// A line on the terminal; it is gone when this is dropped.
pub struct ProgressLine {
    /// None when nobody would see the line.
    shown: Option<(Sender<Message>, JoinHandle<()>)>,
}

enum Message {
    /// What is being done.
    Doing(String),
    /// Nothing any more.
    Done,
}

impl ProgressLine {
    /// Nothing to see yet.
    pub fn start() -> ProgressLine {
        if !report::stderr_is_terminal() {
            return ProgressLine { shown: None };
        }
        let (sender, messages) = mpsc::channel();
        ProgressLine { shown: Some((sender, thread::spawn(move || show(&messages)))) }
    }

    /// What the engine calls with the number of core modules that it compiles, and their bytes; with `None` after that.
    pub fn reporter(&self) -> Option<impl Fn(Option<(usize, usize)>) + Send + Sync + 'static> {
        let sender = self.shown.as_ref()?.0.clone();
        Some(move |what: Option<(usize, usize)>| {
            let message = match what {
                Some((modules, bytes)) => {
                    let plural = if modules == 1 { "" } else { "s" };
                    Message::Doing(format!("compiling {modules} core module{plural} ({})…", report::bytes(bytes)))
                }
                None => Message::Done,
            };
            // Nobody listens any more once the component is there.
            let _ = sender.send(message);
        })
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        if let Some((sender, thread)) = self.shown.take() {
            let _ = sender.send(Message::Done);
            // A thread that panicked has no line to take away.
            let _ = thread.join();
        }
    }
}

/// Shows what is being done, once it takes long.
fn show(messages: &Receiver<Message>) {
    let Ok(Message::Doing(what)) = messages.recv() else { return };
    if let Err(RecvTimeoutError::Timeout) = messages.recv_timeout(PATIENCE) {
        print(&what);
        // Whatever comes next, this line is over.
        let _ = messages.recv();
        print("\r\x1b[K");
    }
}

fn print(text: &str) {
    let mut stderr = io::stderr().lock();
    // There is nobody left to tell when standard error is closed.
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}
