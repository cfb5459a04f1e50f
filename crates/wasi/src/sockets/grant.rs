//! A network, and what of it may be used.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use super::name::{Name, answer};
use super::{NetworkPolicy, TcpSocket, UdpSocket};
use crate::sys::{BoxFuture, Code, Family, Network, Result};

/// A network, and what of it may be used. Clones are the same grant.
///
/// It is also the host object behind 0.2's `network`.
#[derive(Clone)]
pub struct NetworkGrant {
    stack: Arc<dyn Network>,
    policy: Arc<NetworkPolicy>,
}

impl NetworkGrant {
    /// What `policy` says of `stack`.
    #[must_use]
    pub fn new(stack: impl Network, policy: NetworkPolicy) -> Self {
        NetworkGrant { stack: Arc::new(stack), policy: Arc::new(policy) }
    }

    pub(crate) fn with_policy(self, policy: NetworkPolicy) -> Self {
        NetworkGrant { policy: Arc::new(policy), ..self }
    }

    pub(crate) fn with_stack(self, stack: impl Network) -> Self {
        NetworkGrant { stack: Arc::new(stack), ..self }
    }

    /// A new TCP socket. Spec: `tcp-socket.create`.
    ///
    /// # Errors
    ///
    /// When the network has no such family, or too much is open.
    pub fn tcp_socket(&self, family: Family) -> Result<TcpSocket> {
        Ok(TcpSocket::new(self.stack.tcp(family)?, self.policy.clone()))
    }

    /// A new UDP socket. Spec: `udp-socket.create`.
    ///
    /// # Errors
    ///
    /// When the network has no such family, or too much is open.
    pub fn udp_socket(&self, family: Family) -> Result<UdpSocket> {
        Ok(UdpSocket::new(self.stack.udp(family)?, self.policy.clone()))
    }

    /// Whether an HTTP request could go anywhere.
    pub(crate) fn may_use_http(&self) -> bool {
        self.policy.grants_http()
    }

    /// Whether an HTTP request for the host `name` may go to `address`, which that has.
    pub(crate) fn may_send_to(&self, name: &str, address: SocketAddr) -> bool {
        self.policy.check_http(name, address).is_ok()
    }

    /// The addresses of an HTTP server's host. Whoever may reach any address may ask: the guest is not told them.
    pub(crate) fn resolve_http(&self, name: &str) -> Result<BoxFuture<Result<Vec<IpAddr>>>> {
        if !self.may_use_http() {
            return Err(Code::Access.into());
        }
        self.look_up(name)
    }

    /// The addresses of `name`, at least one. Spec: `resolve-addresses`.
    ///
    /// # Errors
    ///
    /// When it is not granted, or `name` is none. That is told before anything waits.
    pub fn resolve(&self, name: &str) -> Result<BoxFuture<Result<Vec<IpAddr>>>> {
        self.policy.check_lookup(name)?;
        let (found, policy, name) = (self.look_up(name)?, self.policy.clone(), name.to_owned());
        Ok(Box::pin(async move {
            let found = found.await?;
            policy.found(&name, &found);
            Ok(found)
        }))
    }

    fn look_up(&self, name: &str) -> Result<BoxFuture<Result<Vec<IpAddr>>>> {
        Ok(match Name::parse(name)? {
            Name::Address(address) => Box::pin(std::future::ready(Ok(vec![address]))),
            Name::Host(host) => {
                let found = self.stack.resolve(&host);
                Box::pin(async move { answer(found.await?) })
            }
        })
    }
}

/// The address that a family gives to a socket that asks for none.
pub(super) fn any_address(family: Family) -> SocketAddr {
    match family {
        Family::V4 => SocketAddr::from(([0; 4], 0)),
        Family::V6 => SocketAddr::from(([0u16; 8], 0)),
    }
}
