//! The host calls exports.

use wasmtime_peer::Result;
use wasmtime_peer::component::{ComponentNamedList, Lift, Lower};

use super::Settings;
use crate::block_on::block_on;
use crate::row::{Failure, Work, timed};

/// Calls the synchronous export `name`, over and over.
pub fn call<P, R>(settings: Settings, text: &str, name: &str, params: P) -> Result<Work, Failure>
where
    P: ComponentNamedList + Lower + Clone + 'static,
    R: ComponentNamedList + Lift + 'static,
{
    let mut guest = super::guest(settings, text)?;
    let func = guest.func::<P, R>(name)?;
    Ok(timed(move |n| {
        for _ in 0..n {
            func.call(&mut guest.store, params.clone())?;
        }
        Ok(())
    }))
}

/// Calls the async export `name`, over and over.
pub fn call_concurrent<P, R>(settings: Settings, text: &str, name: &str, params: P) -> Result<Work, Failure>
where
    P: ComponentNamedList + Lower + Clone + Send + Sync + 'static,
    R: ComponentNamedList + Lift + Send + Sync + 'static,
{
    let mut guest = super::guest(settings, text)?;
    let func = guest.func::<P, R>(name)?;
    Ok(timed(move |n| {
        let run = guest.store.run_concurrent(async |store| -> Result<()> {
            for _ in 0..n {
                func.call_concurrent(store, params.clone()).await?;
            }
            Ok(())
        });
        Ok(block_on(run)??)
    }))
}

/// The same with calls that have the store to themselves.
pub fn call_async<P, R>(settings: Settings, text: &str, name: &str, params: P) -> Result<Work, Failure>
where
    P: ComponentNamedList + Lower + Clone + Send + Sync + 'static,
    R: ComponentNamedList + Lift + Send + Sync + 'static,
{
    let mut guest = super::guest(settings, text)?;
    let func = guest.func::<P, R>(name)?;
    Ok(timed(move |n| {
        Ok(block_on(async {
            for _ in 0..n {
                func.call_async(&mut guest.store, params.clone()).await?;
            }
            Result::<()>::Ok(())
        })?)
    }))
}
