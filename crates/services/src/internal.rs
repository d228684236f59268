//! Internal: what agents ask for people and for the mesh.
//!
//! Source: `internal_endpoint.go`, `server_overview.go`; golden group `internal`.
mod dump; // nodes and services with all that is on them
mod event; // events to all agents
mod keyring; // keys that gossip is encrypted with
mod overview; // how healthy everything is, in numbers

use std::sync::Arc;

use proconsul_netrpc::Registry;
use proconsul_structs::{
    Method,
    methods::internal::{CatalogOverview, EventFire, KeyringOperation, NodeDump, NodeInfo, ServiceDump},
};

use crate::{
    Context,
    at_once::{at_once, here},
    blocking::query,
};

pub(crate) fn register(registry: &mut Registry, context: &Arc<Context>) {
    registry.insert(NodeInfo::INDEX, query(context, dump::OneNode));
    registry.insert(NodeDump::INDEX, query(context, dump::EveryNode));
    registry.insert(ServiceDump::INDEX, query(context, dump::Services));
    registry.insert(
        CatalogOverview::INDEX,
        at_once::<CatalogOverview, _>(context, overview::Overviews::default().answer()),
    );
    registry.insert(EventFire::INDEX, at_once::<EventFire, _>(context, event::fire));
    registry.insert(KeyringOperation::INDEX, here::<KeyringOperation, _>(context, keyring::operate));
}
