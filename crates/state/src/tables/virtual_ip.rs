//! Virtual addresses of mesh services.
//!
//! A service that the mesh can reach gets one address out of 240.0.0.0/4 and keeps it as long as an instance of that
//! name exists, or a proxy for it; then it is given to the next. (Consul gives it away with the last instance, while
//! proxies may still show it, and never when there were only proxies.) Source: `catalog.go`; golden case
//! `catalog/connect-proxy`.

use super::Tables;
use super::keys::of_peer;
use super::transaction::Transaction;
use crate::peer::Peer;
use crate::radix::Radix;
use std::net::Ipv4Addr;

/// Where the range starts. Addresses are handed out from the next one on.
pub const VIRTUAL_IP_START: Ipv4Addr = Ipv4Addr::new(240, 0, 0, 0);
/// The offset from the start at which the range is used up.
pub const VIRTUAL_IP_OFFSET_END: u32 = Ipv4Addr::new(15, 255, 255, 254).to_bits();

/// Name under which a virtual address stands among a service's tagged addresses.
pub const TAGGED_ADDRESS_VIRTUAL_IP: &str = "consul-virtual";

/// Offsets in use by peer and folded service name, offsets given back, and the last one taken from the range.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct VirtualIps {
    assigned: Radix<u32>,
    freed: Radix<()>,
    counter: u32,
}

impl Tables {
    /// The virtual address of a mesh service, if it has one.
    pub fn virtual_ip(&self, peer: Peer<'_>, service: &[u8]) -> Option<Ipv4Addr> {
        self.virtual_ips.assigned.get(&of_peer(peer, [service])).copied().map(address)
    }
}

impl Transaction<'_> {
    /// The service's address; a new one if it has none yet.
    pub(super) fn assign_virtual_ip(&mut self, peer: Peer<'_>, service: &[u8]) -> Result<Ipv4Addr, String> {
        let key = of_peer(peer, [service]);
        let table = &mut self.tables.virtual_ips;
        if let Some(offset) = table.assigned.get(&key) {
            return Ok(address(*offset));
        }
        let freed = table.freed.first().and_then(|(offset, _)| offset.try_into().ok()).map(u32::from_be_bytes);
        let offset = match freed {
            Some(offset) => {
                table.freed.remove(&offset.to_be_bytes());
                offset
            }
            None if table.counter + 1 == VIRTUAL_IP_OFFSET_END => {
                return Err("cannot allocate any more unique service virtual IPs".into());
            }
            None => {
                table.counter += 1;
                table.counter
            }
        };
        table.assigned.insert(&key, offset);
        self.virtual_ip_changed(peer);
        Ok(address(offset))
    }

    /// Gives a service's address back, if it has one.
    pub(super) fn free_virtual_ip(&mut self, peer: Peer<'_>, service: &[u8]) {
        if let Some(offset) = self.tables.virtual_ips.assigned.remove(&of_peer(peer, [service])) {
            self.tables.virtual_ips.freed.insert(&offset.to_be_bytes(), ());
            self.virtual_ip_changed(peer);
        }
    }

    fn virtual_ip_changed(&mut self, peer: Peer<'_>) {
        self.tables.indexes.virtual_ips = self.index;
        if !peer.is_local() {
            self.tables.indexes.imported_virtual_ips = self.index;
        }
    }
}

fn address(offset: u32) -> Ipv4Addr {
    Ipv4Addr::from_bits(VIRTUAL_IP_START.to_bits() + offset)
}
