//! `thread` and `wait`: a part of a script that others wait for.
//!
//! Components of two threads share nothing but the definition that one of them is given, so a thread's directives are
//! carried out when it begins: one of the orders in which they could be.

use wast::WastThread;

use super::session::Session;

impl Session<'_> {
    /// Begins a thread, which is over at once but for the `wait` for it.
    pub(super) fn thread(&mut self, thread: WastThread<'_>) -> Result<(), String> {
        let name = thread.name.name();
        if !self.threads.insert(name.to_owned()) {
            return Err(format!("a thread `{name}` runs already"));
        }
        let shared = match thread.shared_module {
            Some(shared) => Some((shared, self.defined(Some(shared))?.clone())),
            None => None,
        };
        let mut session = self.beside();
        if let Some((shared, defined)) = shared {
            session.remember(Some(shared), defined);
        }
        let mut directives = thread.directives.into_iter();
        directives
            .try_for_each(|directive| session.obey(directive))
            .map_err(|error| format!("thread `{name}`: {error}"))
    }

    /// Waits for the end of a thread.
    pub(super) fn wait(&mut self, name: &str) -> Result<(), String> {
        if self.threads.remove(name) { Ok(()) } else { Err(format!("there is no thread `{name}` to wait for")) }
    }
}
