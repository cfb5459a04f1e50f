//! wasi:io/poll.

use std::sync::Arc;
use std::task::{Context, Poll};

use thalweg::{Access, Error, Linker, Resource, ResourceTable, Result};

use crate::WasiView;
use crate::p2::wait;
use crate::sys::BoxFuture;
use crate::table_resource::TableResource;
use crate::wakers::Wakers;

/// What a guest can wait for: an object of which readiness can be asked again and again.
pub trait Subscribe: Send + 'static {
    /// Whether an operation would be answered at once, with success or failure. Asking takes nothing, and what is
    /// ready stays ready until an operation changes that. Several may wait: `Pending` wakes all of them.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()>;
}

/// Something a guest waits for. Spec: wasi:io/poll.pollable.
///
/// It tells a level, not an edge: it can be asked any number of times.
pub struct Pollable(Subject);

enum Subject {
    /// An object of the same table, which cannot be deleted before this child of it.
    Parent { rep: u32, poll: fn(&mut ResourceTable, u32, &mut Context<'_>) -> Poll<Result<()>> },
    /// A future; `None` once it is over.
    Future { future: Option<BoxFuture<()>>, wakers: Arc<Wakers> },
}

impl Pollable {
    /// A new pollable of an object; its child.
    ///
    /// # Errors
    ///
    /// When `subject` is not in the table.
    pub fn subscribe<S: Subscribe>(table: &mut ResourceTable, subject: &Resource<S>) -> Result<Resource<Pollable>> {
        let poll = |table: &mut ResourceTable, rep: u32, cx: &mut Context<'_>| {
            table.get_mut(&Resource::<S>::new_borrow(rep))?.poll_ready(cx).map(Ok)
        };
        table.push_child(Pollable(Subject::Parent { rep: subject.rep(), poll }), subject)
    }

    /// A pollable that is ready from the end of `future` on.
    pub fn future(future: BoxFuture<()>) -> Self {
        Pollable(Subject::Future { future: Some(future), wakers: Arc::default() })
    }

    /// Whether `this` is ready.
    ///
    /// # Errors
    ///
    /// When it is not in the table.
    pub fn poll_ready(table: &mut ResourceTable, this: &Resource<Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        match &mut table.get_mut(this)?.0 {
            Subject::Parent { rep, poll } => {
                let (rep, poll) = (*rep, *poll);
                poll(table, rep, cx)
            }
            Subject::Future { future, wakers } => {
                let Some(running) = future else { return Poll::Ready(Ok(())) };
                let polled = wakers.poll(cx, |cx| running.as_mut().poll(cx));
                if polled.is_ready() {
                    *future = None;
                    wakers.wake_all();
                }
                polled.map(Ok)
            }
        }
    }
}

/// The numbers of those of `list` that are ready, all of them, as soon as there is one.
fn poll_list(table: &mut ResourceTable, list: &[Resource<Pollable>], cx: &mut Context<'_>) -> Poll<Result<Vec<u32>>> {
    let mut ready = Vec::new();
    for (number, pollable) in (0..).zip(list) {
        if let Poll::Ready(result) = Pollable::poll_ready(table, pollable, cx) {
            result?;
            ready.push(number);
        }
    }
    if ready.is_empty() { Poll::Pending } else { Poll::Ready(Ok(ready)) }
}

/// Spec: wasi:io/poll.poll.
async fn poll<T: WasiView>(access: Access<T>, list: Vec<Resource<Pollable>>) -> Result<Vec<u32>> {
    if list.is_empty() {
        return Err(Error::refused("wasi:io/poll.poll: an empty list of pollables is never ready"));
    }
    wait::until(&access, |wasi, cx| poll_list(&mut wasi.table, &list, cx)).await
}

/// Spec: wasi:io/poll.pollable.ready.
///
/// A guest that asks in a loop must not keep the host from finding out, so "no" is said after a turn of the host.
async fn ready<T: WasiView>(access: Access<T>, this: Resource<Pollable>) -> Result<bool> {
    let ready = wait::soon(&access, |wasi, cx| Pollable::poll_ready(&mut wasi.table, &this, cx)).await?;
    Ok(ready.is_some())
}

/// Spec: wasi:io/poll.pollable.block.
async fn block<T: WasiView>(access: Access<T>, this: Resource<Pollable>) -> Result<()> {
    wait::until(&access, |wasi, cx| Pollable::poll_ready(&mut wasi.table, &this, cx)).await
}

/// Spec: wasi:io/poll.
pub(super) fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    linker
        .instance("wasi:io/poll@0.2.12")?
        .table_resource::<Pollable>("pollable")?
        .func_async("[method]pollable.ready", |access, (this,)| ready(access, this))?
        .func_async("[method]pollable.block", |access, (this,)| block(access, this))?
        .func_async("poll", |access, (list,)| poll(access, list))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    struct Lamp(bool);

    impl Subscribe for Lamp {
        fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<()> {
            if self.0 { Poll::Ready(()) } else { Poll::Pending }
        }
    }

    fn borrow<H: 'static>(resource: &Resource<H>) -> Resource<H> {
        Resource::new_borrow(resource.rep())
    }

    #[test]
    fn a_level_is_told_again_and_again() {
        let mut table = ResourceTable::new();
        let lamp = table.push(Lamp(false)).expect("room");
        let pollable = Pollable::subscribe(&mut table, &lamp).expect("the lamp is there");
        let mut cx = Context::from_waker(Waker::noop());
        for lit in [false, false, true, true, false, true] {
            table.get_mut(&lamp).expect("there").0 = lit;
            assert_eq!(Pollable::poll_ready(&mut table, &pollable, &mut cx).is_ready(), lit);
        }
    }

    #[test]
    fn a_future_stays_over() {
        let mut table = ResourceTable::new();
        let pollable = table.push(Pollable::future(Box::pin(std::future::ready(())))).expect("room");
        let mut cx = Context::from_waker(Waker::noop());
        for _ in 0..3 {
            assert!(Pollable::poll_ready(&mut table, &pollable, &mut cx).is_ready());
        }
    }

    #[test]
    fn every_ready_number_is_told() {
        let mut table = ResourceTable::new();
        let lamps = [true, false, true].map(|lit| table.push(Lamp(lit)).expect("room"));
        let list: Vec<_> = lamps.iter().map(|lamp| Pollable::subscribe(&mut table, lamp).expect("there")).collect();
        let list: Vec<_> = list.iter().chain(&list[..1]).map(borrow).collect();
        let mut cx = Context::from_waker(Waker::noop());
        let Poll::Ready(Ok(ready)) = poll_list(&mut table, &list, &mut cx) else { panic!("two lamps are lit") };
        assert_eq!(ready, [0, 2, 3]);
        assert!(poll_list(&mut table, &list[1..2], &mut cx).is_pending());
    }

    #[test]
    fn the_subject_cannot_go_before_its_pollables() {
        let mut table = ResourceTable::new();
        let lamp = table.push(Lamp(true)).expect("room");
        let first = Pollable::subscribe(&mut table, &lamp).expect("there");
        let second = Pollable::subscribe(&mut table, &lamp).expect("there");
        assert!(table.delete(Resource::<Lamp>::new_own(lamp.rep())).is_err());
        table.delete(first).expect("no child of its own");
        assert!(table.delete(Resource::<Lamp>::new_own(lamp.rep())).is_err());
        table.delete(second).expect("no child of its own");
        table.delete(lamp).expect("no child left");
        assert!(table.is_empty());
    }
}
