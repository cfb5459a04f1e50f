//! Calls that wait for a device, on a thread where waiting is allowed.

use tokio::runtime::Handle;

use crate::sys::{BoxFuture, Code, Error, Result};

/// Runs `work` on tokio's threads for blocking calls. Outside of a tokio runtime it runs in place.
pub(super) fn blocking<R: Send + 'static>(work: impl FnOnce() -> Result<R> + Send + 'static) -> BoxFuture<Result<R>> {
    match Handle::try_current() {
        Ok(runtime) => {
            let task = runtime.spawn_blocking(work);
            Box::pin(async move {
                match task.await {
                    Ok(answer) => answer,
                    Err(_) => Err(Error::new(Code::Interrupted, "the runtime shut down during the call")),
                }
            })
        }
        Err(_) => Box::pin(std::future::ready(work())),
    }
}
