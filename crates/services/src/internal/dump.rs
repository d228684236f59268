//! `Internal.NodeInfo`, `Internal.NodeDump` and `Internal.ServiceDump`.
use proconsul_msgpack::GoStr;
use proconsul_netrpc::Fault;
use proconsul_state::{NodeWithAll, Peer, WatchSet};
use proconsul_structs::{
    List, Shared,
    catalog::NodeSpecificRequest,
    health::CheckServiceNode,
    internal::{IndexedNodeDump, IndexedNodesWithGateways, NodeInfo, ServiceDumpRequest},
    methods::internal as methods,
    query::{DcSpecificRequest, QueryMeta},
    service::{CONSUL_SERVICE, NodeService},
};
use proconsul_types::{GoQuoted, WireText};

use crate::{
    Rights, View,
    blocking::{Found, Query},
    filter::RowFilter,
    visible,
};

/// Key of a node's metadata, and of what servers say of themselves, that tells the program's version.
const NODE_VERSION: &str = "consul-version";
const SERVICE_VERSION: &[u8] = b"version";

/// One node with its services and checks; nothing, if there is no such node.
pub(super) struct OneNode;

impl Query for OneNode {
    type Method = methods::NodeInfo;

    fn evaluate(
        &self,
        View { at, rights, .. }: View<'_>,
        request: &NodeSpecificRequest,
        watches: &mut WatchSet,
    ) -> Result<Found<IndexedNodeDump>, Fault> {
        let (index, found) = at.node_with_all(Peer::named(&request.peer_name), &request.node, watches);
        let mut dump = found.map(|found| vec![info_of(found)]);
        let filtered = filter_nodes(rights, &mut dump);
        let reply = IndexedNodeDump { dump: share(dump), imported_dump: None, query_meta: meta(index, filtered) };
        Ok(Found { something: true, also: None, reply })
    }
}

/// Every node with its services and checks. Nothing is imported from peered clusters while there are no peerings.
pub(super) struct EveryNode;

impl Query for EveryNode {
    type Method = methods::NodeDump;

    fn evaluate(
        &self,
        View { at, rights, .. }: View<'_>,
        request: &DcSpecificRequest,
        watches: &mut WatchSet,
    ) -> Result<Found<IndexedNodeDump>, Fault> {
        let filter = RowFilter::<NodeInfo>::new(&request.query_options.filter)?;
        if !request.peer_name.is_empty() {
            return Err(WireText::peer_not_supported(GoQuoted(&request.peer_name.to_str_lossy())).into());
        }
        let (index, found) = at.nodes_with_all(Peer::LOCAL, watches);
        let mut dump = some(found.into_iter().map(info_of).collect());
        let filtered = filter_nodes(rights, &mut dump);
        let reply = IndexedNodeDump {
            dump: filter.keep(share(dump), |info| info)?,
            imported_dump: filter.keep(None, |info: &Shared<NodeInfo>| info)?,
            query_meta: meta(index, filtered),
        };
        Ok(Found { something: true, also: None, reply })
    }
}

/// Instances of all services, or of one kind, with their checks; and which gateways serve which services.
pub(super) struct Services;

impl Query for Services {
    type Method = methods::ServiceDump;

    fn evaluate(
        &self,
        View { at, rights, .. }: View<'_>,
        request: &ServiceDumpRequest,
        watches: &mut WatchSet,
    ) -> Result<Found<IndexedNodesWithGateways>, Fault> {
        let filter = RowFilter::<CheckServiceNode>::new(&request.query_options.filter)?;
        let peer = Peer::named(&request.peer_name);
        let (mut index, found) = match request.use_service_kind {
            true => at.service_dump_of_kind(peer, &request.service_kind, watches),
            false => at.service_dump(peer, watches),
        };
        let mut found = some(found);
        let mut filtered = visible::check_service_nodes(rights, &mut found);
        let mut reply = IndexedNodesWithGateways::default();
        if !peer.is_local() {
            (reply.nodes, reply.imported_nodes) = (None, found);
        } else {
            reply.nodes = found;
            if !request.nodes_only {
                let (own, mut gateways) = at.every_gateway_service(watches);
                index = index.max(own);
                filtered |= visible::gateway_services(rights, &mut gateways);
                reply.gateways = Some(gateways);
            }
        }
        // Consul asks the filter of what was imported only here, and then has no nil to give any more.
        reply.nodes = filter.keep(reply.nodes, |row| row)?;
        if !request.nodes_only {
            reply.imported_nodes = filter.keep(reply.imported_nodes, |row| row)?;
        }
        reply.query_meta = meta(index, filtered);
        Ok(Found { something: true, also: None, reply })
    }
}

/// A node as a dump shows it. Of a server whose node does not tell its version, what its service says counts.
fn info_of(NodeWithAll { node, services, checks }: NodeWithAll) -> NodeInfo {
    let mut meta = node.meta.clone();
    let tells = meta.as_ref().is_some_and(|meta| meta.contains_key(NODE_VERSION.as_bytes()));
    if let Some(version) = services.iter().filter(|_| !tells).find_map(|service| version_of(service)) {
        meta.get_or_insert_default().insert(GoStr::from_static(NODE_VERSION), version.clone());
    }
    NodeInfo {
        id: node.id.clone(),
        node: node.node.clone(),
        partition: node.partition.clone(),
        peer_name: node.peer_name.clone(),
        address: node.address.clone(),
        tagged_addresses: node.tagged_addresses.clone(),
        meta,
        services: some(services),
        checks: some(checks),
    }
}

fn version_of(service: &NodeService) -> Option<&GoStr> {
    let version = service.meta.as_ref()?.get(SERVICE_VERSION)?;
    (service.id == CONSUL_SERVICE && !version.is_empty()).then_some(version)
}

/// Leaves out nodes, and of the others services and checks, that the caller may not see. True if anything was left out.
fn filter_nodes(rights: &Rights, dump: &mut List<NodeInfo>) -> bool {
    let Some(nodes) = dump else { return false };
    let mut filtered = rights.filter(nodes, |rights, info| visible::node(rights, &info.peer_name, &info.node));
    for NodeInfo { node, services, checks, .. } in nodes {
        filtered |= visible::services_of(rights, node, services);
        filtered |= visible::health_checks(rights, checks);
    }
    filtered
}

fn share(dump: List<NodeInfo>) -> List<Shared<NodeInfo>> {
    dump.map(|infos| infos.into_iter().map(Shared::from).collect())
}

/// A list as Go would answer it: nil when there is nothing in it.
fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

fn meta(index: u64, results_filtered_by_acls: bool) -> QueryMeta {
    QueryMeta { index, results_filtered_by_acls, ..QueryMeta::default() }
}
