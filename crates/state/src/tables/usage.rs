//! How much there is of what servers count: nodes, services and instances of this cluster's own.
//!
//! Counted as it comes and goes, not when it is asked for. Source: `usage.go`; golden group `operator`.

use super::Tables;
use crate::peer::Peer;
use crate::watch::{Watch, WatchSet};
use proconsul_msgpack::GoStr;
use proconsul_structs::operator::ServiceUsage;
use proconsul_structs::service::{CONSUL_SERVICE, ServiceKind, ServiceNode};
use std::collections::BTreeMap;

/// What counts native instances among the kinds of the mesh.
const NATIVE: &str = "connect-native";

/// Instances of services, by what they are to the mesh and to who pays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Services with an instance.
    pub(super) names: i64,
    instances: i64,
    billable: i64,
    proxies: i64,
    ingress_gateways: i64,
    mesh_gateways: i64,
    terminating_gateways: i64,
    api_gateways: i64,
    native: i64,
}

impl Counts {
    /// Counts an instance that came (`by` 1) or went (`by` -1). Those of peers are counted where they are.
    pub(super) fn count(&mut self, row: &ServiceNode, by: i64) {
        if !Peer::named(&row.peer_name).is_local() {
            return;
        }
        self.instances += by;
        if row.service_kind == ServiceKind::Typical && row.service_name != CONSUL_SERVICE {
            self.billable += by;
        }
        if row.service_connect.native {
            self.native += by;
        }
        match row.service_kind {
            ServiceKind::ConnectProxy => self.proxies += by,
            ServiceKind::IngressGateway => self.ingress_gateways += by,
            ServiceKind::MeshGateway => self.mesh_gateways += by,
            ServiceKind::TerminatingGateway => self.terminating_gateways += by,
            ServiceKind::ApiGateway => self.api_gateways += by,
            _ => {}
        }
    }

    fn of_mesh(&self) -> BTreeMap<GoStr, i64> {
        let kinds = [
            (ServiceKind::ConnectProxy, self.proxies),
            (ServiceKind::IngressGateway, self.ingress_gateways),
            (ServiceKind::MeshGateway, self.mesh_gateways),
            (ServiceKind::TerminatingGateway, self.terminating_gateways),
            (ServiceKind::ApiGateway, self.api_gateways),
        ];
        let kinds = kinds.iter().map(|(kind, count)| (GoStr::from(kind), *count));
        kinds.chain([(GoStr::from_static(NATIVE), self.native)]).collect()
    }
}

impl Tables {
    /// How much there is. Watches the numbers.
    ///
    /// The index is that of the last change of any instance, in number or not. It passes over nodes that come and go without
    /// services; wait by [`Indexes::usage`](crate::Indexes) as well.
    pub fn usage(&self, watches: &mut WatchSet) -> (u64, ServiceUsage) {
        watches.add(|| Watch::Usage);
        let (counts, nodes) = self.counted();
        let usage = ServiceUsage {
            services: counts.names,
            service_instances: counts.instances,
            connect_service_instances: Some(counts.of_mesh()),
            billable_service_instances: counts.billable,
            nodes,
        };
        (self.indexes.instances, usage)
    }

    /// Everything that is counted: if it differs after an entry, the numbers have changed.
    pub(super) fn counted(&self) -> (Counts, i64) {
        (self.services.counts(), self.nodes.count())
    }
}
