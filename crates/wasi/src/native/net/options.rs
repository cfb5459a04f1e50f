//! Properties of sockets, as the OS counts them.

use std::os::fd::BorrowedFd;
use std::time::Duration;

use rustix::io::Result;
use rustix::net::sockopt;

use crate::sys::{Family, SocketOption};

const NANOSECONDS: u64 = 1_000_000_000;
/// The longest time between two signs of life that Linux takes, in seconds.
const MOST_KEEP_ALIVE_SECONDS: u64 = 32_767;
/// The most questions without an answer that Linux takes.
const MOST_KEEP_ALIVE_COUNT: u64 = 127;

pub(super) fn get(fd: BorrowedFd<'_>, family: Family, option: SocketOption) -> Result<u64> {
    let nanoseconds = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    // Linux doubles what was asked for and tells the double.
    let half = |bytes: usize| (bytes / 2) as u64;
    match option {
        SocketOption::KeepAlive => sockopt::socket_keepalive(fd).map(u64::from),
        SocketOption::KeepAliveIdle => sockopt::tcp_keepidle(fd).map(nanoseconds),
        SocketOption::KeepAliveInterval => sockopt::tcp_keepintvl(fd).map(nanoseconds),
        SocketOption::KeepAliveCount => sockopt::tcp_keepcnt(fd).map(u64::from),
        SocketOption::HopLimit => match family {
            Family::V4 => sockopt::ip_ttl(fd).map(u64::from),
            Family::V6 => sockopt::ipv6_unicast_hops(fd).map(u64::from),
        },
        SocketOption::ReceiveBuffer => sockopt::socket_recv_buffer_size(fd).map(half),
        SocketOption::SendBuffer => sockopt::socket_send_buffer_size(fd).map(half),
    }
}

pub(super) fn set(fd: BorrowedFd<'_>, family: Family, option: SocketOption, value: u64) -> Result<()> {
    let seconds = || Duration::from_secs(value.div_ceil(NANOSECONDS).clamp(1, MOST_KEEP_ALIVE_SECONDS));
    // Linux doubles the number in 31 bits.
    let bytes = || value.min(i32::MAX as u64 / 2) as usize;
    let hops = value.clamp(1, u64::from(u8::MAX)) as u8;
    match option {
        SocketOption::KeepAlive => sockopt::set_socket_keepalive(fd, value != 0),
        SocketOption::KeepAliveIdle => sockopt::set_tcp_keepidle(fd, seconds()),
        SocketOption::KeepAliveInterval => sockopt::set_tcp_keepintvl(fd, seconds()),
        SocketOption::KeepAliveCount => sockopt::set_tcp_keepcnt(fd, value.clamp(1, MOST_KEEP_ALIVE_COUNT) as u32),
        SocketOption::HopLimit => match family {
            Family::V4 => sockopt::set_ip_ttl(fd, u32::from(hops)),
            Family::V6 => sockopt::set_ipv6_unicast_hops(fd, Some(hops)),
        },
        SocketOption::ReceiveBuffer => sockopt::set_socket_recv_buffer_size(fd, bytes()),
        SocketOption::SendBuffer => sockopt::set_socket_send_buffer_size(fd, bytes()),
    }
}
