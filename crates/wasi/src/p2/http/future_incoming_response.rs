//! Spec: wasi:http/types.future-incoming-response.

use std::future::poll_fn;
use std::mem;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use thalweg::{Access, LinkerInstance, Resource, Result};

use super::IncomingResponse;
use crate::http::{ErrorCode, Response};
use crate::p2::io::{Pollable, Subscribe};
use crate::p2::wait;
use crate::table_resource::TableResource;
use crate::wakers::Wakers;
use crate::{WasiContext, WasiView};

/// The response that will come. Spec: wasi:http/types.future-incoming-response. Dropping it before it is there ends the
/// exchange.
pub struct FutureIncomingResponse(Arc<Exchange>);

type Outcome = Result<Response, ErrorCode>;

/// What the guest's future and the host's task share.
#[derive(Default)]
struct Exchange {
    state: Mutex<State>,
    wakers: Arc<Wakers>,
}

#[derive(Default)]
struct State {
    progress: Progress,
    is_abandoned: bool,
    task: Option<Waker>,
}

#[derive(Default)]
enum Progress {
    #[default]
    Running,
    Over(Box<Outcome>),
    Given,
}

impl Exchange {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether nobody waits any more; if somebody does, `cx` hears when that changes.
    fn is_abandoned(&self, cx: &Context<'_>) -> bool {
        let mut state = self.lock();
        state.task = Some(cx.waker().clone());
        state.is_abandoned
    }

    fn poll_over(&self, cx: &Context<'_>) -> Poll<()> {
        self.wakers.poll(cx, |_| match self.lock().progress {
            Progress::Running => Poll::Pending,
            Progress::Over(_) | Progress::Given => Poll::Ready(()),
        })
    }
}

impl FutureIncomingResponse {
    /// What `sending` will give, and the task that the store has to run for it.
    pub(super) fn new(sending: impl Future<Output = Outcome> + Send) -> (Self, impl Future<Output = ()> + Send) {
        let exchange = Arc::<Exchange>::default();
        let future = FutureIncomingResponse(exchange.clone());
        let task = async move {
            let mut sending = pin!(sending);
            let outcome = poll_fn(|cx| match exchange.is_abandoned(cx) {
                true => Poll::Ready(None),
                false => sending.as_mut().poll(cx).map(Some),
            })
            .await;
            if let Some(outcome) = outcome {
                exchange.lock().progress = Progress::Over(Box::new(outcome));
                exchange.wakers.wake_all();
            }
        };
        (future, task)
    }
}

impl Subscribe for FutureIncomingResponse {
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.0.poll_over(cx)
    }
}

impl Drop for FutureIncomingResponse {
    fn drop(&mut self) {
        let (unread, task) = {
            let mut state = self.0.lock();
            state.is_abandoned = true;
            (mem::replace(&mut state.progress, Progress::Given), state.task.take())
        };
        drop(unread);
        if let Some(task) = task {
            task.wake();
        }
    }
}

type This = Resource<FutureIncomingResponse>;
type Got = Result<Result<Resource<IncomingResponse>, ErrorCode>, ()>;

/// Spec: future-incoming-response.get. "Not yet" is said after a turn of the host.
async fn get<T: WasiView>(access: Access<T>, (this,): (This,)) -> Result<Option<Got>> {
    let step = |wasi: &mut WasiContext, cx: &mut Context<'_>| {
        wasi.table.get_mut(&this).map(|this| this.poll_ready(cx))?.map(Ok)
    };
    if wait::soon(&access, step).await?.is_none() {
        return Ok(None);
    }
    access.with(|view| {
        let table = &mut view.wasi().table;
        let progress = mem::replace(&mut table.get(&this)?.0.lock().progress, Progress::Given);
        let Progress::Over(outcome) = progress else { return Ok(Some(Err(()))) };
        Ok(Some(Ok(match *outcome {
            Ok(response) => Ok(table.push(IncomingResponse::new(response))?),
            Err(error) => Err(error),
        })))
    })
}

pub(super) fn add_to_linker<T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
    types.table_resource::<FutureIncomingResponse>("future-incoming-response")?;
    types
        .func("[method]future-incoming-response.subscribe", |mut caller, (this,): (This,)| {
            Pollable::subscribe(&mut caller.data_mut().wasi().table, &this)
        })?
        .func_async("[method]future-incoming-response.get", get)?;
    Ok(())
}
