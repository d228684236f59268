//! Virtual addresses of mesh services.
//!
//! A service that the mesh can reach gets one address out of 240.0.0.0/4 and keeps it as long as an instance of that
//! name exists, or a proxy for it; then it is given to the next. (Consul gives it away with the last instance, while
//! proxies may still show it, and never when there were only proxies.) A service that has one may be given others by hand,
//! each of which is one service's only. Source: `catalog.go`; golden case `catalog/connect-proxy`.

use super::Tables;
use super::keys::of_peer;
use super::transaction::Transaction;
use crate::peer::Peer;
use crate::radix::Radix;
use crate::watch::{Change, RecordTable};
use bytes::Bytes;
use proconsul_msgpack::GoStr;
use proconsul_structs::catalog::ServiceName;
use proconsul_structs::exported::PeeredServiceName;
use proconsul_structs::internal::{AssignServiceManualVipsResponse, FreeVirtualIp, IpBytes, ServiceVirtualIp};
use proconsul_structs::raft::RaftIndex;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// Where the range starts. Addresses are handed out from the next one on.
pub const VIRTUAL_IP_START: Ipv4Addr = Ipv4Addr::new(240, 0, 0, 0);
/// The offset from the start at which the range is used up.
pub const VIRTUAL_IP_OFFSET_END: u32 = Ipv4Addr::new(15, 255, 255, 254).to_bits();

/// Name under which a virtual address stands among a service's tagged addresses.
pub const TAGGED_ADDRESS_VIRTUAL_IP: &str = "consul-virtual";

/// What a service has.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct VirtualIp {
    pub(super) service: PeeredServiceName,
    /// Its address, counted from the start of the range.
    pub(super) offset: u32,
    /// Addresses that it was given by hand, in order; nil until then.
    pub(super) by_hand: Option<Vec<GoStr>>,
    pub(super) raft_index: RaftIndex,
}

/// Addresses by peer and folded service name, who has one by hand, offsets given back, and the last one taken from the
/// range.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct VirtualIps {
    assigned: Radix<Arc<VirtualIp>>,
    /// Keys into `assigned` by the address's text.
    by_hand: Radix<Arc<[u8]>>,
    freed: Radix<()>,
    counter: u32,
}

impl VirtualIps {
    /// Every service's, peer by peer.
    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<VirtualIp>> {
        self.assigned.values()
    }

    /// Addresses given back, then the last one taken, in the form in which Consul saves them.
    pub(super) fn free(&self) -> impl Iterator<Item = FreeVirtualIp> {
        let mut cursor = self.freed.below(&[]);
        let mut freed = Vec::new();
        while let Some((key, ())) = cursor.advance() {
            let offset = key.try_into().ok().map(u32::from_be_bytes);
            freed.extend(offset.map(|offset| FreeVirtualIp { ip: as_saved(offset), is_counter: false }));
        }
        let counter = (self.counter != 0).then(|| FreeVirtualIp { ip: as_saved(self.counter), is_counter: true });
        freed.into_iter().chain(counter)
    }

    /// Replaces what a service has, and files the addresses that it has by hand.
    fn put(&mut self, key: &[u8], row: VirtualIp) {
        let new: Vec<GoStr> = row.by_hand.clone().unwrap_or_default();
        let old = self.assigned.insert(key, Arc::new(row));
        for address in old.iter().flat_map(|old| old.by_hand.iter().flatten()) {
            self.by_hand.remove(address);
        }
        for address in &new {
            self.by_hand.insert(address, Arc::from(key));
        }
    }
}

impl Tables {
    /// The virtual address of a mesh service, if it has one.
    pub fn virtual_ip(&self, peer: Peer<'_>, service: &[u8]) -> Option<Ipv4Addr> {
        self.virtual_ips.assigned.get(&of_peer(peer, [service])).map(|row| address(row.offset))
    }

    /// The addresses that a mesh service was given by hand.
    pub fn virtual_ips_by_hand(&self, peer: Peer<'_>, service: &[u8]) -> Vec<GoStr> {
        let row = self.virtual_ips.assigned.get(&of_peer(peer, [service]));
        row.and_then(|row| row.by_hand.clone()).unwrap_or_default()
    }
}

/// From snapshots: as the file has it.
impl Tables {
    pub(crate) fn restore_virtual_ip(&mut self, record: ServiceVirtualIp) -> Result<(), &'static str> {
        let offset = offset(&record.ip).ok_or(NO_ADDRESS)?;
        let ServiceVirtualIp { service, manual_ips, raft_index, .. } = record;
        let peer = Peer::named(&service.peer);
        let key = of_peer(peer, [&service.service_name.name]);
        self.indexes.virtual_ips = self.indexes.virtual_ips.max(raft_index.modify_index);
        if !peer.is_local() {
            let imported = &mut self.indexes.imported_virtual_ips;
            *imported = raft_index.modify_index.max(*imported);
        }
        self.virtual_ips.put(&key, VirtualIp { service, offset, by_hand: manual_ips, raft_index });
        Ok(())
    }

    /// A free address, or how far they have been given out.
    pub(crate) fn restore_free_virtual_ip(&mut self, record: &FreeVirtualIp) -> Result<(), &'static str> {
        let offset = offset(&record.ip).ok_or(NO_ADDRESS)?;
        if record.is_counter {
            self.virtual_ips.counter = offset;
        } else {
            self.virtual_ips.freed.insert(&offset.to_be_bytes(), ());
        }
        Ok(())
    }
}

