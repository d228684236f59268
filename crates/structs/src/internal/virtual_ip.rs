//! Addresses by which the mesh reaches services, whatever their instances' are.

use std::net::IpAddr;

use bytes::Bytes;
use proconsul_msgpack::{GoStr, Wire};

use crate::{List, exported::PeeredServiceName, query::DcSpecificRequest, raft::RaftIndex, rpc::rpc_info};

/// An IP address as Go keeps it: 4 or 16 bytes; nil for none.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct IpBytes(pub Option<Bytes>);

impl IpBytes {
    /// The address; `None` for any other number of bytes. 16 bytes may stand for one of version 4.
    pub fn addr(&self) -> Option<IpAddr> {
        let bytes: &[u8] = self.0.as_ref()?;
        match *bytes {
            [a, b, c, d] => Some(IpAddr::from([a, b, c, d])),
            _ => Some(IpAddr::from(<[u8; 16]>::try_from(bytes).ok()?).to_canonical()),
        }
    }
}

impl From<IpAddr> for IpBytes {
    fn from(addr: IpAddr) -> Self {
        Self(Some(match addr {
            IpAddr::V4(addr) => Bytes::copy_from_slice(&addr.octets()),
            IpAddr::V6(addr) => Bytes::copy_from_slice(&addr.octets()),
        }))
    }
}

/// Snapshot record: the virtual address of a service. As a raft entry: addresses that it is given by hand.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct ServiceVirtualIp {
    /// The service.
    pub service: PeeredServiceName,
    /// Its address, counted from the beginning of the range: not yet the one that clients see.
    #[wire("IP")]
    pub ip: IpBytes,
    /// Addresses that it was given by hand.
    #[wire("ManualIPs")]
    pub manual_ips: List<GoStr>,
    /// When it was created and last changed.
    #[wire(embed)]
    pub raft_index: RaftIndex,
}

/// Snapshot record: a virtual address that is free again, or how far they have been given out.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct FreeVirtualIp {
    /// The address.
    #[wire("IP")]
    pub ip: IpBytes,
    /// It is the last that was given out.
    pub is_counter: bool,
}

/// `Internal.AssignManualServiceVIPs`: gives a service addresses by hand, and takes them away from whichever had them.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AssignServiceManualVipsRequest {
    /// The service.
    pub service: GoStr,
    /// All addresses that it is to have by hand.
    #[wire("ManualVIPs")]
    pub manual_vips: List<GoStr>,
    /// Which datacenter, with common options.
    #[wire(embed)]
    pub dc_specific: DcSpecificRequest,
}

/// Answer of `Internal.AssignManualServiceVIPs`.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct AssignServiceManualVipsResponse {
    /// The service has a virtual address; otherwise nothing was done.
    pub found: bool,
    /// Services that had some of the addresses before.
    pub unassigned_from: List<PeeredServiceName>,
}

rpc_info!(dc: AssignServiceManualVipsRequest);
