//! Whether a stream still works. The first failure is told once, then the stream is closed.

use super::IoError;

/// See the page.
#[derive(Debug)]
pub(super) enum Latch {
    /// It works.
    Open,
    /// It failed, and the guest does not know yet.
    Failed(IoError),
    /// It ended, or the guest knows of the failure.
    Closed,
}

/// What an operation says when the stream does not work (any more).
#[derive(Debug)]
pub enum Broken {
    /// Spec: stream-error.last-operation-failed.
    Failed(IoError),
    /// Spec: stream-error.closed.
    Closed,
}

impl Latch {
    /// Whether it works.
    pub(super) fn is_open(&self) -> bool {
        matches!(self, Latch::Open)
    }

    /// Nothing if it works; otherwise what is wrong, which closes it.
    pub(super) fn check(&mut self) -> Result<(), Broken> {
        match std::mem::replace(self, Latch::Closed) {
            Latch::Open => {
                *self = Latch::Open;
                Ok(())
            }
            Latch::Failed(error) => Err(Broken::Failed(error)),
            Latch::Closed => Err(Broken::Closed),
        }
    }

    /// Remembers a failure. Only the first one counts.
    pub(super) fn fail(&mut self, error: IoError) {
        if self.is_open() {
            *self = Latch::Failed(error);
        }
    }

    /// It ended in order.
    pub(super) fn close(&mut self) {
        if self.is_open() {
            *self = Latch::Closed;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_failure_is_told_once() {
        let mut latch = Latch::Open;
        assert!(latch.check().is_ok());
        latch.fail(IoError::new("first"));
        latch.fail(IoError::new("second"));
        latch.close();
        assert!(matches!(latch.check(), Err(Broken::Failed(error)) if error.text() == "first"));
        assert!(matches!(latch.check(), Err(Broken::Closed)));
        latch.fail(IoError::new("third"));
        assert!(matches!(latch.check(), Err(Broken::Closed)));
    }
}
