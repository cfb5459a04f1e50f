//! What guests may import from wasmtime.

use wasmtime_peer::component::{Accessor, Linker, StreamReader};
use wasmtime_peer::{AsContextMut, Result, StoreContextMut};

use super::Settings;
use super::streams::Producer;
use crate::pending_once::PendingOnce;

pub fn define(linker: &mut Linker<()>, settings: Settings) -> Result<()> {
    let mut root = linker.root();
    root.func_wrap("nothing", |_: StoreContextMut<'_, ()>, (): ()| Ok(()))?;
    root.func_wrap("add", |_: StoreContextMut<'_, ()>, (a, b): (u32, u32)| Ok((a.wrapping_add(b),)))?;
    root.func_wrap("length", |_: StoreContextMut<'_, ()>, (text,): (String,)| Ok((text.len() as u32,)))?;
    if settings == Settings::NoAsync {
        return Ok(());
    }
    root.func_wrap_concurrent("ready", |_, (x,): (u32,)| Box::pin(async move { Ok((x + 1,)) }))?;
    root.func_wrap_concurrent("pending-once", |_, (x,): (u32,)| {
        Box::pin(async move {
            PendingOnce::default().await;
            Ok((x + 1,))
        })
    })?;
    root.func_wrap_concurrent("produce", |store: &Accessor<()>, (_chunk, left): (u32, u64)| {
        Box::pin(async move {
            let producer = Producer { left, bytes: vec![97; 65536] };
            store.with(|mut store| Ok((StreamReader::new(store.as_context_mut(), producer)?,)))
        })
    })?;
    Ok(())
}
