//! Whom an instance wakes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};

/// What an instance rings when it can go on. The task that sees to the instance hears it; while the bell is held, whoever
/// holds it does.
#[derive(Default)]
pub struct Bell(Mutex<State>);

#[derive(Default)]
struct State {
    task: Option<Waker>,
    is_held: bool,
    has_rung: bool,
}

impl Bell {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes `task` from now on.
    pub fn wakes(&self, task: &Waker) {
        let mut state = self.lock();
        match &mut state.task {
            Some(there) => there.clone_from(task),
            none => *none = Some(task.clone()),
        }
    }

    /// Wakes nobody until it is let go.
    pub fn hold(&self) {
        self.lock().is_held = true;
    }

    /// Forgets what rang while it was held.
    pub fn forget(&self) {
        self.lock().has_rung = false;
    }

    /// Lets it go, and wakes whom it would have woken.
    pub fn let_go(&self) {
        let task = {
            let mut state = self.lock();
            state.is_held = false;
            if std::mem::take(&mut state.has_rung) { state.task.clone() } else { None }
        };
        if let Some(task) = task {
            task.wake();
        }
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let task = {
            let mut state = self.lock();
            if state.is_held {
                state.has_rung = true;
                return;
            }
            state.task.clone()
        };
        if let Some(task) = task {
            task.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Relaxed);
        }
    }

    #[test]
    fn what_rings_is_heard_once_by_whoever_listens() {
        let (bell, count) = (Arc::new(Bell::default()), Arc::new(Count::default()));
        let heard = || count.0.swap(0, Relaxed);
        let instance = Waker::from(bell.clone());
        // Nobody sees to the instance yet.
        instance.wake_by_ref();
        bell.wakes(&Waker::from(count.clone()));
        instance.wake_by_ref();
        assert_eq!(heard(), 1);
        bell.hold();
        instance.wake_by_ref();
        instance.wake_by_ref();
        assert_eq!(heard(), 0);
        bell.let_go();
        assert_eq!(heard(), 1);
        bell.hold();
        instance.wake_by_ref();
        bell.forget();
        bell.let_go();
        assert_eq!(heard(), 0);
        bell.hold();
        bell.forget();
        instance.wake();
        bell.let_go();
        assert_eq!(heard(), 1);
    }
}
