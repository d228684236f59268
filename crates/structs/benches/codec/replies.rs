//! The two replies that are measured, the same at every run: `codec_fixtures` writes them for the Go bench.

use std::collections::BTreeMap;

use bytes::Bytes;
use proconsul_structs::{
    GoDuration,
    check::{HealthCheck, HealthCheckDefinition, SERF_CHECK_ALIVE_OUTPUT, SERF_CHECK_ID, SERF_CHECK_NAME},
    health::{CheckServiceNode, IndexedCheckServiceNodes},
    kvs::{DirEntry, IndexedDirEntries},
    node::Node,
    query::QueryMeta,
    raft::RaftIndex,
    service::{NodeService, ServiceAddress, Weights},
};

/// Instances in the reply of `Health.ServiceNodes`.
pub(crate) const INSTANCES: u64 = 100;
/// Keys in the reply of `KVS.List`.
pub(crate) const KEYS: u64 = 1_000;
/// Bytes of each key's value.
const VALUE_BYTES: usize = 64;

/// `Health.ServiceNodes`: instances with tags, metadata, addresses, a check of the node and one of their own.
pub(crate) fn service_nodes() -> IndexedCheckServiceNodes {
    let nodes = (0..INSTANCES).map(instance).collect();
    IndexedCheckServiceNodes { nodes: Some(nodes), query_meta: meta() }
}

/// `KVS.List`: keys as a configuration has them.
pub(crate) fn keys() -> IndexedDirEntries {
    let entry = |i: u64| DirEntry {
        key: format!("service/web/instances/{i:04}/config").as_str().into(),
        flags: i % 7,
        value: Some(Bytes::from(vec![b'a' + u8::try_from(i % 26).unwrap_or(0); VALUE_BYTES])),
        raft_index: index(i),
        ..DirEntry::default()
    };
    IndexedDirEntries { entries: Some((0..KEYS).map(entry).collect()), query_meta: meta() }
}

fn instance(i: u64) -> CheckServiceNode {
    let node_name = format!("node-{i:03}");
    let address = format!("10.0.{}.{}", i / 250, i % 250 + 1);
    let node = Node {
        id: format!("5a8a3b0c-0c5e-4b34-9d3a-1f0a5a6d{i:04x}").as_str().into(),
        node: node_name.as_str().into(),
        address: address.as_str().into(),
        datacenter: "dc1".into(),
        tagged_addresses: Some(
            ["lan", "lan_ipv4", "wan", "wan_ipv4"].map(|name| (name.into(), address.as_str().into())).into(),
        ),
        meta: Some([("consul-network-segment".into(), "".into()), ("consul-version".into(), "1.21.4".into())].into()),
        raft_index: index(i),
        ..Node::default()
    };
    let service_id = format!("web-{i:03}");
    let service = NodeService {
        id: service_id.as_str().into(),
        service: "web".into(),
        tags: Some(vec!["primary".into(), "v1.4.2".into()]),
        address: address.as_str().into(),
        tagged_addresses: Some(BTreeMap::from([(
            "lan_ipv4".into(),
            ServiceAddress { address: address.as_str().into(), port: 8080 },
        )])),
        meta: Some([("release".into(), "2024-03-01".into()), ("team".into(), "storefront".into())].into()),
        port: 8080,
        weights: Some(Weights { passing: 1, warning: 1 }),
        raft_index: index(i),
        ..NodeService::default()
    };
    let serf = HealthCheck {
        node: node_name.as_str().into(),
        check_id: SERF_CHECK_ID.into(),
        name: SERF_CHECK_NAME.into(),
        status: "passing".into(),
        output: SERF_CHECK_ALIVE_OUTPUT.into(),
        service_tags: Some(Vec::new()),
        raft_index: index(i),
        ..HealthCheck::default()
    };
    let http = HealthCheck {
        node: node_name.as_str().into(),
        check_id: format!("service:{service_id}").as_str().into(),
        name: "Service 'web' check".into(),
        status: "passing".into(),
        output: format!("HTTP GET http://{address}:8080/health: 200 OK Output: ok").as_str().into(),
        service_id: service_id.as_str().into(),
        service_name: "web".into(),
        service_tags: Some(vec!["primary".into(), "v1.4.2".into()]),
        check_type: "http".into(),
        interval: "10s".into(),
        timeout: "2s".into(),
        definition: HealthCheckDefinition {
            http: format!("http://{address}:8080/health").as_str().into(),
            interval: GoDuration(10_000_000_000),
            timeout: GoDuration(2_000_000_000),
            ..HealthCheckDefinition::default()
        },
        raft_index: index(i),
        ..HealthCheck::default()
    };
    CheckServiceNode {
        node: Some(node.into()),
        service: Some(service.into()),
        checks: Some(vec![serf.into(), http.into()]),
    }
}

fn index(i: u64) -> RaftIndex {
    RaftIndex { create_index: 1_000 + i, modify_index: 70_000 + i }
}

fn meta() -> QueryMeta {
    QueryMeta { index: 71_000, known_leader: true, consistency_level: "leader".into(), ..QueryMeta::default() }
}
