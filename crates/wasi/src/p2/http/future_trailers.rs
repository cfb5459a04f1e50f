//! Spec: wasi:http/types.future-trailers.

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use thalweg::{Access, LinkerInstance, Resource, Result};

use super::incoming_body::{Inflow, TooBig};
use crate::http::{ErrorCode, Fields};
use crate::p2::io::{Pollable, Subscribe};
use crate::p2::wait;
use crate::table_resource::TableResource;
use crate::wakers::Wakers;
use crate::{WasiContext, WasiView};

/// What comes after a body. Spec: wasi:http/types.future-trailers.
pub struct FutureTrailers {
    inflow: Inflow,
    too_big: TooBig,
    is_given: bool,
    wakers: Arc<Wakers>,
}

impl FutureTrailers {
    /// What comes at the end of `inflow`.
    pub(super) fn new(inflow: Inflow, too_big: TooBig) -> Self {
        FutureTrailers { inflow, too_big, is_given: false, wakers: Arc::default() }
    }
}

impl Subscribe for FutureTrailers {
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        ready!(self.wakers.poll(cx, |cx| self.inflow.poll_end(cx)));
        self.wakers.wake_all();
        Poll::Ready(())
    }
}

type This = Resource<FutureTrailers>;
type Trailers = Result<Option<Resource<Fields>>, ErrorCode>;

/// Spec: future-trailers.get. "Not yet" is said after a turn of the host.
async fn get<T: WasiView>(access: Access<T>, (this,): (This,)) -> Result<Option<Result<Trailers, ()>>> {
    let step = |wasi: &mut WasiContext, cx: &mut Context<'_>| {
        wasi.table.get_mut(&this).map(|this| this.poll_ready(cx))?.map(Ok)
    };
    if wait::soon(&access, step).await?.is_none() {
        return Ok(None);
    }
    access.with(|view| give(view.wasi(), &this)).map(Some)
}

/// Gives the trailers away, once.
fn give(wasi: &mut WasiContext, this: &This) -> Result<Result<Trailers, ()>> {
    let future = wasi.table.get_mut(this)?;
    if std::mem::replace(&mut future.is_given, true) {
        return Ok(Err(()));
    }
    let trailers = match future.inflow.end() {
        Some(Ok(Some(trailers))) => trailers,
        Some(Ok(None)) | None => return Ok(Ok(Ok(None))),
        Some(Err(error)) => return Ok(Ok(Err(error))),
    };
    let too_big = future.too_big;
    match Fields::received(&trailers, wasi.http.max_fields_size) {
        Ok(fields) => wasi.table.push_child(fields, this).map(|fields| Ok(Ok(Some(fields)))),
        Err(size) => Ok(Ok(Err(too_big(u32::try_from(size).ok())))),
    }
}

pub(super) fn add_to_linker<T: WasiView>(types: &mut LinkerInstance<'_, T>) -> Result<()> {
    types.table_resource::<FutureTrailers>("future-trailers")?;
    types
        .func("[method]future-trailers.subscribe", |mut caller, (this,): (This,)| {
            Pollable::subscribe(&mut caller.data_mut().wasi().table, &this)
        })?
        .func_async("[method]future-trailers.get", get)?;
    Ok(())
}
