//! How a request comes to an instance.

use std::rc::Rc;

use http::Request;
use thalweg_wasi::http::{Handling, HttpBody};
use tokio::task::spawn_local;

use super::lease::Lease;
use super::pool::Pool;
use crate::report::Failure;

/// A request that an instance has.
pub struct Given {
    /// The use of the instance; none if that is over, though the answer may still have to be sent.
    pub lease: Option<Lease>,
    /// Its answer.
    pub handling: Handling,
}

impl Pool {
    /// Gives an instance the request.
    ///
    /// # Errors
    ///
    /// When there is none, and none can be made.
    pub async fn give(self: &Rc<Self>, request: Request<HttpBody>, secure: bool) -> Result<Given, Failure> {
        if !self.policy().answers_at_once() || self.has_one_client() {
            return self.give_now(request, secure).await;
        }
        // In a task of its own, which is behind everybody whose request is there already. What a thread does for each of
        // them it does faster in a row, so requests are read one after the other, then answered, then the answers sent.
        let given = spawn_local({
            let pool = self.clone();
            async move { pool.give_now(request, secure).await }
        });
        given.await.unwrap_or_else(|_| Err(Failure::new("the instance could not be given the request")))
    }

    async fn give_now(self: &Rc<Self>, request: Request<HttpBody>, secure: bool) -> Result<Given, Failure> {
        let lease = self.lease().await?;
        let handling = lease.handle(request, secure);
        let lease = Some(lease).filter(|lease| !lease.is_served());
        Ok(Given { lease, handling })
    }
}
