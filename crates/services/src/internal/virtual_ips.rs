//! `Internal.AssignManualServiceVIPs`: virtual addresses that a service is given by hand.
use std::{collections::BTreeSet, net::IpAddr};

use proconsul_msgpack::GoStr;
use proconsul_netrpc::Fault;
use proconsul_state::{Entry, Outcome, Peer, Snapshot};
use proconsul_structs::{
    catalog::ServiceName,
    exported::PeeredServiceName,
    internal::{AssignServiceManualVipsRequest, AssignServiceManualVipsResponse, ServiceVirtualIp},
};
use proconsul_types::{GoQuoted, WireText};

use crate::{Access, Caller, write::Refused};

/// How many addresses a service may be given by hand.
pub const MANUAL_VIRTUAL_IPS_MAX: usize = 8;

/// Checks the addresses, and leaves the log alone where the service has just these. Each is given once, however often it is there.
pub(super) fn prepare(
    Caller { context, rights }: Caller<'_>,
    request: AssignServiceManualVipsRequest,
) -> Result<Entry, Refused<AssignServiceManualVipsResponse>> {
    rights.demand(Access::MeshWrite).map_err(Err)?;
    let wanted = request.manual_vips.unwrap_or_default();
    if wanted.len() > MANUAL_VIRTUAL_IPS_MAX {
        return Err(Err(WireText::too_many_manual_virtual_ips(MANUAL_VIRTUAL_IPS_MAX).into()));
    }
    wanted.iter().try_for_each(check).map_err(Err)?;
    let wanted: BTreeSet<GoStr> = wanted.into_iter().collect();
    if has_just(&context.store.snapshot(), &request.service, &wanted) {
        return Err(Ok(AssignServiceManualVipsResponse { found: true, unassigned_from: None }));
    }
    Ok(Entry::UpdateVirtualIp(Box::new(ServiceVirtualIp {
        service: PeeredServiceName { service_name: ServiceName { name: request.service }, peer: GoStr::EMPTY },
        manual_ips: Some(wanted.into_iter().collect()),
        ..ServiceVirtualIp::default()
    })))
}

/// What became of it.
pub(super) fn finish(outcome: Outcome) -> Result<AssignServiceManualVipsResponse, Fault> {
    match outcome {
        Outcome::VirtualIps(response) => Ok(*response),
        Outcome::Error(cause) => Err(cause.into()),
        _ => Ok(AssignServiceManualVipsResponse::default()),
    }
}

/// That it is an address of version 4, or one in the form of version 6. The text shows what was understood, as Consul's does.
fn check(address: &GoStr) -> Result<(), Fault> {
    let parsed: Option<IpAddr> = address.to_str().and_then(|text| text.parse().ok());
    match parsed.map(|address| address.to_canonical()) {
        Some(IpAddr::V4(_)) => Ok(()),
        Some(other) => Err(WireText::no_ipv4_address(GoQuoted(&other.to_string())).into()),
        None => Err(WireText::no_ipv4_address(GoQuoted("<nil>")).into()),
    }
}

/// Whether the service has a virtual address, and by hand these and no others.
fn has_just(at: &Snapshot, service: &GoStr, wanted: &BTreeSet<GoStr>) -> bool {
    let by_hand = at.virtual_ips_by_hand(Peer::LOCAL, service);
    at.virtual_ip(Peer::LOCAL, service).is_some()
        && by_hand.len() == wanted.len()
        && by_hand.iter().all(|it| wanted.contains(it))
}
