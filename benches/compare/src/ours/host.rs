//! What guests may import from Thalweg.

use thalweg::{Linker, Result, StreamReader};

use super::streams::Producer;
use crate::pending_once::PendingOnce;

pub fn define(linker: &mut Linker<()>) -> Result<()> {
    linker
        .instance("")?
        .func("nothing", |_, ()| Ok(()))?
        .func("add", |_, (a, b): (u32, u32)| Ok(a.wrapping_add(b)))?
        .func("length", |_, (text,): (String,)| Ok(text.len() as u32))?
        .func_async("ready", |_, (x,): (u32,)| async move { Ok(x + 1) })?
        .func_async("pending-once", |_, (x,): (u32,)| async move {
            PendingOnce::default().await;
            Ok(x + 1)
        })?
        .func_async("produce", |_, (_chunk, left): (u32, u64)| async move {
            Ok(StreamReader::new(Producer { left, bytes: vec![97; 65536] }))
        })?;
    Ok(())
}
