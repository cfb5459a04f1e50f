//! Spec: wasi:sockets/ip-name-lookup.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use thalweg::{Access, Linker, Resource, Result};

use super::network::Network;
use super::{Answer, ErrorCode};
use crate::p2::io::{Pollable, Subscribe};
use crate::p2::wait;
use crate::sockets::IpAddress;
use crate::sys::{self, BoxFuture};
use crate::table_resource::TableResource;
use crate::wakers::Wakers;
use crate::{WasiContext, WasiView};

/// The addresses of a name, one at a time. Spec: wasi:sockets/ip-name-lookup.resolve-address-stream.
///
/// Dropping it gives the lookup up.
pub struct ResolveAddressStream {
    lookup: Lookup,
    wakers: Arc<Wakers>,
}

enum Lookup {
    Running(BoxFuture<sys::Result<Vec<IpAddr>>>),
    Over(sys::Result<VecDeque<IpAddr>>),
}

impl ResolveAddressStream {
    /// What `lookup` will find.
    #[must_use]
    pub fn new(lookup: BoxFuture<sys::Result<Vec<IpAddr>>>) -> Self {
        ResolveAddressStream { lookup: Lookup::Running(lookup), wakers: Arc::default() }
    }

    /// The next address; nothing after the last one. Spec: `resolve-next-address`.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<IpAddr>, ErrorCode>> {
        ready!(self.poll_ready(cx));
        match &mut self.lookup {
            Lookup::Over(Ok(addresses)) => Poll::Ready(Ok(addresses.pop_front())),
            Lookup::Over(Err(error)) => Poll::Ready(Err(error.code().into())),
            Lookup::Running(_) => Poll::Pending,
        }
    }
}

impl Subscribe for ResolveAddressStream {
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Lookup::Running(lookup) = &mut self.lookup else { return Poll::Ready(()) };
        let found = ready!(self.wakers.poll(cx, |cx| lookup.as_mut().poll(cx)));
        self.lookup = Lookup::Over(found.map(VecDeque::from));
        self.wakers.wake_all();
        Poll::Ready(())
    }
}

type This = Resource<ResolveAddressStream>;

/// Spec: resolve-next-address. "Not yet" is said after a turn of the host.
async fn resolve_next_address<T: WasiView>(access: Access<T>, (this,): (This,)) -> Answer<Option<IpAddress>> {
    let step = |wasi: &mut WasiContext, cx: &mut Context<'_>| wasi.table.get_mut(&this)?.poll_next(cx).map(Ok);
    let next = wait::soon(&access, step).await?;
    Ok(next.unwrap_or(Err(ErrorCode::WouldBlock)).map(|address| address.map(IpAddress::from)))
}

pub(super) fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> Result<()> {
    linker
        .instance("wasi:sockets/ip-name-lookup@0.2.12")?
        .table_resource::<ResolveAddressStream>("resolve-address-stream")?
        .func("resolve-addresses", |mut caller, (network, name): (Network, String)| {
            let mut data = caller.data_mut();
            let wasi = data.wasi();
            match wasi.table.get(&network)?.resolve(&name) {
                Ok(lookup) => wasi.table.push(ResolveAddressStream::new(lookup)).map(Ok),
                Err(error) => Ok(Err(ErrorCode::from(error))),
            }
        })?
        .func_async("[method]resolve-address-stream.resolve-next-address", resolve_next_address)?
        .func("[method]resolve-address-stream.subscribe", |mut caller, (this,): (This,)| {
            Pollable::subscribe(&mut caller.data_mut().wasi().table, &this)
        })?;
    Ok(())
}
