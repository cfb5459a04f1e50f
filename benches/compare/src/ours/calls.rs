//! The host calls exports.

use thalweg::{Params, Returns};

use crate::block_on::block_on;
use crate::row::{Failure, Work, timed};

/// Calls the export `name`, over and over.
pub fn call<P: Params + Clone, R: Returns>(text: &str, name: &str, params: P) -> Result<Work, Failure> {
    let mut guest = super::guest(text)?;
    let func = guest.func::<P, R>(name)?;
    Ok(timed(move |n| {
        block_on(async {
            for _ in 0..n {
                func.call(&mut guest.store, params.clone()).await?;
            }
            Ok(())
        })
    }))
}
