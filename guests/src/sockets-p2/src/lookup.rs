//! Names and addresses.
use wasip2::sockets::ip_name_lookup::resolve_addresses;
use wasip2::sockets::network::{ErrorCode, Network};

use crate::{say, told};

pub fn calls(network: &Network) {
    // An address is its own name, so nobody is asked.
    let addresses = resolve_addresses(network, "127.0.0.1").expect("it is granted");
    let ready = addresses.subscribe();
    let mut found = Vec::new();
    loop {
        match addresses.resolve_next_address() {
            Ok(Some(address)) => found.push(format!("{address:?}")),
            Ok(None) => break,
            Err(ErrorCode::WouldBlock) => ready.block(),
            Err(error) => {
                say(&format!("resolve-next-address: {}", error.name()));
                return;
            }
        }
    }
    say(&format!("addresses: {found:?}"));
    say(&format!("no name: {}", told(resolve_addresses(network, "not a name").map(drop))));
}