const NO_ADDRESS: &str = "a virtual address in it is none";

impl Transaction<'_> {
    /// The service's address; a new one if it has none yet.
    pub(super) fn assign_virtual_ip(&mut self, peer: Peer<'_>, service: &GoStr) -> Result<Ipv4Addr, String> {
        let key = of_peer(peer, [service]);
        let table = &mut self.tables.virtual_ips;
        if let Some(row) = table.assigned.get(&key) {
            return Ok(address(row.offset));
        }
        let freed = table.freed.first().and_then(|(offset, _)| offset.try_into().ok()).map(u32::from_be_bytes);
        let offset = match freed {
            Some(offset) => {
                table.freed.remove(&offset.to_be_bytes());
                offset
            }
            None if table.counter + 1 >= VIRTUAL_IP_OFFSET_END => {
                return Err("cannot allocate any more unique service virtual IPs".into());
            }
            None => {
                table.counter += 1;
                table.counter
            }
        };
        let service_name = ServiceName { name: service.clone() };
        let row = VirtualIp {
            service: PeeredServiceName { service_name, peer: GoStr::from(peer.name()) },
            offset,
            by_hand: None,
            raft_index: RaftIndex { create_index: self.index, modify_index: self.index },
        };
        table.put(&key, row);
        self.virtual_ip_changed(peer, &key);
        Ok(address(offset))
    }

    /// Gives a service's address back, if it has one.
    pub(super) fn free_virtual_ip(&mut self, peer: Peer<'_>, service: &[u8]) {
        let key = of_peer(peer, [service]);
        let table = &mut self.tables.virtual_ips;
        let Some(row) = table.assigned.remove(&key) else { return };
        for address in row.by_hand.iter().flatten() {
            table.by_hand.remove(address);
        }
        table.freed.insert(&row.offset.to_be_bytes(), ());
        self.virtual_ip_changed(peer, &key);
    }

    /// Gives a service these addresses by hand, and takes them from whoever had them. Nothing happens if the service has
    /// no virtual address.
    pub(super) fn assign_by_hand(&mut self, request: &ServiceVirtualIp) -> AssignServiceManualVipsResponse {
        let peer = Peer::named(&request.service.peer);
        let key = of_peer(peer, [&request.service.service_name.name]);
        let table = &self.tables.virtual_ips;
        let Some(own) = table.assigned.get(&key).cloned() else { return AssignServiceManualVipsResponse::default() };
        let wanted: BTreeSet<&GoStr> = request.manual_ips.iter().flatten().collect();
        let holders = wanted.iter().filter_map(|address| table.by_hand.get(address));
        let others: BTreeSet<Arc<[u8]>> = holders.filter(|holder| ***holder != *key).cloned().collect();
        let unassigned_from = others.iter().filter_map(|holder| self.take_by_hand(holder, &wanted)).collect::<Vec<_>>();
        let now: BTreeSet<&GoStr> = own.by_hand.iter().flatten().collect();
        if now != wanted {
            let mut list = request.manual_ips.clone().unwrap_or_default();
            list.sort_unstable();
            let raft_index = RaftIndex { modify_index: self.index, ..own.raft_index };
            let row = VirtualIp { by_hand: Some(list), raft_index, ..VirtualIp::clone(&own) };
            self.tables.virtual_ips.put(&key, row);
            self.virtual_ip_changed(peer, &key);
        }
        let unassigned_from = (!unassigned_from.is_empty()).then_some(unassigned_from);
        AssignServiceManualVipsResponse { found: true, unassigned_from }
    }

    /// Takes these addresses from one who has some of them.
    fn take_by_hand(&mut self, holder: &[u8], wanted: &BTreeSet<&GoStr>) -> Option<PeeredServiceName> {
        let row = self.tables.virtual_ips.assigned.get(holder)?.clone();
        let left = row.by_hand.iter().flatten().filter(|address| !wanted.contains(address)).cloned().collect();
        let raft_index = RaftIndex { modify_index: self.index, ..row.raft_index };
        let service = row.service.clone();
        let less = VirtualIp { by_hand: Some(left), raft_index, ..VirtualIp::clone(&row) };
        self.tables.virtual_ips.put(holder, less);
        self.virtual_ip_changed(Peer::named(&service.peer), holder);
        Some(service)
    }

    fn virtual_ip_changed(&mut self, peer: Peer<'_>, key: &[u8]) {
        self.tables.indexes.virtual_ips = self.index;
        if !peer.is_local() {
            self.tables.indexes.imported_virtual_ips = self.index;
        }
        self.changes.note(Change::Record(RecordTable::VirtualIps, GoStr::from(key)));
    }
}

/// An offset as Consul saves it: an address of version 4 in the form of version 6.
pub(super) fn as_saved(offset: u32) -> IpBytes {
    IpBytes(Some(Bytes::copy_from_slice(&Ipv4Addr::from_bits(offset).to_ipv6_mapped().octets())))
}

/// An offset as Consul saved it.
fn offset(saved: &IpBytes) -> Option<u32> {
    match saved.addr()? {
        IpAddr::V4(address) => Some(address.to_bits()).filter(|offset| *offset < VIRTUAL_IP_OFFSET_END),
        IpAddr::V6(_) => None,
    }
}

fn address(offset: u32) -> Ipv4Addr {
    Ipv4Addr::from_bits(VIRTUAL_IP_START.to_bits() + offset)
}
