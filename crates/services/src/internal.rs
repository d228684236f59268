//! Internal: what agents ask for people and for the mesh.
//!
//! Source: `internal_endpoint.go`, `server_overview.go`; golden group `internal`.
mod dump; // nodes and services with all that is on them
mod event; // events to all agents
mod gateway; // what is behind gateways
mod keyring; // keys that gossip is encrypted with
mod overview; // how healthy everything is, in numbers
mod virtual_ips; // addresses given by hand

pub use virtual_ips::MANUAL_VIRTUAL_IPS_MAX;

use std::{marker::PhantomData, sync::Arc};

use proconsul_netrpc::Registry;
use proconsul_structs::{
    Method,
    methods::internal::{
        AssignManualServiceVIPs, CatalogOverview, EventFire, GatewayServiceDump, KeyringOperation, NodeDump, NodeInfo,
        ServiceDump, ServiceGateways,
    },
};

use crate::{
    Context,
    at_once::{at_once, here},
    blocking::query,
    write::Write,
};

pub(crate) fn register(registry: &mut Registry, context: &Arc<Context>) {
    registry.insert(NodeInfo::INDEX, query(context, dump::OneNode));
    registry.insert(NodeDump::INDEX, query(context, dump::EveryNode));
    registry.insert(ServiceDump::INDEX, query(context, dump::Services));
    registry.insert(GatewayServiceDump::INDEX, query(context, gateway::Served));
    registry.insert(ServiceGateways::INDEX, query(context, gateway::InFront));
    registry.insert(
        AssignManualServiceVIPs::INDEX,
        Write {
            context: Arc::clone(context),
            prepare: virtual_ips::prepare,
            finish: virtual_ips::finish,
            method: PhantomData::<fn(AssignManualServiceVIPs)>,
        },
    );
    registry.insert(
        CatalogOverview::INDEX,
        at_once::<CatalogOverview, _>(context, overview::Overviews::default().answer()),
    );
    registry.insert(EventFire::INDEX, at_once::<EventFire, _>(context, event::fire));
    registry.insert(KeyringOperation::INDEX, here::<KeyringOperation, _>(context, keyring::operate));
}
